"""Oracles of the glasshouse: what one reaches who knows state, weather and faults to come, with no probes in between.

Both step the validated plant itself, many houses at once. Neither proves that nothing better exists; a controller
that has to wait for its probes will hardly be better.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.ensemble import stacked
from simulator.layout import Layout
from simulator.loaded_scenario import LoadedScenario
from simulator.plants.greenhouse import GreenhousePlant
from simulator.plants.plant import Weather

Array = NDArray[np.float64]
STEP_S = 30.0
NUDGE = 0.02
"""How far each knot is moved to see what comes of it."""
SWEEPS = 6
MOST_MOVE = 0.4
"""A sweep moves no knot further: the house is straight only nearby."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A scenario's house and sky from the settling on, in steps of STEP_S."""

    plant: GreenhousePlant
    sky: tuple[Weather, ...]
    settling: int
    """Steps that do not count."""

    @staticmethod
    def of(loaded: LoadedScenario, seed: int, hours: float) -> "Scene":
        """The first `hours` that count, and the settling before."""
        scenario = loaded.scenario
        begin_s = loaded.start_s - scenario.settle
        plant = loaded.plant(seed)
        if not isinstance(plant, GreenhousePlant):
            raise TypeError(f"{scenario.facility} is a {type(plant).__name__}, wanted a glasshouse")
        over = Layout(loaded.site, seed, {scenario.facility: plant}, loaded.sky).sky
        steps = int((scenario.settle + hours * 3600.0) / STEP_S)
        sky = tuple(over.at(begin_s + step * STEP_S) for step in range(steps))
        return Scene(plant, sky, int(scenario.settle / STEP_S))


@dataclass(frozen=True, slots=True)
class Reached:
    """What an oracle came to."""

    iae: float
    """K h."""
    low: float
    high: float
    travel: float = 0.0
    """Of its first input, strokes."""
    plan: list[Mapping[str, float]] = field(default_factory=list)


