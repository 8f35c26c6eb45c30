"""Doses that people ask for, as they come over the wire."""

import httpx
import pytest

from controller.core.words import Dose
from tests.panel.small_farm import SmallFarm

PATH = "/api/v1/doses/pf1.room1.base"


async def test_a_dose_reaches_the_farm_with_its_id_and_its_end_and_is_told_of(
    operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    now_s = farm.now()
    answer = await operator.put(PATH, json={"change_id": "dose-0001", "millilitres": 50.0, "who": "wang"})
    assert answer.status_code == 200
    late = {"change_id": "dose-0002", "millilitres": 5, "expires": round(now_s * 1000) - 1000}
    assert (await operator.put(PATH, json=late)).status_code == 200  # whether it is too late the core says
    assert farm.laid == [
        Dose("dose-0001", "pf1.room1.base", 0.05, "wang", now_s, now_s + 30.0),
        Dose("dose-0002", "pf1.room1.base", 0.005, "operator", now_s, now_s - 1.0),
    ]
    one, _ = (await operator.get("/api/v1/doses")).json()["doses"]
    assert one == {
        "id": "dose-0001", "output": "pf1.room1.base", "millilitres": 50.0, "by": "wang", "begun": now_s * 1000
    }  # fmt: skip


async def test_the_guards_no_is_told_in_the_guards_words(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    body = {"change_id": "dose-0001", "millilitres": 50.0}
    answer = await operator.put("/api/v1/doses/pf1.room1.acid", json=body)
    assert (answer.status_code, answer.json()["message"]) == (422, "why.guard_mixing")
    assert answer.json()["title"] == "Dosing guard: the last dose still mixes"


@pytest.mark.parametrize("wrong", [{}, {"millilitres": 0.0}, {"millilitres": "50 mL"}, {"millilitres": -1.0}])
async def test_what_is_no_volume_never_reaches_the_farm(
    operator: httpx.AsyncClient, farm: SmallFarm, wrong: dict[str, object]
) -> None:
    assert (await operator.put(PATH, json={"change_id": "dose-0001", **wrong})).status_code == 422
    assert farm.laid == []
