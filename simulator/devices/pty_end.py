"""The far end of a serial port: a pseudo terminal under a name of its own, that can be pulled out and put back."""

import asyncio
import contextlib
import os
import pty
import tty
from collections.abc import Callable
from pathlib import Path


class PtyEnd:
    """`path` is a symlink that the master opens; `hear` gets what it sends."""

    def __init__(self, path: Path, hear: Callable[[bytes], None]) -> None:
        self.path = path
        self._hear = hear
        self._master: int | None = None
        self._far: int | None = None

    @property
    def plugged(self) -> bool:
        return self._master is not None

    def replug(self) -> None:
        """Plug the converter in: another pty, under the same path."""
        if self._master is not None:
            return
        # the far end stays open here too: else the pty hangs up whenever its master closes it
        self._master, self._far = pty.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._master, False)
        beside = self.path.with_name(self.path.name + ".new")
        beside.unlink(missing_ok=True)
        beside.symlink_to(os.ttyname(self._far))
        beside.replace(self.path)
        asyncio.get_running_loop().add_reader(self._master, self._readable)

    def unplug(self) -> None:
        """Pull the converter out of its socket: who has it open sees it hang up."""
        if self._master is None or self._far is None:
            return
        self.path.unlink(missing_ok=True)
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._far)
        os.close(self._master)
        self._master = self._far = None

    def send(self, data: bytes) -> None:
        if self._master is not None:
            # nobody reads: the wire does not care
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, data)

    def _readable(self) -> None:
        if self._master is None:
            return
        try:
            data = os.read(self._master, 4096)
        except OSError:
            return
        self._hear(data)
