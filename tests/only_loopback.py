"""Put beside a Python as its `sitecustomize`: writes down whom it wants to reach beyond this box, and stops it."""

import asyncio
import os
import socket
import sys
from typing import Any

INSIDE = (None, "", "127.0.0.1", "::1", "localhost")


def look(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""  # a path is inside
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host not in INSIDE:
        with open(os.environ["WENT_OUT"], "a") as file:
            file.write(f"{event} {host}\n")
        raise PermissionError(f"{host} is outside")


def watch() -> None:
    sys.addaudithook(look)
    try:
        import uvloop
    except ImportError:
        return
    # its sockets are not Python's, and would not be seen
    uvloop.new_event_loop = asyncio.new_event_loop


if __name__ == "sitecustomize":
    watch()
    if os.environ.get("TRY_OUT"):
        try:
            socket.create_connection(("192.0.2.1", 9), 0.1)
        except PermissionError:
            sys.stdout.write("stopped\n")
