"""The slave side of a serial line: Modbus RTU behind a pseudo terminal, its bytes at the pace of the wire.

Knows frames and time on the wire, nothing of devices: a request goes to `respond(unit, pdu)`, its answer comes out
byte by byte. A frame ends by its length, or by 3.5 characters of silence. `LineFaults` spoils what comes out.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from foundation.clock import pause, process_time
from simulator.devices.manner import PROPER, Manner
from simulator.devices.pty_end import PtyEnd

GRAIN_S = 0.004
"""Bytes are handed over in chunks of so much time, as a converter's FIFO does: one wake-up a byte costs too much."""
WAKE_S = 0.001
SILENCE_CHARACTERS = 3.5

Respond = Callable[[int, bytes], bytes | None]
"""Unit and PDU of a request -> PDU of the answer, None for silence."""
MannerOf = Callable[[int], Manner]
"""Unit -> how its next answer comes."""


def crc(data: bytes) -> bytes:
    """CRC-16/Modbus, low byte first."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ _CRC_TABLE[(value ^ byte) & 0xFF]
    return value.to_bytes(2, "little")


def _crc_of_byte(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


_CRC_TABLE = [_crc_of_byte(byte) for byte in range(256)]


def framed(unit: int, pdu: bytes) -> bytes:
    """A whole RTU frame."""
    body = bytes((unit,)) + pdu
    return body + crc(body)


def expected_length(start: bytes | bytearray) -> int | None:
    """How long the request that begins so will be; None while, or if, that cannot be told."""
    if len(start) < 2:
        return None
    if 1 <= start[1] <= 6:
        return 8
    if start[1] in (15, 16):
        return 9 + start[6] if len(start) > 6 else None
    return None


@dataclass(slots=True)
class LineFaults:
    """What may happen to an answer on its way: probabilities 0 to 1, each answer or byte on its own."""

    seed: int = 0
    bit_flip: float = 0.0
    """A byte."""
    dropped_byte: float = 0.0
    """A byte."""
    extra_byte: float = 0.0
    """A stray byte before a byte."""
    wrong_crc: float = 0.0
    silent: float = 0.0
    late: float = 0.0
    late_s: float = 0.5
    """How late, in farm seconds."""
    repeated: float = 0.0
    """The answer to the request before, again, in place of this one's."""
    foreign: float = 0.0
    """Another unit's answer, whole and with a right CRC."""
    noise: float = 0.0
    """One to eight stray bytes before the answer."""
    gap: float = 0.0
    """The answer comes in two pieces, with `gap_s` between them."""
    gap_s: float = 0.02
    """In farm seconds."""
    echo: bool = False
    """The converter hears itself: every request comes back first."""
    _random: random.Random = field(init=False)
    _last: bytes = b""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def damage(self, frame: bytes) -> bytes:
        """What arrives of `frame`."""
        chance = self._random.random
        before, self._last, sent = self._last, frame, frame
        if self.repeated and before and chance() < self.repeated:
            sent = before
        if self.silent and chance() < self.silent:
            return b""
        if self.foreign and chance() < self.foreign:
            sent = framed((sent[0] + 1) % 248, sent[1:-2])
        if self.wrong_crc and chance() < self.wrong_crc:
            sent = sent[:-1] + bytes((sent[-1] ^ self._random.randrange(1, 256),))
        if self.bit_flip or self.dropped_byte or self.extra_byte:
            arrived = bytearray()
            for byte in sent:
                if chance() < self.extra_byte:
                    arrived.append(self._random.randrange(256))
                if chance() < self.dropped_byte:
                    continue
                arrived.append(byte ^ 1 << self._random.randrange(8) if chance() < self.bit_flip else byte)
            sent = bytes(arrived)
        if self.noise and chance() < self.noise:
            sent = self._random.randbytes(self._random.randint(1, 8)) + sent
        return sent

    def delay_s(self) -> float:
        """How late this answer is, in farm seconds."""
        return self.late_s if self.late and self._random.random() < self.late else 0.0

    def pieces(self, frame: bytes) -> tuple[bytes, bytes]:
        """The answer before and after its gap; all of it before where it has none."""
        if not (self.gap and len(frame) > 1 and self._random.random() < self.gap):
            return frame, b""
        place = self._random.randrange(1, len(frame))
        return frame[:place], frame[place:]


