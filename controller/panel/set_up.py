"""First boot: the one code with which somebody at the box makes the first administrator. Then there is no such door."""

import logging
import os
import secrets
from collections.abc import Callable
from hmac import compare_digest
from pathlib import Path
from typing import Final

from controller.panel.accounts import Accounts
from foundation.clock import process_time

FILE: Final = "set-up-code"
WINDOW_S: Final = 1800.0
MOST_TRIES: Final = 100
"""Wrong codes until the door shuts: one in ten thousand million of them is right."""
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_READ_WRONG: Final = str.maketrans({"0": "O", "1": "I", "8": "B", "-": "", " ": ""})
log = logging.getLogger("farmloop.panel")


class SetUp:
    """Open for half an hour after the start, until there is an administrator. Times are process time."""

    def __init__(
        self, accounts: Accounts, directory: Path | None = None, clock: Callable[[], float] = process_time
    ) -> None:
        """`directory` also gets the code in a file that only its owner reads; without one the door is shut."""
        self._accounts = accounts
        self._file = directory / FILE if directory is not None else None
        self._clock = clock
        self._until_s = clock() + WINDOW_S
        self._tries = 0
        self.code = ""
        """Eight letters and digits (base32, 40 bits); empty when nobody needs it."""
        if self._file is None:
            return
        self._remove()
        if not accounts.has_admin:
            self.code = "".join(secrets.choice(_ALPHABET) for _ in range(8))
            try:
                with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(self.code + "\n")
            except OSError as error:  # it stands on the console too
                log.warning("set_up_code_not_written", extra={"why": str(error)})

    @property
    def is_open(self) -> bool:
        """Whether the first administrator may be made now."""
        if self._accounts.has_admin or self._clock() >= self._until_s or self._tries >= MOST_TRIES:
            self.shut()
        return bool(self.code)

    def shut(self) -> None:
        """Nobody gets in here any more."""
        if self.code:
            self.code = ""
            self._remove()

    def fits(self, code: str) -> bool:
        """Whether it is the code; what looks alike on paper is taken for the right letter."""
        if not self.is_open:
            return False
        typed = code.strip().upper().translate(_READ_WRONG)
        fits = compare_digest(typed.encode("utf-8", "replace"), self.code.encode())
        self._tries += not fits
        return fits

    def _remove(self) -> None:
        if self._file is not None:
            try:
                self._file.unlink(missing_ok=True)
            except OSError as error:
                log.warning("set_up_code_not_removed", extra={"why": str(error)})
