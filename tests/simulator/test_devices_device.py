"""A virtual device: channels, watchdog in farm time, and the faults that tests and demos switch on."""

from typing import Any

import pytest

from drivers.product import Product, Watchdog, load_product
from edge_config.model.site import Device
from foundation.reading import Quality, Reason, Value
from simulator.devices.device import VirtualDevice
from simulator.instruments import Raw

START_S = 1_700_000_000.0


class Bench:
    """What a device is wired to, on a table."""

    def __init__(self, **shows: float | bool | None) -> None:
        self.shows: dict[str, float | bool | None] = {tag.replace("__", "."): value for tag, value in shows.items()}
        self.told: dict[str, Value] = {}

    def sense(self, tag: str) -> float | bool | None:
        return self.shows.get(tag)

    def actuate(self, tag: str, value: Value) -> None:
        self.told[tag] = value

    def taken_s(self, now_s: float) -> float:
        return now_s

    def compensate(self, tag: str, water_c: float) -> None:
        self.told[f"{tag} is in"] = water_c

    def power_up(self, tag: str) -> None:
        self.told[f"{tag} is on"] = True


def device(
    bench: Bench, product: str | Product, tags: dict[str, str], safe: dict[str, float | bool] | None = None, **more: Any
) -> VirtualDevice:
    what = load_product(product) if isinstance(product, str) else product
    settings = Device.model_validate({"product": what.id, "bus": "b", "unit": 1, "tags": tags, **more})
    return VirtualDevice("d", settings, what, bench, safe or {})


RELAYS = {"relay1": "ras1.tank1.o2_valve", "relay2": "ras1.tank1.emergency_o2"}
SAFE: dict[str, float | bool] = {"ras1.tank1.o2_valve": False, "ras1.tank1.emergency_o2": True}


def relays(bench: Bench) -> VirtualDevice:
    return device(bench, "icpdas/m7067", RELAYS, SAFE, watchdog="20 s")


def test_a_reading_is_rounded_as_the_wire_rounds_it() -> None:
    bench = Bench(gh1__bay1__air=21.4567, gh1__bay1__rh=54.321)
    probe = device(bench, "xymd/xy_md02", {"temperature": "gh1.bay1.air", "humidity": "gh1.bay1.rh"})
    air, rh = probe.poll(START_S)
    assert (air.tag, air.quality, air.time_s) == ("gh1.bay1.air", Quality.GOOD, START_S)
    assert air.value == pytest.approx(21.5)
    assert rh.value == pytest.approx(54.3)


def test_what_the_product_cannot_say_is_not_good() -> None:
    bench = Bench(gh1__bay1__air=300.0)
    probe = device(bench, "xymd/xy_md02", {"temperature": "gh1.bay1.air", "humidity": "gh1.bay1.rh"})
    air, rh = probe.poll(START_S)
    assert (air.quality, air.reason) == (Quality.BAD, Reason.RANGE)
    assert rh.quality is Quality.BAD  # bound to nothing
    assert rh.usable is None


def test_an_unplugged_device_says_nothing_and_takes_nothing() -> None:
    bench = Bench()
    board = relays(bench)
    board.open(START_S)
    board.unplugged = True
    assert board.poll(START_S) == []  # one lost poll is not told
    assert {reading.reason for reading in board.poll(START_S)} == {Reason.COMM}
    assert board.order({"ras1.tank1.o2_valve": True}, START_S) == [("ras1.tank1.o2_valve", False, "comm")]
    assert bench.told["ras1.tank1.o2_valve"] is False


def test_without_orders_the_relays_go_safe_in_time_and_life_support_comes_on() -> None:
    bench = Bench()
    board = relays(bench)
    assert bench.told == {"ras1.tank1.o2_valve": False, "ras1.tank1.emergency_o2": False}  # nobody told it more yet
    board.open(START_S)
    board.order({"ras1.tank1.o2_valve": True, "ras1.tank1.emergency_o2": False}, START_S)
    board.tick(START_S + 20.0)
    assert bench.told["ras1.tank1.o2_valve"] is True
    board.tick(START_S + 20.1)
    assert board.tripped
    assert bench.told == SAFE


