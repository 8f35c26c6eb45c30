"""The part of the page on GreenLight's own runs: heat like with like, and what its form of vapour does."""

from typing import Final

from benchmarks.greenlight import GOALS, LAMPS, SAMPLE_S, SUMS, heat_off, off
from benchmarks.peers import GREENLIGHT, last_answer
from benchmarks.validation import greenlight

COMMAND: Final = "python -m benchmarks greenlight --lamp {lamp} --days 10"
HEAT: Final = """\
**Heat.** Katzin's lamps go on at midnight, the setpoint jumps by 1 K with them, and the boiler from a little to all.
GreenLight's sample of that very instant lies anywhere between its rows before and after, ours behind the jump: one
sample in 288, and nearly all by which the sums of both differ from each other. So like stands with like: integral with
integral, and samples of the same instants with samples, without those ten midnights.
Our integral against its sums of all samples is told beside; with HPS lamps those sums are off their own integral by
more than the 2 % asked for, and no plant can be near both."""
VAPOUR: Final = """\
**Vapour.** Air of height h holds m = h·M·e/(R·T) of vapour (physics.md 1.1), so that de/dt = (R·T/(M·h))·dm/dt +
(e/T)·dT/dt; GreenLight writes capacity · de/dt = fluxes and lacks the last term, with which air that warms by 1 K keeps
its mass and gains 0.34 % in pressure. With that one term left out ours agrees as in the column of its form, so it is
nearly all the difference; in the plant it stays, because without it water vanishes as the air warms and comes from
nowhere as it cools, while ours closes to round-off. A real house is at constant pressure and breathes 0.34 % of its air
out or in with every kelvin: GreenLight's form is the breath out without booking it, and wrong in the breath in, which
brings the vapour of outdoors; ours leaves the breath out."""


def side_by_side() -> list[str]:
    """Ten days with each kind of lamps against GreenLight's last run on this machine, either way."""
    weather = greenlight.packaged_weather()
    told = {lamp: answer for lamp in LAMPS if (answer := last_answer(GREENLIGHT, "peer_greenlight.py", lamp, "10"))}
    missing = [COMMAND.format(lamp=lamp) for lamp in LAMPS if lamp not in told]
    if weather is None or missing:
        return [f"GreenLight had not been run here when this was written: `{'`, `'.join(missing)}`."]
    sky = greenlight.full_sky(weather)
    goal, (vapour_goal, unit) = SUMS["heat"][1], GOALS["vpAir"]
    heads = (
        "lamps", "heat, integrals", "heat, samples alike", "asked", "our integral, its sums", "its sums, its integral",
        "vapour rms, its form", "vapour rms, as our plant is", "asked",
    )  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for lamp, theirs in told.items():
        alike, ours = (
            greenlight.closed_loop(lamp, 10.0, sky, sample_s=SAMPLE_S, as_greenlight=way) for way in (True, False)
        )
        heat = heat_off(alike.samples, alike.house.books.boiler_j, theirs)
        vapour = [off([one["vpAir"] for one in run.samples], theirs["samples"]["vpAir"])[0] for run in (alike, ours)]
        cells = [f"{heat.integral:+.2f} %", f"{heat.sampled:+.2f} %", f"± {goal:g} %", f"{heat.mixed:+.2f} %"]
        cells += [f"{heat.its_own:+.2f} %", *(f"{rms:.1f} {unit}" for rms in vapour), f"{vapour_goal:g} {unit}"]
        lines.append(f"| {lamp} | {' | '.join(cells)} |")
    text = f"Against GreenLight's own runs on this machine (`{COMMAND.format(lamp='hps')}` makes them):"
    return [text, "\n".join(lines), HEAT, VAPOUR]
