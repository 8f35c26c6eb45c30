"""All that signing in needs: accounts, passwords, sessions, the first boot's code, and where deeds are written down."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import InitVar, dataclass, field
from pathlib import Path

from controller.panel.accounts import Accounts
from controller.panel.kept_sessions import KeptSessions
from controller.panel.passwords import Passwords, weakness
from controller.panel.permissions import Role
from controller.panel.problems import ProblemError
from controller.panel.rates import Delays, Rate
from controller.panel.second_factors import SecondFactors
from controller.panel.sessions import Session, Sessions
from controller.panel.set_up import SetUp
from controller.panel.sign_in import SignIn
from foundation.clock import process_time

SIGN_IN_ATTEMPTS = 5
"""A minute, from one address."""
Note = Callable[[str, str, str, Mapping[str, object]], None]
"""Who, what (`account_changed`), of whom, and all that is to be told: into the audit's chain."""


def _unnoted(who: str, what: str, subject: str, said: Mapping[str, object]) -> None:
    """For a panel without a chain."""


@dataclass(slots=True)
class People:
    """Of one panel."""

    sign_in: SignIn = field(default_factory=SignIn)
    sessions: Sessions = field(default_factory=Sessions)
    accounts: Accounts = field(default_factory=Accounts)
    kept: KeptSessions | None = None
    """Where sessions outlive a restart."""
    changed_by: dict[str, str] = field(default_factory=dict)
    """Who last changed an account, since the start."""
    factors: SecondFactors = field(default_factory=SecondFactors)
    passwords: Passwords = field(default_factory=Passwords)
    note: Note = _unnoted
    now: Callable[[], float] = process_time
    """Farm time, for what is written down."""
    attempts: Rate = field(default_factory=lambda: Rate(SIGN_IN_ATTEMPTS, 60.0))
    """By address."""
    delays: Delays = field(default_factory=Delays)
    """By name."""
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whoever changes accounts holds it."""
    code_in: InitVar[Path | None] = None
    """Where the first boot's code is left, too; None: nobody is made administrator here."""
    set_up: SetUp = field(init=False)

    def __post_init__(self, code_in: Path | None) -> None:
        self.set_up = SetUp(self.accounts, code_in)

    def session_of_token(self, text: str) -> Session | None:
        """What a program may that shows this token; for one request."""
        token = self.accounts.token_of(text, self.now())
        if token is None:
            return None
        return Session(token.hash, f"token:{token.name}", Role(token.role), 0.0, 0.0, token=token.id)

    def is_alive(self, session: Session) -> bool:
        """Whether what it has open may go on."""
        return self.accounts.has_token(session.token) if session.token else self.sessions.alive(session)

    async def keep_sessions(self, *, uses: bool = False) -> bool:
        """Writes down what became of sessions; False where the disk takes nothing. `uses` as in `KeptSessions`."""
        return self.kept is None or await self.kept.write(uses=uses)

    async def hash_of_new(self, password: str, *known: str) -> str:
        """The hash of a new password; raises ProblemError if it is too weak. `known`: names that it may not be."""
        if (weak := await asyncio.to_thread(weakness, password, known)) is not None:
            raise ProblemError(422, "weak_password", key=f"panel.error.password_{weak}")
        return await self.passwords.hash(password)
