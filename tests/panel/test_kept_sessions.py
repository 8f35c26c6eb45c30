"""Who is signed in stays so over a restart of the agent, for as long as before, and nobody else does."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from controller import panel_task
from controller.history.backup import backup
from controller.history.state_database import NAME, StateDatabase
from controller.panel.accounts import Accounts
from controller.panel.app import create_app
from controller.panel.kept_sessions import KeptSessions
from controller.panel.passwords import Passwords
from controller.panel.people import People
from controller.panel.permissions import Role
from controller.panel.rates import Rate
from controller.panel.sessions import IDLE_S, KIOSK_IDLE_S, Session, Sessions
from foundation.clock import SteppedClock, pause
from tests.panel.conftest import OWN
from tests.panel.small_farm import START_S, SmallFarm
from tests.panel.test_people import Counting, Hands

if TYPE_CHECKING:
    from controller.agent import Agent

GOOD, BETTER = "carp under the third bridge", "seven lettuces and a lamp"
DAY_S = 86400.0


class Start:
    """One start of the agent in a directory; `hands` is the time, of the process and of the farm."""

    def __init__(self, directory: Path, hands: Hands, hasher: Counting) -> None:
        self.hands, self.hasher, self.booted_s = hands, hasher, hands.now
        self.database = StateDatabase(directory)
        sessions, accounts = Sessions(clock=self.process_s), Accounts(self.database, hands.now)
        self.kept = KeptSessions(self.database, sessions, hands)
        self.kept.take_up(accounts)
        self.people = People(
            sessions=sessions, accounts=accounts, kept=self.kept, passwords=Passwords(hasher), now=hands,
            attempts=Rate(1000, 60.0),
        )  # fmt: skip

    @cached_property
    def app(self) -> FastAPI:
        return create_app(SmallFarm(), people=self.people)

    def process_s(self) -> float:
        """It begins anew with each start: what is written down has to do without it."""
        return 1000.0 + self.hands.now - self.booted_s

    def add(self, name: str, role: Role) -> None:
        self.people.accounts.add(name, role, self.hasher.hash(GOOD), self.hands.now)

    @asynccontextmanager
    async def client(self, cookie: str = "") -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=OWN) as client:
            if cookie:
                client.cookies.set("farmloop", cookie)
            yield client

    async def cookie_of(self, name: str, password: str = GOOD, **more: object) -> str:
        async with self.client() as client:
            reply = await client.post("/api/v1/session", json={"name": name, "password": password, **more})
            assert reply.status_code == 201, reply.text
            return str(reply.cookies["farmloop"])

    def role_of(self, cookie: str) -> str | None:
        """None: the session has ended."""
        session = self.people.sessions.find(cookie)
        return None if session is None else session.role.value


class Box:
    """A directory in which an agent starts again and again."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.hands, self.hasher = directory, Hands(), Counting()
        self.hands.now = START_S

    @contextmanager
    def start(self) -> Iterator[Start]:
        start = Start(self.directory, self.hands, self.hasher)
        try:
            yield start
        finally:
            start.database.close()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    box = Box(tmp_path)
    with box.start() as first:
        for role in Role:
            first.add(role.value, role)
    return box


async def test_whoever_was_signed_in_still_is_after_a_restart_sees_it_and_may_end_it(box: Box) -> None:
    with box.start() as before:
        here, there = [await before.cookie_of("operator") for _ in range(2)]
        box.hands.now += 100.0
        out = await before.cookie_of("viewer")
        async with before.client(out) as client:
            assert (await client.delete("/api/v1/session")).status_code == 204
    kept = b"".join(path.read_bytes() for path in box.directory.iterdir())
    assert all(one.encode() not in kept for one in (here, there, out))  # a stolen disk opens nothing
    box.hands.now += 20.0
    with box.start() as after:
        assert [after.role_of(one) for one in (here, there, out)] == ["operator", "operator", None]
        async with after.client(here) as client:
            listed = (await client.get("/api/v1/sessions")).json()["sessions"]
            assert [(one["opened_s"], one["from_address"]) for one in listed] == [(120, "127.0.0.1")] * 2
            other = next(one["id"] for one in listed if not one["this"])
            assert (await client.delete(f"/api/v1/sessions/{other}")).status_code == 204
            # the password again before what asks for it, however lately it was given before the restart
            assert (await client.get("/api/v1/session")).json()["confirmed"] is False
        assert after.role_of(there) is None
    with box.start() as again:
        assert [again.role_of(one) for one in (here, there)] == ["operator", None]


