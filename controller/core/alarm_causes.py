"""What explains an alarm: a bus that is gone, a device, a sensor. One cause is one alarm, not forty."""

from collections.abc import Iterable, Mapping, Sequence

from controller.core.alarms import Explained
from controller.core.connections import Wired, is_going
from controller.core.turn import Turn
from controller.core.words import AlarmNow
from edge_config.model.site import Site
from foundation.reading import Quality

OF_A_TAG = ("sensor", "probe", "stale", "disagree", "fouled", "drift")
"""Kinds of alarms whose subject is a tag."""
OF_A_LOOP = ("no_effect", "dosing", "unexpected", "water_quality", "water_flow", "meal", "ration")
OF_AN_OUTPUT = ("order", "not_proven", "runs_on", "duty", "duty_lost")
OF_A_DEVICE = ("watchdog",)


class Causes:
    """Which wires lie behind which tags, looked up once."""

    def __init__(
        self,
        site: Site,
        fed_by: Mapping[str, Iterable[str]],
        needs: Mapping[str, frozenset[str]],
        suppressed_by: Mapping[str, Sequence[str]],
        contacts: Mapping[str, Sequence[str]],
        devices: Iterable[Wired],
    ) -> None:
        """`fed_by` is by derived tag what it is made of; `needs` and `suppressed_by` are by alarm of the site,
        `contacts` by output its device tags."""
        self._needs, self._suppressed_by = needs, suppressed_by
        self._bus_of = {name: device.bus for name, device in site.devices.items()}
        self._device_of = {tag: name for name, device in site.devices.items() for tag in device.tags.values()}
        self._measured: dict[str, tuple[str, ...]] = {}
        """By tag, what it comes from in the end."""
        for tag in {*self._device_of, *fed_by}:
            self._measured[tag] = tuple(sorted(_sources(tag, fed_by, set())))
        self._pv_of = {name: loop.pv for name, loop in site.loops.items() if hasattr(loop, "pv")}
        self._contacts = contacts
        self._told_by = {one.device: one for one in devices}

    def explain(self, turn: Turn, raised: Mapping[str, AlarmNow]) -> dict[str, Explained]:
        """By alarm that is raised, what explains it."""
        found: dict[str, Explained] = {}
        is_lost = any(one.startswith(("bus:", "device:", "order:")) for one in raised)
        sensors = {one.rpartition(":")[2] for one in raised if one.startswith(("sensor:", "stale:"))}
        for name, one in raised.items():
            parent = self._suppressor(name, raised)
            if parent:
                found[name] = Explained(parent, False)
            elif (is_lost or sensors) and (parent := self._lost(turn, one, raised, sensors)):
                found[name] = Explained(parent, True)
        return found

    def _suppressor(self, name: str, raised: Mapping[str, AlarmNow]) -> str:
        """What the site says explains it."""
        return next((one for one in self._suppressed_by.get(name, ()) if one in raised), "")

    def _lost(self, turn: Turn, one: AlarmNow, raised: Mapping[str, AlarmNow], sensors: set[str]) -> str:
        """The bus, device or sensor that is gone behind it."""
        measured = self._behind(turn, one)
        kind, _, subject = one.id.rpartition(":")
        if kind == "device" and f"bus:{self._bus_of.get(subject)}" in raised:
            return f"bus:{self._bus_of[subject]}"
        for tag in measured:
            device = self._device_of[tag]
            for parent in (f"bus:{self._bus_of[device]}", f"device:{device}"):
                if parent in raised and parent != one.id:
                    return parent
        if kind in OF_A_DEVICE and subject in self._bus_of:
            for parent in (f"bus:{self._bus_of[subject]}", f"device:{subject}"):
                if parent in raised:
                    return parent
        if kind in OF_AN_OUTPUT and kind != "order" and f"order:{subject}" in raised:
            return f"order:{subject}"
        if kind not in ("sensor", "stale"):
            for tag in measured:
                for parent in (f"sensor:{tag}", f"stale:{tag}"):
                    if parent in raised:
                        return parent
            if kind in ("", "latched"):  # a sensor of a loop may be a vote
                for tag in sorted(self._unknown(turn, one) & sensors):
                    return f"sensor:{tag}" if f"sensor:{tag}" in raised else f"stale:{tag}"
        return ""

    def waits(self, turn: Turn, one: AlarmNow) -> bool:
        """Whether what it lacks may yet be found to be a whole device or bus that is gone: that is told then."""
        devices = {self._device_of[tag] for tag in self._behind(turn, one)}
        return any(is_going(turn, self._told_by[name]) for name in devices if name in self._told_by)

    def _behind(self, turn: Turn, one: AlarmNow) -> list[str]:
        """Measured tags that are gone, for want of which it stands."""
        kind, _, subject = one.id.rpartition(":")
        if kind in OF_AN_OUTPUT:
            return [tag for tag in self._contacts.get(subject, ()) if tag in self._device_of]
        concerned: Iterable[str] = ()
        if kind in OF_A_TAG:
            concerned = (subject,)
        elif kind in OF_A_LOOP and subject in self._pv_of:
            concerned = (self._pv_of[subject],)
        elif kind in ("", "latched"):
            concerned = self._unknown(turn, one)
        return [
            tag
            for name in concerned
            for tag in self._measured.get(name, ())
            if tag in self._device_of and tag in turn.readings and turn.readings[tag].quality is Quality.BAD
        ]

    def _unknown(self, turn: Turn, one: AlarmNow) -> set[str]:
        """Of what an alarm of the site looks at, or an interlock that latched, what is not known."""
        kind, _, subject = one.id.rpartition(":")
        if not kind and not one.values.get("bad"):
            return set()
        return {tag for tag in self._needs.get(subject, ()) if turn.values.get(tag) is None}


def _sources(tag: str, fed_by: Mapping[str, Iterable[str]], seen: set[str]) -> set[str]:
    if tag in seen:
        return set()
    seen.add(tag)
    inputs = tuple(fed_by.get(tag, ()))
    if not inputs:
        return {tag}
    return set().union(*(_sources(one, fed_by, seen) for one in inputs))
