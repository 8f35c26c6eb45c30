"""Gymnasium access to a simulated farm: `reset`, `step`, spaces and seeds, for one facility of a site.

The agent takes the controller's place: it sees what the facility's instruments show and sets its outputs. Importing
this registers farmloop/NAME-v0 for every sample site (PlantFactory for `plant-factory`), farmloop/Scenario-v0 and
farmloop/LettuceGreenhouse-v0. Guide: docs/developers/gymnasium.md.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from edge_config.loader import load_site
from edge_config.model.control import LoopBase
from edge_config.model.outputs import OnOff
from edge_config.model.site import Site
from edge_config.tags import site_tags
from foundation.reading import Value
from simulator.actuators import Level, Motor
from simulator.env_scenario import Story
from simulator.field import Field
from simulator.survival import Survival
from simulator.weather import WeatherSource
from simulator.weather_of_site import weather_of

try:
    import gymnasium
    from gymnasium import spaces
except ImportError as error:
    raise ImportError("simulator.env needs Gymnasium: pip install 'farmloop[gym]'") from error

Floats = NDArray[np.float32]
Reward = Callable[[Mapping[str, float], Mapping[str, float]], float]
"""From the plant's true outputs at the end of a step (by port) and the positions asked for (by output tag, 0 to 1)."""

LOOK_S = 10.0
"""So often it is seen whether everything lives."""
DEATH = -100.0
"""What the default reward takes when it does not."""


