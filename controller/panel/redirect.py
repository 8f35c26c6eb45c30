"""Plain http beside the panel's https: whoever comes here is told the other address, and nothing else."""

import asyncio
import re
from typing import Final

from controller.panel.guard import HOST

MOST_BYTES: Final = 8192
PATIENCE_S: Final = 5.0
_PATH: Final = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{0,1000}")


async def redirect(host: str, port: int, to_port: int) -> asyncio.Server:
    """Listens until closed. Raises OSError if the address cannot be had."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(reply_to(head, to_port))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(answer, host, port, limit=MOST_BYTES)


def reply_to(head: bytes, to_port: int) -> bytes:
    """What a request with this head is answered."""
    first, *rest = head.decode("latin-1").split("\r\n")
    method, path, version = (*first.split(" "), "", "", "")[:3]
    named = [line.partition(":")[2].strip() for line in rest if line.lower().startswith("host:")]
    match = HOST.fullmatch(named[0]) if len(named) == 1 else None
    if (
        not method
        or not version.startswith("HTTP/1.")
        or match is None
        or not _PATH.fullmatch(path)
        or path[:2] == "//"
    ):
        return b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    where = f"https://{match[1]}:{to_port}{path}"
    return (
        f"HTTP/1.1 308 Permanent Redirect\r\nlocation: {where}\r\ncontent-length: 0\r\n"
        "cache-control: no-store\r\nconnection: close\r\n\r\n"
    ).encode("latin-1")
