"""What every proof that nothing is lost shares: how often it is tried, and the one line that it prints.

`make test` tries each a little; `FARMLOOP_NIGHTLY=1` (set by `make faults`) tries each for as long as it deserves, and
`FARMLOOP_NIGHTLY=0.2` a fifth of that. FARMLOOP_SEED draws other cases.
"""

import json
import os
import sys
from time import perf_counter

NIGHTLY = float(os.environ.get("FARMLOOP_NIGHTLY") or 0.0)
SEED = int(os.environ.get("FARMLOOP_SEED", "1"))


def times(commit: int, nightly: int) -> int:
    """How often: at each commit, and by night."""
    return max(commit, round(nightly * NIGHTLY))


class Proof:
    """One test of ../shared/ops.md 1.5 from its start; `says` prints its line and fails when something was lost."""

    def __init__(self, name: str) -> None:
        self._name, self._began_s = name, perf_counter()

    def says(self, n: int, lost: int, dup: int) -> None:
        """After `n` tries; `lost` counts acknowledged points that are gone or altered, `dup` those there twice."""
        self.tells(n, lost, dup)
        assert (lost, dup) == (0, 0), self._name

    def tells(self, n: int, lost: int, dup: int) -> None:
        """The same of a control, which is to fail."""
        seconds = round(perf_counter() - self._began_s, 1)
        line = {"id": self._name, "n": n, "lost": lost, "dup": dup, "seconds": seconds, "seed": SEED}
        sys.stdout.write(json.dumps(line) + "\n")
