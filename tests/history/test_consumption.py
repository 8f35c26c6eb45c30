"""What was used: off meters as they count, and off machines as they ran; nothing that nobody declared."""

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.history.aggregate import HOUR_S, Slot
from controller.history.consumption import Counter, Used, counters, used
from tests.core.small_site import core_of, document

DAY_S = 86400
METER = Counter("fa.z.kwh", "fa", "electricity", "total", 1.0)
FLOW = Counter("fa.z.flow", "fa", "water", "rate", 0.001)
HEATER = Counter("fa.z.heater", "fa", "electricity", "power", 0.12)


def hour(number: int, low: float, high: float | None = None, good_s: float = 3600.0) -> Slot:
    high = low if high is None else high
    return Slot(number * HOUR_S, (low + high) / 2, low, high, 60, 0, good_s)


def test_only_what_the_site_declares_is_counted() -> None:
    site = document()
    site["tags"]["fa.z.free"]["counts"] = "electricity"
    site["tags"]["fa.z.fed"]["counts"] = "harvest"
    site["outputs"]["fa.z.fan"]["power"] = "1.5 kW"
    site["outputs"]["fa.z.vent"]["power"] = "0.2 kW"  # a motor that runs only on its way
    core = core_of(site)
    assert [(one.name, one.facility, one.of, one.form, one.factor) for one in counters(core.site, core.tags)] == [
        ("fa.z.fed", "fa", "harvest", "total", 1.0),
        ("fa.z.free", "fa", "electricity", "rate", 1.0),
        ("fa.z.fan", "fa", "electricity", "power", pytest.approx(0.015)),
    ]
    plain = core_of(document())
    assert counters(plain.site, plain.tags) == ()


def test_a_machine_uses_its_power_while_it_runs_and_a_flow_what_flows() -> None:
    # on for half of the first hour, then wide open for two, of which one half was not seen
    slots = [hour(0, 0.0, 100.0), hour(1, 100.0), hour(2, 100.0, good_s=1800.0)]
    assert used(HEATER, slots, (0, DAY_S)) == [Used(pytest.approx(12 * (0.5 + 1.0 + 0.5)), 9000.0)]
    assert used(FLOW, [hour(5, 250.0)], (0, DAY_S, 2 * DAY_S)) == [Used(pytest.approx(0.25), 3600.0), Used(0.0, 0.0)]


def test_a_meter_is_read_from_day_to_day_over_gaps_and_over_a_new_meter() -> None:
    slots = [hour(-1, 90.0, 100.0), hour(3, 104.0, 105.0), hour(23, 119.0, 120.0), hour(24, 120.0, 121.0)]
    assert [one.amount for one in used(METER, slots, (0, DAY_S, 2 * DAY_S))] == [20.0, 1.0]
    # without what it stood at before, only what it was seen to rise
    assert used(METER, slots[1:], (0, DAY_S))[0].amount == 16.0
    # another meter stands there: what it began with is nobody's use
    new = [*slots, hour(25, 3.0, 121.0), hour(26, 3.0, 4.0), hour(27, 4.0, 6.0)]
    assert [one.amount for one in used(METER, new, (0, DAY_S, 2 * DAY_S))] == [20.0, 1.0 + 2.0]
    # an hour of which nothing is good says nothing, and the next one all of it
    lost = [hour(0, 100.0), Slot(HOUR_S, nan, nan, nan, 60, 60, 0.0), hour(2, 107.0)]
    assert used(METER, lost, (0, DAY_S)) == [Used(7.0, 7200.0)]


@given(st.lists(st.floats(0.0, 50.0), min_size=1, max_size=100), st.integers(1, 60))
def test_days_add_up_to_what_the_meter_went_on_by(rises: list[float], hours_a_span: int) -> None:
    slots, stood = [], 1000.0
    for number, rise in enumerate(rises):
        slots.append(hour(number, stood + rise / 3, stood + rise))
        stood += rise
    begins = [0, *range(hours_a_span * HOUR_S, len(rises) * HOUR_S, hours_a_span * HOUR_S), len(rises) * HOUR_S]
    amounts = used(METER, [hour(-1, 1000.0), *slots], begins)
    assert sum(one.amount for one in amounts) == pytest.approx(sum(rises), abs=1e-6)
    assert all(one.amount >= 0.0 for one in amounts)
