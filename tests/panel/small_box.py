"""A small box in a folder: what a panel may ask of where it runs, as tests set it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from controller.history.audit import Audit, Row, Verdict, examine, read
from controller.history.outbox import Pending
from controller.history.shipper import Health as SinkHealth
from controller.history.state_database import StateDatabase
from controller.history.status import HistoryStatus, SinkStatus
from controller.panel.box import Disk, Health
from controller.scan_times import Spread
from tests.panel.small_farm import START_S

HOSTILE = "<img src=x onerror=alert(1)>"


class SmallBox:
    """A box on a folder of the test."""

    fingerprint = "AB:CD"

    def __init__(self, directory: Path) -> None:
        self.directory, self.database = directory, StateDatabase(directory)
        self.audit = Audit(self.database)

    def note(self, who: str, what: str, subject: str, said: Mapping[str, object]) -> None:
        self.audit.note(START_S, who, what, subject, said)

    async def deeds(self, before: int, most: int) -> Sequence[Row]:
        self.audit.write(START_S)
        return read(self.directory, most, before)

    async def examined(self) -> Verdict:
        self.audit.write(START_S)
        return examine(self.directory)

    def health(self) -> Health:
        return Health(7200.0, 7200, 3, Spread(0.001, 0.012, 0.05), Spread(0.004, 0.02, 0.1), 0, ())

    def history(self) -> HistoryStatus:
        sink = SinkHealth("failing", START_S - 60.0, "refused: " + HOSTILE, START_S - 5.0, 1000, 2)
        pending = SinkStatus(sink, Pending(4, 800, round((START_S - 300.0) * 1000)))
        return HistoryStatus(5000, START_S, 12, 0, 0, "", {}, (), 2, {"influx": pending}, filled=0.25)

    def buses(self) -> Mapping[str, bool]:
        return {"rs485": True, "broker": False}

    def disk(self) -> Disk:
        return Disk(32_000_000_000, 8_500_000_000, 120_000_000)

    def versions(self) -> Mapping[str, str]:
        return {"farmloop": "0.1.0"}

    def clock_is_set(self) -> bool:
        return True
