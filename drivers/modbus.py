"""One Modbus device, RTU or TCP: polls its channels in the fewest requests, writes, reads back, minds its watchdog."""

import asyncio
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import suppress

from drivers.bus import Bus
from drivers.codec import (
    Block,
    Decoded,
    Request,
    decode_block,
    encode,
    plan,
    plan_writes,
    read_request,
    start_request,
    words_of,
    write_request,
)
from drivers.driver import DeviceSettings, Heard, Statistics, Written
from drivers.modbus_line import WireError
from drivers.product import Product
from drivers.watchdog import Watchdog
from foundation.clock import process_time
from foundation.reading import Quality, Reading, Reason, Value, bad

FUTURE_S = 5.0
"""A logger's clock may be ahead by this much."""
LOST_AFTER = 2
"""Polls in a row without any answer after which the device is opened anew."""
SMOOTHING = 0.1
"""Of the latency."""


class ModbusDevice:
    """A Driver over a Bus.

    `safe` (tag -> value) is what the device itself shall fall to, where it has registers for that and a watchdog.
    """

    def __init__(
        self, settings: DeviceSettings, product: Product, bus: Bus, safe: Mapping[str, Value] | None = None
    ) -> None:
        if settings.unit is None:
            raise ValueError(f"device {settings.id} has no unit")
        self.settings = settings
        self.statistics = Statistics()
        self._product = product
        self._bus = bus
        self._unit = settings.unit
        self._channel_of = {tag: channel for channel, tag in settings.tags.items()}
        self._readable = [
            (channel, tag) for channel, tag in settings.tags.items() if product.channels[channel].access != "write"
        ]
        wanted = [channel for channel, _ in self._readable]
        if product.time_channel is not None and product.time_channel not in wanted:
            wanted.append(product.time_channel)
        self._blocks = list(plan(product, wanted)) if self._readable else []
        self._ready = False
        self._opening = asyncio.Lock()
        self._missed = 0
        self._watchdog = Watchdog(settings, product, safe or {}, self._ask_to_open, self._failed)
        self.statistics.watchdog = self._watchdog.state

    async def open(self) -> bool:
        """Send the product's start requests and set its watchdog. False if it does not answer them.

        A device that refuses its watchdog is still opened: `describe` and `statistics.failures` tell.
        """
        async with self._opening:
            if self._ready:
                return True
            try:
                for start in self._product.start:
                    try:
                        await self._ask_to_open(start_request(*start))
                    except WireError as error:
                        if not error.is_exception:
                            raise
                await self._guard()
            except WireError:
                return False
            self._ready = True
            return True

    async def _guard(self) -> None:
        await self._watchdog.set()
        self.statistics.watchdog = self._watchdog.state

    async def close(self) -> None:
        """Nothing to do: the bus is not ours."""

    async def poll(self, now_s: float) -> list[Reading]:
        """One reading a readable tag. What was silent lately is not always asked: its tags are BAD all the same."""
        time_s = process_time()
        if not self._ready and not (self._may("open", time_s) and await self.open()):
            return self._nothing(now_s, asked=False)
        found: dict[str, Decoded] = {}
        asked = answered = False
        for block in tuple(self._blocks):
            who = (block.table, block.address)
            if not self._may(who, time_s):
                continue
            asked = True
            try:
                words = await self._read(block, who)
            except WireError as error:
                if error.is_exception:
                    answered = True
                    found.update(dict.fromkeys(block.channels, (None, Reason.EXCEPTION)))
                    continue
                # the others go first next time: one bad block does not hide the good ones
                self._blocks.remove(block)
                self._blocks.append(block)
                break
            answered = True
            self.statistics.heard[who] = Heard(tuple(words), "", now_s)
            found.update(decode_block(self._product, block, words))
        if not answered:
            return self._nothing(now_s, asked)
        statistics = self.statistics
        statistics.polls += 1
        statistics.answered += 1
        self._missed = 0
        self._seen(now_s)
        if self._watchdog.is_due:
            with suppress(WireError):
                await self._guard()
        # where farm time runs fast it has run on while the reply was on its way
        return self._dated(found, now_s, (process_time() - time_s) * self._bus.settings.speed)

    async def write(self, orders: Mapping[str, Value], now_s: float) -> list[Written]:
        """Write, read back, compare. Tried twice if the first loss looks like noise, or if the watchdog had tripped."""
        reasons: dict[str, Reason | None] = {}
        values: dict[str, tuple[int, ...]] = {}
        for tag, value in orders.items():
            channel = self._channel_of.get(tag)
            if channel is None or self._product.channels[channel].access == "read":
                reasons[tag] = Reason.EXCEPTION
                continue
            words = encode(self._product.channels[channel], value)
            if isinstance(words, Reason):
                reasons[tag] = words
            else:
                values[channel] = words
        if values:
            was_there = self.statistics.last_seen_s is not None and self._missed < LOST_AFTER
            if not self._ready:
                await self.open()  # a tripped watchdog is cleared first; even if it cannot be, the write is tried
            done = await self._carry_out(values)
            again = {channel: values[channel] for channel, reason in done.items() if reason is not None}
            if again and await self._is_worth_another_try(done, was_there):
                done.update(await self._carry_out(again))
            if Reason.COMM not in done.values():
                self._seen(now_s)
            reasons.update({self.settings.tags[channel]: reason for channel, reason in done.items()})
        self.statistics.writes += len(orders)
        self.statistics.writes_failed += sum(reasons[tag] is not None for tag in orders)
        return [Written(tag, value, reasons[tag] is None, reasons[tag], now_s) for tag, value in orders.items()]

    def acknowledge(self, token: object) -> None:
        """Nothing to do: what is polled needs no acknowledgement."""

    def describe(self) -> dict[str, str]:
        product = self._product
        return {
            "product": product.id,
            "name_zh": product.name_zh,
            "name_en": product.name_en,
            "bus": self.settings.bus,
            "unit": str(self._unit),
            "confidence": product.confidence,
            "unverified": "; ".join(product.unverified),
            "watchdog": self._watchdog.state,
        }

    # --- reading

    def _may(self, who: Hashable, time_s: float) -> bool:
        return not self._bus.rests(self._unit, time_s) and self._bus.patience.may((self._unit, who), time_s)

    async def _ask(self, request: Request, who: Hashable = None, urgent: bool = False) -> bytes:
        """`who` names a read that waits after it has failed. What is urgent goes first, unless the device is silent."""
        patience = self._bus.patience
        try:
            answer = await self._bus.ask(self._unit, request, urgent and self.statistics.online)
        except WireError as error:
            self._failed(error.reason)
            if who is not None and error.took_s:
                patience.failed((self._unit, who), process_time(), error.took_s)
            raise
        if who is not None:
            patience.answered((self._unit, who))
        statistics = self.statistics
        statistics.latency_s += (answer.took_s - statistics.latency_s) * (SMOOTHING if statistics.latency_s else 1.0)
        return answer.pdu

    async def _ask_to_open(self, request: Request) -> bytes:
        return await self._ask(request, "open", urgent=True)

    async def _read(self, block: Block, who: Hashable = None, urgent: bool = False) -> Sequence[int]:
        return words_of(block, await self._ask(read_request(block), who, urgent))

    def _dated(self, found: Mapping[str, Decoded], now_s: float, took_s: float) -> list[Reading]:
        """Readings, dated by the device's own clock where it has one; they took `took_s` of farm time to come."""
        time_s, wrong = now_s, None
        if self._product.time_channel is not None:
            stamp, reason = found.get(self._product.time_channel, (None, Reason.COMM))
            if reason is not None or not isinstance(stamp, float | int):
                wrong = reason or Reason.CLOCK
            elif not 0 < stamp <= now_s + took_s + FUTURE_S:
                wrong = Reason.CLOCK
            else:
                time_s = float(stamp)
        readings: list[Reading] = []
        for channel, tag in self._readable:
            value, reason = found.get(channel, (None, Reason.COMM))
            reason = wrong if reason is None else reason
            quality = Quality.GOOD if reason is None else Quality.BAD
            readings.append(Reading(tag, value, quality, reason, time_s))
        return readings

    def _nothing(self, now_s: float, asked: bool) -> list[Reading]:
        self.statistics.polls += asked
        self.statistics.online = False
        self._missed += asked
        if self._missed >= LOST_AFTER or not self._bus.connected:
            self._ready = False
        return [bad(tag, Reason.COMM, now_s) for _, tag in self._readable]

    def _seen(self, now_s: float) -> None:
        self.statistics.online = True
        self.statistics.last_seen_s = now_s

    def _failed(self, reason: str) -> None:
        self.statistics.failures[reason] = self.statistics.failures.get(reason, 0) + 1
        self.statistics.last_error = reason

    # --- writing

    async def _carry_out(self, values: Mapping[str, tuple[int, ...]]) -> dict[str, Reason | None]:
        """Write these channels and compare what they then read: why each failed, None for those that did not."""
        channels = self._product.channels
        done: dict[str, Reason | None] = dict.fromkeys(values, Reason.COMM)
        to_write = dict(values)
        try:
            kept = [name for name in values if channels[name].non_volatile and channels[name].access != "write"]
            for channel, words in (await self._words(kept)).items():
                if words == values[channel]:
                    del to_write[channel]
            for write in plan_writes(self._product, to_write):
                try:
                    await self._ask(write_request(write), urgent=True)
                except WireError as error:
                    if not error.is_exception:
                        raise
                    done.update(dict.fromkeys(write.block.channels, Reason.EXCEPTION))
                    continue
                done.update(dict.fromkeys(write.block.channels, None))
            readable = [name for name in values if channels[name].access != "write" and done[name] != Reason.EXCEPTION]
            for channel in readable:
                done[channel] = Reason.COMM
            for channel, words in (await self._words(readable)).items():
                done[channel] = None if words == values[channel] else Reason.DISAGREE
        except WireError:
            pass  # what was not confirmed stays COMM
        return done

    async def _words(self, channels: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """What these channels' registers hold now."""
        found: dict[str, tuple[int, ...]] = {}
        for block in plan(self._product, channels):
            words = await self._read(block, urgent=True)
            for name in block.channels:
                channel = self._product.channels[name]
                assert channel.address is not None  # the loader refuses a Modbus channel without one
                first = channel.address - block.address
                length = 2 if channel.type in ("u32", "s32", "f32") else 1
                found[name] = tuple(words[first : first + length])
        return found

    async def _is_worth_another_try(self, done: Mapping[str, Reason | None], was_there: bool) -> bool:
        if Reason.COMM in done.values():
            return was_there and self._bus.connected
        try:
            return await self._watchdog.clear_trip()
        except WireError:
            return False
