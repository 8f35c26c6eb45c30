"""Recorded rows in place of the field: each is told with its own time, and none is passed over."""

from math import nan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.product import load_product
from edge_config.model.site import Device, Site
from foundation.clock import SteppedClock
from foundation.reading import Quality, Reason
from simulator.devices.device import VirtualDevice
from simulator.devices.modbus import ModbusSlave
from simulator.devices.mqtt_node import MqttNode
from simulator.devices.recorded import Recording, Track
from simulator.wire import FarmOnWires

AIR, RH = "gh1.bay1.air_temp", "gh1.bay1.rh"


def track() -> Track:
    return Track([1000.0, 1300.0, 1600.0], {AIR: [12.9, 12.8, 12.7], RH: [78.4, nan, 79.1]})


def told(track: Track, now_s: float) -> tuple[object, float]:
    """What is said when somebody asks at `now_s`, and its time."""
    track.advance(now_s)
    return track.sense(AIR), track.taken_s(now_s)


def test_a_row_holds_until_the_next_ones_time() -> None:
    day = track()
    seen = [told(day, now_s) for now_s in (999.0, 1000.0, 1299.9, 1300.0, 1600.0, 5000.0)]
    assert seen == [(None, 999.0), (12.9, 1000.0), (12.9, 1000.0), (12.8, 1300.0), (12.7, 1600.0), (12.7, 1600.0)]
    assert day.is_over


def test_who_asks_late_gets_every_row_one_at_a_time() -> None:
    day = track()
    assert [told(day, 9000.0 + late) for late in range(4)] == [
        (12.9, 1000.0), (12.8, 1300.0), (12.7, 1600.0), (12.7, 1600.0)
    ]  # fmt: skip
    assert day.worst_late_s == 8000.0


def test_a_row_that_nobody_asked_for_stands_however_often_time_is_told() -> None:
    day = track()
    for now_s in (1000.0, 1300.0, 1600.0, 2000.0):
        day.advance(now_s)
    assert day.told == 0
    assert (day.sense(AIR), day.taken_s(2000.0)) == (12.9, 1000.0)
    assert day.told == 1


def test_an_empty_cell_is_no_value() -> None:
    day = track()
    told(day, 1000.0)
    told(day, 1400.0)
    assert day.sense(RH) is None
    assert day.sense("gh1.bay1.co2") is None


@given(st.lists(st.integers(1, 400), min_size=1, max_size=30), st.lists(st.integers(0, 900), max_size=120))
def test_whenever_it_is_asked_each_row_is_told_once_and_in_order(rows: list[int], asked: list[int]) -> None:
    times = [float(sum(rows[: index + 1])) for index in range(len(rows))]
    day = Track(times, {AIR: times})
    now_s, heard = 0.0, [0.0]
    for wait_s in asked:
        now_s += wait_s
        value, time_s = told(day, now_s)
        if value is not None:
            assert value == time_s <= now_s
            heard.append(time_s)
    # nothing left out: what was heard is an unbroken beginning of the rows
    assert list(dict.fromkeys(heard[1:])) == times[: day.told]


# --- on devices


def logger_on(day: Track) -> VirtualDevice:
    product = load_product("generic/logger")
    settings = Device.model_validate({"product": product.id, "bus": "b", "tags": {"v1": AIR, "v2": RH}})
    return VirtualDevice("logger", settings, product, day, {})


def test_a_logger_dates_its_values_by_the_rows_own_time() -> None:
    day = track()
    logger = logger_on(day)
    told(day, 1000.0)
    day.advance(1450.0)
    air, rh = logger.poll(1450.0)
    assert (air.quality, air.time_s) == (Quality.GOOD, 1300.0)
    assert air.value == pytest.approx(12.8)
    assert (rh.value, rh.reason) == (None, Reason.SENTINEL)
    answer = ModbusSlave({1: logger}).respond(1, bytes.fromhex("04 00 00 00 06"), 1450.0)
    assert answer == bytes.fromhex("04 0C 00 00 05 14 41 4C CC CD 7F C0 00 00")


def test_a_logger_whose_clock_is_ahead_is_not_believed() -> None:
    day = track()
    logger = logger_on(day)
    told(day, 1000.0)
    logger.clock_wrong_s = 3600.0
    assert logger.poll(1300.0)[0].reason is Reason.CLOCK


def test_a_node_says_the_rows_own_time_all_its_digits_and_null_for_an_empty_cell() -> None:
    settings = Device.model_validate(
        {"product": "generic/mqtt_json", "bus": "b", "topic": "p/state", "tags": {"temperature": AIR, "humidity": RH}}
    )
    day = Track([1000.0], {AIR: [681.999997], RH: [nan]})
    device = VirtualDevice("node", settings, load_product(settings.product), day, {})
    node = MqttNode(device, "127.0.0.1", 1, SteppedClock(), day.advance)
    assert node.payload(1200.0) == '{"temperature": 681.999997, "humidity": null, "t": 1000000}'


def site() -> Site:
    name = {"zh": "甲", "en": "A"}
    place = {"id": "s", "name": name, "timezone": "Asia/Shanghai", "latitude": 31.2, "longitude": 121.5}
    devices = {
        "logger": {"product": "generic/logger", "bus": "line", "unit": 1, "tags": {"v1": AIR}},
        "relays": {"product": "waveshare/relay_8ch", "bus": "line", "unit": 2, "tags": {"relay1": "gh1.bay1.lamp"}},
    }
    return Site.model_validate(
        {
            "schema": 1, "site": place, "devices": devices,
            "facilities": {"gh1": {"kind": "greenhouse", "zones": ["bay1"], "name": name}},
            "buses": {"line": {"protocol": "modbus_rtu", "port": "by-id/x"}},
        }
    )  # fmt: skip


def test_outputs_of_a_recorded_farm_take_orders_that_move_nothing(tmp_path: Path) -> None:
    day = track()
    farm = FarmOnWires(site(), SteppedClock(1000.0), 0, tmp_path, world=Recording({"logger": day}))
    day.advance(1000.0)
    before = farm.device("logger").poll(1000.0)
    assert farm.device("relays").write("relay1", True, 1000.0)
    assert farm.device("relays").outputs["relay1"] is True
    assert farm.device("logger").poll(1000.0) == before
