"""Accounts and tokens of an agent that does not run: the same calls on the same file, and into the same chain."""

import asyncio
from pathlib import Path
from typing import Any

from controller.hold import hold


def ask_at_rest(directory: Path, method: str, path: str, body: object, language: str) -> tuple[int, Any]:
    """As `access.ask`, without an agent. Raises HeldError where one runs, OSError and sqlite3.Error of the disk."""
    with hold(directory):
        return asyncio.run(_asked(directory, method, path, body, language))


async def _asked(directory: Path, method: str, path: str, body: object, language: str) -> tuple[int, Any]:
    import httpx
    from fastapi import FastAPI

    from controller.history.audit import Audit
    from controller.history.state_database import StateDatabase
    from controller.panel.account_calls import AccountCalls
    from controller.panel.accounts import Accounts
    from controller.panel.app import answer_with_problems
    from controller.panel.people import People
    from controller.panel.permissions import Role
    from controller.panel.second_factor_calls import SecondFactorCalls
    from controller.panel.second_factors import SecondFactors
    from controller.panel.session_calls import SessionCalls
    from foundation.clock import WallClock

    clock, database = WallClock(), StateDatabase(directory)
    audit = Audit(database)
    people = People(
        accounts=Accounts(database, clock.now()), factors=SecondFactors(database, clock.now()), now=clock.now,
        note=lambda who, what, subject, said: audit.note(clock.now(), who, what, subject, said),
    )  # fmt: skip
    session = people.sessions.find(people.sessions.open("command line", Role.ADMIN, lasts=True))
    app = FastAPI()
    door = SessionCalls(people, "farmloop", secure=False)
    AccountCalls(people, door).add_to(app)
    SecondFactorCalls(people, door).add_to(app)
    answer_with_problems(app)
    # nobody but this process reaches it, and whoever starts it owns the file
    transport = httpx.ASGITransport(_as(app, session))
    headers = {"accept-language": language}
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://box", headers=headers) as client:
            reply = await client.request(method, path, json=body)
        audit.write(clock.now())
    finally:
        database.close()
    return reply.status_code, reply.json() if reply.content else None


def _as(app: Any, session: object) -> Any:
    async def signed_in(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": {"session": session}}, receive, send)

    return signed_in
