"""The box that an agent runs on, as the panel's system screen, its metrics and its audit see it."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from platform import python_version

from controller.agent import Agent
from controller.history.audit import Verdict, examine, read
from controller.history.audit_cut import Row
from controller.history.status import HistoryStatus
from controller.panel.box import Disk, Health
from foundation.clock import Clock, process_time


class AgentBox:
    """A `Box` of the panel (`controller/panel/box.py`)."""

    def __init__(self, agent: Agent, directory: Path, clock: Clock, fingerprint: str = "") -> None:
        """`fingerprint` is of the certificate that the panel shows; empty where it shows none."""
        self._agent = agent
        self._directory = directory
        self._clock = clock
        self._begun_s = process_time()
        self.fingerprint = fingerprint

    def note(self, who: str, what: str, subject: str, said: Mapping[str, object]) -> None:
        self._agent.audit.note(self._agent.now(), who, what, subject, said)

    async def deeds(self, before: int, most: int) -> Sequence[Row]:
        await asyncio.to_thread(self._agent.audit.write, self._agent.now())
        return await asyncio.to_thread(read, self._directory, most, before)

    async def examined(self) -> Verdict:
        await asyncio.to_thread(self._agent.audit.write, self._agent.now())
        return await asyncio.to_thread(examine, self._directory)

    def health(self) -> Health:
        agent = self._agent
        return Health(
            process_time() - self._begun_s, agent.health.scans, agent.scan_times.overruns, agent.scan_times.late(),
            agent.scan_times.took(), agent.health.dropped_readings, agent.ailments(),
        )  # fmt: skip

    def history(self) -> HistoryStatus:
        return self._agent.history.status()

    def buses(self) -> Mapping[str, bool]:
        return self._agent.buses()

    def disk(self) -> Disk:
        usage = shutil.disk_usage(self._directory)
        return Disk(
            usage.total, usage.free, sum(one.stat().st_size for one in self._directory.iterdir() if one.is_file())
        )

    def versions(self) -> Mapping[str, str]:
        return {"farmloop": version("farmloop"), "python": python_version(), "site": self._agent.site.site.id}

    def clock_is_set(self) -> bool:
        return self._clock.is_set
