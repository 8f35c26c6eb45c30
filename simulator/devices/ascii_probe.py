"""A probe that speaks lines of text, without a wire and without a clock: asked with its poll string, or unasked."""

from simulator.devices.device import VirtualDevice
from simulator.devices.ezo import Said
from simulator.devices.spoken import said

TOOK_S = 0.05
"""Farm time from a poll string to its answer."""
EVERY_S = 1.0
"""Farm time between two lines of a probe that is not asked."""


class AsciiProbe:
    """One probe."""

    def __init__(self, device: VirtualDevice) -> None:
        self.device = device
        text = device.product.text
        assert text is not None  # the loader refuses an ASCII probe without it
        self._poll = None if text.poll is None else text.poll.replace("{unit}", str(device.settings.unit or 0)).strip()
        self._due_s: float | None = None

    def hear(self, line: bytes, now_s: float) -> list[Said]:
        """What a line, without its end, makes it say: nothing unless it is this probe's poll string."""
        if self._poll is None or line.decode("ascii", "replace").strip() != self._poll:
            return []
        return self._say(now_s, TOOK_S)

    def unasked(self, now_s: float) -> list[Said]:
        """Its line, where it is due."""
        if self._poll is not None:
            return []
        if self._due_s is None:
            self._due_s = now_s + EVERY_S
        if now_s < self._due_s:
            return []
        self._due_s = now_s + EVERY_S
        return self._say(now_s, 0.0)

    def _say(self, now_s: float, took_s: float) -> list[Said]:
        device = self.device
        device.tick(now_s)
        manner = device.manner()
        if device.unplugged or manner.silent or manner.foreign:
            return []
        if device.refuses:
            return [Said(took_s, b"ERR\r\n")]
        values: dict[str, float] = {}
        for channel in device.tags:
            value = device.read(channel, now_s)
            scaling = device.scalings[channel]
            raw = scaling.nothing() if value is None else scaling.raw(value)
            if raw != raw:
                return []  # it has no way to say "no value"
            values[channel] = raw
        data = said(device.product, values).encode("ascii") + b"\r\n"
        if manner.garbled:
            data = bytes(byte ^ 0x15 for byte in data)
        return [Said(took_s + manner.late_s, data)]
