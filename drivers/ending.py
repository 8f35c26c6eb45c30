"""Ending tasks for certain."""

import asyncio
from collections.abc import Iterable


async def end_tasks(tasks: Iterable[asyncio.Task[None]], again_s: float = 0.1) -> None:
    """Cancel tasks until every one has ended.

    Once is not enough: before Python 3.12 `asyncio.wait_for`, on which pymodbus and aiomqtt stand, loses a cancellation
    that comes together with the result (gh-86296), and a loop around it then runs on for ever.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=again_s)
