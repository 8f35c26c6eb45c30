"""One Atlas Scientific EZO circuit on its UART: commands and answers are lines that end with CR.

A command is answered by lines of data and then `*OK`, or by `*ER`. Other codes come unasked, at any line: `*RS` reset,
`*RE` ready again, `*SL` asleep, `*WA` awake, `*OV` and `*UV` supply too high or low. On opening, acknowledgements are
switched on and continuous readings off; each poll asks for one reading with `R`. Sources: the product files, and
../shared/devices.md 27.
"""

from collections.abc import Mapping

from drivers.codec import Decoded
from drivers.driver import MOST_HEARD, DeviceSettings, Heard, Statistics, Written
from drivers.modbus_line import WireError
from drivers.product import Product
from drivers.text import decode_line
from drivers.text_port import TextPort
from foundation.clock import process_time
from foundation.reading import Quality, Reading, Reason, Value, bad

CODES = {
    b"*RS": "restarted",
    b"*RE": "restarted",
    b"*SL": "asleep",
    b"*WA": "awake",
    b"*OV": "supply_high",
    b"*UV": "supply_low",
}
"""What may come at any time, and the word by which it is counted."""
IN_STEP = b"?*OK,1"
"""What answers `*OK,?`, and nothing else."""
NO_OUTPUT = b"no output"
"""The reading of a circuit all of whose outputs were switched off."""
TELL_K = 0.1
"""The circuit is told its temperature again when it is off by so much."""
OLD_S = 600.0
"""Farm time after which the last temperature says nothing about the water any more."""
LOST_AFTER = 2
"""Polls in a row without an answer after which the circuit is opened anew."""


