"""So many open panels, as the agent sees them: streams that read what comes and draw nothing."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from urllib.parse import urlsplit

OPEN_S = 20.0


class Followers:
    """What they heard, counted."""

    def __init__(self) -> None:
        self.events = 0
        self.bytes = 0
        self.open = 0
        """Streams that were given the whole state."""

    async def follow(self, host: str, cookie: str) -> None:
        """One stream, read until the task is cancelled. `host` is `ADDRESS:PORT` of plain http."""
        address, _, port = host.partition(":")
        reader, writer = await asyncio.open_connection(address, int(port))
        try:
            asked = f"GET /api/v1/stream HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nx-farmloop: 1\r\n\r\n"
            writer.write(asked.encode())
            while line := await reader.readline():
                self.bytes += len(line)
                self.events += line.startswith(b"event: ")
                self.open += line.startswith(b"event: state")
        finally:
            writer.close()


@contextmanager
def following(url: str, cookie: str, count: int) -> Iterator[Followers]:
    """`count` streams, read in a thread, from the moment that all of them were given the state."""
    found = Followers()
    loop = asyncio.new_event_loop()

    async def all_open() -> list[asyncio.Task[None]]:
        host = urlsplit(url).netloc
        tasks = [asyncio.create_task(found.follow(host, cookie)) for _ in range(count)]
        async with asyncio.timeout(OPEN_S):
            while found.open < count:
                for task in tasks:
                    if task.done():
                        task.result()
                        raise RuntimeError("the agent ended a stream")
                await asyncio.sleep(0.02)
        return tasks

    async def end(tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    thread = Thread(target=loop.run_forever, name="followers")
    thread.start()
    try:
        tasks = asyncio.run_coroutine_threadsafe(all_open(), loop).result()
        yield found
        asyncio.run_coroutine_threadsafe(end(tasks), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
