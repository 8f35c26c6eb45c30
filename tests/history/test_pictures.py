"""A photo is kept as a picture: what else its file tells, where it was taken above all, is not."""

from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from controller.history.pictures import PictureError, kind_of, without_place

SECRET = b"36.8812N118.7421E"
FORMS = ("JPEG", "PNG", "WEBP")
_LATITUDE, _GPS, _ORIENTATION = 2, 0x8825, 0x0112


def taken(form: str, way: int = 1, size: tuple[int, int] = (24, 16), **more: Any) -> bytes:
    """A photo as a telephone makes it, with the place in every part that may hold it."""
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    exif = Image.Exif()
    exif[_ORIENTATION] = way
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(_GPS)[_LATITUDE] = (36.0, 52.0, 52.3)
    exif.get_ifd(_GPS)[0x1D] = SECRET.decode()
    if form == "JPEG":
        more |= {"comment": SECRET, "xmp": b"<x:xmpmeta>" + SECRET}
    elif form == "PNG":
        told = PngInfo()
        told.add_text("Location", SECRET.decode())
        told.add_itxt("XML:com.adobe.xmp", SECRET.decode())
        more["pnginfo"] = told
    else:
        more["xmp"] = SECRET
    file = BytesIO()
    picture.save(file, form, exif=exif, **more)
    # a telephone lays a second, larger picture behind the first, with its own place
    return file.getvalue() + b"\xff\xd8\xff\xe1" + SECRET


def shown(data: bytes) -> Image.Image:
    with Image.open(BytesIO(data)) as picture:
        picture.load()
        return picture.copy()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("more", [{}, {"progressive": True, "quality": 95}], ids=["plain", "progressive"])
def test_the_picture_stays_and_where_it_was_taken_goes(form: str, more: dict[str, Any]) -> None:
    data = taken(form, **more)
    assert SECRET in data
    kept = without_place(data)
    assert SECRET not in kept
    assert kind_of(kept) == kind_of(data)
    assert shown(kept).tobytes() == shown(data).tobytes()
    assert shown(kept).getexif().get_ifd(_GPS) == {}
    assert without_place(kept) == kept


@pytest.mark.parametrize("way", range(1, 9))
def test_a_photo_taken_on_its_side_stands_upright_still(way: int) -> None:
    kept = shown(without_place(taken("JPEG", way)))
    assert dict(kept.getexif()) == ({_ORIENTATION: way} if way > 1 else {})


def test_colours_are_as_they_were() -> None:
    profile = b"\0\0\0\x80" + bytes(range(124))
    for form in FORMS:
        assert shown(without_place(taken(form, icc_profile=profile))).info["icc_profile"] == profile


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a" + bytes(20), b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7"]
)
def test_what_is_no_photo_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError):
        without_place(data)


@settings(max_examples=150)
@given(form=st.sampled_from(FORMS), where=st.floats(0.0, 0.999), cut=st.booleans(), byte=st.binary(max_size=3))
def test_a_file_that_is_broken_anywhere_is_refused_or_is_a_file_of_its_kind(
    form: str, where: float, cut: bool, byte: bytes
) -> None:
    whole = PHOTOS[form]
    at = int(where * len(whole))
    data = whole[:at] if cut else whole[:at] + byte + whole[at + len(byte) :]
    with suppress(PictureError):
        kept = without_place(data)
        assert kind_of(kept) == kind_of(data)
        assert len(kept) <= len(data)
        assert without_place(kept) == kept


@given(st.binary(max_size=200), st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBP"]))
def test_whatever_follows_the_first_bytes_nothing_is_read_beyond_the_end(data: bytes, begins: bytes) -> None:
    with suppress(PictureError):
        kept = without_place(begins + data)
        assert without_place(kept) == kept


PHOTOS = {form: taken(form) for form in FORMS}