class EzoDevice:
    """A Driver over a TextPort that it has to itself."""

    def __init__(self, settings: DeviceSettings, product: Product, port: TextPort) -> None:
        assert product.text is not None  # the loader refuses an EZO without it
        self.settings = settings
        self.statistics = Statistics()
        self._product = product
        self._text = product.text
        self._port = port
        self._ready = False
        self._in_step = True
        """What comes next answers what is said next."""
        self._missed = 0
        self._status = ""
        self._water_c: float | None = None
        self._water_s = 0.0
        self._told_c: float | None = None

    async def open(self) -> bool:
        """Acknowledgements on, continuous readings off, the product's own commands. False if it does not answer.

        A command of the product's that an older firmware refuses is counted (`exception_er`), and does no harm: what
        then comes as a reading is believed only if it looks as the product's file says.
        """
        if self._ready:
            return True
        try:
            async with self._port.turn() as port:
                await self._command(port, "*OK,1")
                await self._command(port, "C,0")
                await self._get_in_step(port)
                for command in self._text.setup:
                    await self._ask(port, command)
                self._status = b" ".join(await self._ask(port, "Status")).decode("ascii", "replace")
        except WireError as error:
            self._failed(error)
            return False
        self._ready = True
        self._told_c = None  # it forgets the temperature with its supply
        return True

    async def close(self) -> None:
        """Nothing to do: the port is not ours."""

    def compensate(self, water_c: float, time_s: float) -> None:
        """The water has this temperature, at a farm time; told with the next poll."""
        self._water_c, self._water_s = water_c, time_s

    async def poll(self, now_s: float) -> list[Reading]:
        """One reading a tag. It is asked every time, silent or not: nobody else waits for its port."""
        self._hear_unasked()
        if not self._ready and not await self.open():
            return self._nothing(now_s)
        began_s = process_time()
        try:
            async with self._port.turn() as port:
                if not self._in_step:
                    await self._get_in_step(port)
                await self._tell_temperature(port)
                said = await self._command(port, "R")
                text = b"\n".join(said)[:MOST_HEARD].decode("ascii", "replace")
                self.statistics.heard["line", 0] = Heard((), text, now_s)
                found = self._meant(said)
        except WireError as error:
            self._failed(error)
            return self._nothing(now_s)
        self._missed = 0
        statistics = self.statistics
        statistics.polls += 1
        statistics.answered += 1
        statistics.online = True
        statistics.last_seen_s = now_s
        statistics.latency_s = process_time() - began_s
        return self._readings(found, now_s)

    async def write(self, orders: Mapping[str, Value], now_s: float) -> list[Written]:
        """There is nothing to set."""
        self.statistics.writes += len(orders)
        self.statistics.writes_failed += len(orders)
        return [Written(tag, value, False, Reason.EXCEPTION, now_s) for tag, value in orders.items()]

    def acknowledge(self, token: object) -> None:
        """Nothing to do: what is polled needs no acknowledgement."""

    def describe(self) -> dict[str, str]:
        product = self._product
        return {
            "product": product.id,
            "name_zh": product.name_zh,
            "name_en": product.name_en,
            "bus": self.settings.bus,
            "confidence": product.confidence,
            "unverified": "; ".join(product.unverified),
            "status": self._status,
            "water_c": "" if self._told_c is None else f"{self._told_c:.1f}",
        }

    # --- inside

    def _hear_unasked(self) -> None:
        """What it has said since the last poll: only codes matter."""
        for line in self._port.lines:
            if line.text in CODES:
                self._note(CODES[line.text])

    async def _ask(self, port: TextPort, command: str) -> list[bytes]:
        """The same as `_command`, where a refusal is only counted."""
        try:
            return await self._command(port, command)
        except WireError as error:
            if not error.is_exception:
                raise
            self._note(error.reason)
            return []

    async def _command(self, port: TextPort, command: str) -> list[bytes]:
        """The lines of data that answer a command; WireError if it is refused or not answered in time."""
        until_s = process_time() + port.settings.deadline_s
        port.say(command.encode("ascii") + b"\r")
        data: list[bytes] = []
        while (text := await self._line(port, until_s)) != b"*OK":
            if text == b"*ER":
                raise WireError("exception_er")
            data.append(text)
        return data

    async def _line(self, port: TextPort, until_s: float) -> bytes:
        """The next line that is no code."""
        while (text := (await port.line(until_s)).text) in CODES:
            self._note(CODES[text])
        return text

    async def _get_in_step(self, port: TextPort) -> None:
        """Ask what only this question is answered by: whatever came before it is of questions that were given up."""
        until_s = process_time() + port.settings.deadline_s
        port.say(b"*OK,?\r")
        for wanted in (IN_STEP, b"*OK"):
            while await self._line(port, until_s) != wanted:
                pass
        self._in_step = True

    async def _tell_temperature(self, port: TextPort) -> None:
        command, water_c = self._text.compensate, self._water_c
        if command is None or water_c is None:
            return
        if self._told_c is None or abs(water_c - self._told_c) >= TELL_K:
            await self._command(port, command.format(water_c))
            self._told_c = water_c

    def _meant(self, data: list[bytes]) -> dict[str, Decoded]:
        """What one line of data means. WireError for none, for several, and for one that is not the product's."""
        if data == [NO_OUTPUT]:
            return dict.fromkeys(self.settings.tags, (None, Reason.SENTINEL))
        found = decode_line(self._product, data[0]) if len(data) == 1 else None
        if found is None:
            raise WireError("payload")
        return found

    def _readings(self, found: Mapping[str, Decoded], now_s: float) -> list[Reading]:
        blind = self.settings.compensate is not None and (
            self._told_c is None or now_s - self._water_s > OLD_S
        )  # it goes by a temperature that nobody knows to be true
        readings: list[Reading] = []
        for channel, tag in self.settings.tags.items():
            value, reason = found[channel]
            if reason is not None:
                readings.append(Reading(tag, value, Quality.BAD, reason, now_s))
            elif blind:
                readings.append(Reading(tag, value, Quality.UNCERTAIN, Reason.INPUT, now_s))
            else:
                readings.append(Reading(tag, value, Quality.GOOD, None, now_s))
        return readings

    def _nothing(self, now_s: float) -> list[Reading]:
        self.statistics.polls += 1
        self.statistics.online = False
        self._missed += 1
        if self._missed >= LOST_AFTER or not self._port.connected:
            self._ready = False
        return [bad(tag, Reason.COMM, now_s) for tag in self.settings.tags.values()]

    def _failed(self, error: WireError) -> None:
        self._in_step = False
        self._note(error.reason)
        self.statistics.last_error = error.reason

    def _note(self, what: str) -> None:
        failures = self.statistics.failures
        failures[what] = failures.get(what, 0) + 1
        if what == "restarted":
            self._ready = False
