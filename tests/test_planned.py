"""What people want at a later moment: kept over a restart, given at its moment and once, refused with a reason."""

import asyncio
from pathlib import Path

import pytest

from controller.core.words import Because
from controller.history.state_database import StateDatabase
from controller.planned import KEPT_DONE_S, MOST_WAITING, Plan, Planned, give_due

NOW_S = 1_770_000_000.0


def plan(name: str, after_s: float = 3600.0) -> Plan:
    body: dict[str, object] = {"change_id": name, "action": "stage", "stage": "ripe"}
    return Plan(name, "gh1.bay1", round((NOW_S + after_s) * 1000.0), body, "li", "harvest", round(NOW_S * 1000.0))


@pytest.fixture
def planned(tmp_path: Path) -> Planned:
    return Planned(StateDatabase(tmp_path))


class Core:
    """Answers what is given to it."""

    def __init__(self, *answers: Because | None) -> None:
        self.given: list[str] = []
        self._answers = list(answers)

    async def __call__(self, plan: Plan) -> Because | None:
        self.given.append(plan.id)
        return self._answers.pop(0) if self._answers else None


async def test_a_plan_is_given_at_its_moment_and_once(planned: Planned, tmp_path: Path) -> None:
    assert planned.keep(plan("second-2", 7200.0), NOW_S) is None
    assert planned.keep(plan("first-01", 3600.0), NOW_S) is None
    assert planned.keep(plan("first-01", 60.0), NOW_S) is None  # sent again: the first word counts
    again = Planned(StateDatabase(tmp_path))  # a restart
    again.read(NOW_S)
    assert again.all() == planned.all()
    core = Core()
    await give_due(again, core, NOW_S + 3599.0)
    assert core.given == []
    await give_due(again, core, NOW_S + 3600.0)
    await give_due(again, core, NOW_S + 3601.0)
    assert core.given == ["first-01"]
    await give_due(again, core, NOW_S + 9e4)  # the agent was away: late, and all the same
    assert core.given == ["first-01", "second-2"]
    assert [one.outcome for one in again.all()] == ["done", "done"]
    later = Planned(StateDatabase(tmp_path))
    later.read(NOW_S + 1e5)
    assert [one.outcome for one in later.all()] == ["done", "done"]
    later.read(NOW_S + 1e5 + KEPT_DONE_S)
    assert later.all() == []


async def test_what_the_core_refuses_says_why_and_what_it_does_not_answer_stays_due(planned: Planned) -> None:
    planned.keep(plan("first-01"), NOW_S)
    core = Core(Because("no_answer", {}), Because("recipe_past", {}))
    await give_due(planned, core, NOW_S + 3600.0)
    assert [one.outcome for one in planned.all()] == [""]
    await give_due(planned, core, NOW_S + 3601.0)
    assert [one.outcome for one in planned.all()] == ["recipe_past"]
    assert core.given == ["first-01", "first-01"]


async def test_a_plan_is_taken_back_while_it_waits(planned: Planned) -> None:
    planned.keep(plan("first-01"), NOW_S)
    assert planned.cancel("first-01", NOW_S) is None
    assert planned.cancel("first-01", NOW_S) is None  # sent again
    assert planned.cancel("nothing-1", NOW_S) == Because("planned_none", {})
    core = Core()
    await give_due(planned, core, NOW_S + 9e4)
    assert core.given == []


def test_a_plan_for_the_past_or_too_many_are_refused(planned: Planned) -> None:
    for after_s in (0.0, -1.0, 401 * 86400.0):
        refusal = planned.keep(plan("first-01", after_s), NOW_S)
        assert refusal is not None
        assert refusal.key == "planned_when"
    for number in range(MOST_WAITING):
        assert planned.keep(plan(f"plan-{number:04}"), NOW_S) is None
    assert planned.keep(plan("one-more"), NOW_S) == Because("planned_full", {"most": MOST_WAITING})


async def test_a_disk_that_takes_nothing_does_a_plan_no_harm(planned: Planned, tmp_path: Path) -> None:
    planned.keep(plan("first-01"), NOW_S)
    planned._database.close()
    (tmp_path / "state.db").chmod(0o400)
    core = Core()
    planned._database.path = tmp_path / "nowhere" / "x"
    (tmp_path / "nowhere").write_text("a file where a folder should be")
    await asyncio.wait_for(give_due(planned, core, NOW_S + 3600.0), 10.0)
    assert core.given == ["first-01"]
    assert [one.outcome for one in planned.all()] == [""]  # by its id the core does it once
