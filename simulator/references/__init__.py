"""Controllers to compare with: what people use today, behaving as their own sources do, tuned as well as they can be.

Each sees one loop: readings in, a position out. They know no feed-forward, interlock, vote or alarm; setpoints, plant,
probes, actuators and their drives are those that Farmloop has. Sources: ../shared/control.md 1.4, 5.1 and 7.
"""

from collections.abc import Callable, Mapping

from simulator.references.hysteresis import Thermostat
from simulator.references.period_pid import PeriodPid
from simulator.references.reference import Reference, Task
from simulator.references.simple_pid import SimplePid

REFERENCES: Mapping[str, Callable[[Task], Reference]] = {
    "hysteresis": Thermostat,
    "simple-pid": SimplePid,
    "period-pid": PeriodPid,
}
"""By the name that `farmloop score --controller` takes."""

__all__ = ["REFERENCES", "Reference", "Task"]
