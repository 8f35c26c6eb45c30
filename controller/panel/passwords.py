"""Passwords: which are good enough, and their argon2id hashes. A hash takes a moment and 19 MiB, so two at a time."""

import asyncio
from collections.abc import Sequence
from typing import Final, Literal, Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST_LETTERS: Final = 10
MOST_LETTERS: Final = 200
LEAST_SCORE: Final = 3
"""Of zxcvbn's 0 to 4: more than 10^8 guesses."""
NOBODY: Final = "$argon2id$v=19$m=19456,t=2,p=1$7pqKgZ79zF75DXB1Rwql7Q$gUeg6xNChwdTrVrIf4oeXHBaIsKy0CUvPlKPkZ8kEYg"
"""Of 256 random bits that nobody kept: an unknown name costs the same work as a known one, and is refused."""


class Hasher(Protocol):
    """argon2id, or in tests something that counts."""

    def hash(self, password: str, /) -> str: ...

    def verify(self, hash: str, password: str, /) -> bool:
        """Raises VerificationError, InvalidHashError."""
        ...

    def check_needs_rehash(self, hash: str, /) -> bool: ...


class Passwords:
    """Hashes and holds against hashes, in threads beside the scan."""

    def __init__(self, hasher: Hasher | None = None) -> None:
        self._hasher: Hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._room = asyncio.Semaphore(2)

    async def hash(self, password: str) -> str:
        """A new hash with its own salt."""
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password: str, hash: str | None) -> bool:
        """Whether it is the password of `hash`; None (an unknown name) is never so, and takes as long."""
        async with self._room:
            return await asyncio.to_thread(self._verified, password, hash or NOBODY) and hash is not None

    def is_old(self, hash: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hash)

    def _verified(self, password: str, hash: str) -> bool:
        try:
            return self._hasher.verify(hash, password)
        except (VerificationError, InvalidHashError):
            return False


def weakness(password: str, known: Sequence[str]) -> Literal["short", "long", "guessable"] | None:
    """Why a password is not good enough, None if it is; `known` are words that an attacker tries first: the person's
    and the farm's names. Takes up to 50 ms."""
    if len(password) < LEAST_LETTERS:
        return "short"
    if len(password) > MOST_LETTERS:
        return "long"
    from zxcvbn import zxcvbn  # a dictionary of 90 000 words, for the few moments in which a password is set

    # its work grows with the square of the length, and what comes after makes no password weaker
    score: int = zxcvbn(password[:72], user_inputs=[*known, "farmloop"])["score"]
    return None if score >= LEAST_SCORE else "guessable"
