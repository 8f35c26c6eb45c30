"""A write that is sent twice with one key is done once; an edit of what somebody else has changed is not done."""

import asyncio

import httpx
import pytest
from starlette.requests import Request

from controller.panel.once import MOST_KEPT, Once
from tests.panel.small_farm import SmallFarm

SETPOINT = "/api/v1/setpoints/ras1.tank1.do_sp"
KEY = {"idempotency-key": "key-0001"}


async def test_a_write_sent_twice_is_done_once_and_answered_the_same(
    operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    body = {"change_id": "change-0001", "value": 8.0}
    first = await operator.put(SETPOINT, json=body, headers=KEY)
    farm.echo("ras1.tank1.do_sp", 9.0, "li")
    again = await operator.put(SETPOINT, json=body, headers=KEY)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["etag"] == first.headers["etag"]
    assert len(farm.changes_made) == 1

    # the key of one request is not another's
    other = await operator.put(SETPOINT, json=body | {"value": 8.5}, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_other")
    elsewhere = await operator.put("/api/v1/setpoints/ras1.tank2.do_sp", json=body, headers=KEY)
    assert elsewhere.json()["code"] == "idempotency_other"
    assert len(farm.changes_made) == 1


async def test_what_was_refused_may_be_tried_again_with_its_key(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    for _ in range(2):
        reply = await operator.put("/api/v1/resets/none", json={"change_id": "reset-0001"}, headers=KEY)
        assert reply.status_code == 422
    assert len(farm.resets_made) == 2


@pytest.mark.parametrize("key", ["short", "x" * 129, "with space", "ключ-ключ"])
async def test_a_key_is_eight_to_a_hundred_and_twenty_eight_visible_characters(
    operator: httpx.AsyncClient, farm: SmallFarm, key: str
) -> None:
    body = {"change_id": "change-0001", "value": 8.0}
    reply = await operator.put(SETPOINT, json=body, headers={"idempotency-key": key.encode()})  # type: ignore[dict-item]  # as a wire may bring it
    assert (reply.status_code, reply.json()["code"]) == (422, "idempotency_key")
    assert farm.changes_made == []


async def test_two_at_the_same_time_are_done_once(
    operator: httpx.AsyncClient, farm: SmallFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, begun = asyncio.Event(), asyncio.Event()
    done = farm.reset

    async def slow(change_id: str, name: str, by: str) -> object:
        begun.set()
        await go.wait()
        return await done(change_id, name, by)

    monkeypatch.setattr(farm, "reset", slow)
    path, body = "/api/v1/resets/ras1.tank1.ph_high", {"change_id": "reset-0001"}
    first = asyncio.create_task(operator.put(path, json=body, headers=KEY))
    await begun.wait()
    assert (await operator.put(path, json=body, headers=KEY)).json()["code"] == "idempotency_running"
    go.set()
    assert (await first).status_code == 200
    assert len(farm.resets_made) == 1


async def test_keys_are_each_persons_own_and_bounded(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    once = Once()
    headers = [(b"idempotency-key", b"key-0001")]
    request = {"type": "http", "method": "PUT", "path": "/", "query_string": b"", "headers": headers}
    assert once.place(Request(request), "wang", b"1") is not None
    assert once.place(Request(request), "li", b"2") is not None
    for number in range(MOST_KEPT + 50):
        once.place(Request(request), f"person {number}", b"")
    assert len(once._answers) <= MOST_KEPT


async def test_an_edit_of_a_setpoint_that_another_has_changed_is_not_made(
    operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    seen = (await operator.get(SETPOINT)).headers["etag"]
    assert seen == '"7.5"'
    farm.echo("ras1.tank1.do_sp", 9.0, "li")
    body = {"change_id": "change-0001", "value": 8.0}
    late = await operator.put(SETPOINT, json=body, headers={"if-match": seen})
    assert (late.status_code, late.json()["code"]) == (412, "changed_since")
    assert farm.changes_made == []
    for match in ('"9"', 'W/"8"', '"1", "8"', "*"):
        reply = await operator.put(SETPOINT, json=body, headers={"if-match": match})
        assert reply.status_code == 200, match
    assert (await operator.get("/api/v1/setpoints/none")).status_code == 404
