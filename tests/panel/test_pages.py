"""Lists that grow are told a page at a time, all of them alike."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.panel.client import Client
from controller.panel.pages import page
from controller.panel.problems import ProblemError
from tests.panel.small_farm import SmallFarm

LISTS = {
    "entries": "entries", "notices": "notices", "messages-sent": "receipts", "doses": "doses", "users": "users",
    "first-outs": "first_outs", "tokens": "tokens", "sessions": "sessions", "alarms/journal": "changes",
}  # fmt: skip


@given(st.lists(st.integers(0, 999), unique=True, max_size=30), st.integers(1, 7), st.data())
def test_page_after_page_every_row_is_told_once_also_when_others_come_meanwhile(
    rows: list[int], most: int, data: st.DataObject
) -> None:
    told: list[int] = []
    before: str | None = ""
    newer = 1000
    while before is not None:
        shown, before = page(rows, str, before, most)
        assert len(shown) <= most
        told += shown
        for _ in range(data.draw(st.integers(0, 3))):
            newer += 1
            rows = [newer, *rows]  # the newest first
    assert told == [one for one in rows if one <= 1000]


def test_a_page_after_a_row_that_is_gone_is_refused_not_made_up() -> None:
    with pytest.raises(ProblemError) as refused:
        page(["a", "b"], str, "c", 5)
    assert (refused.value.status, refused.value.key) == (422, "panel.error.page_gone")


async def test_every_list_tells_whether_there_is_more(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    for number in range(3):
        body = {"change_id": f"entry-{number:04d}", "tag": "ras1.tank1.tan", "value": "0.4"}
        reply = await operator.post("/api/v1/entries", json=body)
        assert reply.status_code == 201
    for path, rows in LISTS.items():
        whole = await operator.get(f"/api/v1/{path}")
        assert (whole.status_code, whole.json()["next"]) == (200, None), path
        gone = await operator.get(f"/api/v1/{path}", params={"before": "of another list"})
        assert (gone.status_code, gone.json()["message"]) == (422, "panel.error.page_gone"), path
        told: list[object] = []
        query = {"most": "1"}
        for _ in range(10):
            part = (await operator.get(f"/api/v1/{path}", params=query)).json()
            told += part[rows]
            if part["next"] is None:
                break
            query["before"] = part["next"]
        assert told == whole.json()[rows], path
    assert len((await operator.get("/api/v1/entries", params={"most": 2})).json()["entries"]) == 2


def test_the_client_goes_through_all_pages() -> None:
    ids = [f"token{number}" for number in range(5)]

    def answer(request: httpx.Request) -> httpx.Response:
        shown, after = page(ids, str, request.url.params.get("before", ""), 2)
        tokens = [{"id": one, "name": one, "role": "viewer", "made_by": "li", "made": 0.0, "ends": None, "used": None}
                  for one in shown]  # fmt: skip
        return httpx.Response(200, json={"tokens": tokens, "next": after})

    with Client("http://box", transport=httpx.MockTransport(answer)) as client:
        assert [one.id for one in client.tokens()] == ids
