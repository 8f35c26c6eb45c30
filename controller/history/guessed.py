"""Points of a box that does not know the time yet: marked as such, and put right once it is told.

Marked they are uncertain (`q=1i,why="clock"`) and stand at times that were guessed (`Clock.guessed_s`: before 2020, or
before what the box has lived through); put right they are good, at the time at which they were taken. What was not good
by itself keeps its own reason.
"""

from foundation.reading import Quality, Reading, Reason

_MARK, _GOOD = b',q=1i,why="clock"', b",q=3i"


def marked(reading: Reading) -> Reading:
    """The reading as one whose time is a guess."""
    if reading.quality is not Quality.GOOD:
        return reading
    return reading._replace(quality=Quality.UNCERTAIN, reason=Reason.CLOCK)


def restamped(line: bytes, shift_ms: int, guessed_ms: tuple[int, int]) -> tuple[bytes, int]:
    """A line, put right if its time was a guess (from, to before), and its time in milliseconds."""
    body, _, stamp = line.rpartition(b" ")
    at_ms = int(stamp)
    if not guessed_ms[0] <= at_ms < guessed_ms[1]:
        return line, at_ms
    if body.endswith(_MARK):
        body = body.removesuffix(_MARK) + _GOOD
    return b"%b %d" % (body, at_ms + shift_ms), at_ms + shift_ms
