"""A virtual device: a product of the library between the field and a wire, with its own watchdog. It has no clock.

The wire forms (`modbus`, `mqtt_node`) read and write its channels. `poll` and `order` are what a driver would bring
home, with no frames: for simulation in memory.
"""

import random
from collections.abc import Iterable, Mapping
from math import floor
from typing import Protocol

from drivers.link import BAD_AFTER
from drivers.product import Channel, Product, load_product
from edge_config.fail_safe import percent_of
from edge_config.model.outputs import Analog, Output, ThreePoint
from edge_config.model.site import Device, Site
from foundation.reading import Quality, Reading, Reason, Value
from simulator.devices.manner import Manner, manner_of
from simulator.devices.scaling import DECIMALS, Scaling
from simulator.devices.spoken import decimals_of
from simulator.faults import checked

FUTURE_S = 5.0
"""A device's clock may be ahead by this much before a driver believes it no more."""


class Source(Protocol):
    """What a device is wired to: the field, or a recording."""

    def sense(self, tag: str) -> float | bool | None: ...

    def actuate(self, tag: str, value: Value) -> None: ...

    def taken_s(self, now_s: float) -> float:
        """When what is sensed at `now_s` was taken."""
        ...

    def compensate(self, tag: str, water_c: float) -> None:
        """The probe at `tag` was told how warm its water is."""
        ...

    def power_up(self, tag: str) -> None:
        """The probe at `tag` has its supply again."""
        ...


