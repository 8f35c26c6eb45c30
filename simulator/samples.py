"""What people of a scenario measure and enter: as the plant truly is, when it is due."""

from collections.abc import Mapping
from math import inf

from edge_config.tags import site_tags
from foundation.reading import Reading, good
from foundation.units import factor
from simulator.loaded_scenario import LoadedScenario
from simulator.plants.plant import Port


class Samples:
    """Of one run. `due` is called once a scan in which the controller runs."""

    def __init__(self, loaded: LoadedScenario, ports: Mapping[str, Port]) -> None:
        tags = site_tags(loaded.site)
        self._rounds = loaded.scenario.people
        self._scales = [factor(ports[one.port].unit, tags[one.enter].unit) for one in self._rounds]
        self._due_s = [-inf] * len(self._rounds)
        self._told: dict[str, Reading] = {}

    def due(self, truth: Mapping[str, float], now_s: float) -> list[Reading]:
        """What is entered now: of a round that was missed once, and the next a whole time later."""
        entered = []
        for index, one in enumerate(self._rounds):
            if now_s >= self._due_s[index]:
                self._due_s[index] = inf if one.every is None else now_s + one.every
                entered.append(good(one.enter, truth[one.port] * self._scales[index], now_s))
        self._told |= {one.tag: one for one in entered}
        return entered

    def again(self) -> list[Reading]:
        """How it all stands: what a controller that starts again is told."""
        return list(self._told.values())
