"""Energy and water as calls: by local days, weeks and months, with where each figure comes from."""

import csv
import io
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from controller.history.aggregate import HOUR_S, Slot
from controller.history.consumption import counters
from controller.panel.app import create_app
from controller.panel.sign_in import SignIn
from foundation.clock import SteppedClock
from foundation.tag import Kind, Tag
from tests.panel.conftest import OWN
from tests.panel.small_farm import SmallFarm, site_document

NOON_S = datetime(2026, 3, 4, 12, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
"""A Wednesday."""


def counting_farm() -> SmallFarm:
    """A greenhouse with a power meter, a heater of 10 kW and a harvest; a plant factory with lamps of 5 kW alone."""
    document = site_document()
    document["facilities"]["ras1"]["zone_names"] = {"tank1": {"zh": "东池", "en": "East tank"}}
    document["outputs"]["gh1.bay1.heater"]["power"] = "10 kW"
    document["outputs"]["pf1.room1.lamps"]["power"] = "5 kW"
    document["tags"] = {
        "gh1.bay1.kwh": {"counts": "electricity", "unit": "kWh"},
        "gh1.bay1.picked": {"counts": "harvest", "unit": "kg", "entry": "manual", "as": "amount"},
    }
    farm = SmallFarm(SteppedClock(NOON_S), document)
    more = {name: Tag(name, unit, Kind.MEASURED, "energy", "表", "Meter") for name, unit in
            (("gh1.bay1.kwh", "kWh"), ("gh1.bay1.picked", "kg"))}  # fmt: skip
    farm.tags = {**farm.tags, **more}
    first = int(NOON_S) // HOUR_S * HOUR_S - 40 * 24 * HOUR_S
    hours = range(first, int(NOON_S), HOUR_S)
    farm.slots = {
        # two kilowatt-hours an hour, lamps half of each hour at 80 %, a quarter of a kilo an hour
        "gh1.bay1.kwh": [Slot(at, 2.0 * n + 1, 2.0 * n, 2.0 * n + 2, 60, 0, 3600.0) for n, at in enumerate(hours)],
        "gh1.bay1.picked": [Slot(at, 0.25 * n, 0.25 * n, 0.25 * n, 1, 0, 3600.0) for n, at in enumerate(hours)],
        "gh1.bay1.heater": [Slot(at, 10.0, 0.0, 100.0, 60, 0, 3600.0) for at in hours],
        "pf1.room1.lamps": [Slot(at, 40.0, 0.0, 80.0, 60, 0, 3600.0) for at in hours],
    }
    return farm


@pytest.fixture
def counted() -> SmallFarm:
    return counting_farm()


@pytest.fixture
async def client(sign_in: SignIn, counted: SmallFarm) -> httpx.AsyncClient:
    app = create_app(counted, sign_in=sign_in)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", headers=OWN)
    assert (await client.post("/api/v1/session", json={"token": sign_in.issue()})).status_code == 201
    return client


async def test_each_facility_tells_its_days_off_its_meter_or_off_its_machines(client: httpx.AsyncClient) -> None:
    found = (await client.get("/api/v1/consumption", params={"most": 3})).json()
    midnights = [NOON_S - 12 * HOUR_S - 24 * HOUR_S * days for days in (2, 1, 0)]
    assert found["begins"] == [1000.0 * at_s for at_s in midnights]
    house = found["facilities"]["gh1"]["electricity"]
    # the meter counts, the heater behind it is a part of it and not added
    assert (house["unit"], house["total"]["source"], house["total"]["values"]) == ("kWh", "meter", [48.0, 48.0, 24.0])
    assert house["total"]["known"] == [1.0, 1.0, 1.0]
    assert house["parts"]["gh1.bay1.heater"]["values"] == [
        pytest.approx(24.0),
        pytest.approx(24.0),
        pytest.approx(12.0),
    ]
    assert house["per_kg"] == [8.0, 8.0, 8.0]
    room = found["facilities"]["pf1"]["electricity"]
    assert (room["total"]["source"], room["total"]["values"]) == (
        "power",
        [pytest.approx(48.0), pytest.approx(48.0), 24.0],
    )
    assert room["per_kg"] == [None, None, None]
    assert set(found["facilities"]) == {"gh1", "pf1"}  # nobody counts at the fish
    assert set(found["facilities"]["gh1"]) == {"electricity"}  # a harvest is no consumption


async def test_weeks_begin_on_monday_and_months_on_their_first(client: httpx.AsyncClient, counted: SmallFarm) -> None:
    weeks = (await client.get("/api/v1/consumption", params={"by": "week", "most": 2})).json()
    assert weeks["facilities"]["gh1"]["electricity"]["total"]["values"] == [7 * 48.0, 2 * 48.0 + 24.0]
    months = (await client.get("/api/v1/consumption", params={"by": "month", "most": 3})).json()
    total = months["facilities"]["gh1"]["electricity"]["total"]
    # what was before the first hour of the record is not known, and said so
    assert total["values"][1:] == [28 * 48.0, 3 * 48.0 + 24.0]
    assert total["known"][1:] == [1.0, 1.0]
    assert 0.1 < total["known"][0] < 0.3
    again = (await client.get("/api/v1/consumption", params={"by": "month", "most": 3})).json()
    assert again["facilities"] == months["facilities"]  # remembered days are the same days
    # and today goes on
    counted.slots["pf1.room1.lamps"].append(Slot(int(NOON_S), 40.0, 0.0, 80.0, 60, 0, 3600.0))
    later = (await client.get("/api/v1/consumption", params={"by": "month", "most": 3})).json()
    before, after = (one["facilities"]["pf1"]["electricity"]["total"]["values"][-1] for one in (again, later))
    assert after == pytest.approx(before + 2.0)
    assert (await client.get("/api/v1/consumption", params={"by": "month", "most": 25})).status_code == 422
    # the table of it goes into a spreadsheet
    reply = await client.get("/api/v1/consumption.csv", params={"by": "day", "most": 2})
    assert reply.headers["content-type"].startswith("text/csv")
    assert "attachment" in reply.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(reply.text.removeprefix("\ufeff"))))
    assert len(rows) == 2 * (3 + 2)
    first = rows[0]
    assert (first["begins"], first["facility"], first["kind"], first["source"], first["counter"], first["value"]) == (
        "2026-03-03", "gh1", "electricity", "meter", "", "48.000",
    )  # fmt: skip


def test_a_farm_that_declares_nothing_is_told_nothing() -> None:
    farm = SmallFarm()
    assert counters(farm.site, farm.tags) == ()
