"""What of a photo's file is kept: the picture, its colours and which way up it stands. Where and with what it was taken
is not.

JPEG (ITU-T T.81, Exif 2.32 for which way up), PNG (W3C, 3rd edition) and WebP (RFC 9649), told apart by their first
bytes; what stands behind the picture's end goes too.
"""

from collections.abc import Iterator
from typing import Final, Literal

Kind = Literal["jpg", "png", "webp"]
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT: Final = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYS", b"bKGD"}
)
_WEBP_KEPT: Final = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP", b"ANIM", b"ANMF"})
_EXIF_AND_XMP: Final = 0x08 | 0x04
"""Flags of a WebP's first chunk that say that they follow."""
_ORIENTATION: Final = 0x0112


class PictureError(ValueError):
    """It is none of the three kinds, or is not whole."""


def kind_of(data: bytes) -> Kind:
    """By its first bytes. Raises PictureError."""
    if data[:3] == b"\xff\xd8\xff":
        return "jpg"
    if data[:8] == _PNG:
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    raise PictureError("no picture")


def without_place(data: bytes) -> bytes:
    """The same picture without anything else in its file. Raises PictureError."""
    parts = {"jpg": _jpeg_parts, "png": _png_parts, "webp": _webp_parts}[kind_of(data)](data)
    return b"".join(parts)


def _jpeg_parts(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    at, has_scan, is_turned = 2, False, False
    while True:
        if data[at : at + 1] != b"\xff":
            raise PictureError("no marker")
        while data[at + 1 : at + 2] == b"\xff":  # a marker may be filled up
            at += 1
        marker, size = data[at + 1 : at + 2], int.from_bytes(data[at + 2 : at + 4])
        if marker == b"\xd9" and has_scan:
            yield b"\xff\xd9"
            return
        end = at + 2 + size
        if marker in (b"", b"\x00", b"\x01", b"\xd8", b"\xd9") or size < 2 or end > len(data):
            raise PictureError("not whole")
        body = data[at + 4 : end]
        if marker == b"\xe1" and body[:6] == b"Exif\0\0" and not is_turned and (way := _orientation(body[6:])) > 1:
            is_turned = True
            yield _exif_of(way)
        if (not b"\xe0" <= marker <= b"\xef" and marker != b"\xfe") or _is_of_the_picture(marker, body):
            yield b"\xff" + data[at + 1 : end]
        at = end
        if marker == b"\xda":
            has_scan = True
            end = _end_of_scan(data, at)
            yield data[at:end]
            at = end


def _is_of_the_picture(marker: bytes, body: bytes) -> bool:
    """Whether an application's segment says how the picture is to be read: density, colours, how they are laid."""
    begins = {b"\xe0": b"JFIF\0", b"\xe2": b"ICC_PROFILE\0", b"\xee": b"Adobe"}.get(marker)
    return begins is not None and body.startswith(begins)


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the next marker stands that is none of the scan's own."""
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7 and data[at + 1] != 0xFF:
            return at
        at += 1 if data[at + 1] == 0xFF else 2
    raise PictureError("not whole")


def _orientation(tiff: bytes) -> int:
    """Which way up, 1 to 8; 1 where nothing that can be read says so."""
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"
    first = int.from_bytes(tiff[4:8], order)
    for place in range(min(int.from_bytes(tiff[first : first + 2], order), 200)):
        entry = tiff[first + 2 + 12 * place : first + 14 + 12 * place]
        if int.from_bytes(entry[:2], order) == _ORIENTATION:
            way = int.from_bytes(entry[8:10], order)
            return way if 1 <= way <= 8 else 1
    return 1


def _exif_of(way: int) -> bytes:
    """A segment that says which way up, and nothing else."""
    entry = _ORIENTATION.to_bytes(2) + (3).to_bytes(2) + (1).to_bytes(4) + way.to_bytes(2) + b"\0\0"
    body = b"Exif\0\0MM\0*" + (8).to_bytes(4) + (1).to_bytes(2) + entry + (0).to_bytes(4)
    return b"\xff\xe1" + (len(body) + 2).to_bytes(2) + body


def _png_parts(data: bytes) -> Iterator[bytes]:
    yield _PNG
    at = len(_PNG)
    while True:
        size, name = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = at + 12 + size
        if len(name) < 4 or end > len(data):
            raise PictureError("not whole")
        if name in _PNG_KEPT:
            yield data[at:end]
        if name == b"IEND":
            return
        at = end


def _webp_parts(data: bytes) -> Iterator[bytes]:
    kept, at, whole = [], 12, 8 + int.from_bytes(data[4:8], "little")
    if whole > len(data):
        raise PictureError("not whole")
    while at < whole:
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + size + size % 2
        if len(name) < 4 or end > whole:
            raise PictureError("not whole")
        if name == b"VP8X" and size:
            kept.append(data[at : at + 8] + bytes((data[at + 8] & ~_EXIF_AND_XMP,)) + data[at + 9 : end])
        elif name in _WEBP_KEPT:
            kept.append(data[at:end])
        at = end
    body = b"WEBP" + b"".join(kept)
    yield b"RIFF" + len(body).to_bytes(4, "little") + body
