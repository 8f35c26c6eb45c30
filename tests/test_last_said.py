"""What people see of a sensor that went silent: the last that it said and could be believed, in its own unit."""

import pytest

from controller.core.condition import Conditioner, Seen
from controller.core.state import never_seen
from controller.core.words import Calibrate
from controller.last_said import with_last_said
from foundation.reading import Quality, Reason, good
from tests.core.small_site import START_S, Farm
from tests.core.test_image import tag

PH, TEMP = "fa.z.ph", "fa.z.temp_a"
"""One of which nothing is asked but its range, and one with a rate and spikes."""


@pytest.mark.parametrize("probe", [PH, TEMP])
def test_a_silent_probe_shows_what_it_said_last_and_when_and_nothing_acts_on_it(probe: str) -> None:
    farm = Farm()
    farm.run(20)
    farm.scan([Calibrate("1", probe, ((6.0, 6.5),), False, "buffer", "", "", "wang", farm.now_s, farm.now_s)])
    farm.says[probe] = 6.2
    farm.run(5)
    said_s = farm.now_s
    del farm.says[probe]
    farm.run(700)
    shown = with_last_said(farm.state)[probe]
    assert (shown.quality, shown.reason, shown.time_s) == (Quality.BAD, Reason.STALE, said_s)
    assert shown.value == pytest.approx(6.7)  # as it was calibrated
    assert shown.usable is None
    assert farm.state.values[probe] is None


def test_what_a_device_without_a_unit_said_is_shown_in_the_tags_unit() -> None:
    conditioner = Conditioner(tag(), scale=0.1)
    assert conditioner.plain
    seen, found = conditioner.condition(Seen(), good("t", 215.0, START_S), START_S)
    assert found.value == pytest.approx(21.5)
    assert seen.raw == (pytest.approx(21.5),)
    assert conditioner.is_known(seen, good("t", 215.0, START_S))
    assert never_seen("t", START_S).usable is None
