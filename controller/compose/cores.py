"""Work that only computes, on all cores of the machine, each job in a process of its own."""

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

PR_SET_PDEATHSIG = 1
"""prctl(2)"""
Job = TypeVar("Job")
Made = TypeVar("Made")


def on_cores(work: Callable[[Job], Made], jobs: Sequence[Job], workers: int | None = None) -> Iterator[Made]:
    """What `work` makes of each job, in the order of the jobs; `workers` left out: every core. Of a single job, or with
    a single worker, in this process. Raises what `work` raises."""
    count = min(workers or os.cpu_count() or 1, len(jobs))
    if count <= 1:
        yield from map(work, jobs)
        return
    # a new process each, not a copy of this one: a thread may be drawing a progress bar
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, spawn, initializer=_begin, initargs=(os.getpid(),)) as pool:
        yield from pool.map(work, jobs)


def _begin(parent: int) -> None:
    """This process ends when `parent` does, whatever that died of: nobody is left to take what it would work out."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit()