def test_every_order_feeds_the_watchdog() -> None:
    bench = Bench()
    board = relays(bench)
    board.open(START_S)
    for second in range(0, 120, 10):
        board.order({"ras1.tank1.o2_valve": True}, START_S + second)
        board.tick(START_S + second + 9.9)
    assert not board.tripped


def test_a_trip_stays_until_it_is_cleared() -> None:
    bench = Bench()
    board = relays(bench)
    board.open(START_S)
    board.tick(START_S + 60.0)
    assert not board.write("relay1", True, START_S + 61.0)
    assert bench.told == SAFE
    board.clear(START_S + 62.0)
    assert bench.told == SAFE  # clearing moves nothing
    assert board.write("relay1", True, START_S + 63.0)
    assert bench.told["ras1.tank1.o2_valve"] is True


def test_a_driver_clears_the_trip_before_it_writes() -> None:
    bench = Bench()
    board = relays(bench)
    board.open(START_S)
    board.tick(START_S + 60.0)
    assert board.order({"ras1.tank1.o2_valve": True}, START_S + 61.0) == [("ras1.tank1.o2_valve", True, None)]
    assert bench.told["ras1.tank1.o2_valve"] is True


def test_reads_do_not_feed_a_watchdog_that_wants_writes() -> None:
    product = load_product("icpdas/m7067")
    assert product.watchdog is not None
    writes = Watchdog.model_validate({**product.watchdog.model_dump(), "fed_by": "write"})
    bench = Bench()
    board = device(bench, product.model_copy(update={"watchdog": writes}), RELAYS, SAFE, watchdog="20 s")
    board.open(START_S)
    for second in range(0, 31, 5):
        board.poll(START_S + second)
        board.tick(START_S + second)
    assert board.tripped


def test_a_watchdog_longer_than_the_register_is_as_long_as_it_can_be() -> None:
    board = device(Bench(), "icpdas/m7067", RELAYS, SAFE, watchdog="60 s")
    board.open(START_S)
    assert board.watchdog_s == pytest.approx(25.5)


def test_after_a_power_cut_outputs_come_up_safe() -> None:
    bench = Bench()
    board = relays(bench)
    board.open(START_S)
    board.order({"ras1.tank1.o2_valve": True, "ras1.tank1.emergency_o2": False}, START_S)
    board.power_cycle(START_S + 1.0)
    assert bench.told == SAFE
    board.tick(START_S + 20.0)
    assert not board.tripped
    board.tick(START_S + 30.0)
    assert board.tripped  # its settings stand in its memory


def test_a_board_without_watchdog_holds_for_ever() -> None:
    product = load_product("icpdas/m7067").model_copy(update={"watchdog": None})
    bench = Bench()
    board = device(bench, product, RELAYS, SAFE, watchdog="20 s")
    board.open(START_S)
    board.order({"ras1.tank1.o2_valve": True}, START_S)
    board.tick(START_S + 1e6)
    assert bench.told["ras1.tank1.o2_valve"] is True


def test_outputs_read_back_what_they_are_set_to() -> None:
    board = relays(Bench())
    board.open(START_S)
    board.order({"ras1.tank1.o2_valve": True}, START_S)
    assert {reading.tag: reading.value for reading in board.poll(START_S)} == {
        "ras1.tank1.o2_valve": True,
        "ras1.tank1.emergency_o2": False,
    }


def test_a_stuck_probe_repeats_itself_and_a_welded_contact_does_not_move() -> None:
    bench = Bench(gh1__bay1__air=20.0)
    probe = device(bench, "xymd/xy_md02", {"temperature": "gh1.bay1.air"})
    probe.stuck.add("temperature")
    probe.poll(START_S)
    bench.shows["gh1.bay1.air"] = 30.0
    assert probe.poll(START_S)[0].value == pytest.approx(20.0)
    probe.stuck.clear()
    assert probe.poll(START_S)[0].value == pytest.approx(30.0)

    board = relays(bench)
    board.stuck.add("relay1")
    board.order({"ras1.tank1.o2_valve": True}, START_S)
    assert bench.told["ras1.tank1.o2_valve"] is False
    assert board.poll(START_S)[0].value is True  # the board believes its relay


