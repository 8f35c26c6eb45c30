"""The small farm with recipes that really run: its setpoints are a core's, scanned whenever somebody asks something."""

from typing import Any

from controller.core.scan import Core
from controller.core.words import Because, Snapshot
from controller.panel.farm import Refusal
from controller.panel.recipes import RecipeBody, RecipesShape, recipes_shape, wish_of
from controller.panel.schedule_shapes import ScheduleShape, proposed_state, schedule_shape
from foundation.clock import Clock
from tests.panel.small_farm import SmallFarm, site_document

ZONE, HEAT, VENT = "gh1.bay1", "gh1.bay1.heat_sp", "gh1.bay1.vent_sp"
STAGES = (
    {"id": "root", "name": {"zh": "缓苗", "en": "Rooting"}, "days": 10, "hand_over": "2 h",
     "setpoints": {"zone.heat_sp": {"value": "20 degC"}}},
    {"id": "grow", "name": {"zh": "生长", "en": "Growing"}, "days": 40, "hand_over": "6 h", "setpoints": {
        "zone.heat_sp": {"periods": [{"from": "sunrise - 60 min", "value": "18 degC"},
                                     {"from": "21:00", "value": "15 degC"}]}}},
    {"id": "ripe", "name": {"zh": "成熟", "en": "Ripening"}, "days": 30,
     "setpoints": {"zone.heat_sp": {"value": "17 degC"}}},
)  # fmt: skip


class RecipeFarm(SmallFarm):
    """Two setpoints of the greenhouse, one with periods by clock and sun, and a recipe for tomato."""

    def __init__(self, clock: Clock | None = None, tags: dict[str, Any] | None = None) -> None:
        document = site_document() | ({"tags": tags} if tags else {})
        document["programs"][VENT] |= {
            "periods": [{"from": "06:00", "value": "24 degC"}, {"from": "sunset", "value": "19 degC"}],
            "ramp": {"up": "1 K/h", "down": "1 K/h"},
        }
        del document["programs"][VENT]["value"]
        document["recipes"] = {"tomato": {"name": {"zh": "番茄", "en": "Tomato"}, "stages": STAGES}}
        super().__init__(clock, document)
        bare: dict[str, object] = {"loops": {}, "rules": (), "interlocks": {}, "alarms": {}}
        self.core = Core(self.site.model_copy(update=bare))
        self.state = self.core.start(self.now())

    def recipes(self) -> RecipesShape:
        return recipes_shape(self.core.recipes, self.state.recipes, self.now(), self.planned.all())

    async def recipe(self, zone: str, body: RecipeBody, begun_s: float, by: str) -> Refusal | None:
        wish = wish_of(self.core.recipes, self.state.recipes, zone, body, begun_s, by, self.now())
        result = self.core.scan(self.state, Snapshot(people=(wish,)), self.now() + 1.0)
        for event in result.events:
            if event.kind == "refused":
                return Refusal(Because(str(event.values["why"]), dict(event.values)))
        self.state = result.state
        self.recipes_asked.append((zone, body.action, begun_s, by))
        return None

    async def schedule(self, zone: str, body: RecipeBody | None) -> ScheduleShape | Because:
        now_s = self.now()
        proposed = None if body is None else proposed_state(self.core, self.state, zone, body, now_s)
        if isinstance(proposed, Because):
            return proposed
        return schedule_shape(self.core, self.state, proposed, zone, now_s)
