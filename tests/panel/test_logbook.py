"""The logbook as calls: a note is kept once with who, when and where; deeds stand beside it, page after page."""

import httpx

from tests.panel.small_farm import START_S, SmallFarm


async def written(operator: httpx.AsyncClient, **body: object) -> httpx.Response:
    return await operator.post("/api/v1/logbook", json={"change_id": "note-one-1", "text": "misted", **body})


async def test_a_note_is_written_and_found_with_what_people_did(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    farm.did(START_S - 60.0, "wang", "setpoint_changed", "gh1.bay1.heat_sp", {"value": 19.0, "before": 18.0})
    reply = await written(operator, place="gh1.bay1", time="10:00", who="li")
    assert reply.status_code == 201
    assert (reply.json()["who"], reply.json()["by"], reply.json()["number"]) == ("li", "operator", 1)
    assert (await written(operator, place="gh1.bay1", time="10:00", who="li")).json()["number"] == 1  # sent again
    book = (await operator.get("/api/v1/logbook")).json()
    assert [(line["kind"], line["text"] or line["what"]) for line in book["lines"]] == [
        ("deed", "setpoint_changed"), ("note", "misted"),
    ]  # fmt: skip
    assert book["lines"][0]["said"] == {"value": 19.0, "before": 18.0}
    assert book["next"] is None
    first = (await operator.get("/api/v1/logbook", params={"most": 1})).json()
    rest = (await operator.get("/api/v1/logbook", params={"most": 1, "before": first["next"]})).json()
    assert [line["kind"] for line in (*first["lines"], *rest["lines"])] == ["deed", "note"]
    assert rest["next"] is None
    corrected = await written(operator, change_id="note-two-2", text="not misted", corrects=1)
    assert corrected.status_code == 201
    notes = (await operator.get("/api/v1/logbook", params={"kind": "note", "days": 1})).json()["lines"]
    assert [(line["number"], line["corrects"], line["corrected_by"]) for line in notes] == [(2, 1, None), (1, None, 2)]


async def test_a_note_that_cannot_be_kept_says_why(operator: httpx.AsyncClient) -> None:
    wrong: list[tuple[dict[str, object], str]] = [
        ({"text": " \n "}, "refused.note_empty"),
        ({"place": "gh9"}, "refused.note_place"),
        ({"place": "gh1.bay1.nothing"}, "refused.note_place"),
        ({"time": "2199-01-01"}, "enter.moment"),
        ({"time": "2026-12-31"}, "refused.note_time"),
        ({"time": "soon"}, "enter.moment"),
        ({"corrects": 9}, "refused.note_none"),
        ({"text": "x" * 2001}, "panel.error.invalid"),
        ({"number": 3}, "panel.error.invalid"),
    ]
    for body, message in wrong:
        reply = await written(operator, **body)
        assert (reply.status_code, reply.json()["message"]) == (422, message), body
    assert (await operator.get("/api/v1/logbook")).json()["lines"] == []
    for before in ("1.2.3", "x", "1.1", "1.1.1; DROP TABLE note"):
        assert (await operator.get("/api/v1/logbook", params={"before": before})).status_code == 422
