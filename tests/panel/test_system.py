"""The box as calls: how it does, what people did, and what a monitor reads."""

import re
from itertools import product
from pathlib import Path

import httpx

from controller.core.words import AlarmNow
from controller.panel.app import create_app
from controller.panel.people import People
from controller.panel.permissions import ROUTES, Role
from controller.scan_times import KEPT, ScanTimes
from tests.panel.conftest import OWN
from tests.panel.small_box import SmallBox
from tests.panel.small_farm import START_S, SmallFarm

PLACES = (
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "a" * 3000,
    "%ff",
    "%0d%0aset-cookie:x=1",
    "....%2f%2f",
    "C:%5c",
)


async def test_a_monitor_reads_scan_alarms_outbox_sinks_and_buses_with_its_token(
    farm: SmallFarm, tmp_path: Path
) -> None:
    people, box = People(now=farm.now), SmallBox(tmp_path)
    farm.raise_alarm(AlarmNow('a"b\\c', "high", True, START_S, {}))
    _, text = people.accounts.make_token("prometheus", Role.VIEWER, "wang", START_S, None)
    transport = httpx.ASGITransport(create_app(farm, people=people, box=box))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/metrics")).status_code == 401
        reply = await client.get("/metrics", headers={"authorization": f"Bearer {text}"})
        assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
        for line in (
            'farmloop_scan_seconds{quantile="0.5"} 0.004', 'farmloop_scan_seconds{quantile="0.99"} 0.02',
            'farmloop_scan_late_seconds{quantile="0.99"} 0.012', "farmloop_scan_overruns_total 3",
            'farmloop_alarms{priority="high"} 1', 'farmloop_alarms{priority="critical"} 0',
            'farmloop_outbox_points{sink="influx"} 800', 'farmloop_outbox_oldest_seconds{sink="influx"} 300',
            'farmloop_sink_up{sink="influx",state="failing"} 0', 'farmloop_bus_up{bus="broker"} 0',
        ):  # fmt: skip
            assert f"{line}\n" in reply.text, line
        assert re.search(r'^farmloop_bus_ok_percent\{bus="\w+"\} \d', reply.text, re.MULTILINE)
        sample = re.compile(r'[a-z_]+(\{([a-z]+="[^"\n]*",?)+\})? [-+0-9.e]+')
        for line in reply.text.splitlines():
            assert line.startswith(("# HELP farmloop_", "# TYPE farmloop_")) or sample.fullmatch(line), line
        system = (await client.get("/api/v1/system", headers={"authorization": f"Bearer {text}"})).json()
        assert (system["took"]["p99"], system["sinks"]["influx"]["waiting"]) == (0.02, 800)
        assert system["disk_free"] == 8_500_000_000
        assert (await client.get("/api/v1/audit", headers={"authorization": f"Bearer {text}"})).status_code == 403
    box.database.close()


async def test_the_chain_of_deeds_is_told_page_by_page_and_held(farm: SmallFarm, tmp_path: Path) -> None:
    box = SmallBox(tmp_path)
    people = People(now=farm.now, note=box.note)
    transport = httpx.ASGITransport(create_app(farm, people=people, box=box))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=OWN) as admin:
        await admin.post("/api/v1/session", json={"token": people.sign_in.issue()})
        for number in range(6):
            box.note("wang", "setpoint_changed", f"setpoint {number}", {"before": number, "after": number + 1})
        pages, before = [], ""
        while len(pages) < 9:
            page = (await admin.get(f"/api/v1/audit?most=3{before}")).json()
            pages.append([deed["id"] for deed in page["deeds"]])
            if page["next"] is None:
                break
            before = f"&before={page['next']}"
        assert pages == [[7, 6, 5], [4, 3, 2], [1]]  # the first is the sign-in
        assert (await admin.get("/api/v1/audit/chain")).json()["holds"] is True
        with box.database.transaction(START_S) as file:
            file.execute("DELETE FROM audit WHERE id = 4")
        verdict = (await admin.get("/api/v1/audit/chain")).json()
        assert (verdict["holds"], verdict["problems"]) == (False, [{"kind": "missing", "id": 4}])
        for query in ("most=0", "most=201", "before=0", f"before={1 << 70}", "most=x"):
            assert (await admin.get(f"/api/v1/audit?{query}")).status_code == 422, query
    box.database.close()


async def test_a_chain_in_which_nobody_did_anything_yet_holds(farm: SmallFarm, tmp_path: Path) -> None:
    people, box = People(now=farm.now), SmallBox(tmp_path)
    _, text = people.accounts.make_token("auditor", Role.ADMIN, "wang", START_S, None)
    transport = httpx.ASGITransport(create_app(farm, people=people, box=box))
    headers = {"authorization": f"Bearer {text}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as auditor:
        reply = await auditor.get("/api/v1/audit/chain")
    assert (reply.status_code, reply.json()) == (200, {"holds": True, "rows": 0, "newest": "", "problems": []})


async def test_a_panel_without_a_box_has_none_of_it(operator: httpx.AsyncClient) -> None:
    for path in ("/metrics", "/api/v1/system", "/api/v1/audit", "/api/v1/audit/chain"):
        assert (await operator.get(path)).status_code == 404


def test_scan_times_tell_the_usual_from_the_worst_and_are_bounded() -> None:
    times = ScanTimes()
    assert times.took().worst == 0.0
    for number in range(KEPT * 2):
        times.add(0.001, 0.5 if number == KEPT * 2 - 1 else 0.004, 0.25, float(number))
    assert (times.took().p50, times.took().p99, times.took().worst) == (0.004, 0.004, 0.5)
    assert (times.late().p50, times.overruns) == (0.001, 1)
    assert len(times._took) == KEPT


async def test_no_path_of_a_call_leads_out_of_the_farm(operator: httpx.AsyncClient) -> None:
    """The names of calls are looked up, and open no file."""
    for (method, path), place in product(sorted(ROUTES), PLACES):
        if "{" not in path or not path.startswith("/api/") or method != "GET":
            continue
        reply = await operator.get(httpx.URL(f"http://127.0.0.1{re.sub(r'{[a-z]+}', place, path)}"))
        assert reply.status_code in (401, 404, 422), (path, reply.status_code)
        assert "passwd" not in reply.text or "root:" not in reply.text
        assert "set-cookie" not in reply.headers
