"""Buses, what devices said last, and outputs tried for a moment, as they come over the wire."""

import httpx
import pytest

from controller.core.state import Mark
from controller.core.words import Override
from drivers.driver import Heard
from tests.panel.small_farm import START_S, SmallFarm

TRY = "/api/v1/output-tests/ras1.tank1.o2_valve"


async def test_a_bus_is_told_with_its_settings_and_how_its_devices_answer(operator: httpx.AsyncClient) -> None:
    assert (await operator.get("/api/v1/buses")).json()["buses"] == {
        "rs485a": {
            "protocol": "modbus_rtu", "where": "by-id/usb-FTDI_1", "settings": "9600 8N1", "deadline_s": 0.3,
            "connected": True, "devices": 2, "online": 1, "polls": 2400, "answered": 2099,
            "failures": {"timeout": 289, "crc": 12},
        }
    }  # fmt: skip


async def test_words_are_told_as_they_came_with_what_the_library_reads_there(
    operator: httpx.AsyncClient, farm: SmallFarm
) -> None:
    path = "/api/v1/devices/do_tank1/heard"
    assert (await operator.get(path)).json()["heard"] == []
    farm.devices()["do_tank1"].heard["holding", 9732] = Heard((0x41C2, 0x0000, 0x4100, 0x0000), "", START_S)
    (one,) = (await operator.get(path)).json()["heard"]
    assert (one["table"], one["at"], [word["address"] for word in one["words"]]) == (
        "holding", START_S * 1000.0, [9732, 9733, 9734, 9735]
    )  # fmt: skip
    assert [word["word"] for word in one["words"]] == [0x41C2, 0, 0x4100, 0]
    assert "ras1.tank1.do" in [word["tag"] for word in one["words"]]
    assert (await operator.get("/api/v1/devices/nobody/heard")).status_code == 404


async def test_an_output_is_tried_for_half_a_minute_and_no_longer(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    reply = await operator.put(TRY, json={"change_id": "try-00001", "position": 100})
    assert (reply.status_code, reply.json()["until"]) == (200, (START_S + 30.0) * 1000.0)
    assert farm.laid == [Override("try-00001", "ras1.tank1.o2_valve", 100.0, "operator", START_S + 30.0)]
    # a try may follow a try; a person's hand and a lock go before it
    assert (await operator.put(TRY, json={"change_id": "try-00002", "position": 0})).status_code == 200
    farm._marks["hand:ras1.tank1.o2_valve"] = Mark("hand", "ras1.tank1.o2_valve", "li", START_S, START_S + 3600.0, 60.0)
    refused = await operator.put(TRY, json={"change_id": "try-00003", "position": 0})
    assert (refused.status_code, refused.json()["message"]) == (422, "refused.test_hand")
    del farm._marks["hand:ras1.tank1.o2_valve"]
    farm._marks["lock:ras1.tank1.o2_valve"] = Mark("lock", "ras1.tank1.o2_valve", "li", START_S)
    refused = await operator.put(TRY, json={"change_id": "try-00004", "position": 0})
    assert (refused.status_code, refused.json()["message"]) == (422, "refused.test_locked")
    assert len(farm.laid) == 2


@pytest.mark.parametrize("wrong", [{}, {"position": 101}, {"position": -1}, {"position": "on"}, {"position": None}])
async def test_what_is_no_position_is_not_tried(
    operator: httpx.AsyncClient, farm: SmallFarm, wrong: dict[str, object]
) -> None:
    assert (await operator.put(TRY, json={"change_id": "try-00001", **wrong})).status_code == 422
    assert farm.laid == []
