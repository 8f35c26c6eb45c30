"""Cleaning and calibrating a probe: a timed hold in which what it says is recorded and not believed.

Its reading is BAD (`calibrating`), so its loop takes its declared action, dosing by it stops and votes do without it;
alarms that come of that alone are not raised. It ends by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from controller.core.condition import Conditioner
from controller.core.derive import Expressed
from controller.core.in_air import Aired
from controller.core.loops.run import SETTLE_S
from controller.core.state import Mark
from controller.core.turn import Turn
from controller.core.words import AlarmNow, Event, Maintain, MaintainEnd
from foundation.reading import Quality, Reading, Reason

LONGEST_S = 2 * 3600.0
"""From the beginning, however often it is prolonged: then the probe is back, or it is missing."""


@dataclass(frozen=True, slots=True)
class ProbeCare:
    """The probes that can be taken out of the water, and what is not known without each of them."""

    conditioners: Mapping[str, Conditioner]
    derived: Sequence[Expressed]
    """In an order in which each comes after its inputs."""

    def kept(self, marks: Mapping[str, Mark]) -> dict[str, Mark]:
        """Those of a kept state that are of this site."""
        return {key: mark for key, mark in marks.items() if key == f"care:{mark.subject}" and self._has(mark.subject)}

    def _has(self, tag: str) -> bool:
        conditioner = self.conditioners.get(tag)
        return conditioner is not None and not conditioner.tag.entered

    def begin(self, turn: Turn, wish: Maintain) -> None:
        """Begin, or prolong: never beyond the longest from its beginning."""
        values: dict[str, object] = {"id": wish.id, "by": wish.by, "kind": wish.kind}
        before = turn.marks.get(f"care:{wish.tag}")
        since_s = turn.now_s if before is None or before.over_s >= 0.0 else before.since_s
        if not self._has(wish.tag):
            turn.events.append(Event(turn.now_s, "refused", wish.tag, {**values, "why": "no_probe"}))
        elif not turn.now_s < wish.until_s <= since_s + LONGEST_S:
            told = {**values, "why": "care_long", "hours": LONGEST_S / 3600.0}
            turn.events.append(Event(turn.now_s, "refused", wish.tag, told))
        else:
            turn.marks[f"care:{wish.tag}"] = Mark(wish.kind, wish.tag, wish.by, since_s, wish.until_s)
            kind = "care_begun" if since_s == turn.now_s else "care_prolonged"
            turn.events.append(Event(turn.now_s, kind, wish.tag, {**values, "until": wish.until_s}))

    def end(self, turn: Turn, wish: MaintainEnd) -> None:
        """The person is done before the time is over."""
        values: dict[str, object] = {"id": wish.id, "by": wish.by}
        mark = turn.marks.get(f"care:{wish.tag}")
        if mark is None or mark.over_s >= 0.0:
            turn.events.append(Event(turn.now_s, "refused", wish.tag, {**values, "why": "no_care"}))
        else:
            self._over(turn, mark)
            self._is_back(turn, wish.tag)
            turn.events.append(Event(turn.now_s, "care_ended", wish.tag, values))

    def _is_back(self, turn: Turn, tag: str) -> None:
        """Somebody says so: where the water is by its thermometer is learned anew."""
        one = self.conditioners[tag]
        for probe in ((tag,) if one.in_air is not None else ()) + one.beside:
            turn.blocks[f"{probe}#air"] = Aired()

    def age(self, turn: Turn) -> None:
        """End what is over, once the probe is heard again or has had the time for it; mark what is in care."""
        for key, mark in tuple(turn.marks.items()):
            if mark.kind not in ("cleaning", "calibration"):
                continue
            reading = turn.readings[mark.subject]
            if mark.over_s < 0.0 and turn.now_s >= mark.until_s:
                self._over(turn, mark)
                turn.events.append(Event(turn.now_s, "care_over", mark.subject, {"by": mark.by, "kind": mark.kind}))
            elif mark.over_s >= 0.0:
                stale_s = self.conditioners[mark.subject].tag.stale_s
                if reading.reason is not Reason.CALIBRATING:
                    del turn.marks[key]
                elif turn.now_s - mark.over_s >= (SETTLE_S if stale_s is None else max(stale_s, SETTLE_S)):
                    del turn.marks[key]
                    turn.see(Reading(mark.subject, None, Quality.BAD, Reason.STALE, turn.now_s))
            elif reading.quality is not Quality.BAD:
                turn.see(Reading(mark.subject, reading.value, Quality.BAD, Reason.CALIBRATING, turn.now_s))

    def told(self, turn: Turn, reading: Reading) -> bool:
        """Whether the probe is in care: then what it says is put into the record as it is, and nowhere else."""
        mark = turn.marks.get(f"care:{reading.tag}")
        if mark is None or mark.over_s >= 0.0:
            return False
        conditioner, value = self.conditioners[reading.tag], reading.value
        if isinstance(value, float):
            value *= conditioner.scale
        time_s = reading.time_s if reading.time_s <= turn.now_s else turn.now_s
        turn.see(Reading(reading.tag, value, Quality.BAD, Reason.CALIBRATING, time_s))
        return True

    def quiet(self, turn: Turn, alarms: Iterable[AlarmNow], needs: Mapping[str, frozenset[str]]) -> list[AlarmNow]:
        """The alarms without those that are there only because a probe is in care. `needs` is, by alarm, what it looks
        at: one that holds by other probes stays."""
        silent = self._unknown(turn.marks)
        if not silent:
            return list(alarms)
        return [one for one in alarms if not _is_of(one, silent, needs)]

    def _unknown(self, marks: Mapping[str, Mark]) -> set[str]:
        """The probes in care, and what is derived from them."""
        silent = {mark.subject for mark in marks.values() if mark.kind in ("cleaning", "calibration")}
        if silent:
            for one in self.derived:
                if not silent.isdisjoint(one.inputs):
                    silent.add(one.name)
        return silent

    def _over(self, turn: Turn, mark: Mark) -> None:
        """What it says from now on is of the plant."""
        turn.marks[f"care:{mark.subject}"] = mark._replace(over_s=turn.now_s)


def _is_of(alarm: AlarmNow, silent: set[str], needs: Mapping[str, frozenset[str]]) -> bool:
    kind, parted, subject = alarm.id.partition(":")
    if parted:
        return subject in silent and kind not in ("latched", "order")
    return bool(alarm.values.get("bad")) and not silent.isdisjoint(needs.get(alarm.id, frozenset()))
