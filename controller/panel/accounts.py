"""Who may come in: accounts and API tokens, in `state.db`. What is asked at every request stands in memory too."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from controller.history.state_database import StateDatabase
from controller.panel.permissions import Role

NAME: Final = re.compile(r"[^\W_][\w .@-]{0,39}")
"""Letters of any script, digits and a few signs: it stands in logs, messages and screens."""
TOKEN_MARK: Final = "farmloop"
MOST_ACCOUNTS, MOST_TOKENS = 200, 200


class LastAdminError(Exception):
    """Nobody could let anybody in any more."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in."""

    name: str
    role: Role
    password: str
    """Its argon2id hash."""
    made_ms: int
    changed_ms: int

    @property
    def version(self) -> str:
        """Another one after every change: what an edit has to have seen."""
        return sha256(f"{self.name}\n{self.role}\n{self.password}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A program that may ask, without the secret that it shows."""

    id: str
    name: str
    hash: bytes
    role: Role
    made_by: str
    made_ms: int
    ends_ms: int | None
    used_ms: int | None


class Accounts:
    """All of one agent. Changes go to the disk first; they raise sqlite3.Error, OSError where it takes nothing.

    Without a database they are in memory alone, and end with the process.
    """

    def __init__(self, database: StateDatabase | None = None, now_s: float = 0.0) -> None:
        self._database = database
        self._accounts: dict[str, Account] = {}
        self._tokens: dict[str, ApiToken] = {}
        self._uses_written: list[tuple[int, str]] = []
        if database is None:
            return
        with database.transaction(now_s) as file:
            for name, role, *rest in file.execute("SELECT name, role, password, made_ms, changed_ms FROM account"):
                self._accounts[name] = Account(name, Role(role), *rest)
            for id, name, hash, role, *rest in file.execute(
                "SELECT id, name, hash, role, made_by, made_ms, ends_ms, used_ms FROM token"
            ):
                self._tokens[id] = ApiToken(id, name, hash, Role(role), *rest)

    @property
    def has_admin(self) -> bool:
        return any(account.role is Role.ADMIN for account in self._accounts.values())

    def all(self) -> list[Account]:
        """By name."""
        return sorted(self._accounts.values(), key=lambda account: account.name)

    def find(self, name: str) -> Account | None:
        return self._accounts.get(name)

    def add(self, name: str, role: Role, password: str, now_s: float) -> Account:
        """A new account; `password` is the hash. Raises KeyError if the name is taken, ValueError if it is no name."""
        if not NAME.fullmatch(name) or name != name.strip() or len(self._accounts) >= MOST_ACCOUNTS:
            raise ValueError(name)
        # a name that looks like another's on a screen is another's
        if any(name.casefold() == known.casefold() for known in self._accounts):
            raise KeyError(name)
        account = Account(name, role, password, _ms(now_s), _ms(now_s))
        times = (account.made_ms, account.changed_ms)
        self._write(now_s, "INSERT INTO account VALUES (?, ?, ?, ?, ?)", [(name, role, password, *times)])
        self._accounts[name] = account
        return account

    def change(self, name: str, now_s: float, *, role: Role | None = None, password: str | None = None) -> Account:
        """Another role, another password's hash, or both. Raises KeyError, LastAdminError."""
        old = self._accounts[name]
        new = replace(old, role=role or old.role, password=password or old.password, changed_ms=_ms(now_s))
        if old.role is Role.ADMIN and new.role is not Role.ADMIN:
            self._check_other_admin(name)
        self._write(
            now_s,
            "UPDATE account SET role = ?, password = ?, changed_ms = ? WHERE name = ?",
            [(new.role, new.password, new.changed_ms, name)],
        )
        self._accounts[name] = new
        return new

    def remove(self, name: str, now_s: float) -> None:
        """Raises KeyError, LastAdminError."""
        if self._accounts[name].role is Role.ADMIN:
            self._check_other_admin(name)
        self._write(now_s, "DELETE FROM account WHERE name = ?", [(name,)])
        del self._accounts[name]

    # --- tokens

    def tokens(self) -> list[ApiToken]:
        """The oldest first."""
        return sorted(self._tokens.values(), key=lambda token: token.made_ms)

    def make_token(
        self, name: str, role: Role, made_by: str, now_s: float, ends_s: float | None
    ) -> tuple[ApiToken, str]:
        """A token, and the text that its program shows, which is kept nowhere. Raises ValueError."""
        if not NAME.fullmatch(name) or len(self._tokens) >= MOST_TOKENS:
            raise ValueError(name)
        id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        ends_ms = None if ends_s is None else _ms(ends_s)
        token = ApiToken(id, name, _digest(secret), role, made_by, _ms(now_s), ends_ms, None)
        row = (id, name, token.hash, role, made_by, token.made_ms, ends_ms)
        self._write(now_s, "INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", [row])
        self._tokens[id] = token
        return token, f"{TOKEN_MARK}_{id}_{secret}"

    def token_of(self, text: str, now_s: float) -> ApiToken | None:
        """The token that this text shows, if it is good now; it counts as used."""
        mark, _, rest = text.partition("_")
        id, _, secret = rest.partition("_")
        token = self._tokens.get(id)
        shown = _digest(secret)
        if mark != TOKEN_MARK or token is None or not compare_digest(token.hash, shown):
            return None
        if token.ends_ms is not None and _ms(now_s) >= token.ends_ms:
            return None
        self._tokens[id] = replace(token, used_ms=_ms(now_s))
        return self._tokens[id]

    def has_token(self, id: str) -> bool:
        return id in self._tokens

    def remove_token(self, id: str, now_s: float) -> None:
        """Raises KeyError."""
        if id not in self._tokens:
            raise KeyError(id)
        self._write(now_s, "DELETE FROM token WHERE id = ?", [(id,)])
        del self._tokens[id]

    def write_uses(self, now_s: float) -> None:
        """When tokens were last used, for after a restart."""
        used: list[tuple[int, str]] = [
            (token.used_ms, token.id) for token in self._tokens.values() if token.used_ms is not None
        ]
        if used != self._uses_written:
            self._write(now_s, "UPDATE token SET used_ms = ? WHERE id = ?", used)
            self._uses_written = used

    def _write(self, now_s: float, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        if self._database is not None:
            with self._database.transaction(now_s) as file:
                file.executemany(statement, rows)

    def _check_other_admin(self, name: str) -> None:
        others: Sequence[Account] = [one for one in self._accounts.values() if one.name != name]
        if all(one.role is not Role.ADMIN for one in others):
            raise LastAdminError(name)


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "replace")).digest()


def _ms(time_s: float) -> int:
    return round(time_s * 1000.0)
