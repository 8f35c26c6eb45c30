"""Calls that a program made up from the API's own description: none ends in a fault of ours, and every answer is of the
shape that the description promises. `make test` tries a few of each call, a night two thousand in all."""

import asyncio
import json
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from controller.panel import app as panel_app
from controller.panel.app import create_app
from controller.panel.description import described
from controller.panel.passwords import Passwords
from controller.panel.people import People
from controller.panel.permissions import Role
from tests.faults.proof import SEED, Proof, times
from tests.panel.conftest import OWN
from tests.panel.small_box import SmallBox
from tests.panel.small_farm import SmallFarm
from tests.panel.test_people import Counting

CASES = times(150, 2000)
CHECKS: list[Any] = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
]  # fmt: skip
LEFT_OUT = {("GET", "/api/v1/stream"), ("DELETE", "/api/v1/session")}
"""One never ends, the other signs out."""
PLACES = (
    "ras1.tank1.do_sp",
    "ras1.tank1.o2_valve",
    "ras1.tank1.do",
    "gh1.bay1",
    "ras1",
    "gh1.bay1.purge",
    "en",
    "wang",
)


@pytest.mark.slow
def test_no_call_that_can_be_made_up_breaks_the_panel(
    farm: SmallFarm, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = Proof("R16")
    monkeypatch.setattr(panel_app, "WRITES", 10**9)
    people = People(passwords=Passwords(Counting()), now=farm.now)
    people.accounts.add("wang", Role.ADMIN, "new:", farm.now())
    box = SmallBox(tmp_path)
    app = create_app(farm, people=people, box=box)
    session = people.sessions.open("fuzz", Role.ADMIN, lasts=True)
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(described(app))))
    operations = [one.ok() for one in schema.get_all_operations()]
    operations = [one for one in operations if (one.method.upper(), one.path) not in LEFT_OUT]
    asked = 0
    headers = OWN | {"cookie": f"farmloop={session}"}
    with asyncio.Runner() as runner:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60.0)

        def tried(operation: Any) -> None:
            @seed(SEED)
            @settings(
                max_examples=max(1, round(CASES / len(operations))), deadline=None, database=None,
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(case=operation.as_strategy(), place=st.sampled_from((None, *PLACES)))
            def ask(case: Any, place: str | None) -> None:
                nonlocal asked
                asked += 1
                if place is not None and case.path_parameters:
                    case.path_parameters = dict.fromkeys(case.path_parameters, place)
                made = case.as_transport_kwargs(base_url="http://127.0.0.1")
                # what cannot be sent over a wire at all is nothing to ask
                own = {key: value for key, value in (made.pop("headers") or {}).items() if value.isascii()}
                made.pop("cookies", None)
                body = {"content": made.pop("data")} if isinstance(made.get("data"), (str, bytes)) else {}
                made.pop("data", None)
                reply = runner.run(client.request(**made, **body, headers={**own, **headers}))
                case.validate_response(reply, checks=CHECKS)

            ask()

        broken = []
        for operation in operations:
            try:
                tried(operation)
            except FailureGroup as group:
                broken += [f"{operation.label}: {one}" for one in group.exceptions]
        runner.run(client.aclose())
    box.database.close()
    assert asked >= len(operations)
    proof.tells(asked, len(broken), 0)
    assert broken == []