async def test_a_restart_makes_no_session_longer(box: Box) -> None:
    with box.start() as before:
        desk, wall = await before.cookie_of("admin"), await before.cookie_of("admin", kiosk=True)
    for away_s, roles in (
        (IDLE_S - 1, ("admin", "viewer")), (IDLE_S, (None, "viewer")),
        (KIOSK_IDLE_S - 1, (None, "viewer")), (KIOSK_IDLE_S, (None, None)),
    ):  # fmt: skip
        box.hands.now = START_S + away_s
        with box.start() as after:
            assert (after.role_of(desk), after.role_of(wall)) == roles, away_s
            await after.people.keep_sessions()
            with after.database.transaction(box.hands.now) as file:
                assert file.execute("SELECT count(*) FROM session").fetchone() == (2 - roles.count(None),)


async def test_a_session_that_is_used_all_week_ends_after_a_week_through_all_restarts(box: Box) -> None:
    with box.start() as first:
        cookie = await first.cookie_of("viewer", kiosk=True)
    for day in range(14):
        box.hands.now += DAY_S / 2 - 62.0
        with box.start() as one:
            assert one.people.sessions.find(cookie) is not None, day
            box.hands.now += 61.0
            await one.people.keep_sessions(uses=True)
    box.hands.now += 14.0
    with box.start() as last:
        assert last.people.sessions.find(cookie) is None


async def test_a_clock_that_is_behind_signs_everybody_out(box: Box) -> None:
    # a box without a clock of its own comes up in the past: nobody can say how long the tablet lay there
    with box.start() as before:
        cookie = await before.cookie_of("admin")
    box.hands.now -= 60.0
    with box.start() as after:
        assert after.role_of(cookie) is None


async def test_what_changes_an_account_beside_the_agent_ends_what_it_had_open(box: Box) -> None:
    with box.start() as before:
        cookies = {role: await before.cookie_of(role.value) for role in Role}
    accounts = Accounts(StateDatabase(box.directory), box.hands.now)  # `farmloop user`, while no agent runs
    accounts.change("operator", box.hands.now, role=Role.TECHNICIAN)
    accounts.change("technician", box.hands.now, password=box.hasher.hash(BETTER))
    accounts.remove("viewer", box.hands.now)
    with box.start() as after:
        roles = {role.value: after.role_of(cookie) for role, cookie in cookies.items()}
    assert roles == {"admin": "admin", "operator": None, "technician": None, "viewer": None}


async def test_who_changes_the_own_password_stays_signed_in_there_alone(box: Box) -> None:
    with box.start() as before:
        here, there = [await before.cookie_of("operator") for _ in range(2)]
        async with before.client(here) as client:
            body = {"password": GOOD, "new_password": BETTER}
            assert (await client.put("/api/v1/session/password", json=body)).status_code == 200
        boss, fired = await before.cookie_of("admin"), await before.cookie_of("technician")
        async with before.client(boss) as client:
            assert (await client.put("/api/v1/users/technician", json={"password": BETTER})).status_code == 200
        # and a hash that is made anew at a sign-in signs nobody out
        old = box.hasher.hash(GOOD).replace("new:", "old:")
        before.people.accounts.change("viewer", box.hands.now, password=old)
        wall = await before.cookie_of("viewer", kiosk=True)
        box.hasher.old.add(old)
        await before.cookie_of("viewer")
        assert before.people.accounts.find("viewer").password != old  # type: ignore[union-attr]
    with box.start() as after:
        roles = [after.role_of(one) for one in (here, there, boss, fired, wall)]
    assert roles == ["operator", None, "admin", None, "viewer"]


