"""Scores for people: a table a scenario in the terminal, and the page docs/simulator/scores.md."""

from collections.abc import Sequence

from controller.compose.score import Score
from controller.compose.score_run import FARMLOOP
from foundation.simc import FirstOrder, simc
from simulator.references.tunings import PIDS, TUNINGS
from simulator.scenario import Goal
from simulator.scenario_file import names

SHOWN = ("iae", "out_minutes", "min", "max", "travel", "switches", "energy_kwh")
"""Columns of every table, in the first value's unit; hours, minutes, strokes, kWh."""
HEADS = ("IAE", "out", "min", "max", "travel", "switch", "kWh")


def print_scores(scores: Sequence[Score]) -> None:
    """Gates first, then medians over seeds with the worst seed beneath, then the goals."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for score in scores:
        first = score.loaded.aims[0]
        title = f"{score.loaded.scenario.id}: {first.port} in {first.unit}, {score.seeds} seeds"
        table = Table(title=title, box=SIMPLE, padding=(0, 1, 0, 0))
        for name in ("controller", "alive", *HEADS, "points"):
            table.add_column(name, justify="left" if name in ("controller", "alive") else "right", no_wrap=True)
        causes: list[str] = []
        for name in score.shown:
            worst, middle, survived = score.worst_seed(name), score.middle(name), score.survived(name)
            cells = (number(middle.get(key)) for key in SHOWN)
            table.add_row(name, "yes" if survived else "NO", *cells, f"{score.points(name):g}")
            if score.seeds > 1:
                table.add_row(f"  seed {worst.seed}", "", *(number(worst.metrics.get(key)) for key in SHOWN), "")
            if not survived:
                causes.append(f"  {name} lost in seed {worst.seed}: {worst.cause}")
        console.print(table)
        for line in causes:
            console.print(line, highlight=False, soft_wrap=True)
        for goal in score.loaded.scenario.goals:
            told = ", ".join(f"{name} {number(score.value(name, goal))}" for name in score.shown)
            verdict = {True: "met    ", False: "NOT met", None: "unknown"}[score.meets(score.shown[0], goal)]
            console.print(f"  {verdict} {goal_text(goal)}: {told}", highlight=False, soft_wrap=True)


def page(scores: Sequence[Score]) -> str:
    """docs/simulator/scores.md, all of it."""
    runs = [run for score in scores for outcomes in score.outcomes.values() for run in outcomes]
    books = max(run.metrics.get("books") or 0.0 for run in runs)
    parts = [
        HEAD.format(runs=len(runs), books=f"{books:.0e}"),
        _overview(scores),
        _missed(scores),
    ]
    parts += [_section(score) for score in scores]
    parts.append(_tunings())
    return "\n".join(parts)


def goal_text(goal: Goal) -> str:
    """`iae ≤ 0.9 in the worst seed`."""
    bound = goal.at_most if goal.at_most is not None else goal.at_least
    sign = "≤" if goal.at_most is not None else "≥"
    text = f"{goal.metric} {sign} {bound:g}"
    if goal.of is not None:
        text += f" × {goal.of}"
    return text + (" in the worst seed" if goal.seeds == "worst" else ", median")


def number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 1000.0 else f"{value:.3g}"


def _overview(scores: Sequence[Score]) -> str:
    rows = ["| scenario | seeds | " + " | ".join(_controllers(scores)) + " | goals that farmloop meets |"]
    rows.append("|---" * (len(_controllers(scores)) + 3) + "|")
    for score in scores:
        cells = []
        for name in _controllers(scores):
            if name not in score.outcomes:
                cells.append("not run")
            else:
                cells.append(f"{score.points(name):g}" if score.survived(name) else "**0, lost**")
        goals = score.loaded.scenario.goals
        met = sum(score.meets(FARMLOOP, goal) is True for goal in goals) if FARMLOOP in score.outcomes else 0
        link = score.loaded.scenario.id
        counts = sorted({len(score.outcomes[name]) for name in score.shown})
        seeds = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        rows.append(f"| [{link}](#{link}) | {seeds} | {' | '.join(cells)} | {met} of {len(goals)} |")
    return "\n".join(["## All scenarios: points", "", *rows, ""])


def _missed(scores: Sequence[Score]) -> str:
    """Every goal that Farmloop misses, and every scenario that was not run."""
    lines = ["## Where Farmloop misses a goal", ""]
    for score in scores:
        if FARMLOOP not in score.outcomes:
            continue
        for goal in score.loaded.scenario.goals:
            if score.meets(FARMLOOP, goal) is False:
                value = number(score.value(FARMLOOP, goal))
                link = f"[{score.loaded.scenario.id}](#{score.loaded.scenario.id})"
                lines.append(f"- {link}: `{goal_text(goal)}`, {value}")
    run = {score.loaded.scenario.id for score in scores}
    left_out = [name for name in names() if name not in run]
    lines += ["", f"Not run for this page: {', '.join(left_out) or 'nothing'}.", ""]
    return "\n".join(lines)


def _section(score: Score) -> str:
    scenario, first = score.loaded.scenario, score.loaded.aims[0]
    spread = "as each parameter declares" if scenario.spread is None else f"± {scenario.spread:g} %"
    lines = [
        f"## {scenario.id}", "",
        f"{scenario.name.en} · {scenario.name.zh}. {scenario.length / 3600.0:g} h from {scenario.start}, "
        f"spread {spread}. Source: {scenario.source}.",
    ]  # fmt: skip
    if scenario.note:
        lines += ["", scenario.note]
    told = f"`{first.port}` in {first.unit}: median over seeds, in brackets the worst seed"
    lines += ["", f"{told}; IAE over hours, out of band in minutes, travel in strokes.", ""]
    lines.append("| controller | survived | " + " | ".join(HEADS) + " | skill in IAE | in travel | points |")
    lines.append("|---" * (len(HEADS) + 5) + "|")
    for name in score.shown:
        worst, middle = score.worst_seed(name), score.middle(name)
        survived = "yes" if score.survived(name) else f"**no**: {worst.cause}, seed {worst.seed}"
        cells = [f"{number(middle.get(key))} ({number(worst.metrics.get(key))})" for key in SHOWN]
        skills = [score.skill(name).get(key) for key in ("iae", "travel")]
        cells += ["–" if skill is None else f"{skill:+.2f}" for skill in skills]
        who = f"{name}, {len(score.outcomes[name])} seeds" if len(score.outcomes[name]) != 1 else f"{name}, 1 seed"
        lines.append(f"| {who} | {survived} | {' | '.join(cells)} | {score.points(name):g} |")
    lines += ["", "| goal | " + " | ".join(score.shown) + " |", "|---" * (len(score.shown) + 1) + "|"]
    for goal in scenario.goals:
        cells = [f"{number(score.value(name, goal))} {_mark(score.meets(name, goal))}" for name in score.shown]
        note = f" ({goal.note})" if goal.note else ""
        lines.append(f"| `{goal_text(goal)}`{note} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _mark(met: bool | None) -> str:
    return {True: "✓", False: "✗", None: ""}[met]


def _controllers(scores: Sequence[Score]) -> list[str]:
    found: dict[str, None] = {}
    for score in scores:
        found |= dict.fromkeys(score.shown)
    return list(found)


def _tunings() -> str:
    heads = ["loop", "gain a %", "delay s", "lag s", "tolerance"]
    heads += [f"{reference}: {what}" for reference in PIDS for what in ("closed loop s", "Kc %/unit", "Ti s")]
    lines = [TUNED, f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, one in TUNINGS.items():
        numbers = [one.gain, one.delay_s, one.lag_s, one.tolerance]
        for reference in PIDS:
            closed_s = one.closed_s[reference]
            numbers += [closed_s, *simc(FirstOrder(one.gain, one.delay_s, one.lag_s), closed_s)]
        lines.append(f"| `{name}` | " + " | ".join(f"{one:.4g}" for one in numbers) + " |")
    return "\n".join([*lines, ""])


TUNED = """\
## How the references are tuned