def foreseen(
    scene: Scene, setpoint_c: float, inputs: Mapping[str, range], fixed: Callable[[int], Mapping[str, float]],
    knot_steps: int, calm: float,
) -> Reached:  # fmt: skip
    """Least squares over straight lines between knots: every input may move from 0 to 1 within its range of steps, and
    is 0 outside; `calm` is what a full stroke between two knots of the first input costs, in K."""
    steps = len(scene.sky)
    knots = [(name, knot) for name, when in inputs.items() for knot in range(steps // knot_steps + 2)
             if when.start <= knot * knot_steps <= when.stop]  # fmt: skip
    first = sum(name == knots[0][0] for name, _ in knots)
    houses = len(knots) + 1
    plant = stacked([scene.plant] * houses)
    where = {name: np.array([index for index, one in enumerate(knots) if one[0] == name]) for name in inputs}
    begins = {name: knots[indices[0]][1] for name, indices in where.items()}

    def run(plans: Array) -> Array:
        state: Any = plant.initial()
        air = np.empty((steps, houses))
        for step, weather in enumerate(scene.sky):
            given: dict[str, Any] = dict(fixed(step))
            knot, rest = divmod(step, knot_steps)
            for name, indices in where.items():
                at = knot - begins[name]
                if 0 <= at < len(indices) - 1:
                    share = rest / knot_steps
                    given[name] = (1.0 - share) * plans[:, indices[at]] + share * plans[:, indices[at + 1]]
            state = plant.advance(state, given, weather, STEP_S)
            air[step] = state.air_c
        return air

    weight = np.ones(steps)
    weight[: scene.settling] = 0.1
    moves = calm * np.diff(np.eye(len(knots)), axis=0)[: first - 1]
    plan = np.where(np.arange(len(knots)) < first, 0.4, 0.0)
    best: Reached | None = None
    for _ in range(SWEEPS):
        nudge = np.where(plan > 0.5, -NUDGE, NUDGE)
        plans = np.tile(plan, (houses, 1))
        plans[np.arange(1, houses), np.arange(len(knots))] += nudge
        air = run(plans)
        error = air[scene.settling :, 0] - setpoint_c
        counted = plan[:first][scene.settling // knot_steps :]
        reached = Reached(
            float(np.abs(error).sum()) * STEP_S / 3600.0, float(error.min()) + setpoint_c,
            float(error.max()) + setpoint_c, float(np.abs(np.diff(counted)).sum()),
        )  # fmt: skip
        best = reached if best is None or reached.iae < best.iae else best
        effect = (air[:, 1:] - air[:, :1]) / nudge * weight[:, None]
        left = np.vstack([effect, moves])
        right = np.concatenate([(setpoint_c - air[:, 0]) * weight, -moves @ plan])
        step_ = within(left, right, np.maximum(-plan, -MOST_MOVE), np.minimum(1.0 - plan, MOST_MOVE))
        plan = np.clip(plan + step_, 0.0, 1.0)
    assert best is not None
    return best


def within(left: Array, right: Array, low: Array, high: Array) -> Array:
    """Least squares of `left x = right`; what would leave `low` to `high` is held at its end, the rest solved again."""
    normal, wanted = left.T @ left + 1e-9 * np.eye(left.shape[1]), left.T @ right
    x = np.zeros(left.shape[1])
    held = np.zeros(left.shape[1], dtype=bool)
    for _ in range(left.shape[1]):
        free = ~held
        x[free] = np.linalg.solve(normal[np.ix_(free, free)], wanted[free] - normal[np.ix_(free, held)] @ x[held])
        beyond = free & ((x < low) | (x > high))
        if not beyond.any():
            break
        x[beyond] = np.clip(x[beyond], low[beyond], high[beyond])
        held |= beyond
    return np.clip(x, low, high)


def chosen(
    scene: Scene, above_c: float, choices: Sequence[Mapping[str, float]],
    allowed: Callable[[Weather, dict[str, Any]], None], block_steps: int, width: int,
) -> Reached:  # fmt: skip
    """Of each block of steps the choice that is best in the end, as far as `width` houses kept side by side can tell.

    What counts is the air above `above_c`; `allowed` cuts what this weather forbids.
    """
    offered = {name: np.array([one[name] for one in choices]) for name in choices[0]}
    state: Any = _many(scene.plant.initial(), 1)
    iae, high = np.zeros(1), np.full(1, -np.inf)
    plans: list[list[Mapping[str, float]]] = [[]]
    for begin in range(0, len(scene.sky), block_steps):
        came = np.repeat(np.arange(len(plans)), len(choices))
        plant = stacked([scene.plant] * len(came))
        state, iae, high = _those(state, came), iae[came], high[came]
        for step in range(begin, min(begin + block_steps, len(scene.sky))):
            given: dict[str, Any] = {name: np.tile(values, len(plans)) for name, values in offered.items()}
            allowed(scene.sky[step], given)
            state = plant.advance(state, given, scene.sky[step], STEP_S)
            if step >= scene.settling:
                iae = iae + np.maximum(state.air_c - above_c, 0.0) * STEP_S / 3600.0
                high = np.maximum(high, state.air_c)
        # heat in air and floor is still to come
        kept = np.argsort(iae + 0.1 * state.air_c + 0.05 * state.floor_c)[:width]
        plans = [[*plans[came[one]], choices[one % len(choices)]] for one in kept]
        state, iae, high = _those(state, kept), iae[kept], high[kept]
    best = int(np.argmin(iae))
    return Reached(float(iae[best]), above_c, float(high[best]), plan=plans[best])


def _many(state: Any, houses: int) -> Any:
    if isinstance(state, tuple):
        parts = [_many(part, houses) for part in state]
        return tuple(parts) if type(state) is tuple else type(state)(*parts)
    return np.full(houses, float(state))


def _those(state: Any, houses: NDArray[np.intp]) -> Any:
    if isinstance(state, tuple):
        parts = [_those(part, houses) for part in state]
        return tuple(parts) if type(state) is tuple else type(state)(*parts)
    return state[houses]