async def test_a_disk_that_takes_nothing_keeps_nobody_out_and_hides_no_session_that_would_come_back(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    with box.start() as before:
        lost = await before.cookie_of("operator")
        with monkeypatch.context() as full:
            full.setattr(before.database, "transaction", _full)
            here = await before.cookie_of("operator")
            async with before.client(here) as client:
                listed = (await client.get("/api/v1/sessions")).json()["sessions"]
                other = next(one["id"] for one in listed if not one["this"])
                reply = await client.delete(f"/api/v1/sessions/{other}")
                assert (reply.status_code, reply.json()["code"]) == (503, "not_kept")
            assert [before.role_of(one) for one in (here, lost)] == ["operator", None]
        assert await before.people.keep_sessions(uses=True)  # there is room again
    with box.start() as after:
        assert [after.role_of(one) for one in (here, lost)] == ["operator", None]


def _full(now_s: float) -> None:
    raise sqlite3.OperationalError("database or disk is full")


async def test_the_agents_own_panel_takes_up_who_was_there_and_writes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel_task, "USES_S", 0.0)
    hands, database, used_ms = Hands(), StateDatabase(tmp_path), 0
    before = panel_task.people_of(database, hands, lambda *_: None, tmp_path)
    account = before.accounts.add("li", Role.ADMIN, "a hash", hands.now)
    id = before.sessions.open("li", Role.ADMIN, account=True, version=account.version)
    assert await before.keep_sessions()
    agent = cast("Agent", SimpleNamespace(now=hands))
    panel = panel_task.Panel(agent, tmp_path, SteppedClock(0.0), "127.0.0.1", 0, lambda _: None, one_click=False)
    after = panel._people = panel_task.people_of(database, hands, lambda *_: None, tmp_path)
    writing = asyncio.create_task(panel._keep_uses())
    hands.now += 100.0
    session = after.sessions.find(id)
    assert session is not None
    session.used_s += 90.0  # ninety seconds of looking at it
    async with asyncio.timeout(10):
        while used_ms < (hands.now + 80.0) * 1000.0:
            await pause(0.01)
            with database.transaction(hands.now) as file:
                ((used_ms,),) = file.execute("SELECT used_ms FROM session").fetchall()
    writing.cancel()
    database.close()


async def test_a_backup_lets_nobody_in(box: Box, tmp_path: Path) -> None:
    with box.start() as before:
        await before.cookie_of("admin")
        backup(box.directory, tmp_path / "copy", box.hands.now)
        with before.database.transaction(box.hands.now) as file:
            assert file.execute("SELECT count(*) FROM session").fetchone() == (1,)
    copy = sqlite3.connect(tmp_path / "copy" / NAME)
    assert copy.execute("SELECT count(*) FROM session").fetchone() == (0,)
    copy.close()


STEPS = st.tuples(st.sampled_from([0.0, 10.0, 59.0, 60.0, 90.0]), st.sampled_from(["use", "look", "other"]))


@settings(max_examples=30, deadline=None)
@given(steps=st.lists(STEPS, max_size=40))
def test_the_disk_hears_of_a_session_once_a_minute_at_most(steps: list[tuple[float, str]]) -> None:
    hands, written, used_s = Hands(), dict[bytes, list[float]](), dict[bytes, float]()
    sessions = Sessions(clock=hands)

    class Kept(KeptSessions):
        def _put(self, rows: object, gone: object) -> None:
            for key, *_, used_ms in rows:  # type: ignore[attr-defined]
                written.setdefault(key, []).append(hands.now)
                used_s[key] = used_ms / 1000.0

    kept = Kept(StateDatabase(Path("/nowhere")), sessions, hands)
    session = sessions.find(sessions.open("li", Role.OPERATOR, account=True))
    assert isinstance(session, Session)

    async def live() -> None:
        for waits_s, does in steps:
            hands.now += waits_s
            if does == "use" and sessions.alive(session):
                session.used_s = hands.now
            elif does == "other":
                sessions.open("wang", Role.VIEWER, account=True)
            await kept.write(uses=does != "other")
        hands.now += 60.0
        await kept.write(uses=True)

    asyncio.run(live())
    times = written.get(session.key, [])
    assert all(later - earlier >= 60.0 for earlier, later in pairwise(times))
    assert used_s[session.key] == session.used_s or not sessions.alive(session)