def test_a_shifted_probe_and_one_that_says_no_value() -> None:
    bench = Bench(ras1__tank1__do=7.5, ras1__tank1__temp=24.0)
    probe = device(bench, "yosemitech/y504_a", {"oxygen": "ras1.tank1.do", "temperature": "ras1.tank1.temp"})
    probe.offset["oxygen"] = -2.0
    probe.sentinel.add("temperature")
    oxygen, temperature = probe.poll(START_S)
    assert oxygen.value == pytest.approx(5.5)
    assert (temperature.value, temperature.reason) == (None, Reason.SENTINEL)


def test_a_value_that_the_channel_cannot_carry_is_refused() -> None:
    bench = Bench()
    node = device(bench, "generic/io_node", {"relay1": "a.b.relay", "out1": "a.b.valve"})
    done = node.order({"a.b.relay": 100.0, "a.b.valve": True}, START_S)
    assert done == [("a.b.relay", False, "wrong_type"), ("a.b.valve", False, "wrong_type")]
    assert node.order({"a.b.valve": 120.0}, START_S) == [("a.b.valve", False, "range")]
    assert node.order({"a.b.valve": 33.333}, START_S) == [("a.b.valve", True, None)]
    assert bench.told["a.b.valve"] == 33.33


def test_a_tag_that_is_no_output_cannot_be_ordered() -> None:
    probe = device(Bench(), "xymd/xy_md02", {"temperature": "gh1.bay1.air"})
    assert probe.order({"gh1.bay1.air": 3.0}, START_S) == [("gh1.bay1.air", False, "exception")]


# --- faults by name


def climate(bench: Bench) -> VirtualDevice:
    return device(bench, "xymd/xy_md02", {"temperature": "gh1.bay1.air", "humidity": "gh1.bay1.rh"})


@pytest.mark.parametrize(
    ("form", "values", "why"),
    [
        ("unplugged", {}, Reason.COMM),
        ("babbling", {}, Reason.COMM),
        ("wrong_unit", {}, Reason.COMM),
        ("silent", {"chance": 1.0}, Reason.COMM),
        ("slow", {"by_s": 0.3}, Reason.COMM),
        ("slow", {"by_s": 0.2}, None),
        ("refusing", {}, Reason.EXCEPTION),
    ],
)
def test_in_memory_a_faulty_device_brings_home_what_a_driver_would(
    form: str, values: dict[str, float], why: Reason | None
) -> None:
    bench = Bench(gh1__bay1__air=20.0, gh1__bay1__rh=50.0)
    probe = climate(bench)
    probe.fault(form, **values)
    first, second = probe.poll(START_S), probe.poll(START_S)
    assert (first == []) is (why is Reason.COMM)
    assert {reading.reason for reading in second} == {why}
    board = relays(bench)
    board.fault(form, **values)
    (tag, ok, refused) = board.order({"ras1.tank1.o2_valve": True}, START_S)[0]
    assert (tag, ok, refused) == ("ras1.tank1.o2_valve", why is None, why.value if why else None)
    assert bench.told["ras1.tank1.o2_valve"] is (why is None)
    probe.mend(form)
    assert {reading.reason for reading in probe.poll(START_S)} == {None}


def test_a_device_that_is_silent_at_times_answers_at_the_others() -> None:
    probe = climate(Bench(gh1__bay1__air=20.0, gh1__bay1__rh=50.0))
    probe.fault("silent", chance=0.3)
    polls = [probe.poll(START_S) for _ in range(2000)]
    heard = [bool(readings) and readings[0].reason is None for readings in polls]
    assert heard.count(True) / 2000 == pytest.approx(0.7, abs=0.04)
    # of those that were lost, the first in a row is not told
    told = [bool(readings) and readings[0].reason is Reason.COMM for readings in polls]
    assert told.count(True) / 2000 == pytest.approx(0.3 * 0.3, abs=0.03)


