"""Lines to a sink from outside of the agent, with all the care of a shipper: an outbox of their own, for the moment."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event
from typing import NamedTuple

from controller.history.outbox import Blob, Outbox, pack
from controller.history.shipper import Shipper
from controller.history.sinks import Sink

BLOB = 1000
"""Lines of a blob."""
ATTEMPTS = 4
"""So often in a row it may fail before it is given up."""


class Sent(NamedTuple):
    """What became of the lines."""

    delivered: int
    refused: int
    """That the sink will never take."""
    failure: str
    """Why it ended early; empty where all is done. What was delivered may be sent again: it is the same points."""


def _blobs(lines: Iterable[str]) -> Iterator[Blob]:
    rest = iter(lines)
    while lot := list(islice(rest, BLOB)):
        yield pack(lot, [0] * len(lot))


def send(
    open_sink: Callable[[], Sink], lines: Iterable[str], most: int, progress: Callable[[int], None] = lambda lines: None
) -> Sent:
    """`most` lines a request. `progress` is told how many are through. Raises OSError and sqlite3.Error of the disk."""
    with TemporaryDirectory(prefix="farmloop-send-") as directory:
        outbox = Outbox(Path(directory) / "outbox.db", ["it"])
        outbox.open(0.0)
        shipper = Shipper("it", outbox, open_sink, lambda: 0.0, Random(), most)
        waiting = _blobs(lines)
        failed = 0
        try:
            while lot := list(islice(waiting, 50)):
                outbox.append(lot)
                while (wait_s := shipper.step()) is not None:
                    failed = 0 if wait_s == 0.0 else failed + 1
                    if shipper.health.state == "refused" or failed >= ATTEMPTS:
                        return Sent(shipper.health.delivered_points, shipper.health.dead_points, _why(shipper))
                    Event().wait(wait_s)
                    progress(shipper.health.delivered_points + shipper.health.dead_points)
            return Sent(shipper.health.delivered_points, shipper.health.dead_points, "")
        finally:
            shipper.stop()
            outbox.close()


def _why(shipper: Shipper) -> str:
    return shipper.health.last_error or "it does not take them"
