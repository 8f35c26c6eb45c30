"""What things are called on the panel."""

from typing import Any

from controller.panel.layout import NameShape, layout
from tests.panel.small_farm import SmallFarm, site_document


def test_a_rule_of_several_zones_bears_the_name_of_its_zone_and_of_a_single_one_none() -> None:
    document: dict[str, Any] = site_document()
    document["facilities"]["ras1"]["zone_names"] = {"tank1": {"zh": "东池", "en": "East tank"}}
    told = {"description": {"zh": "多供氧", "en": "More oxygen"}, "on_bad_quality": "hold"}
    document["rules"] += [
        {"id": "ras1.tank.more", "scope": {"each": "tank in ras1"}, "when": "tank.do < '6 mg/L'", **told,
         "then": [{"set": "tank.o2_valve", "to": "80 %"}]},
        {"id": "gh1.bay.air", "scope": {"each": "bay in gh1"}, "when": "bay.rh > '90 %'", **told,
         "then": [{"set": "bay.vent", "to": "20 %"}]},
    ]  # fmt: skip
    shape = layout(SmallFarm(document=document))
    found = {name: shape.names[name] for name in ("ras1.tank1.more", "ras1.tank2.more", "gh1.bay1.air")}
    assert found == {
        "ras1.tank1.more": NameShape("多供氧 (东池)", "More oxygen (East tank)"),
        "ras1.tank2.more": NameShape("多供氧 (tank2)", "More oxygen (tank2)"),
        "gh1.bay1.air": NameShape("多供氧", "More oxygen"),
    }
    assert [one.zone_names["tank2"] for one in shape.facilities if one.id == "ras1"] == [NameShape("tank2", "tank2")]
