"""What may be asked and done: signing in, the farm's state, trends, devices, setpoints."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi.routing import APIRoute

from controller.core.words import AlarmNow, Because, Order, Slot
from controller.panel.app import create_app
from controller.panel.description import EXAMPLES
from controller.panel.people import People
from controller.panel.permissions import ROUTES
from controller.panel.sign_in import SignIn
from foundation.reading import Reason
from tests.panel.conftest import OWN
from tests.panel.small_farm import START_S, SmallFarm, site_document

SETPOINT = "/api/v1/setpoints/ras1.tank1.do_sp"


async def test_a_token_is_traded_for_a_session_once(stranger: httpx.AsyncClient, sign_in: SignIn) -> None:
    token = sign_in.issue()
    reply = await stranger.post("/api/v1/session", json={"token": token}, headers=OWN)
    assert reply.status_code == 201
    may = ["administer", "operate", "see", "service", "supervise"]
    shown = {
        "who": "operator", "role": "admin", "account": False, "may": may, "confirmed": True, "second_factor": False,
    }  # fmt: skip
    assert reply.json() == shown
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert (await stranger.get("/api/v1/session")).json() == shown
    stranger.cookies.clear()
    again = await stranger.post("/api/v1/session", json={"token": token}, headers=OWN)
    assert again.status_code == 401
    assert again.json()["code"] == "token"
    assert "set-cookie" not in again.headers


async def test_the_sixth_attempt_within_a_minute_is_refused(stranger: httpx.AsyncClient, sign_in: SignIn) -> None:
    for _ in range(5):
        assert (await stranger.post("/api/v1/session", json={"token": "guess"}, headers=OWN)).status_code == 401
    reply = await stranger.post("/api/v1/session", json={"token": sign_in.issue()}, headers=OWN)
    assert reply.status_code == 429
    assert int(reply.headers["retry-after"]) > 0


async def test_a_planted_session_id_is_not_the_one_that_is_opened(stranger: httpx.AsyncClient, sign_in: SignIn) -> None:
    stranger.cookies.set("farmloop", "planted")
    await stranger.post("/api/v1/session", json={"token": sign_in.issue()}, headers=OWN)
    stranger.cookies.clear()
    stranger.cookies.set("farmloop", "planted")
    assert (await stranger.get("/api/v1/session")).status_code == 401


async def test_signing_in_again_ends_the_session_before(operator: httpx.AsyncClient, sign_in: SignIn) -> None:
    before = operator.cookies["farmloop"]
    await operator.post("/api/v1/session", json={"token": sign_in.issue()})
    after = operator.cookies["farmloop"]
    operator.cookies.clear()
    assert before != after
    for session_id, status in ((before, 401), (after, 200)):
        operator.cookies.set("farmloop", session_id)
        assert (await operator.get("/api/v1/session")).status_code == status
        operator.cookies.clear()


async def test_signing_out_ends_the_session(operator: httpx.AsyncClient) -> None:
    session_id = operator.cookies["farmloop"]
    assert (await operator.delete("/api/v1/session")).status_code == 204
    assert "farmloop" not in operator.cookies
    operator.cookies.set("farmloop", session_id)
    assert (await operator.get("/api/v1/session")).status_code == 401


async def test_over_https_the_cookie_is_bound_to_it(farm: SmallFarm, sign_in: SignIn) -> None:
    app = create_app(farm, sign_in=sign_in, secure=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://127.0.0.1") as client:
        reply = await client.post("/api/v1/session", json={"token": sign_in.issue()}, headers=OWN)
        assert reply.headers["set-cookie"].startswith("__Host-farmloop=")
        assert "secure" in reply.headers["set-cookie"].lower()
        assert (await client.get("/api/v1/state")).status_code == 200


async def test_the_state_is_whole_and_honest(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    farm.lose("ras1.tank1.do", Reason.STALE)
    farm.lose("ras1.tank2.do", Reason.COMM)
    farm.raise_alarm(
        AlarmNow("sensor:ras1.tank2.do", "high", True, START_S, {"tag": "ras1.tank2.do", "reason": "comm"})
    )
    state = (await operator.get("/api/v1/state")).json()
    assert state["now"] == START_S * 1000
    # a stale value is no value, only what it last was; a failed read is never a number
    assert state["readings"]["ras1.tank1.do"] == {
        "v": None,
        "q": "bad",
        "why": "stale",
        "t": START_S * 1000,
        "last": 7.62,
    }
    assert state["readings"]["ras1.tank2.do"] == {
        "v": None,
        "q": "bad",
        "why": "comm",
        "t": START_S * 1000,
        "last": None,
    }
    assert state["readings"]["gh1.bay1.rh"] == {"v": 78.0, "q": "good", "why": None, "t": START_S * 1000, "last": None}
    assert state["orders"]["gh1.bay1.heater"]["slot"] == "manual"
    assert state["orders"]["gh1.bay1.heater"]["because"] == {"key": "manual", "values": {"by": "wang"}}
    assert state["setpoints"]["ras1.tank1.do_sp"]["target"] == 7.5
    assert [(one["kind"], one["facility"]) for one in state["alarms"]] == [("sensor", "ras1")]


async def test_a_refused_value_never_leaves_as_one(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    farm.measure("ras1.tank1.do", float("nan"))
    reading = (await operator.get("/api/v1/state")).json()["readings"]["ras1.tank1.do"]
    assert (reading["v"], reading["last"], reading["q"], reading["why"]) == (None, None, "bad", "not_finite")


async def test_the_site_is_told_as_it_is_drawn(operator: httpx.AsyncClient) -> None:
    site = (await operator.get("/api/v1/site")).json()
    assert site["site"]["timezone"] == "Asia/Shanghai"
    assert [one["id"] for one in site["facilities"]] == ["ras1", "gh1", "pf1"]
    air = site["tags"]["gh1.bay1.air_temp"]
    assert (air["name"], air["setpoints"], air["watched"]) == (
        {"zh": "气温", "en": "Air temperature"}, ["gh1.bay1.vent_sp", "gh1.bay1.heat_sp"], True,
    )  # fmt: skip
    assert site["tags"]["gh1.bay1.rh"]["watched"]  # by an alarm
    assert not site["tags"]["gh1.bay1.co2"]["watched"]
    assert "gh1.bay1.vent_sp" not in site["tags"]
    bands = {name: setpoint["band"] for name, setpoint in site["setpoints"].items()}
    assert bands == {
        "ras1.tank1.do_sp": [-0.4, 0.4], "ras1.tank2.do_sp": [-0.4, 0.4], "gh1.bay1.heat_sp": [-1.0, 0.0],
        "gh1.bay1.vent_sp": [0.0, 4.0], "pf1.room1.ph_sp": [-0.2, 0.2],
    }  # fmt: skip
    # a setpoint without a name of its own is called as the value that is held to it
    assert site["setpoints"]["ras1.tank1.do_sp"]["name"]["zh"] == "一池溶解氧"
    assert site["names"]["ras1.tank1.low_oxygen"]["en"] == "Emergency oxygen at low oxygen"


@pytest.mark.parametrize(
    ("language", "key", "text"), [("zh-CN", "reason.stale", "数据过期"), ("en", "reason.stale", "out of date")]
)
async def test_messages_come_in_each_language(operator: httpx.AsyncClient, language: str, key: str, text: str) -> None:
    messages = (await operator.get(f"/api/v1/messages/{language}")).json()
    assert messages[key] == text
    assert not any(name.startswith(("problem.", "log.")) for name in messages)
    first = (await operator.get(f"/api/v1/messages/{language}?part=first")).json()
    assert first.items() < messages.items()
    assert {"panel.rules", "alarm.bus.cause"} <= set(first)
    assert {"refused.no_answer", "panel.rules.none"} & set(first) == set()


async def test_an_unknown_language_is_not_found(operator: httpx.AsyncClient) -> None:
    assert (await operator.get("/api/v1/messages/..%2fen")).status_code == 404
    assert (await operator.get("/api/v1/messages/fr")).status_code == 404


async def test_a_trend_keeps_its_gaps(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    farm.remember("ras1.tank1.do", [(START_S - 60, 7.0), (START_S - 30, None), (START_S, 7.2)])
    trend = (
        await operator.get("/api/v1/trend", params={"tag": ["ras1.tank1.do", "gh1.bay1.rh"], "seconds": 600})
    ).json()
    assert trend["pens"]["ras1.tank1.do"]["v"] == [7.0, None, 7.2]
    assert trend["pens"]["ras1.tank1.do"]["t"] == [(START_S + shift) * 1000 for shift in (-60, -30, 0)]
    assert trend["pens"]["gh1.bay1.rh"] == {"t": [], "v": []}


async def test_a_day_of_seconds_is_thinned(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    farm.remember("ras1.tank1.do", [(START_S - 86400 + second, second % 7.0) for second in range(86401)])
    trend = (await operator.get("/api/v1/trend", params={"tag": "ras1.tank1.do", "seconds": 86400})).json()
    assert 700 < len(trend["pens"]["ras1.tank1.do"]["t"]) <= 1510


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"tag": "ras1.tank1.nothing"}, 404),
        ({}, 422),
        ({"tag": ["gh1.bay1.rh"] * 9}, 422),
        ({"tag": "gh1.bay1.rh", "seconds": 1}, 422),
        ({"tag": "gh1.bay1.rh", "seconds": 1e9}, 422),
        ({"tag": "gh1.bay1.rh", "seconds": "nan"}, 422),
        ({"tag": "gh1.bay1.rh", "seconds": "inf"}, 422),
    ],
)
async def test_a_trend_that_cannot_be_is_refused(
    operator: httpx.AsyncClient, params: dict[str, str | float | list[str]], status: int
) -> None:
    reply = await operator.get("/api/v1/trend", params=params)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"


async def test_devices_say_how_they_are(operator: httpx.AsyncClient) -> None:
    devices = (await operator.get("/api/v1/devices")).json()["devices"]
    assert devices["do_tank1"]["online"]
    assert devices["do_tank2"]["last_error"] == "unit 12: no answer within 0.3 s"
    assert devices["do_tank2"]["failures"] == {"crc": 12, "timeout": 288}


async def test_a_setpoint_is_set(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    reply = await operator.put(SETPOINT, json={"change_id": "change-0001", "value": 8.0, "expected": 7.5})
    assert reply.status_code == 200
    assert reply.json()["target"] == 8.0
    assert reply.json()["by"] == "operator"
    assert farm.changes_made == [("change-0001", "ras1.tank1.do_sp", 8.0, "operator")]


async def test_the_same_change_sent_twice_changes_once(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    body = {"change_id": "change-0001", "value": 8.0, "expected": 7.5}
    replies = [await operator.put(SETPOINT, json=body) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [200, 200]
    assert replies[0].json() == replies[1].json()
    assert len(farm.changes_made) == 1


async def test_a_large_change_of_a_setpoint_asks_for_a_reason_and_keeps_it(farm: SmallFarm, sign_in: SignIn) -> None:
    deeds: list[tuple[object, ...]] = []
    app = create_app(farm, people=People(sign_in, note=lambda *deed: deeds.append(deed)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=OWN) as client:
        await client.post("/api/v1/session", json={"token": sign_in.issue()})
        deeds.clear()
        # of 6 to 12 mg/L a quarter is 1.5
        small = await client.put(SETPOINT, json={"change_id": "change-0001", "value": 9.0})
        assert small.status_code == 200
        assert deeds == []
        large = await client.put(SETPOINT, json={"change_id": "change-0002", "value": 7.49, "reason": "  "})
        assert large.status_code == 422
        assert large.json()["code"] == "reason_missing"
        told = await client.put(SETPOINT, json={"change_id": "change-0002", "value": 7.49, "reason": "cold night"})
        assert told.status_code == 200
        # sent again it is neither asked anew nor made twice
        again = await client.put(SETPOINT, json={"change_id": "change-0002", "value": 7.49, "reason": "cold night"})
        assert again.status_code == 200
    assert [value for _, _, value, _ in farm.changes_made] == [9.0, 7.49]
    said = {"id": "change-0002", "from": 9.0, "to": 7.49, "reason": "cold night"}
    assert deeds == [("operator", "setpoint_reason", "ras1.tank1.do_sp", said)]


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", "20.0 超出允许范围 6.0 到 12.0。"), ("en", "20.0 is outside what may be set, 6.0 to 12.0.")],
)
async def test_a_setpoint_beyond_its_limits_is_refused_in_words(
    operator: httpx.AsyncClient, farm: SmallFarm, language: str, words: str
) -> None:
    body = {"change_id": "change-0001", "value": 20}
    reply = await operator.put(SETPOINT, json=body, headers={"accept-language": language})
    assert reply.status_code == 422
    problem = reply.json()
    assert (problem["code"], problem["message"], problem["title"]) == ("refused", "refused.limits", words)
    assert problem["values"] == {"value": 20.0, "low": 6.0, "high": 12.0}
    assert farm.changes_made == []


async def test_two_people_do_not_overwrite_each_other(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    farm.echo("ras1.tank1.do_sp", 9.0, "li")
    now = {"target": 9.0, "unit": "mg/L", "by": "li"}
    reply = await operator.put(SETPOINT, json={"change_id": "change-0001", "value": 8.0, "expected": 7.5})
    assert (reply.status_code, reply.json()["values"]) == (409, {"expected": 7.5, **now})
    body = {"change_id": "change-0001", "value": 8.0}
    late = await operator.put(SETPOINT, json=body, headers={"if-match": '"7.5"'})
    assert (late.status_code, late.json()["code"], late.json()["values"]) == (
        412, "changed_since", {"version": "9", **now}
    )  # fmt: skip
    assert "meanwhile been changed to 9.0 (by li)" in late.json()["title"]
    assert farm.changes_made == []
    seen = (await operator.get(SETPOINT)).headers["etag"]
    assert seen == late.headers["etag"] == '"9"'
    for _ in range(2):  # sent again it finds what it made
        reply = await operator.put(SETPOINT, json=body, headers={"if-match": seen})
        assert (reply.status_code, reply.headers["etag"]) == (200, '"8"')
    assert len(farm.changes_made) == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"change_id": "change-0001", "value": NaN}',
        b'{"change_id": "change-0001", "value": Infinity}',
        b'{"change_id": "change-0001", "value": 1e999}',
        b'{"change_id": "change-0001", "value": "8"}',
        b'{"change_id": "change-0001", "value": true}',
        b'{"change_id": "change-0001"}',
        b'{"change_id": "x", "value": 8}',
        b'{"change_id": "change-0001", "value": 8, "by": "admin"}',
        b'{"change_id": "change-0001", "value": 8, "role": "admin"}',
        b'{"change_id": "change-0001", "value": 8',
        b"[" * 8000,
        b"",
        b"null",
    ],
)
async def test_a_change_that_is_none_is_refused(operator: httpx.AsyncClient, farm: SmallFarm, body: bytes) -> None:
    reply = await operator.put(SETPOINT, content=body, headers={"content-type": "application/json"})
    assert reply.status_code in (400, 422)
    assert reply.headers["content-type"] == "application/problem+json"
    assert farm.changes_made == []


async def test_an_unknown_setpoint_is_not_found(operator: httpx.AsyncClient) -> None:
    reply = await operator.put("/api/v1/setpoints/ras1.tank1.nothing", json={"change_id": "change-0001", "value": 8.0})
    assert reply.status_code == 404


async def test_the_api_describes_itself(operator: httpx.AsyncClient) -> None:
    document = (await operator.get("/api/v1/openapi.json")).json()
    assert document["info"]["title"] == "Farmloop"
    # the panel has no call of its own that the description leaves out
    called = {path for _, path in ROUTES if path.startswith("/api/") and path != "/api/v1/openapi.json"}
    assert set(document["paths"]) == called
    assert "StateShape" in document["components"]["schemas"]


def test_everything_that_can_be_sent_has_an_example_that_fits(farm: SmallFarm) -> None:
    routes = [route for route in create_app(farm).routes if isinstance(route, APIRoute) and route.body_field]
    assert {f"{method} {route.path}" for route in routes for method in route.methods} == set(EXAMPLES)
    for route in routes:
        (method,) = route.methods
        assert route.body_field is not None
        _, errors = route.body_field.validate(EXAMPLES[f"{method} {route.path}"], {}, loc=("body",))
        assert not errors, (method, route.path, errors)


async def test_hostile_names_travel_as_what_they_are(sign_in: SignIn) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    document = site_document()
    document["facilities"]["gh1"]["name"] = {"zh": hostile, "en": hostile}
    farm = SmallFarm(document=document)
    farm.order(Order("gh1.bay1.heater", 15.0, Slot.MANUAL, hostile, Because("manual", {"by": hostile}), 0.0))
    app = create_app(farm, sign_in=sign_in)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", headers=OWN
    ) as client:
        await client.post("/api/v1/session", json={"token": sign_in.issue()})
        for path in ("/api/v1/site", "/api/v1/state"):
            reply = await client.get(path)
            assert reply.headers["content-type"] == "application/json"
            assert hostile in reply.text
        reply = await client.get("/sign-in", params={"language": hostile})
        assert reply.status_code == 200
        assert hostile not in reply.text


async def test_a_latch_is_reset_once_by_who_is_signed_in(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    answer = await operator.put("/api/v1/resets/ras1.tank1.ph_high", json={"change_id": "reset-0001"})
    assert (answer.status_code, answer.json()) == (200, {"name": "ras1.tank1.ph_high"})
    assert farm.resets_made == [("reset-0001", "ras1.tank1.ph_high", "operator")]


async def test_what_cannot_be_reset_is_refused_in_words(operator: httpx.AsyncClient) -> None:
    answer = await operator.put("/api/v1/resets/ras1.tank1.do_sp", json={"change_id": "reset-0002"})
    assert answer.status_code == 422
    assert answer.json()["message"] == "refused.not_resettable"


async def test_a_trial_is_begun_told_of_and_ended(operator: httpx.AsyncClient) -> None:
    path = "/api/v1/trials/ras1.tank1.do_loop"
    assert (await operator.get(path)).status_code == 404
    body = {"change_id": "trial-001", "form": "relay", "size": 10.0, "within": 0.4, "longest_hours": 2.0}
    begun = await operator.put(path, json=body)
    assert (begun.status_code, begun.json()["ended"], begun.json()["by"]) == (200, "", "operator")
    assert (await operator.get(path)).json()["values"] == [20.0, 20.1]
    ended = await operator.delete(path, params={"change_id": "trial-002"})
    assert (ended.status_code, ended.json()["ended"]) == (200, "stopped")
    for wrong in ({"size": 0.0}, {"form": "hammer"}, {"longest_hours": 25.0}, {"within": -1.0}):
        assert (await operator.put(path, json={**body, **wrong})).status_code == 422
    unknown = await operator.put("/api/v1/trials/no.such.loop", json=body)
    assert (unknown.status_code, unknown.json()["message"]) == (422, "refused.trial_loop")


async def test_a_recipe_is_started_as_of_its_day_by_who_is_signed_in(
    operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    body = {"change_id": "change-01", "action": "start", "recipe": "tomato", "on": "2026-02-01"}
    reply = await operator.put("/api/v1/recipes/gh1.bay1", json=body)
    assert (reply.status_code, reply.json()["known"]) == (200, {"tomato": ["gh1.bay1"]})
    ((zone, action, begun_s, by),) = farm.recipes_asked
    assert (zone, action, by) == ("gh1.bay1", "start", "operator")
    assert datetime.fromtimestamp(begun_s, ZoneInfo("Asia/Shanghai")).isoformat() == "2026-02-01T00:00:00+08:00"
    refused = await operator.put("/api/v1/recipes/gh1.bay1", json={**body, "recipe": "tomoto"})
    assert refused.status_code == 422
    assert "tomoto" in refused.json()["title"]


async def test_a_sequence_is_started_by_who_is_signed_in_and_rules_tell_what_they_did(
    operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    path, body = "/api/v1/sequences/gh1.bay1.purge", {"change_id": "purge-001", "action": "start"}
    reply = await operator.put(path, json=body)
    assert (reply.status_code, reply.json()["sequences"]["gh1.bay1.purge"]["by"]) == (200, "li")
    assert farm.sequences_asked == [("purge-001", "start", "operator")]
    assert (await operator.get("/api/v1/sequences")).json()["sequences"]["gh1.bay1.purge"]["phase"] == "running"
    refused = await operator.put("/api/v1/sequences/gh1.bay1.wash", json=body)
    assert (refused.status_code, refused.json()["message"]) == (422, "refused.sequence_none")
    assert (await operator.put(path, json={**body, "action": "pause"})).status_code == 422
    rule = (await operator.get("/api/v1/rules")).json()["rules"]["pf1.room1.day"]
    assert (rule["activations_today"], rule["on_today_s"], rule["errors"]) == (3, 120.0, 0)


async def test_what_rules_said_to_people_is_told_in_both_languages(operator: httpx.AsyncClient) -> None:
    answer = await operator.get("/api/v1/notices", params={"most": 5})
    (notice,) = answer.json()["notices"]
    assert (answer.status_code, notice["rule"], notice["to"]) == (200, "gh1.bay1.purge", ["li"])
    assert notice["text"] == {"zh-CN": "晨间换气", "en": "Morning purge"}


# --- why, and what people enter

WHY, ENTRIES = "/api/v1/explanations/gh1.bay1.heater", "/api/v1/entries"


async def test_an_output_says_why_it_stands_as_it_does(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    answer = await operator.get(WHY)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["won"]["slot"], told["won"]["owner"], told["value"]) == ("manual", "wang", 15.0)
    assert told["since"] == farm.now() * 1000.0 - 60_000
    assert told["lines"]["en"][1].startswith("by hand: Taken by hand by wang")
    assert told["lines"]["zh-CN"][1].startswith("手动：由 wang 手动操作")
    assert [change["key"] for change in told["changes"]] == ["manual", "then", "hand"]


@pytest.mark.parametrize(
    ("at", "before_s"), [("2026-02-02T10:30:00", 600.0), ("2026-02-02T02:30:00Z", 600.0), ("10:39", 60.0),
                         ("1769999400000", 600.0)],
)  # fmt: skip
async def test_any_moment_of_the_day_may_be_asked_for(
    at: str, before_s: float, operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    answer = await operator.get(WHY, params={"at": at})
    assert answer.status_code == 200
    assert farm.explained == [("gh1.bay1.heater", farm.now() - before_s)]


@pytest.mark.parametrize(
    ("path", "at", "status", "message"),
    [
        (WHY, "once", 422, "enter.moment"),
        (WHY, "2026-13-40", 422, "enter.moment"),
        (WHY, "x" * 60, 422, "panel.error.invalid"),
        (WHY, "2026-01-02", 404, "explain.not_recorded"),
        ("/api/v1/explanations/gh1.bay1.heatr", "", 404, "explain.not_output"),
    ],
)
async def test_what_cannot_be_explained_is_refused_in_words(
    path: str, at: str, status: int, message: str, operator: httpx.AsyncClient
) -> None:
    for language in ("zh-CN", "en"):
        answer = await operator.get(path, params={"at": at} if at else None, headers={"accept-language": language})
        assert (answer.status_code, answer.json()["message"]) == (status, message)
        assert "{" not in answer.json()["title"]


async def test_a_value_is_entered_with_all_that_was_said_of_it(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    body = {"change_id": "entry-0001", "tag": "ras1.tank1.tan", "value": 0.4, "time": "10:30", "who": "li",
            "method": "photometer", "note": "after feeding"}  # fmt: skip
    answer = await operator.post(ENTRIES, json=body)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["value"], told["unit"], told["who"], told["entered_by"]) == (0.4, "mg/L", "li", "operator")
    assert told["time"] == farm.now() * 1000.0 - 600_000
    body = {"change_id": "entry-0002", "tag": "ras1.tank1.tan", "value": "0.5", "corrects": "entry-0001"}
    assert (await operator.post(ENTRIES, json=body)).json()["who"] == "operator"
    shown = (await operator.get(ENTRIES, params={"tag": "ras1.tank1.tan"})).json()["entries"]
    assert [(one["id"], one["corrects"], one["corrected_by"]) for one in shown] == [
        ("entry-0002", "entry-0001", None), ("entry-0001", None, "entry-0002"),
    ]  # fmt: skip
    assert (await operator.get(ENTRIES, params={"tag": "ras1.tank1.do"})).json() == {"entries": [], "next": None}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tag": "ras1.tank1.do"}, "refused.entry_not_entered"),
        ({"time": "soon"}, "enter.moment"),
        ({"value": True}, "panel.error.invalid"),
        ({"value": [1]}, "panel.error.invalid"),
        ({"change_id": "short"}, "panel.error.invalid"),
        ({"note": "x" * 501}, "panel.error.invalid"),
        ({"role": "owner"}, "panel.error.invalid"),
    ],
)
async def test_what_cannot_be_entered_changes_nothing(
    change: dict[str, Any], message: str, operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    body = {"change_id": "entry-0001", "tag": "ras1.tank1.tan", "value": 0.4}
    answer = await operator.post(ENTRIES, json=body | change)
    assert (answer.status_code, answer.json()["message"]) == (422, message)
    assert farm.entries_made == []
