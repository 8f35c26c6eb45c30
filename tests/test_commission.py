"""Pulling the cable: what falls is commissioned, what does not is not, and a change of what was tested is found."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from controller import commission as commission_module
from controller.cli import app
from controller.commission import away_from, pull_cable
from controller.commissioning import NAME, Record, add, digest_of, records, standing, to_test
from controller.fail_safe_alarms import FailSafeAlarms
from drivers.driver import Statistics
from edge_config.loader import load_site
from edge_config.model.site import Site
from foundation.messages import LANGUAGES, catalogue
from simulator.wire import FarmOnWires
from tests.drivers.virtual import in_virtual_time
from tests.wire.agent_on_wires import SITES
from tests.wire.memory_farm import memory_wires
from tests.wire.test_device_faults import EMERGENCY, O2, site


class Hands:
    """At the simulated farm; `does` False: the cable is never pulled. What was asked is kept."""

    def __init__(self, farm: FarmOnWires, does: bool = True, allows: bool = True, sees: bool | None = None) -> None:
        self.farm, self.does, self.allows, self.answer = farm, does, allows, sees
        self.asked: list[str] = []
        self.stood: dict[str, object] = {}

    async def ready(self, device: str, outputs: Sequence[str]) -> bool:
        self.asked.append(f"ready {device}: {', '.join(outputs)}")
        return self.allows

    async def pull(self, device: str) -> None:
        self.stood = dict(self.farm.device(device).outputs)
        self.farm.device(device).unplugged = self.does

    async def plug(self, device: str) -> None:
        self.farm.device(device).unplugged = False

    async def sees(self, output: str, should: bool | float | str) -> bool | None:
        self.asked.append(f"sees {output} at {should}")
        return self.answer


def changed(output: str, **settings: Any) -> Site:
    whole = site()
    other = whole.outputs[output].model_validate(
        {"type": "on_off", "lease": "20 s", "fail_safe_by": "device", "safe": "on", **settings}
    )
    return whole.model_copy(update={"outputs": {**whole.outputs, output: other}})


def pulled(
    directory: Path, of: Site | None = None, spoilt: Any = lambda device: None, **hands: Any
) -> tuple[Record | None, Hands]:
    """The relay board, its cable pulled in virtual time."""
    found: list[Any] = []

    async def main() -> None:
        farm_site = of or site()
        async with memory_wires(farm_site, directory) as (farm, buses, clock):
            spoilt(farm.device("relays"))
            at_it = Hands(farm, **hands)
            found[:] = [await pull_cable(farm_site, "relays", buses, clock, at_it, "wang", "cable"), at_it]

    in_virtual_time(main)
    return found[0], found[1]


def test_a_board_that_falls_when_its_cable_is_out_passes_and_its_record_counts(tmp_path: Path) -> None:
    one, hands = pulled(tmp_path)
    assert one is not None
    assert (one.failure, one.watchdog, one.who) == ("", "10 s", "wang")
    assert [(m.tag, m.before, m.should, m.after, m.ok) for m in one.outputs] == [
        (EMERGENCY, False, True, True, True), (O2, True, False, False, True),
    ]  # fmt: skip
    assert one.fell_s >= 10.0
    assert hands.stood == hands.stood | {"relay1": True, "relay2": False}, "moved away from safe before it was pulled"
    assert hands.asked == [f"ready relays: {EMERGENCY}, {O2}"]
    assert standing(site(), tmp_path)["relays"] == "never"
    add(tmp_path, one)
    assert standing(site(), tmp_path)["relays"] == "passed"
    assert standing(site(), tmp_path)["climate"] == "not needed"


def test_a_board_whose_watchdog_does_nothing_fails_though_all_its_registers_are_right(tmp_path: Path) -> None:
    one, _ = pulled(tmp_path, spoilt=lambda device: setattr(device, "tick", lambda now_s: None))
    assert one is not None
    assert (one.failure, one.watchdog) == ("not_safe", "10 s")
    assert [m.ok for m in one.outputs] == [False, False]
    add(tmp_path, one)
    assert standing(site(), tmp_path)["relays"] == "failed"


def test_a_board_that_was_not_unplugged_or_does_not_answer_is_not_commissioned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commission_module, "PULL_S", 60.0)
    one, _ = pulled(tmp_path, does=False)
    assert one is not None
    assert (one.failure, one.outputs) == ("not_pulled", ())
    silent, hands = pulled(tmp_path, spoilt=lambda device: setattr(device, "unplugged", True))
    assert silent is not None
    assert (silent.failure, hands.asked) == ("silent", [])


def test_nothing_is_moved_before_the_technician_says_so(tmp_path: Path) -> None:
    one, hands = pulled(tmp_path, allows=False)
    assert one is None
    assert hands.stood == {}


@pytest.mark.parametrize(("sees", "passes"), [(True, True), (False, False), (None, True)])
def test_what_hardware_makes_safe_is_for_the_technician_to_see(tmp_path: Path, sees: bool | None, passes: bool) -> None:
    """Where nobody can look, the device's own word counts."""
    one, hands = pulled(tmp_path, changed(EMERGENCY, fail_safe_by="hardware"), sees=sees)
    assert one is not None
    assert f"sees {EMERGENCY} at 100.0" in hands.asked
    assert one.passed is passes
    assert [m.seen for m in one.outputs] == [sees, None]


