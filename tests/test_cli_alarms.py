"""`farmloop alarms` on an agent that runs with all its wires gone, over a restart."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.test_cli_people import running


def test_people_see_alarms_acknowledge_them_set_them_aside_and_have_their_journal_over_a_restart(
    tmp_path: Path,
    farmloop: Any,
    nowhere: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("controller.panel.app.WRITES", 1000)
    var = tmp_path / "var"
    at = ("--directory", str(var))

    def standing() -> dict[str, Any]:
        return {one["alarm"]["id"]: one["alarm"] for one in farmloop("alarms", "list", *at, "--json").json["alarms"]}

    with running(var, nowhere):
        alarms: dict[str, Any] = {}
        while not any(name.startswith("bus:") for name in alarms):
            alarms = standing()
        bus, *_ = (name for name in alarms if name.startswith("bus:"))
        assert alarms[bus]["state"] == "unacknowledged"
        assert bus in farmloop("alarms", "list", *at).out
        # some other person's alarm, nothing said, both said, no reason, too long
        assert farmloop("alarms", "ack", "nothing", *at).code == 1
        assert farmloop("alarms", "ack", *at).code == farmloop("alarms", "ack", bus, "--all", *at).code == 2
        assert farmloop("alarms", "shelve", bus, "--reason", " ", *at).code == 1
        assert farmloop("alarms", "shelve", bus, "--reason", "cable", "--for", "soon", *at).code == 2
        assert farmloop("alarms", "ack", bus, *at).code == 0
        assert standing()[bus]["acknowledged_by"] == "command line"
        activation = standing()[bus]["activation"]
        low = next((name for name, one in standing().items() if one["priority"] == "low"), None)
        if low is not None:
            assert farmloop("alarms", "shelve", low, "--reason", "being mended", "--for", "2h", *at).code == 0
            assert standing()[low]["state"] == "shelved"
            assert farmloop("alarms", "unshelve", low, *at).code == 0
        assert farmloop("alarms", "kpi", "--days", "1", *at, "--json").json["raised"] >= 1
        assert "alarms in 1 days" in farmloop("alarms", "kpi", "--days", "1", *at).out
    rows = json.loads(farmloop("alarms", "export", *at, "--format", "json").out)
    assert [row["event"] for row in rows if row["id"] == bus] == ["raise", "acknowledge"]
    assert farmloop("alarms", "export", *at, "--from", "2031-01-01").out.count("\n") == 1
    assert farmloop("alarms", "export", *at, "--from", "whenever").code == 2
    with running(var, nowhere):
        after = standing()
        assert (after[bus]["state"], after[bus]["activation"]) == ("acknowledged", activation)
    again = json.loads(farmloop("alarms", "export", *at, "--format", "json").out)
    assert [row["event"] for row in again if row["id"] == bus] == ["raise", "acknowledge"]