class SerialLine:
    """A pty whose far end is `path`, a symlink that the master opens. Times scale with `speed`, farm time's."""

    def __init__(
        self,
        path: Path,
        respond: Respond,
        baud: int,
        parity: str = "none",
        stop_bits: int = 1,
        *,
        speed: float = 1.0,
        turnaround_s: float = 0.0,
        faults: LineFaults | None = None,
        manner: MannerOf = lambda unit: PROPER,
    ) -> None:
        self.path = path
        self.shorted = False
        """A and B touch: nothing passes, in either direction."""
        self.faults = faults if faults is not None else LineFaults()
        self.character_s = (9 + (parity != "none") + stop_bits) / (baud * speed)
        """One character on the wire, in process time."""
        self.requests = 0
        self.rubbish = 0
        """Frames that were none, or whose CRC was wrong."""
        self._respond = respond
        self._speed = speed
        self._turnaround_s = turnaround_s / speed
        self._manner = manner
        self._end = PtyEnd(path, self._heard)
        self._buffer = bytearray()
        self._heard_until = 0.0
        """When the last byte that was read has come to its end on the wire."""
        self._silence: asyncio.TimerHandle | None = None
        self._frames: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self._talker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._talker = asyncio.create_task(self._talk(), name=f"serial line {self.path.name}")
        self.replug()

    async def stop(self) -> None:
        self.unplug()
        if self._talker is not None:
            self._talker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._talker
            self._talker = None

    @property
    def plugged(self) -> bool:
        return self._end.plugged

    def replug(self) -> None:
        """Plug the converter in: another pty, under the same path."""
        self._end.replug()

    def unplug(self) -> None:
        """Pull the converter out of its socket: who has it open sees it hang up."""
        if self._silence is not None:
            self._silence.cancel()
        self._buffer.clear()
        while not self._frames.empty():
            self._frames.get_nowait()
        self._end.unplug()

    # --- hearing

    def _heard(self, data: bytes) -> None:
        if self.shorted:
            # what comes back is what a receiver makes of no voltage
            self._end.send(bytes(len(data)))
            return
        if self.faults.echo:
            self._hand_over(data)
        now = process_time()
        gap_s = SILENCE_CHARACTERS * self.character_s
        if self._buffer and now > self._heard_until + gap_s:
            self._end_by_silence()
        # bytes come in one piece through a pty; on a wire each takes its time
        self._heard_until = max(now, self._heard_until) + len(data) * self.character_s
        self._buffer += data
        length = expected_length(self._buffer)
        if length is not None and len(self._buffer) == length and self._take():
            return
        if self._silence is not None:
            self._silence.cancel()
        wait_s = self._heard_until + gap_s - now
        self._silence = asyncio.get_running_loop().call_later(wait_s, self._end_by_silence)

    def _end_by_silence(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
        if self._buffer and not self._take():
            self._buffer.clear()
            self.rubbish += 1

    def _take(self) -> bool:
        """Whether the buffer is a frame; then it waits for its answer."""
        frame = bytes(self._buffer)
        if len(frame) < 4 or crc(frame[:-2]) != frame[-2:]:
            return False
        self._buffer.clear()
        self._frames.put_nowait((self._heard_until, frame))
        return True

    # --- talking

    async def _talk(self) -> None:
        while True:
            heard_s, frame = await self._frames.get()
            due_s = heard_s + SILENCE_CHARACTERS * self.character_s + self._turnaround_s
            # a wake-up is no finer than this: a fast line asks at once, its answer still comes when it is due
            await _until(due_s - WAKE_S)
            self.requests += 1
            answer = self._respond(frame[0], frame[1:-2])
            if answer is None:
                continue
            manner = self._manner(frame[0])
            if manner.silent:
                continue
            sent = framed((frame[0] + 1) % 248 if manner.foreign else frame[0], answer)
            if manner.garbled:
                sent = sent[:-1] + bytes((sent[-1] ^ 0x55,))
            sent = self.faults.damage(sent)
            late_s = (self.faults.delay_s() + manner.late_s) / self._speed
            if late_s > 0.0:
                # the wire does not wait for it: whoever is asked meanwhile answers
                ends_s = due_s + late_s + len(sent) * self.character_s
                asyncio.get_running_loop().call_later(ends_s - process_time(), self._hand_over, sent)
                continue
            first, second = self.faults.pieces(sent)
            await self._send(first, due_s)
            if second:
                await self._send(second, process_time() + self.faults.gap_s / self._speed)

    async def _send(self, data: bytes, due_s: float) -> None:
        """From `due_s` on, hand each byte over when it has come to its end on the wire, never before."""
        sent = 0
        chunk = max(1, int(GRAIN_S / self.character_s))
        while sent < len(data):
            end = min(sent + chunk, len(data))
            await _until(due_s + end * self.character_s)
            # who wakes late hands over all that is due by now
            end = min(len(data), max(end, int((process_time() - due_s) / self.character_s)))
            self._hand_over(data[sent:end])
            sent = end

    def _hand_over(self, data: bytes) -> None:
        if not self.shorted:
            self._end.send(data)


async def _until(process_s: float) -> None:
    while (left_s := process_s - process_time()) > 0.0:
        await pause(left_s)