def test_what_nothing_makes_safe_is_left_alone(tmp_path: Path) -> None:
    one, hands = pulled(tmp_path, changed(EMERGENCY, fail_safe_by="none"))
    assert one is not None
    assert [m.tag for m in one.outputs] == [O2]
    assert hands.asked == [f"ready relays: {O2}"]


def test_a_changed_setting_of_what_was_tested_makes_the_record_stale_and_no_other(tmp_path: Path) -> None:
    whole = site()
    add(tmp_path, Record("relays", "", digest_of(whole, "relays"), "", "", "cable", "10 s", 12.0, (), ""))

    def after(**settings: Any) -> str:
        relays = whole.devices["relays"].model_copy(update=settings)
        return standing(whole.model_copy(update={"devices": {**whole.devices, "relays": relays}}), tmp_path)["relays"]

    assert after() == after(period=7.0) == "passed"
    assert after(watchdog=9.0) == after(unit=21) == after(product="generic/io_node") == "stale"
    assert standing(changed(EMERGENCY), tmp_path)["relays"] == "passed"
    for other in (
        {"safe": "off"}, {"fail_safe_by": "hardware"}, {"power_lost": {"to": "on", "by": "hardware"}},
        {"signal_lost": {"to": "off", "by": "device"}},
    ):  # fmt: skip
        assert standing(changed(EMERGENCY, **other), tmp_path)["relays"] == "stale", other
    assert to_test(whole) == ("relays",)


def test_a_torn_record_spoils_no_other_and_the_last_word_counts(tmp_path: Path) -> None:
    good = Record("relays", "", digest_of(site(), "relays"), "", "", "cable", "10 s", 12.0, (), "")
    add(tmp_path, good)
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes() + b'{"device": "relays", "dig')
    assert standing(site(), tmp_path)["relays"] == "passed"
    add(tmp_path, replace(good, failure="not_safe"))
    assert len(records(tmp_path)) == 2
    assert standing(site(), tmp_path)["relays"] == "failed"
    add(tmp_path, replace(good, how="simulated"))
    assert standing(site(), tmp_path)["relays"] == "failed", "a simulated wire commissions no real one"
    assert standing(site(), tmp_path, ("cable", "simulated"))["relays"] == "passed"


def test_outputs_are_moved_but_never_further_than_need_be() -> None:
    outputs = load_site(SITES / "greenhouse.yaml").site.outputs
    vent = outputs["gh1.bay1.vent_lee"]
    assert [away_from(vent, vent.open, False), away_from(vent, vent.close, False)] == [True, False]  # type: ignore[union-attr]
    blower = load_site(SITES / "ras.yaml").site.outputs["ras1.tank1.blower"]
    assert [away_from(blower, "", safe) for safe in (0.0, 80.0, 100.0)] == [20.0, 100.0, 80.0]


@pytest.mark.wire
def test_the_command_pulls_the_cables_of_the_simulated_farm_on_true_wires(tmp_path: Path) -> None:
    words = ["commission", "cold-store", "--directory", str(tmp_path), "--who", "wang", "--json"]
    first = CliRunner().invoke(app, [*words, "--show"])
    assert first.exit_code == 1
    assert set(json.loads(first.stdout)["devices"].values()) == {"never", "not needed"}
    done = CliRunner().invoke(app, [*words, "--simulate"])
    told = json.loads(done.stdout)
    assert (done.exit_code, {one["device"]: one["failure"] for one in told["tested"]}) == (0, {"cs_relays": ""})
    assert told["devices"]["cs_relays"] == "passed"
    assert CliRunner().invoke(app, [*words, "--show"]).exit_code == 1, "that was no real cable"


def test_an_agent_that_runs_is_not_disturbed(tmp_path: Path) -> None:
    from controller.hold import hold

    with hold(tmp_path):
        refused = CliRunner().invoke(app, ["commission", "cold-store", "--directory", str(tmp_path), "--simulate"])
    assert refused.exit_code == 1
    assert records(tmp_path) == []


def test_what_is_not_guarded_is_an_alarm_and_all_that_is_uncommissioned_one() -> None:
    alarms = FailSafeAlarms()
    devices = {
        "a": Statistics(online=True, watchdog="refused"), "b": Statistics(online=False, watchdog="refused"),
        "c": Statistics(online=True, watchdog="20 s"), "d": Statistics(online=True, watchdog="by its tool"),
    }  # fmt: skip
    stands: Any = {"a": "never", "b": "stale", "c": "passed", "d": "not needed"}
    assert [one.id for one in alarms.now(devices, stands, 100.0)] == ["uncommissioned:devices"]
    found = {one.id: one for one in alarms.now(devices, stands, 111.0)}
    assert {name: one.priority for name, one in found.items()} == {
        "watchdog:a": "high",
        "uncommissioned:devices": "low",
    }
    assert found["uncommissioned:devices"].values == {"devices": "a, b"}
    assert found["watchdog:a"].since_s == 100.0
    for language in LANGUAGES:
        for one in found.values():
            for part in ("cause", "consequence", "response"):
                text = catalogue(language)[f"alarm.{one.id.split(':')[0]}.{part}"]
                assert "{" not in text.format(**one.values)
