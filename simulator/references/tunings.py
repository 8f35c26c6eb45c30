"""What the references are tuned with: each loop as a first order with delay, measured by `step_response`."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

PIDS = ("simple-pid", "period-pid")
"""The references that close a loop at a speed."""


@dataclass(frozen=True, slots=True)
class Step:
    """How it was measured: two runs of the nominal plant from the same start, one with the step and one without."""

    site: str
    """A sample."""
    probe: str
    hold: Mapping[str, float]
    """Input ports, all the while; others stand at their defaults."""
    parameters: Mapping[str, float]
    """Of the plant, other than in its file."""
    sky: Mapping[str, float]
    """Of `simulator.plants.plant.Weather`; the rest is mild."""
    ports: tuple[str, ...]
    """Stepped together."""
    to: float
    span: float
    """Percent of the loop's position that move the port over its whole range."""
    settle_s: float
    watch_s: float


@dataclass(frozen=True, slots=True)
class Tuning:
    """One loop."""

    gain: float
    """Unit of the value a %."""
    delay_s: float
    lag_s: float
    closed_s: Mapping[str, float]
    """Time constant wanted of the closed loop, by reference; a thermostat has none."""
    tolerance: float
    idle: float
    step: Step


def read_tunings() -> dict[str, Tuning]:
    """All of `tunings.yaml`, by loop."""
    document: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("tunings.yaml").read_text("utf-8"))
    found: dict[str, Tuning] = {}
    for loop, entry in document.items():
        step = entry["step"]
        found[loop] = Tuning(
            entry["gain"], entry["delay_s"], entry["lag_s"], entry["closed_s"], entry["tolerance"],
            entry.get("idle", 0.0),
            Step(
                step["site"], step["probe"], step["hold"], step.get("parameters", {}), step.get("sky", {}),
                tuple(step["ports"]), step["to"],
                step.get("span", 100.0), 3600.0 * step["settle_h"], 3600.0 * step["watch_h"],
            ),
        )  # fmt: skip
    return found


TUNINGS: Mapping[str, Tuning] = read_tunings()
