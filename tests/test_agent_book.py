"""The agent's side of recipes and logbook: what people plan is done at its moment, and who and why is kept."""

from pathlib import Path
from typing import Any

from controller.agent import Agent
from controller.core.words import Because
from controller.history.logbook import Note, Search
from controller.panel.farm import Refusal
from controller.panel.recipes import RecipeBody
from controller.panel.schedule_shapes import ScheduleShape
from controller.planned import Plan
from edge_config.loader import load_site
from edge_config.model.recipes import Recipe
from foundation.clock import AcceleratedClock
from tests.test_agent import alive
from tests.wire.agent_on_wires import NOON_S, SITES, no_secret, until

NAME = {"zh": "鲈鱼", "en": "Bass"}
ZONE, OXYGEN = "ras1.tank1", "ras1.tank1.do_sp"


def stage(name: str, oxygen: str) -> dict[str, Any]:
    setpoints = {"zone.do_sp": {"value": oxygen}}
    return {"id": name, "name": NAME, "days": 30, "hand_over": "1 min", "setpoints": setpoints}


async def test_a_planned_change_comes_at_its_moment_and_the_book_tells_who_and_why(
    tmp_path: Path,
    nowhere: Any,
) -> None:
    recipe = Recipe.model_validate({"name": NAME, "stages": [stage("small", "8 mg/L"), stage("large", "7 mg/L")]})
    site = load_site(SITES / "ras.yaml").site.model_copy(update={"recipes": {"bass": recipe}})
    agent = Agent(site, tmp_path, AcceleratedClock(NOON_S, 20.0), no_secret, nowhere)
    async with alive(agent):
        start = RecipeBody(change_id="start-001", action="start", recipe="bass", why="new fish")
        proposal = await agent.schedule(ZONE, start)
        assert isinstance(proposal, ScheduleShape)
        assert proposal.setpoints[OXYGEN].proposed is not None
        assert agent.recipes().running == {}  # looked at, not done
        unknown = start.model_copy(update={"recipe": "trout"})
        assert isinstance(await agent.schedule(ZONE, unknown), Because)
        assert await agent.recipe(ZONE, start, agent.now(), "li") is None
        version = agent.recipes().versions[ZONE]
        later = RecipeBody(change_id="later-001", action="stage", stage="large", why="graded")
        body = later.model_dump(exclude_defaults=True, exclude={"why"})
        at_ms = round((agent.now() + 30.0) * 1000.0)
        assert await agent.plan_recipe(Plan("later-001", ZONE, at_ms, body, "wang", "graded", at_ms)) is None
        assert isinstance(await agent.plan_recipe(Plan("late-0001", ZONE, 0, body, "wang", "", 0)), Refusal)
        assert [one.outcome for one in agent.recipes().planned] == [""]
        await until(lambda: agent.recipes().running[ZONE].stage == "large", "the later stage")
        assert agent.recipes().versions[ZONE] != version
        note = Note(0, "note-0001", at_ms, at_ms, "li", "li", ZONE, "graded by hand")
        assert isinstance(await agent.note(note), Note)
        await until(lambda: agent.recipes().planned[0].outcome == "done", "its outcome")
        lines = await agent.logbook(Search(place="ras1"))
        told = {line.what or line.text: line for line in lines}
        assert set(told) == {"recipe_started", "recipe_planned", "refused", "recipe_stage", "graded by hand"}
        assert '"reason": "new fish"' in told["recipe_started"].text
        assert (told["recipe_stage"].who, '"reason": "graded"' in told["recipe_stage"].text) == ("wang", True)
