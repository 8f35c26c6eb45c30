"""A code beside the password, for who wants it: six digits of an authenticator (TOTP, RFC 6238), each good once, and
ten codes on paper for the day when the telephone is in the tank.

The key has to be readable to work out codes; it stands in `state.db`, which only the agent's user reads.
"""

import logging
import re
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from controller.history.state_database import StateDatabase

STEP_S: Final = 30
APART: Final = (0, -1, 1)
"""Steps by which a telephone's clock may be off (RFC 6238, 5.2)."""
PAPER_CODES: Final = 10
_ISSUER: Final = "Farmloop"
_QUIET: Final = 4
"""Light modules around the code."""
log = logging.getLogger("farmloop.panel")


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """Of one account."""

    key: str
    """Base32."""
    used_step: int
    """Of the last code that let somebody in: neither it nor an earlier one does so again."""
    paper: frozenset[bytes]
    """SHA-256 of codes on paper that were not used yet."""


class SecondFactors:
    """All of one agent. Changes go to the disk first; they raise sqlite3.Error, OSError where it takes nothing.

    Without a database they are in memory alone.
    """

    def __init__(self, database: StateDatabase | None = None, now_s: float = 0.0) -> None:
        self._database = database
        self._known: dict[str, SecondFactor] = {}
        self._begun: dict[str, str] = {}
        """Keys that were shown, and no code of theirs yet."""
        if database is None:
            return
        with database.transaction(now_s) as file:
            for name, key, used_step, paper in file.execute("SELECT name, key, used_step, paper FROM second_factor"):
                codes = frozenset(bytes.fromhex(one) for one in paper.split())
                self._known[name] = SecondFactor(key, used_step, codes)

    def has(self, name: str) -> bool:
        return name in self._known

    def paper_left(self, name: str) -> int:
        """Codes on paper that are still good."""
        return len(self._known[name].paper) if name in self._known else 0

    def begin(self, name: str) -> tuple[str, str]:
        """A new key, and the address (`otpauth://`) that an authenticator takes it by. Nothing is asked for yet."""
        import pyotp

        key = self._begun[name] = pyotp.random_base32()
        return key, pyotp.TOTP(key).provisioning_uri(name=name, issuer_name=_ISSUER)

    @staticmethod
    def picture(address: str) -> list[str]:
        """The address as a QR code (ISO/IEC 18004) with its quiet zone: a text a row, 1 is dark. A smudge of an eighth
        of it does no harm (level M)."""
        import segno

        code = segno.make_qr(address, error="m", boost_error=False)
        return ["".join("1" if dark else "0" for dark in row) for row in code.matrix_iter(border=_QUIET)]

    def turn_on(self, name: str, code: str, now_s: float) -> Sequence[str] | None:
        """Codes for paper, told once; None where `code` is not of the key that was begun."""
        key = self._begun.get(name)
        step = _step_of(SecondFactor(key, 0, frozenset()), code, now_s) if key else None
        if key is None or step is None:
            return None
        papers = [_paper_code() for _ in range(PAPER_CODES)]
        self._write(name, SecondFactor(key, step, frozenset(_digest(one) for one in papers)), now_s)
        del self._begun[name]
        return papers

    def fits(self, name: str, code: str, now_s: float) -> bool:
        """Whether this code lets `name` in now; then it is used up. True where none is asked for."""
        known = self._known.get(name)
        if known is None:
            return True
        if (step := _step_of(known, code, now_s)) is not None:
            self._use(name, replace(known, used_step=step), now_s)
            return True
        digest = _digest(code)
        if digest in known.paper:
            self._use(name, replace(known, paper=known.paper - {digest}), now_s)
            return True
        return False

    def _use(self, name: str, factor: SecondFactor, now_s: float) -> None:
        """A disk that takes nothing keeps nobody out: then it is used up until the next start."""
        try:
            self._write(name, factor, now_s)
        except (sqlite3.Error, OSError) as error:
            log.warning("second_factor_use_not_kept", extra={"why": str(error)})
            self._known[name] = factor

    def remove(self, name: str, now_s: float) -> bool:
        """The password alone lets in again; False where it did before."""
        self._begun.pop(name, None)
        if name not in self._known:
            return False
        if self._database is not None:
            with self._database.transaction(now_s) as file:
                file.execute("DELETE FROM second_factor WHERE name = ?", (name,))
        del self._known[name]
        return True

    def _write(self, name: str, factor: SecondFactor, now_s: float) -> None:
        if self._database is not None:
            paper = " ".join(sorted(one.hex() for one in factor.paper))
            with self._database.transaction(now_s) as file:
                row = (name, factor.key, factor.used_step, paper)
                file.execute("INSERT OR REPLACE INTO second_factor VALUES (?, ?, ?, ?)", row)
        self._known[name] = factor


def _step_of(factor: SecondFactor, code: str, now_s: float) -> int | None:
    """The step whose code this is, if it was not used yet."""
    import pyotp

    typed = re.sub(r"\s", "", code)
    totp, present = pyotp.TOTP(factor.key), int(now_s // STEP_S)
    for step in (present + apart for apart in APART):
        if step > factor.used_step and secrets.compare_digest(
            totp.generate_otp(step).encode(), typed.encode("utf-8", "replace")
        ):
            return step
    return None


def _paper_code() -> str:
    """50 bits in two groups, without what looks alike on paper."""
    letters = "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def _digest(code: str) -> bytes:
    plain = re.sub(r"[\s-]", "", code).upper()
    return sha256(plain.encode("utf-8", "replace")).digest()
