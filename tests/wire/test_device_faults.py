"""What goes wrong on a wire, through the real drivers: its reason is told, it is asked more rarely, its neighbours do
not notice, and it is found again when it is mended."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from edge_config.model.site import Site
from foundation.reading import Quality, Reason
from simulator.beside import Glass
from tests.drivers.virtual import in_virtual_time
from tests.wire.memory_farm import Run, memory_farm

pytestmark = pytest.mark.wire

NAME = {"zh": "甲", "en": "A"}
PERIOD_S = 1.0
AIR, WATER, DO, PH, TANK = "gh1.all.air", "ras1.tank1.water", "ras1.tank1.do", "ras1.tank1.ph", "ras1.tank1.level"
O2, EMERGENCY = "ras1.tank1.o2_valve", "ras1.tank1.emergency_o2"


def site() -> Site:
    relay = {"type": "on_off", "lease": "20 s", "fail_safe_by": "device"}
    return Site.model_validate(
        {
            "schema": 1,
            "site": {"id": "f", "name": NAME, "timezone": "Asia/Shanghai", "latitude": 36.9, "longitude": 118.7},
            "facilities": {
                "ras1": {"kind": "ras", "zones": ["tank1"], "name": NAME},
                "gh1": {"kind": "greenhouse", "zones": ["bay1"], "name": NAME},
            },
            "buses": {
                "rs485": {"protocol": "modbus_rtu", "port": "x", "baud": 38400, "deadline": "100 ms"},
                "uart": {"protocol": "ascii", "port": "y"},
                "cabinet": {"protocol": "modbus_tcp", "host": "10.0.0.9", "deadline": "200 ms"},
            },
            "devices": {
                "climate": {"product": "xymd/xy_md02", "bus": "rs485", "unit": 1, "period": f"{PERIOD_S} s",
                            "tags": {"temperature": AIR}},
                "probe": {"product": "yosemitech/y504_a", "bus": "rs485", "unit": 11, "period": f"{PERIOD_S} s",
                          "tags": {"oxygen": DO, "temperature": WATER}},
                "relays": {"product": "icpdas/m7067", "bus": "rs485", "unit": 20, "period": "5 s", "watchdog": "10 s",
                           "tags": {"relay1": O2, "relay2": EMERGENCY}},
                "circuit": {"product": "atlas/ezo_ph", "bus": "uart", "period": "3 s", "compensate": WATER,
                            "tags": {"ph": PH}},
                "node": {"product": "generic/io_node", "bus": "cabinet", "unit": 1, "period": f"{PERIOD_S} s",
                         "tags": {"in1": TANK}},
            },
            "tags": {TANK: {"unit": "%"}},
            "outputs": {
                O2: {**relay, "safe": "off"},
                EMERGENCY: {**relay, "safe": "on", "life_support": True},
            },
            "simulation": {
                "ras1": {
                    "plant": "ras", "parameters": "bass_50m3",
                    "bind": {DO: "tank1.oxygen", WATER: "tank1.temperature", PH: "tank1.ph", TANK: "tank1.level",
                             O2: "tank1.oxygen_valve", EMERGENCY: "tank1.emergency_diffuser"},
                    "instruments": {PH: {"temperature": "tank1.temperature", "believed": "25 degC", "noise": 0}},
                },
                "gh1": {"plant": "greenhouse", "parameters": "venlo_1000m2", "bind": {AIR: "air.temperature"}},
            },
        }
    )  # fmt: skip


def on_wires(directory: Path, work: Callable[[Run], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with memory_farm(site(), directory) as run:
            await run.until_good(AIR, DO, PH, TANK, within_s=30.0)
            await work(run)

    in_virtual_time(main)


@pytest.mark.parametrize(
    ("form", "values", "reason", "counted"),
    [
        ("unplugged", {}, Reason.COMM, "timeout"),
        ("silent", {"chance": 1.0}, Reason.COMM, "timeout"),
        ("babbling", {}, Reason.COMM, "crc"),
        ("wrong_unit", {}, Reason.COMM, "foreign"),
        ("slow", {"by_s": 0.15}, Reason.COMM, "timeout"),
        ("slow", {"by_s": 5.0}, Reason.COMM, "timeout"),
        ("refusing", {}, Reason.EXCEPTION, "exception_4"),
    ],
)
def test_a_device_that_fails_says_why_costs_nobody_and_comes_back(
    form: str, values: dict[str, float], reason: Reason, counted: str, tmp_path: Path
) -> None:
    async def work(run: Run) -> None:
        climate, statistics = run.farm.device("climate"), run.statistics("climate")
        before, began_s = statistics.polls, run.clock.now()
        climate.fault(form, **values)
        await run.pass_s(60.0)
        assert (run.last(AIR).quality, run.last(AIR).reason) == (Quality.BAD, reason)
        # a late value is not taken for a live one either
        assert [one for one in run.readings[AIR] if one.time_s > began_s + 2.0 and one.value is not None] == []
        assert statistics.failures[counted] >= 2
        asked = statistics.polls - before
        assert (
            asked < 40 if reason is Reason.COMM else asked >= 55
        )  # silence is asked more rarely; a refusal costs little
        assert run.longest_gap_s(DO, began_s) <= 1.1 * PERIOD_S + 0.05
        assert run.longest_gap_s(TANK, began_s) <= 1.1 * PERIOD_S + 0.05
        climate.mend(form)
        await run.until_good(AIR, within_s=15.0)

    on_wires(tmp_path, work)


@pytest.mark.parametrize(
    ("form", "counted"),
    [("unplugged", "timeout"), ("babbling", "foreign"), ("wrong_unit", "foreign"), ("slow", "timeout")],
)
def test_on_modbus_tcp_it_is_the_same(form: str, counted: str, tmp_path: Path) -> None:
    async def work(run: Run) -> None:
        began_s = run.clock.now()
        run.farm.device("node").fault(form)
        await run.pass_s(20.0)
        assert (run.last(TANK).quality, run.last(TANK).reason) == (Quality.BAD, Reason.COMM)
        assert run.statistics("node").failures[counted] >= 2
        assert run.longest_gap_s(AIR, began_s) <= 1.1 * PERIOD_S + 0.05
        run.farm.device("node").mend()
        await run.until_good(TANK, within_s=15.0)

    on_wires(tmp_path, work)


@pytest.mark.parametrize(
    ("form", "counted"),
    [
        ("unplugged", "timeout"),
        ("silent", "timeout"),
        ("babbling", "short"),
        ("refusing", "exception_er"),
        ("slow", "timeout"),
    ],
)
def test_an_ezo_circuit_that_fails_comes_back(form: str, counted: str, tmp_path: Path) -> None:
    async def work(run: Run) -> None:
        values = {"by_s": 3.0} if form == "slow" else {"chance": 1.0} if form == "silent" else {}
        began_s = run.clock.now()
        run.farm.device("circuit").fault(form, **values)
        await run.pass_s(60.0)
        assert [one for one in run.readings[PH] if one.time_s > began_s + 6.0 and one.value is not None] == []
        assert (run.last(PH).quality, run.last(PH).reason) == (Quality.BAD, Reason.COMM)
        assert run.statistics("circuit").failures[counted] >= 2
        run.farm.device("circuit").mend()
        await run.until_good(PH, within_s=10.0)

    on_wires(tmp_path, work)


def test_a_shorted_bus_takes_everything_on_it_and_nothing_else(tmp_path: Path) -> None:
    async def work(run: Run) -> None:
        began_s = run.clock.now()
        run.links.order({O2: True})
        await run.pass_s(2.0)
        assert run.field.sense(O2) is True
        run.farm.lines["rs485"].shorted = True
        await run.pass_s(30.0)
        assert {run.last(tag).reason for tag in (AIR, DO, WATER)} == {Reason.COMM}
        # the relay board hears nobody: its own watchdog makes it safe
        assert (run.field.sense(O2), run.field.sense(EMERGENCY)) == (False, True)
        assert run.longest_gap_s(TANK, began_s) <= 1.1 * PERIOD_S + 0.05
        run.farm.lines["rs485"].shorted = False
        await run.until_good(AIR, DO, within_s=30.0)
        run.links.order({O2: True})
        await run.pass_s(5.0)
        assert run.written[-1].ok
        assert run.field.sense(O2) is True

    on_wires(tmp_path, work)


def believed_c(run: Run) -> float | None:
    """The temperature that the pH circuit goes by."""
    beside = run.field.instruments[PH].beside
    assert isinstance(beside, Glass)
    return beside.believed_c


def test_a_ph_circuit_is_told_its_waters_temperature_and_errs_with_it(tmp_path: Path) -> None:
    async def work(run: Run) -> None:
        await run.pass_s(60.0)
        water_c, ph = run.field.truth(WATER), run.field.truth(PH)
        assert water_c is not None
        assert ph is not None
        assert believed_c(run) == pytest.approx(water_c, abs=0.3)
        assert run.last(PH).value == pytest.approx(ph, abs=0.002)
        run.field.fault(WATER, "offset", by=-10.0)
        await run.pass_s(120.0)
        ph = run.field.truth(PH) or 0.0
        assert believed_c(run) == pytest.approx(water_c - 10.0, abs=0.3)
        wrong = 7.0 + (ph - 7.0) * (water_c + 273.15) / (water_c - 10.0 + 273.15)
        assert run.last(PH).value == pytest.approx(wrong, abs=0.002)

    on_wires(tmp_path, work)


def test_a_circuit_whose_power_comes_back_is_opened_anew_and_told_again(tmp_path: Path) -> None:
    async def work(run: Run) -> None:
        run.field.fault(WATER, "offset", by=-10.0)
        await run.pass_s(10.0)
        told_c = believed_c(run)
        assert told_c is not None
        assert told_c < 20.0
        run.farm.device("circuit").power_cycle(run.clock.now())
        await run.pass_s(0.5)
        assert believed_c(run) == 25.0
        await run.pass_s(10.0)
        assert run.statistics("circuit").failures["restarted"] >= 1
        assert run.is_good(PH)
        assert believed_c(run) == pytest.approx(told_c, abs=0.3)

    on_wires(tmp_path, work)
