"""An Atlas Scientific EZO circuit without a wire and without a clock: command lines in, answer lines out.

What it knows of the commands is what ../shared/devices.md 27 has sources for. From the works it speaks unasked once a
second, and it goes by 25 degC until it is told another temperature.
"""

from typing import NamedTuple

from simulator.devices.device import VirtualDevice
from simulator.devices.spoken import said

READING_S = 0.9
"""Farm time that a reading takes."""
COMMAND_S = 0.3
"""Farm time that any other command takes."""
COLD_C = 25.0
"""The temperature that it believes after power-on."""


class Said(NamedTuple):
    """Bytes that begin to go out so much farm time after the command."""

    after_s: float
    data: bytes


class EzoCircuit:
    """One circuit. `hear` a command, `unasked` what it says of its own accord."""

    def __init__(self, device: VirtualDevice) -> None:
        self.device = device
        self.every_s = 1.0
        """Of continuous readings; 0 is off."""
        self.acknowledges = True
        self.asleep = False
        self.water_c = COLD_C
        self.restart = "P"
        """Why it started last: P powered."""
        self._restarts = device.restarts
        self._due_s: float | None = None

    def hear(self, line: bytes, now_s: float) -> list[Said]:
        """What a command, without its CR, makes it say."""
        device = self.device
        device.tick(now_s)
        self._notice_power()
        manner = device.manner()
        if device.unplugged or manner.silent:
            return []
        if self.asleep:
            self.asleep = False
            return [Said(0.0, b"*WA\r")]  # the command that wakes it is lost
        data, took_s = self._obey(line, now_s) if not device.refuses else (None, COMMAND_S)
        took_s += manner.late_s
        if data is None:
            return [Said(took_s, b"*ER\r")]
        answer = b"".join(one.encode("ascii") + b"\r" for one in data)
        if self.asleep:
            answer += b"*SL\r"
        elif self.acknowledges:
            answer += b"*OK\r"
        if manner.garbled:
            answer = bytes(byte ^ 0x15 for byte in answer)
        return [Said(took_s, answer)] if answer else []

    def unasked(self, now_s: float) -> list[Said]:
        """Continuous readings that are due, and that it has restarted."""
        restarted = self._notice_power()
        if self.device.unplugged or self.device.refuses:
            return []
        if restarted:
            return [Said(0.0, b"*RS\r*RE\r")]
        if not self.every_s or self.asleep:
            self._due_s = None
            return []
        if self._due_s is None:
            self._due_s = now_s + self.every_s
        if now_s < self._due_s:
            return []
        self._due_s = now_s + self.every_s
        reading = self._reading(now_s)
        return [] if reading is None else [Said(0.0, reading.encode("ascii") + b"\r")]

    # --- inside

    def _notice_power(self) -> bool:
        if self._restarts == self.device.restarts:
            return False
        self._restarts = self.device.restarts
        self.asleep = False
        self._believe(COLD_C)
        return True

    def _obey(self, line: bytes, now_s: float) -> tuple[list[str] | None, float]:
        """Its lines of data (None: refused), and how long it takes."""
        name, _, argument = line.decode("ascii", "replace").strip().partition(",")
        match name.upper(), argument.upper():
            case "R", "":
                reading = self._reading(now_s)
                return (None if reading is None else [reading]), READING_S
            case "RT", value if self._can_compensate() and _is_number(value):
                self._believe(float(value))
                reading = self._reading(now_s)
                return (None if reading is None else [reading]), READING_S
            case "T", "?" if self._can_compensate():
                return [f"?T,{self.water_c:.1f}"], COMMAND_S
            case "T", value if self._can_compensate() and _is_number(value):
                self._believe(float(value))
            case "C", "?":
                return [f"?C,{self.every_s:.0f}"], COMMAND_S
            case "C", value if value.isdigit() and int(value) <= 99:
                self.every_s = float(value)
                self._due_s = None
            case "*OK", "?":
                return [f"?*OK,{int(self.acknowledges)}"], COMMAND_S
            case "*OK", "0" | "1" as value:
                self.acknowledges = value == "1"
            case "STATUS", "":
                return [f"?STATUS,{self.restart},5.038"], COMMAND_S
            case "SLEEP", "":
                self.asleep = True
            case "O", value if f"O,{value}" in self._setup():
                pass
            case _:
                return None, COMMAND_S
        return [], COMMAND_S

    def _setup(self) -> tuple[str, ...]:
        text = self.device.product.text
        return tuple(command.upper() for command in text.setup) if text is not None else ()

    def _can_compensate(self) -> bool:
        text = self.device.product.text
        return text is not None and text.compensate is not None

    def _believe(self, water_c: float) -> None:
        self.water_c = water_c
        self.device.compensate(water_c)

    def _reading(self, now_s: float) -> str | None:
        """As it says it; None where its probe shows nothing."""
        values: dict[str, float] = {}
        for channel in self.device.tags:
            value = self.device.read(channel, now_s)
            if value is None:
                return None
            values[channel] = self.device.scalings[channel].raw(value)
        return said(self.device.product, values)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).removeprefix("-").isdigit()
