"""Loggers tell a row until they have the next: what was found of it stands, and nothing of it is lost or doubled."""

from typing import Any

from controller.core.condition import Conditioner, Seen
from controller.core.scan import Core
from controller.core.state import State
from controller.core.words import ScanResult, Snapshot
from edge_config.model.site import Site
from foundation.reading import Quality, Reading, Reason, bad, good
from foundation.tag import Kind, Tag
from tests.core.small_site import START_S, changed

CO2 = "fa.z.co2"
ROW_S = 300.0


class Logger:
    """The small site's CO2 with a spike limit and the staleness of a logger, scanned once a minute."""

    def __init__(self, **setting: Any) -> None:
        limits = {"unit": "ppm", "range": ["0 ppm", "10000 ppm"], "spike": "300 ppm", "stale": "1 h", **setting}
        self.core = Core(Site.model_validate(changed("tags", CO2, limits)))
        self.now_s = START_S
        self.state: State = self.core.start(START_S)

    def scan(self, *readings: Reading) -> list[Reading]:
        """What this scan makes of the readings, as it goes into the record."""
        self.now_s += 60.0
        result: ScanResult = self.core.scan(self.state, Snapshot(readings), self.now_s)
        self.state = result.state
        return [reading for reading in result.changed if reading.tag == CO2]

    def rows(self, *values: float) -> None:
        """Rows five minutes apart, each told once."""
        for value in values:
            self.now_s += ROW_S - 60.0
            self.scan(good(CO2, value, self.now_s))

    @property
    def reading(self) -> Reading:
        reading: Reading = self.state.readings[CO2]
        return reading


def test_a_spike_that_is_told_until_the_next_row_is_not_believed_for_it():
    logger = Logger()
    logger.rows(600.0, 610.0, 590.0, 600.0)
    spike = good(CO2, 1200.0, logger.now_s)
    refused = spike._replace(quality=Quality.BAD, reason=Reason.SPIKE)
    assert logger.scan(spike) == [refused]
    for _ in range(4):
        assert logger.scan(spike) == []
    assert logger.reading == refused
    after = good(CO2, 605.0, logger.now_s)
    assert logger.scan(after) == [after]


def test_the_same_row_is_known_again_whatever_unit_it_comes_in():
    conditioner = Conditioner(Tag(CO2, "ppm", Kind.MEASURED, "env", "二氧化碳", "CO2"), scale=0.1)
    row = good(CO2, 6000.0, START_S)
    seen, _ = conditioner.condition(Seen(), row, START_S)
    assert conditioner.is_known(seen, row)
    assert not conditioner.is_known(seen, good(CO2, 6000.0, START_S + 1.0))
    assert not conditioner.is_known(seen, good(CO2, 6001.0, START_S))


def test_a_row_that_was_written_before_a_read_failed_counts_when_the_logger_answers_again():
    logger = Logger()
    logger.rows(600.0)
    row = good(CO2, 620.0, logger.now_s + 30.0)
    assert logger.scan(bad(CO2, Reason.COMM, logger.now_s + 50.0))[0].reason is Reason.COMM
    assert logger.scan(row) == [row]
    assert logger.reading == row


def test_after_a_gap_longer_than_its_staleness_a_value_is_held_against_nothing_old():
    logger = Logger()
    logger.rows(600.0, 600.0, 600.0, 600.0, 600.0)
    logger.now_s += 2 * 3600.0
    logger.rows(1000.0, 1010.0, 1020.0, 1030.0)
    assert logger.reading.quality is Quality.GOOD
    logger.rows(600.0)
    assert logger.reading.reason is Reason.SPIKE
