"""When Python looks for rubbish: between scans, not in the middle of one."""

import gc

SELDOM = 1_000_000
"""Objects after which it looks by itself all the same, should no scan end for long."""
WHOLE_EVERY = 60
"""Each so many scans it looks through everything that came since the agent was up; else, through what is young."""


def up() -> None:
    """The agent is up: what stands now stands to the end, and need not be walked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(SELDOM)


def after_scan(count: int) -> None:
    """The scan with this number is over, and its orders are on their way. What is not `up` looks by itself."""
    if gc.get_threshold()[0] == SELDOM:
        gc.collect(2 if count % WHOLE_EVERY == 0 else 1)