Each loop as a first order with delay, from a step on the nominal plant (`python -m simulator.references.step_response`;
positions and sky of each step in `simulator/references/tunings.yaml`). Gains follow by SIMC: Kc = lag / (gain (closed
loop + delay)), Ti = min(lag, 4 (closed loop + delay)); period-pid's are made to fit its sum without time (Ki = Kc ·
30 s / Ti). How fast the closed loop is to be was found by trying, for each loop and reference by itself, on the nominal
plant, on the site's normal day and in S01, S02, S07b and the day of pH where they watch the value
(`python -m controller.compose.reference_speeds`): doubled and halved for as long as the IAE became smaller. Doses of
period-pid are fixed pulses, so its speed means nothing for them; what no scenario puts to work kept its speed. The
thermostat has the tolerance alone.
"""
HEAD = """\
# Scores

Made by `make score` (`farmloop score --page`); not typed. {runs} runs; every seed has its own weather, noise and plant
within the spread of the parameters. [How a scenario is written](../developers/scenarios.md).

Gates come first: a scenario in which fish or crop die, or a limit of people or structure is broken, is lost if it is
in one seed. Points are 100 where every goal is reached, and 0 where none is nearer than the best reference controller
comes. Goals are those of the reference works and are not bent to what is reached: where Farmloop misses one, it says
so. The plant's own books (energy, water, gases, carbon, nitrogen, salts, charge) are a gate like any other, at 1e-6 of
what went through: in the worst of these runs {books} is left unexplained.

References see the same plant, probes, actuators and drives, and the same setpoints by the clock; no feed-forward,
votes, rules or interlocks. They are hysteresis (a thermostat that keeps the last value), simple-pid (the package),
and period-pid (a sum without time, off when stale, fixed doses). Feeding times are the same for all.
"""