class FarmEnv(gymnasium.Env[Floats, Floats]):
    """One facility of a site.

    site: a sample (`greenhouse`, `plant-factory`, `ras`, …), a site file, or a Site that is loaded.
    facility: which; the first that is simulated if left out.
    start: local date or time at which an episode begins, ISO 8601; `reset(options={"start": …})` takes another.
    days: length of an episode (truncated then). step_s: length of a step, in s.
    weather: a section as in a site file ({"year": "synthetic_beijing"}, {"epw": FILE}, …) or a source; made weather
    takes the episode's seed unless the section names one. The site's own if left out.
    observe: "measured" shows what the instruments bound in the site file show, "true" every output of the plant.
    scenario: one that ships, by its name, or a file; site, facility, start, length, weather, plant and faults are its
    own then, and a gate that breaks terminates the episode like a death.
    reward: by default the share of the facility's loops whose true value lies within the limits of its setpoint, 0 to
    1 a step, and DEATH at a death, which terminates the episode.

    Observation: float32 in the units of `observed`, in its order, held within the space. Action: positions 0 to 1 of
    `acted`: an analog output takes it, a motor runs to it, a contactor (`on_off`) is closed from 0.5 on, any other
    contact is closed for that share of the step. Raises what `load_site` raises, and ValueError.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  # as Gymnasium declares it

    def __init__(
        self,
        site: str | Path | Site = "greenhouse",
        facility: str | None = None,
        *,
        start: str = "2026-03-20",
        days: float = 1.0,
        step_s: float = 300.0,
        weather: Mapping[str, Any] | WeatherSource | None = None,
        observe: Literal["measured", "true"] = "measured",
        scenario: str | Path | None = None,
        reward: Reward | None = None,
        render_mode: None = None,
    ) -> None:
        self._story = Story(scenario) if scenario is not None else None
        if self._story is not None:
            played = self._story.loaded
            site, facility, weather = played.site, played.scenario.facility, None
            start, days = played.scenario.start, played.scenario.length / 86400.0
        whole = site if isinstance(site, Site) else load_site(_path(site)).site
        simulated = [name for name in whole.simulation if name in whole.facilities]
        self.facility = facility if facility is not None else next(iter(simulated), "")
        if self.facility not in simulated:
            raise ValueError(f"no facility '{self.facility}' is simulated; there are: {', '.join(simulated)}")
        if not step_s > 0.0 or not days > 0.0:
            raise ValueError(f"step_s is {step_s:g} and days {days:g}, both must be above 0")
        alone = {name: part for name, part in whole.simulation.items() if name in ("weather", self.facility)}
        self.site = whole.model_copy(update={"simulation": alone})
        """The site with nothing in the field but the facility."""
        if self._story is not None:
            self._story.alone(self.site)
        self.render_mode = render_mode
        self._start, self._days, self._step_s = start, days, step_s
        self._weather = weather
        self._reward = reward
        self._farm = self._new_farm(self._start_s(start), 0)
        ground = self._farm.grounds[self.facility]
        bound = self.site.simulation[self.facility].get("bind", {})
        self.acted = [tag for tag in self.site.outputs if tag in bound]
        """Tags of the outputs, in the order of the action."""
        ports = ground.plant.outputs
        if observe == "measured":
            shown = {one.tag: (ports[one.port], one.scale, one.contact) for one in ground.instruments}
        else:
            shown = {name: (port, 1.0, False) for name, port in ports.items()}
        self.observed = list(shown)
        """Tags (or ports), in the order of the observation."""
        low = [0.0 if contact else scale * port.low for port, scale, contact in shown.values()]
        high = [1.0 if contact else scale * port.high for port, scale, contact in shown.values()]
        self._measured = observe == "measured"
        self._limits = _limits(self.site, self._farm, self.facility)
        self._low, self._high = np.array(low, np.float32), np.array(high, np.float32)
        self.observation_space = spaces.Box(self._low, self._high)
        self.action_space = spaces.Box(0.0, 1.0, (len(self.acted),), np.float32)
        self._seen = self._low.copy()
        self._survival = Survival(self.site.facilities[self.facility].kind)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        super().reset(seed=seed)
        start_s = self._start_s(str((options or {}).get("start", self._start)))
        self._farm = self._new_farm(start_s, int(self.np_random.integers(2**31)))
        self._survival = Survival(self.site.facilities[self.facility].kind)
        self._seen = self._low.copy()
        return self._observation(), self._info()

    def step(self, action: Floats) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        farm = self._farm
        positions = {
            tag: min(1.0, max(0.0, float(share))) for tag, share in zip(self.acted, action, strict=True)
        }  # fmt: skip
        start_s, end_s = farm.now_s, farm.now_s + self._step_s
        moments = [moment for tag, share in positions.items() for moment in self._moments(tag, share)]
        looks = [start_s + LOOK_S * look for look in range(1, int(self._step_s / LOOK_S) + 1)]
        watched_s = start_s
        for at_s, tag, value in sorted([*moments, *((at_s, "", False) for at_s in [*looks, end_s])], key=_when):
            farm.advance(at_s)
            if tag:
                farm.actuate(tag, value)
            else:
                self._look(at_s - watched_s)
                watched_s = at_s
        truth, alive = farm.grounds[self.facility].truth, not self._cause()
        if self._reward is not None:
            reward = float(self._reward(truth, positions))
        else:
            reward = self._within_limits() if alive else DEATH
        over = farm.now_s >= farm.start_s + self._days * 86400.0 - 1e-6
        return self._observation(), reward, not alive, over, self._info()

    # --- parts

    def _look(self, dt_s: float) -> None:
        self._survival.watch(self._farm.grounds[self.facility].truth, dt_s)
        if self._story is not None:
            self._story.look(self._farm, dt_s)

    def _cause(self) -> str:
        """What ended it, '' while nothing has."""
        return self._survival.cause or (self._story.broken if self._story is not None else "")

    def _start_s(self, start: str) -> float:
        moment = datetime.fromisoformat(start)
        zone = ZoneInfo(self.site.site.timezone)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).timestamp()

    def _new_farm(self, start_s: float, seed: int) -> Field:
        if self._story is not None:
            return self._story.begin(start_s, seed)
        weather = self._weather
        if weather is None:
            own = self.site.simulation.get("weather")
            weather = {key: value for key, value in own.items() if key != "seed"} if isinstance(own, dict) else own
        sky = weather_of(dict(weather), self.site.site, seed) if isinstance(weather, Mapping) else weather
        return Field(self.site, start_s, seed, sky=sky)

    def _moments(self, tag: str, share: float) -> list[tuple[float, str, Value]]:
        """What is switched in the coming step, and when."""
        now_s, actuator = self._farm.now_s, self._farm.actuators[tag]
        if isinstance(actuator, Motor):
            opens = share > actuator.position
            run_s = min(abs(share - actuator.position) * actuator.travel_s, self._step_s)
            runs, rests = (actuator.open_tag, actuator.close_tag)[:: 1 if opens else -1]
            return [(now_s, rests, False), (now_s, runs, run_s > 0.0), (now_s + run_s, runs, False)]
        if isinstance(actuator, Level):
            return [(now_s, tag, actuator.zero + share * (actuator.full - actuator.zero))]
        if isinstance(self.site.outputs[tag], OnOff):
            share = 1.0 if share >= 0.5 else 0.0
        return [(now_s, tag, share > 0.0), *([(now_s + share * self._step_s, tag, False)] if share < 1.0 else [])]

    def _observation(self) -> Floats:
        truth = self._farm.grounds[self.facility].truth
        for index, name in enumerate(self.observed):
            value = self._farm.sense(name) if self._measured else truth[name]
            if value is not None and value == value:  # a probe that says nothing is seen at its last value
                self._seen[index] = value
        return np.clip(self._seen, self._low, self._high)

    def _within_limits(self) -> float:
        inside = [low <= (self._farm.truth(tag) or 0.0) <= high for tag, low, high in self._limits]
        return sum(inside) / len(inside) if inside else 1.0

    def _info(self) -> dict[str, Any]:
        return {
            "time_s": self._farm.now_s,
            "alive": not self._cause(),
            "cause": self._cause(),
            "truth": dict(self._farm.grounds[self.facility].truth),
        }


def _path(site: str | Path) -> Path:
    """A site file, or a sample by its name."""
    sample = Path(str(files("edge_config").joinpath("sites", f"{site}.yaml")))
    return sample if isinstance(site, str) and "/" not in site and sample.is_file() else Path(site)


def _when(moment: tuple[float, str, Value]) -> float:
    return moment[0]


def _limits(site: Site, farm: Field, facility: str) -> list[tuple[str, float, float]]:
    """(tag with a true value, low, high) of each loop of the facility."""
    tags, found = site_tags(site), []
    for name, loop in site.loops.items():
        if not isinstance(loop, LoopBase) or not name.startswith(f"{facility}.") or loop.sp not in site.programs:
            continue
        setting = site.tags.get(loop.pv)
        probe = setting.vote[0] if setting is not None and setting.vote else loop.pv
        if farm.truth(probe) is not None:
            low, high = (limit.to(tags[loop.pv].unit) for limit in site.programs[loop.sp].limits)
            found.append((probe, low, high))
    return found


def _samples() -> list[str]:
    found = (entry.name for entry in files("edge_config").joinpath("sites").iterdir())
    return sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml"))


for _site in _samples():
    _id = f"farmloop/{_site.title().replace('-', '')}-v0"
    gymnasium.register(_id, entry_point="simulator.env:FarmEnv", kwargs={"site": _site})
gymnasium.register("farmloop/Scenario-v0", entry_point="simulator.env:FarmEnv", kwargs={"scenario": "normal_day_ras"})
gymnasium.register("farmloop/LettuceGreenhouse-v0", entry_point="simulator.env_lettuce:LettuceEnv")
