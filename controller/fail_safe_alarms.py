"""What is wrong with how outputs go safe without this box, as alarms: `watchdog:DEVICE`, and one `uncommissioned:`."""

from collections.abc import Mapping
from typing import Literal

from controller.commissioning import Standing
from controller.core.words import AlarmNow
from drivers.driver import Statistics

UNGUARDED_S = 10.0
"""A device that has just come may still be told."""


class FailSafeAlarms:
    """Remembers since when; `now` is asked once a scan."""

    def __init__(self) -> None:
        self._since_s: dict[str, float] = {}

    def now(
        self, devices: Mapping[str, Statistics], stands: Mapping[str, Standing], now_s: float
    ) -> tuple[AlarmNow, ...]:
        """The alarms that stand at farm time `now_s`. A device that is not there is told of elsewhere."""
        found: dict[str, tuple[Literal["high", "low"], float, dict[str, object]]] = {}
        for name, one in devices.items():
            if one.online and one.watchdog in ("refused", "not set"):
                found[f"watchdog:{name}"] = ("high", UNGUARDED_S, {"device": name, "state": one.watchdog})
        waiting = [name for name, stand in stands.items() if stand not in ("passed", "not needed")]
        if waiting:
            found["uncommissioned:devices"] = ("low", 0.0, {"devices": ", ".join(waiting)})
        self._since_s = {id_: self._since_s.get(id_, now_s) for id_ in found}
        return tuple(
            AlarmNow(id_, priority, True, self._since_s[id_], values)
            for id_, (priority, delay_s, values) in found.items()
            if now_s - self._since_s[id_] >= delay_s
        )
