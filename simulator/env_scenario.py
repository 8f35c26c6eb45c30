"""A scenario's part in an episode: its plant and weather by seed, what goes wrong in the field, and its gates."""

from dataclasses import replace
from pathlib import Path

from edge_config.model.site import Site
from simulator.field import Field
from simulator.metrics import GateMeter
from simulator.scenario import Event
from simulator.scenario_file import load_scenario, scenario_path
from simulator.timeline import Timeline


class Story:
    """A scenario by its name, or a file. What people do in it is left to the agent, and its time of settling is not
    there: an episode begins where counting begins.

    Raises what `load_scenario` raises, and ValueError for one whose faults lie on wires or in the controller.
    """

    def __init__(self, name: str | Path) -> None:
        self.loaded = load_scenario(scenario_path(str(name)))
        scenario = self.loaded.scenario
        for event in scenario.timeline:
            if _is_of_wires(event, self.loaded.site):
                raise ValueError(
                    f"scenario {scenario.id}: what happens after {event.at:g} s happens on wires or to the controller, "
                    "and an environment has neither"
                )
        self._timeline = self._begun(self.loaded.start_s)
        self._gates: list[GateMeter] = []

    def alone(self, site: Site) -> None:
        """Play on this site instead, which has nothing but the facility in its field."""
        self.loaded = replace(self.loaded, site=site)

    def begin(self, start_s: float, seed: int) -> Field:
        """A new farm, with whatever is wrong from the start; seed 0 is the nominal plant."""
        farm = self.loaded.field(seed, start_s)
        self._timeline = self._begun(start_s)
        self._gates = [GateMeter(gate) for gate in self.loaded.scenario.gates]
        self._timeline.step(start_s, farm, {})
        return farm

    def look(self, farm: Field, dt_s: float) -> None:
        """`dt_s` have gone: let happen what is due, and see whether the gates hold."""
        self._timeline.step(farm.now_s, farm, {})
        truth = farm.grounds[self.loaded.scenario.facility].truth
        for gate in self._gates:
            gate.look(truth, dt_s)

    @property
    def broken(self) -> str:
        """The gate that does not hold any more, '' while all do."""
        return next((f"gate {one.gate.id}" for one in self._gates if not one.held), "")

    def _begun(self, start_s: float) -> Timeline:
        scenario = self.loaded.scenario
        return Timeline(scenario.timeline, scenario.facility, self.loaded.site, start_s)


def _is_of_wires(event: Event, site: Site) -> bool:
    on_device = event.fault is not None and event.fault.partition(".")[0] in site.devices
    return on_device or any(one is not None for one in (event.unplug, event.controller, event.power))