class VirtualDevice:
    """One device of the site. Outputs hold their values until its watchdog, if it has one, finds nobody there.

    `safe` are the values that its maker's tool was told to fall to; a product that takes them over the wire starts
    with all off, until they are written.
    """

    def __init__(
        self,
        name: str,
        device: Device,
        product: Product,
        source: Source,
        safe: Mapping[str, float | bool],
        deadline_s: float = 0.3,
    ) -> None:
        self.name = name
        self.settings = device
        self.product = product
        self.channels: dict[str, Channel] = _channels(device, product)
        decimals = decimals_of(product)
        self.scalings = {
            channel: Scaling(what, decimals.get(channel, DECIMALS)) for channel, what in self.channels.items()
        }
        self.tags: Mapping[str, str] = device.tags
        self.outputs: dict[str, float | bool] = {}
        """Channels that can be written -> what they are set to."""
        self.safe: dict[str, float | bool] = {}
        self.watchdog_s = 0.0
        """0: it waits for ever."""
        self.tripped = False
        self.unplugged = False
        """Nothing answers. The device itself runs on, and so does its watchdog."""
        self.stuck: set[str] = set()
        """Channels that do not move: a probe shows its last value for ever, a contact is welded."""
        self.offset: dict[str, float] = {}
        """Added to what a channel shows."""
        self.sentinel: set[str] = set()
        """Channels that say "no value" in the product's own way."""
        self.clock_wrong_s = 0.0
        """How far the clock of a device that has one is ahead."""
        self.faults: dict[str, dict[str, float]] = {}
        """What `fault` set of the device as a whole."""
        self.restarts = 0
        """How often its power came back."""
        self._deadline_s = deadline_s
        self._missed = 0
        """Polls in a row that nobody heard."""
        self._chance = random.Random(f"{name}/faults")
        self._source = source
        self._site_safe = dict(safe)
        self._frozen: dict[str, float | bool | None] = {}
        self._fed_s = 0.0
        watchdog = product.watchdog
        self._latched = watchdog is not None and watchdog.clear is not None
        self._fed_by_any = watchdog is None or watchdog.fed_by == "any"
        if watchdog is not None and watchdog.address is None:
            self.watchdog_s = device.watchdog or 0.0  # by its maker's tool
        tool_set = watchdog is None or (watchdog.safe_coils is None and watchdog.safe_holding is None)
        for channel, what in self.channels.items():
            if what.access != "read" and (what.kind != "any" or device.tags.get(channel) in self._site_safe):
                off: float | bool = 0.0 if what.kind == "number" else False
                self.safe[channel] = self._site_safe.get(device.tags.get(channel, ""), off) if tool_set else off
        self._channel_of = {tag: channel for channel, tag in device.tags.items()}
        self._readable = [
            (channel, tag, self.scalings[channel], channel in self.safe)
            for channel, tag in device.tags.items()
            if channel in self.channels and self.channels[channel].access != "write"
        ]
        self._fall()

    # --- what goes wrong

    def fault(self, form: str, channel: str | None = None, **values: float) -> None:
        """From now on the device, or one channel of it, fails in this form of `simulator/faults.py`. Raises ValueError
        for a form, number or channel that there is not."""
        if channel is None:
            self.faults[form] = checked("device", form, values)
            self.unplugged = "unplugged" in self.faults
            self.clock_wrong_s = self.faults.get("clock", {}).get("by_s", 0.0)
            return
        numbers = checked("channel", form, values)
        if channel not in self.channels:
            raise ValueError(f"no channel '{channel}' on {self.name}; there are: {', '.join(self.channels)}")
        match form:
            case "stuck":
                self.stuck.add(channel)
            case "offset":
                self.offset[channel] = numbers["by"]
            case "sentinel":
                self.sentinel.add(channel)

    def mend(self, form: str | None = None, channel: str | None = None) -> None:
        """Undo a form, of the device or of one channel; with no form every one, with no channel on all channels."""
        for one in self.channels if channel is None else (channel,):
            if form in (None, "stuck"):
                self.stuck.discard(one)
            if form in (None, "offset"):
                self.offset.pop(one, None)
            if form in (None, "sentinel"):
                self.sentinel.discard(one)
        if channel is None:
            for name in (form,) if form is not None else tuple(self.faults):
                self.faults.pop(name, None)
            if form in (None, "unplugged"):
                self.unplugged = False
            if form in (None, "clock"):
                self.clock_wrong_s = 0.0

    @property
    def refuses(self) -> bool:
        """It answers whatever it is asked with an exception."""
        return "refusing" in self.faults

    def manner(self) -> Manner:
        """How its next answer comes."""
        return manner_of(self.faults, self._chance)

    # --- what a wire does

    def read(self, channel: str, now_s: float) -> float | bool | None:
        """The value that a channel shows now, None for "no value"; of an output, what it is set to."""
        output = self.outputs.get(channel)
        if output is not None:
            return output
        if channel in self.sentinel:
            return None
        if channel == self.product.time_channel:
            return float(floor(self.dated_s(now_s)))
        value: float | bool | None
        if channel in self.stuck:
            if channel not in self._frozen:
                self._frozen[channel] = self._sense(channel)
            value = self._frozen[channel]
        else:
            self._frozen.pop(channel, None)
            value = self._sense(channel)
        if channel in self.offset and value is not None and not isinstance(value, bool):
            value += self.offset[channel]
        return value

    def dated_s(self, now_s: float) -> float:
        """The time that a device with a clock gives to what it shows."""
        return self._source.taken_s(now_s) + self.clock_wrong_s

    def write(self, channel: str, value: float | bool, now_s: float) -> bool:
        """Set an output. False if there is none, or if a trip is latched and has not been cleared."""
        if channel not in self.outputs:
            return False
        if self.tripped and self._latched:
            return False
        self.feed(now_s, written=True)
        self._set(channel, value)
        return True

    def feed(self, now_s: float, written: bool = False) -> None:
        """A valid request came (`written`: one that set outputs)."""
        if written or self._fed_by_any:
            self._fed_s = now_s
        if written and not self._latched:
            self.tripped = False

    def tick(self, now_s: float) -> None:
        """Let farm time pass: an unfed watchdog trips."""
        if self.watchdog_s and not self.tripped and now_s - self._fed_s > self.watchdog_s:
            self.tripped = True
            self._fall()

    def set_watchdog(self, seconds: float, now_s: float) -> None:
        """Arm the watchdog, 0 for off."""
        self.watchdog_s = seconds
        self._fed_s = now_s

    def clear(self, now_s: float) -> None:
        """Clear a latched trip: from now on outputs can be written again; they stay where they are."""
        self.tripped = False
        self._fed_s = now_s

    def power_cycle(self, now_s: float) -> None:
        """Off and on: outputs come up safe, probes warm up; the watchdog keeps its settings, and begins to wait."""
        self.tripped = False
        self._fed_s = now_s
        self.restarts += 1
        self._fall()
        for _, tag, _, is_output in self._readable:
            if not is_output:
                self._source.power_up(tag)

    def compensate(self, water_c: float) -> None:
        """The master says how warm the water of its probes is."""
        for _, tag, _, _ in self._readable:
            self._source.compensate(tag, water_c)

    # --- what a driver brings home, in memory

    def open(self, now_s: float) -> None:
        """What a driver does when it opens the device: watchdog time and safe values written, a trip cleared."""
        self.clear(now_s)
        wanted = self.settings.watchdog
        watchdog = self.product.watchdog
        if watchdog is not None and wanted is not None:
            self.watchdog_s = min(max(floor(wanted / watchdog.unit_s + 1e-9), 1), watchdog.maximum) * watchdog.unit_s
        elif self.product.protocol == "mqtt_json" and wanted is not None:
            self.watchdog_s = wanted
        if watchdog is not None:
            for channel in self.safe:
                tag = self.tags.get(channel)
                if tag in self._site_safe:
                    self.safe[channel] = self._site_safe[tag]

    def poll(self, now_s: float) -> list[Reading]:
        """One reading a readable tag, rounded as by the wire; all BAD while nobody hears it. A single lost poll is not
        told, as by a link."""
        why = self._unheard()
        self._missed = self._missed + 1 if why is Reason.COMM else 0
        if why is not None:
            if 0 < self._missed < BAD_AFTER:
                return []
            return [Reading(tag, None, Quality.BAD, why, now_s) for _, tag, _, _ in self._readable]
        if self._fed_by_any:
            self._fed_s = now_s
        if self.settings.compensate is not None:
            water_c = self._source.sense(self.settings.compensate)
            if water_c is not None:
                self.compensate(float(water_c))
        source_s = now_s
        if self.product.time_channel is not None:
            source_s = float(floor(self.dated_s(now_s)))
        elif self.product.protocol == "mqtt_json":
            source_s = self.dated_s(now_s)
        if not (self.stuck or self.sentinel or self.offset or self.clock_wrong_s or self.product.time_channel):
            outputs, sense = self.outputs, self._source.sense
            return [
                Reading(tag, *scaling.seen(outputs[channel] if is_output else sense(tag)), source_s)
                for channel, tag, scaling, is_output in self._readable
            ]
        seen = [(tag, *scaling.seen(self.read(channel, now_s))) for channel, tag, scaling, _ in self._readable]
        if source_s > now_s + FUTURE_S:
            return [Reading(tag, value, Quality.BAD, why or Reason.CLOCK, now_s) for tag, value, _, why in seen]
        return [Reading(*one, source_s) for one in seen]

    def order(self, values: Mapping[str, Value], now_s: float) -> list[tuple[str, bool, str | None]]:
        """Write tags, clearing a trip first as a driver would: tag, whether it was confirmed, why not."""
        if (why := self._unheard()) is not None:
            return [(tag, False, why.value) for tag in values]
        if self.tripped:
            self.clear(now_s)
        done: list[tuple[str, bool, str | None]] = []
        for tag, value in values.items():
            channel = self._channel_of.get(tag)
            if channel is None or channel not in self.outputs or isinstance(value, str):
                done.append((tag, False, Reason.EXCEPTION.value))
                continue
            refused = self.scalings[channel].refused(value)
            if refused is None:
                self.write(channel, self._rounded(channel, value), now_s)
            done.append((tag, refused is None, None if refused is None else refused.value))
        return done

    # --- inside

    def _unheard(self) -> Reason | None:
        """Why a driver gets nothing of the device this time."""
        if self.unplugged or (self.faults and self.manner().is_lost(self._deadline_s)):
            return Reason.COMM
        return Reason.EXCEPTION if self.refuses else None

    def _sense(self, channel: str) -> float | bool | None:
        tag = self.tags.get(channel)
        return None if tag is None else self._source.sense(tag)

    def _rounded(self, channel: str, value: float | bool) -> float | bool:
        shown, _, _ = self.scalings[channel].seen(value)
        return value if shown is None or isinstance(shown, str) else shown

    def _set(self, channel: str, value: float | bool) -> None:
        self.outputs[channel] = value
        tag = self.tags.get(channel)
        if tag is not None and channel not in self.stuck:
            self._source.actuate(tag, value)

    def _fall(self) -> None:
        for channel, value in self.safe.items():
            self._set(channel, value)