def test_a_watchdog_runs_on_behind_a_pulled_plug_and_in_a_board_that_refuses() -> None:
    for form in ("unplugged", "refusing"):
        bench = Bench()
        board = relays(bench)
        board.open(START_S)
        board.order({"ras1.tank1.o2_valve": True}, START_S)
        board.fault(form)
        board.poll(START_S + 15.0)
        board.tick(START_S + 20.5)
        assert (bench.told["ras1.tank1.o2_valve"], bench.told["ras1.tank1.emergency_o2"]) == (False, True)


def test_channels_fail_one_by_one_and_are_mended_together() -> None:
    bench = Bench(gh1__bay1__air=20.0, gh1__bay1__rh=50.0)
    probe = climate(bench)
    probe.fault("offset", "temperature", by=3.0)
    probe.fault("sentinel", "humidity")
    air, rh = probe.poll(START_S)
    assert (air.value, rh.quality) == (23.0, Quality.BAD)
    probe.fault("clock", by_s=60.0)
    assert probe.clock_wrong_s == 60.0
    probe.mend()
    assert [reading.value for reading in probe.poll(START_S)] == [20.0, 50.0]
    assert (probe.faults, probe.clock_wrong_s) == ({}, 0.0)


@pytest.mark.parametrize(
    ("form", "channel", "values", "words"),
    [
        ("shy", None, {}, "no form 'shy' of device faults; there are: unplugged, refusing"),
        ("slow", None, {"by": 1.0}, "slow: no number 'by'; there are: by_s, chance"),
        ("silent", None, {"chance": 2.0}, "silent: chance is 2, must be from 0 to 1"),
        ("clock", None, {}, "clock: 'by_s' is missing"),
        ("unplugged", "temperature", {}, "no form 'unplugged' of channel faults; there are: stuck, offset, sentinel"),
        ("stuck", "oxygen", {}, "no channel 'oxygen' on d; there are: temperature, humidity"),
    ],
)
def test_a_fault_that_there_is_not_is_told(
    form: str, channel: str | None, values: dict[str, float], words: str
) -> None:
    probe = climate(Bench())
    with pytest.raises(ValueError, match=words):
        probe.fault(form, channel, **values)
    assert probe.faults == {}


@pytest.mark.parametrize(
    ("shows", "value", "reason"),
    [
        (Raw(65535), 6553.5, Reason.RANGE),  # what a register says whose probe is gone, whatever its scale
        (Raw(0), 0.0, None),  # nobody can tell it from dry air
        (Raw(300), 30.0, None),
        (-127.0, 0.0, None),  # the register cannot say it, and stops at its end
        (None, 6553.5, Reason.RANGE),
    ],
)
def test_a_sentinel_goes_over_the_wire_as_the_register_holds_it(
    shows: float | None, value: float, reason: Reason | None
) -> None:
    _, rh = climate(Bench(gh1__bay1__air=20.0, gh1__bay1__rh=shows)).poll(START_S)
    assert (rh.value, rh.reason) == (value, reason)


def test_85_degrees_of_a_probe_that_has_just_started_are_refused_by_its_range() -> None:
    air, _ = climate(Bench(gh1__bay1__air=85.0, gh1__bay1__rh=50.0)).poll(START_S)
    assert air.reason is Reason.RANGE


def test_in_memory_a_probe_is_told_how_warm_its_water_is() -> None:
    bench = Bench(ras1__tank1__ph=7.2, ras1__tank1__water=18.5)
    circuit = device(bench, "atlas/ezo_ph", {"ph": "ras1.tank1.ph"}, compensate="ras1.tank1.water")
    assert circuit.poll(START_S)[0].value == 7.2
    assert bench.told == {"ras1.tank1.ph is in": 18.5}
    bench.shows["ras1.tank1.water"] = None
    circuit.poll(START_S)
    assert bench.told == {"ras1.tank1.ph is in": 18.5}
