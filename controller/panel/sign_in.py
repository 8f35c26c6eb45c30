"""One-time tokens: each lets one person in, once, for a while."""

import secrets
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest

from controller.panel.permissions import Role
from foundation.clock import process_time

TOKEN_BYTES = 32


class SignIn:
    """Hands out tokens and takes each back once. Times are process time."""

    def __init__(
        self,
        *,
        lifetime_s: float = 900.0,
        who: str = "operator",
        role: Role = Role.ADMIN,
        clock: Callable[[], float] = process_time,
    ) -> None:
        self.who = who
        """Whose name stands on what is done in a session that a token opened."""
        self.role = role
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._tokens: dict[bytes, float] = {}

    def issue(self) -> str:
        """A new token (256 bits), good for one sign-in within the lifetime."""
        self._drop_expired()
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._tokens[_digest(token)] = self._clock() + self._lifetime_s
        return token

    def link(self, base_url: str) -> str:
        """A URL with a new token in its fragment, which no browser sends and no server logs."""
        return f"{base_url.rstrip('/')}/sign-in#token={self.issue()}"

    def trade(self, token: str) -> bool:
        """Whether the token is good. It is used up by asking."""
        self._drop_expired()
        offered = _digest(token)
        found: bytes | None = None
        for digest in self._tokens:
            # Every one is compared in full, so that the time it takes tells nothing.
            if compare_digest(digest, offered):
                found = digest
        if found is None:
            return False
        del self._tokens[found]
        return True

    def _drop_expired(self) -> None:
        now = self._clock()
        self._tokens = {digest: expires for digest, expires in self._tokens.items() if now < expires}


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()
