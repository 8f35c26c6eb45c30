"""The steps by which the references are tuned: `python -m simulator.references.step_response` prints what they show.

Two noiseless runs of the nominal plant, with and without the step, subtracted: what is left is the step alone, however
far from rest the plant was. A first order with delay is fitted to it by least squares.
"""

import sys
from dataclasses import replace
from importlib.resources import files
from math import exp
from pathlib import Path
from typing import Any, NamedTuple

from edge_config.loader import load_site
from simulator.field import Field
from simulator.instruments import EXACT
from simulator.parameters import varied
from simulator.plants.plant import Weather
from simulator.references.tunings import TUNINGS, Step
from simulator.weather import Steady

START_S = 1_774_022_400.0
"""An equinox's midnight at the samples' place."""
LOOKS = 240
MILD = Weather(15.0, 0.6, 2.0, 0.0, 5.0)


class Fit(NamedTuple):
    """First order with delay. `gain` is per % of the loop's position, its size."""

    gain: float
    delay_s: float
    lag_s: float
    left: float
    """Root of the mean square of what it does not explain, as a share of the response."""


def measure(step: Step) -> Fit:
    """What a step does at its probe."""
    site = load_site(Path(str(files("edge_config").joinpath("sites", f"{step.site}.yaml")))).site
    facility = next(name for name in site.simulation if name != "weather")
    lines: list[list[float]] = []
    for moved in (False, True):
        with varied(step.parameters, None):
            field = Field(site, START_S, 0, sky=Steady(replace(MILD, **dict[str, Any](step.sky))))
        for instrument in field.instruments.values():
            instrument.character = replace(EXACT, lag_s=instrument.character.lag_s)
        for port, value in step.hold.items():
            field.force(facility, port, value)
        begin_s = START_S + step.settle_s
        field.advance(begin_s)
        if moved:
            for port in step.ports:
                field.force(facility, port, step.to)
        line: list[float] = []
        for look in range(1, LOOKS + 1):
            field.advance(begin_s + step.watch_s * look / LOOKS)
            value_now = field.sense(step.probe)
            assert value_now is not None
            line.append(float(value_now))
        lines.append(line)
    response = [with_step - without for without, with_step in zip(*lines, strict=True)]
    by_percent = (step.to - step.hold.get(step.ports[0], 0.0)) * step.span
    size, delay_s, lag_s, left = fitted(response, step.watch_s / LOOKS)
    return Fit(abs(size / by_percent), delay_s, lag_s, left)


def fitted(response: list[float], every_s: float) -> tuple[float, float, float, float]:
    """Size, delay, lag of `size * (1 - e^(-(t - delay)/lag))`, and what is left; looked for ever more closely."""
    span_s = every_s * len(response)
    best = (float("inf"), 0.0, every_s, span_s)
    delay_low, delay_high, lag_low, lag_high = every_s / 10.0, span_s / 2.0, every_s / 2.0, span_s * 8.0
    for _ in range(6):
        for d in range(13):
            delay_s = delay_low * (delay_high / delay_low) ** (d / 12.0)
            for g in range(13):
                lag_s = lag_low * (lag_high / lag_low) ** (g / 12.0)
                shape = [
                    0.0 if (i + 1) * every_s <= delay_s else 1.0 - exp(-((i + 1) * every_s - delay_s) / lag_s)
                    for i in range(len(response))
                ]
                power = sum(one * one for one in shape)
                if power == 0.0:
                    continue
                size = sum(a * b for a, b in zip(shape, response, strict=True)) / power
                miss = sum((b - size * a) ** 2 for a, b in zip(shape, response, strict=True))
                best = min(best, (miss, size, delay_s, lag_s))
        _, _, delay_s, lag_s = best
        delay_width, lag_width = (delay_high / delay_low) ** 0.2, (lag_high / lag_low) ** 0.2
        delay_low, delay_high = delay_s / delay_width, delay_s * delay_width
        lag_low, lag_high = lag_s / lag_width, lag_s * lag_width
    miss, size, delay_s, lag_s = best
    whole = sum(one * one for one in response)
    return size, delay_s, lag_s, (miss / whole) ** 0.5 if whole else 0.0


def main() -> None:
    for loop, tuning in TUNINGS.items():
        fit = measure(tuning.step)
        sys.stdout.write(
            f"{loop}: gain {fit.gain:.4g}, delay_s {fit.delay_s:.3g}, lag_s {fit.lag_s:.4g}"
            f" ({100.0 * fit.left:.1f} % left; in the file {tuning.gain:g}, {tuning.delay_s:g}, {tuning.lag_s:g})\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
