"""The panel beside the scan: served again and again if it fails, with its people, its certificate and its way in."""

import asyncio
import ipaddress
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from controller.access import write_access
from controller.agent import Agent
from controller.box import AgentBox
from controller.history.state_database import StateDatabase
from controller.panel.accounts import Accounts
from controller.panel.app import create_app
from controller.panel.certificate import Certificate, certificate
from controller.panel.kept_sessions import KeptSessions
from controller.panel.people import Note, People
from controller.panel.permissions import Role
from controller.panel.redirect import redirect
from controller.panel.second_factors import SecondFactors
from controller.panel.server import serve
from controller.panel.sessions import Sessions
from foundation.clock import Clock, pause
from foundation.messages import tell

PANEL_AGAIN_S = 5.0
USES_S = 60.0
"""How often it is written down when tokens and sessions were last used."""
_HERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
log = logging.getLogger("farmloop.panel")


@dataclass(frozen=True, slots=True)
class Up:
    """What is told once the panel listens."""

    url: str
    sign_in: str
    """Where to go first: a demo's one-time link, the first boot's set-up with its code, or the sign-in page."""
    fingerprint: str
    """Of the box's own authority; empty over plain http."""

    def lines(self, language: str) -> list[str]:
        """As the console tells it."""
        _, _, code = self.sign_in.partition("set-up#code=")
        way = "set_up" if code else "once" if "#token=" in self.sign_in else "sign_in"
        lines = [tell("run.panel", language, url=self.url), tell(f"run.{way}", language, link=self.sign_in, code=code)]
        return [*lines, tell("run.fingerprint", language, sha256=self.fingerprint)] if self.fingerprint else lines


class Panel:
    """One agent's panel. No loop waits for it."""

    def __init__(
        self, agent: Agent, directory: Path, clock: Clock, host: str, port: int, ready: Callable[[Up], None],
        one_click: bool,
    ) -> None:  # fmt: skip
        """`ready` is told the first time that it listens. `one_click` is a demo's: its link signs in as administrator
        without an account, on loopback alone."""
        self._agent = agent
        self._directory = directory
        self._clock = clock
        self._host, self._port = host, port
        self._ready: Callable[[Up], None] | None = ready
        self._one_click = one_click and is_loopback(host)
        self._failure = ""
        self._people: People | None = None
        self._commands = ""

    async def keep(self) -> None:
        """Until cancelled."""
        uses = asyncio.create_task(self._keep_uses())
        try:
            while True:
                try:
                    await self._serve()
                except Exception as error:
                    if not self._failure:
                        log.error("panel_failed", extra={"listen": f"{self._host}:{self._port}", "why": str(error)})
                    self._failure = str(error) or repr(error)
                await pause(PANEL_AGAIN_S)
        finally:
            uses.cancel()

    async def _serve(self) -> None:
        shown = await asyncio.to_thread(self._certificate)
        box = AgentBox(self._agent, self._directory, self._clock, shown.fingerprint if shown else "")
        people = self._people
        if people is None:
            code_in = None if self._one_click else self._directory
            people = self._people = await asyncio.to_thread(
                people_of, self._agent.state_database, self._agent.now, box.note, code_in
            )
            self._commands = people.sessions.open("command line", Role.ADMIN, lasts=True)
        settings = self._agent.site.panel
        app = create_app(
            self._agent, people=people, box=box, hosts=settings.names, secure=shown is not None
        )  # fmt: skip
        async with AsyncExitStack() as stack:
            if shown is not None and settings.redirect_from:
                host, _, port = settings.redirect_from.rpartition(":")
                server = await redirect(host.strip("[]"), int(port), self._port)
                await stack.enter_async_context(server)
            await serve(app, self._host, self._port, lambda bound: self._listens(bound, people, shown), shown)

    def _listens(self, bound: int, people: People, shown: Certificate | None) -> None:
        scheme = "https" if shown else "http"
        host = f"[{self._host}]" if ":" in self._host else self._host
        url = f"{scheme}://{host}:{bound}/"
        if self._failure:
            log.info("panel_back", extra={"url": url})
        try:
            here = f"{scheme}://{_HERE.get(self._host, host)}:{bound}/"
            write_access(self._directory, here, self._commands, shown.authority if shown else None)
        except OSError as error:
            log.warning("access_not_written", extra={"why": str(error)})
        if self._ready is not None:
            self._ready(Up(url, self._way_in(people, url), shown.fingerprint if shown else ""))
        self._ready, self._failure = None, ""

    def _way_in(self, people: People, url: str) -> str:
        if self._one_click:
            return people.sign_in.link(url)
        return f"{url}set-up#code={people.set_up.code}" if people.set_up.is_open else f"{url}sign-in"

    def _certificate(self) -> Certificate | None:
        site = self._agent.site
        if site.panel.tls == "off" or (site.panel.tls == "auto" and is_loopback(self._host)):
            return None
        own = () if self._host in _HERE else (self._host,)
        return certificate(self._directory, site.site.id, (*site.panel.names, *own), self._agent.now())

    async def _keep_uses(self) -> None:
        failed = False
        while True:
            await pause(USES_S)
            if self._people is not None:
                await self._people.keep_sessions(uses=True)
                try:
                    await asyncio.to_thread(self._people.accounts.write_uses, self._agent.now())
                    failed = False
                except Exception as error:  # a disk that takes nothing says so in many places
                    if not failed:
                        log.warning("token_uses_not_written", extra={"why": str(error)})
                    failed = True


def people_of(database: StateDatabase, now: Callable[[], float], note: Note, code_in: Path | None) -> People:
    """All that the agent's file knows of: who may come in, and who was when it last ran. Raises sqlite3.Error."""
    accounts, sessions = Accounts(database, now()), Sessions()
    kept = KeptSessions(database, sessions, now)
    kept.take_up(accounts)
    return People(
        sessions=sessions, accounts=accounts, factors=SecondFactors(database, now()), kept=kept, note=note, now=now,
        code_in=code_in,
    )  # fmt: skip


def is_loopback(host: str) -> bool:
    """Whether only programs on this box reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