def devices_of(site: Site, source: Source, names: Iterable[str] | None = None) -> dict[str, VirtualDevice]:
    """Every device of a site (or those named), wired to `source`. Raises ProblemsError for an unknown product."""
    safe = safe_values(site)
    chosen = site.devices if names is None else {name: site.devices[name] for name in names}
    return {
        name: VirtualDevice(name, device, load_product(device.product), source, safe, site.buses[device.bus].deadline)
        for name, device in chosen.items()
    }


def safe_values(site: Site) -> dict[str, float | bool]:
    """What each written device tag falls to: the contacts of a motor open, everything else as `outputs` says."""
    kinds: dict[str, Channel] = {}
    for device in site.devices.values():
        for channel, what in _channels(device, load_product(device.product)).items():
            kinds[device.tags.get(channel, "")] = what
    found: dict[str, float | bool] = {}
    for tag, output in site.outputs.items():
        if isinstance(output, ThreePoint):
            found[output.open] = found[output.close] = False
        elif tag in kinds:
            found[tag] = _safe_value(output, kinds[tag])
    return found


def _safe_value(output: Output, channel: Channel) -> float | bool:
    percent = percent_of(output, "signal_lost")
    if channel.kind == "bool" or (channel.kind == "any" and not isinstance(output, Analog)):
        return percent >= 50.0
    if not isinstance(output, Analog):
        percent = 100.0 if percent >= 50.0 else 0.0
    if channel.unit != "%" and channel.range is not None:
        low, high = channel.range
        return low + (high - low) * percent / 100.0
    return percent


def _channels(device: Device, product: Product) -> dict[str, Channel]:
    """The product's channels by name; where it has only `*`, those that the site names."""
    anything = product.channels.get("*")
    named = {name: channel for name, channel in product.channels.items() if name != "*"}
    if anything is not None:
        for name in device.tags:
            named.setdefault(name, anything)
    return named
