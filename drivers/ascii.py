"""One probe that says its values in a line of text: asked with the product's poll string, or of its own accord."""

from collections.abc import Mapping

from drivers.codec import Decoded
from drivers.driver import MOST_HEARD, DeviceSettings, Heard, Statistics, Written
from drivers.modbus_line import WireError
from drivers.product import Product
from drivers.text import decode_line
from drivers.text_port import Line, TextPort
from foundation.clock import process_time
from foundation.reading import Quality, Reading, Reason, Value, bad


class AsciiDevice:
    """A Driver over a TextPort."""

    def __init__(self, settings: DeviceSettings, product: Product, port: TextPort) -> None:
        assert product.text is not None  # the loader refuses an ASCII probe without it
        self.settings = settings
        self.statistics = Statistics()
        self._product = product
        self._port = port
        poll = product.text.poll
        self._shares = poll is not None and "{unit}" in poll
        self._poll = None if poll is None else poll.replace("{unit}", str(settings.unit or 0)).encode("ascii")

    async def open(self) -> bool:
        """Nothing to prepare."""
        return self._port.connected

    async def close(self) -> None:
        """Nothing to do: the port is not ours."""

    async def poll(self, now_s: float) -> list[Reading]:
        """One reading a tag: of the answer, or of the last line that came since the last poll.

        One on a shared line that was silent lately is not always asked: its tags are BAD all the same.
        """
        if self._shares and not self._port.patience.may(self.settings.id, process_time()):
            return self._nothing(now_s, asked=False)
        began_s = process_time()
        try:
            found, line = await self._ask(self._poll) if self._poll is not None else self._heard()
        except WireError as error:
            return self._missed(error, now_s)
        self._port.patience.answered(self.settings.id)
        statistics = self.statistics
        statistics.polls += 1
        statistics.answered += 1
        statistics.online = True
        statistics.last_seen_s = now_s
        speed = self._port.settings.speed
        if self._poll is None:
            now_s -= max(process_time() - line.came_s, 0.0) * speed  # it was said then
        else:
            statistics.latency_s = line.came_s - began_s
        statistics.heard["line", 0] = Heard((), line.text[:MOST_HEARD].decode("utf-8", "replace"), now_s)
        readings: list[Reading] = []
        for channel, tag in self.settings.tags.items():
            value, reason = found[channel]
            readings.append(Reading(tag, value, Quality.GOOD if reason is None else Quality.BAD, reason, now_s))
        return readings

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
            "unit": "" if self.settings.unit is None else str(self.settings.unit),
            "confidence": product.confidence,
            "unverified": "; ".join(product.unverified),
        }

    # --- inside

    async def _ask(self, poll: bytes) -> tuple[dict[str, Decoded], Line]:
        """The first line of the product's that answers: what it means, and itself."""
        async with self._port.turn() as port:
            until_s = process_time() + port.settings.deadline_s
            port.say(poll)
            rubbish = False
            while True:
                try:
                    line = await port.line(until_s)
                except WireError as error:
                    if rubbish and error.reason == "timeout":
                        raise WireError("payload") from None
                    raise
                found = decode_line(self._product, line.text)
                if found is not None:
                    return found, line
                rubbish = rubbish or line.text != poll.strip()  # its own echo is none

    def _heard(self) -> tuple[dict[str, Decoded], Line]:
        """The last line of the product's that has come since the last poll: what it means, and itself."""
        if not self._port.connected:
            raise WireError("port")
        lines: list[Line] = []
        while self._port.lines:
            lines.append(self._port.lines.popleft())
        for line in reversed(lines):
            found = decode_line(self._product, line.text)
            if found is not None:
                return found, line
        raise WireError("payload" if lines else "timeout")

    def _missed(self, error: WireError, now_s: float) -> list[Reading]:
        statistics = self.statistics
        statistics.failures[error.reason] = statistics.failures.get(error.reason, 0) + 1
        statistics.last_error = error.reason
        if error.took_s:
            self._port.patience.failed(self.settings.id, process_time(), error.took_s)
        return self._nothing(now_s)

    def _nothing(self, now_s: float, asked: bool = True) -> list[Reading]:
        self.statistics.polls += asked
        self.statistics.online = False
        return [bad(tag, Reason.COMM, now_s) for tag in self.settings.tags.values()]
