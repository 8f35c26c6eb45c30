"""What happens in a scenario, when it is due: faults set and mended, and what people do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from edge_config.model.site import Site
from simulator.devices.device import VirtualDevice
from simulator.field import Field
from simulator.scenario import FAULTS, Event


@dataclass(slots=True)
class Timeline:
    """A scenario's events against farm time. `step` is called once a scan; `dead` and `dark` say what lies still."""

    events: tuple[Event, ...]
    facility: str
    site: Site
    start_s: float
    dead: bool = False
    """The controller does not run."""
    dark: bool = False
    """Neither do the devices: no power."""
    _running: set[int] = field(default_factory=set)
    _done: set[int] = field(default_factory=set)

    @property
    def first_fault_s(self) -> float | None:
        """When the first thing goes wrong, None where nothing does."""
        return min((self.start_s + one.at for one in self.events if _is_fault(one)), default=None)

    @property
    def last_end_s(self) -> float | None:
        """When the last fault that ends is over."""
        ends = [self.start_s + one.at + one.for_ for one in self.events if _is_fault(one) and one.for_ is not None]
        return max(ends, default=None)

    def step(self, now_s: float, farm: Field, devices: Mapping[str, VirtualDevice]) -> list[Event]:
        """Let begin and end what is due. What people do now is returned for whoever controls."""
        since_s = now_s - self.start_s
        people: list[Event] = []
        if since_s < 0.0:
            return people
        for index, event in enumerate(self.events):
            if index in self._done or since_s < event.at:
                continue
            end_s = event.at + (inf if event.for_ is None else event.for_)
            if event.ramp is not None:
                share = min(1.0, (since_s - event.at) / (event.for_ or 1.0))
                for port, (first, last) in event.ramp.items():
                    farm.force(self.facility, port, first + (last - first) * share)
                if share >= 1.0:
                    self._done.add(index)
            elif since_s >= end_s:
                self._running.discard(index)
                self._done.add(index)
                self._end(event, farm, devices, now_s)
            elif index not in self._running:
                self._running.add(index)
                self._begin(event, farm, devices, now_s)
                if event.set is not None or event.hand is not None:
                    people.append(event)
        return people

    def _begin(self, event: Event, farm: Field, devices: Mapping[str, VirtualDevice], now_s: float) -> None:
        if event.force is not None:
            for port, value in event.force.items():
                farm.force(self.facility, port, value)
        elif event.unplug is not None:
            for device in self._behind(event.unplug, devices):
                device.fault("unplugged")
        elif event.fault is not None:
            apply_fault(event, farm, devices)
        elif event.controller is not None or event.power is not None:
            if event.power is not None:
                for device in devices.values():
                    device.power_cycle(now_s)
            self._look()

    def _end(self, event: Event, farm: Field, devices: Mapping[str, VirtualDevice], now_s: float) -> None:
        if event.force is not None:
            for port in event.force:
                farm.force(self.facility, port, None)
        elif event.unplug is not None:
            for device in self._behind(event.unplug, devices):
                device.mend("unplugged")
        elif event.fault is not None:
            mend_fault(event, farm, devices)
        elif event.controller is not None or event.power is not None:
            self._look()

    def _look(self) -> None:
        running = [self.events[index] for index in self._running]
        self.dark = any(one.power is not None for one in running)
        self.dead = self.dark or any(one.controller is not None for one in running)

    def _behind(self, name: str, devices: Mapping[str, VirtualDevice]) -> list[VirtualDevice]:
        """A device, or all of a bus."""
        return [device for one, device in devices.items() if name in (one, device.settings.bus)]


def apply_fault(event: Event, farm: Field, devices: Mapping[str, VirtualDevice]) -> None:
    """Set the fault that an event names. Raises ValueError (FieldError) for what there is not."""
    name, form = event.fault or "", event.form or ""
    device, channel = _device(name, devices)
    if device is not None:
        device.fault(form, channel, **event.values)
    else:
        farm.fault(name, form, **event.values)


def mend_fault(event: Event, farm: Field, devices: Mapping[str, VirtualDevice]) -> None:
    name = event.fault or ""
    device, channel = _device(name, devices)
    if device is not None:
        device.mend(event.form, channel)
    else:
        farm.mend(name, event.form)


def _device(name: str, devices: Mapping[str, VirtualDevice]) -> tuple[VirtualDevice | None, str | None]:
    """`DEVICE` or `DEVICE.CHANNEL`."""
    first, _, channel = name.partition(".")
    return devices.get(first), channel or None


def _is_fault(event: Event) -> bool:
    return any(getattr(event, name) is not None for name in FAULTS)
