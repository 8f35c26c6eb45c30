"""`farmloop user` and `farmloop token`, with an agent and without one."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.access import write_access
from controller.cli import app
from controller.history.audit import Audit, examine, read
from controller.history.state_database import StateDatabase
from controller.hold import hold
from controller.panel.accounts import Accounts
from controller.panel.app import create_app
from controller.panel.client import Client, RefusedError
from controller.panel.people import People
from controller.panel.permissions import Role
from tests.panel.conftest import served
from tests.panel.small_farm import SmallFarm

GOOD = "carp under the third bridge"


def run(directory: Path, *arguments: str, line: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(app, [*arguments, "--directory", str(directory)], input=line)
    return result.exit_code, result.stdout + result.stderr


def kept(directory: Path) -> dict[str, str]:
    database = StateDatabase(directory)
    accounts = {one.name: one.role.value for one in Accounts(database, 0.0).all()}
    database.close()
    return accounts


@pytest.mark.wire
async def test_accounts_are_kept_from_the_command_line_with_and_without_an_agent(tmp_path: Path) -> None:
    # nobody runs: on the file
    assert (await _on(tmp_path, "user", "add", "wang", "--role", "admin", "--password-stdin", line=GOOD))[0] == 0
    assert kept(tmp_path) == {"wang": "admin"}
    code, said = await _on(tmp_path, "user", "add", "li", "--password-stdin", line="password1")
    assert (code, "too short" in said) == (1, True)
    assert (await _on(tmp_path, "user", "role", "wang", "viewer"))[0] == 1  # the last administrator
    with hold(tmp_path):
        code, said = await _on(tmp_path, "user", "remove", "wang")
        assert (code, "does not answer" in said) == (1, True)

    # an agent runs: by its panel, which knows at once
    farm, database = SmallFarm(), StateDatabase(tmp_path)
    audit = Audit(database)
    people = People(
        accounts=Accounts(database, 0.0), now=farm.now, note=lambda *deed: audit.note(farm.now(), *deed)
    )  # fmt: skip
    commands = people.sessions.open("command line", Role.ADMIN, lasts=True)
    async with served(create_app(farm, people=people)) as url:
        write_access(tmp_path, url, commands)
        assert (await _on(tmp_path, "user", "add", "li", "--password-stdin", line=GOOD))[0] == 0
        assert [one.name for one in people.accounts.all()] == ["li", "wang"]
        assert (await _on(tmp_path, "user", "role", "li", "technician"))[0] == 0
        code, said = await _on(tmp_path, "user", "list", "--json")
        assert {one["name"]: one["role"] for one in json.loads(said)["users"]} == {"li": "technician", "wang": "admin"}
        code, text = await _on(tmp_path, "token", "create", "grafana", "--days", "1")
        assert (code, text.startswith("farmloop_")) == (0, True)
        await asyncio.to_thread(_as_a_program, url, text.strip())
        id = text.split("_")[1]
        assert (await _on(tmp_path, "token", "revoke", id))[0] == 0
        assert (await _on(tmp_path, "token", "revoke", id))[0] == 1
        assert (await _on(tmp_path, "user", "remove", "li"))[0] == 0
    audit.write(farm.now())
    database.close()
    assert kept(tmp_path) == {"wang": "admin"}
    assert [row.what for row in reversed(read(tmp_path, 20))] == [
        "account_added", "account_added", "account_changed", "token_made", "token_removed", "account_removed",
    ]  # fmt: skip
    assert examine(tmp_path).problems == ()
    assert GOOD not in str(read(tmp_path, 20))


def _as_a_program(url: str, token: str) -> None:
    with Client(url, token=token) as farm:
        assert farm.state().setpoints["ras1.tank1.do_sp"].value == 7.5
        with pytest.raises(RefusedError, match="not allowed") as refused:
            farm.set_setpoint("ras1.tank1.do_sp", 8.0)
        assert (refused.value.status, refused.value.problem["code"]) == (403, "not_allowed")
    with Client(url, token=token + "x") as stranger, pytest.raises(RefusedError) as unknown:
        stranger.state()
    assert unknown.value.status == 401


async def _on(directory: Path, *arguments: str, line: str = "") -> tuple[int, str]:
    return await asyncio.to_thread(run, directory, *arguments, line=line + "\n")
