"""Every tag of a site has its unit, in whatever order the file names them."""

from itertools import permutations
from pathlib import Path

import pytest

from edge_config.loader import load_site
from edge_config.model.site import TagSetting
from edge_config.tags import site_tags, tag_units
from foundation.tag import Kind
from tests.edge_config.test_mistakes import SAMPLE, TEXT, problems_in

SITE = load_site(SAMPLE).site
MADE = {
    "gh1.bay1.a": TagSetting(derive="gh1.bay1.b - gh1.bay1.heat_sp"),
    "gh1.bay1.b": TagSetting(vote=("gh1.bay1.air_a", "gh1.bay1.air_b")),
    "gh1.bay1.c": TagSetting(derive="gh1.bay1.a * 2"),
}


@pytest.mark.parametrize("order", list(permutations(MADE)))
def test_a_tag_may_be_made_from_one_that_stands_below_it(order: tuple[str, ...]) -> None:
    site = SITE.model_copy(update={"tags": {name: MADE[name] for name in order}})
    tags = site_tags(site)
    assert {name: tags[name].unit for name in MADE} == {"gh1.bay1.a": "K", "gh1.bay1.b": "degC", "gh1.bay1.c": "K"}


def test_tags_know_where_they_come_from() -> None:
    tags = site_tags(SITE)
    assert tags["gh1.bay1.air_a"].kind is Kind.MEASURED
    assert tags["ras1.tank1.tan"].kind is Kind.MEASURED
    assert tags["gh1.bay1.vpd"].kind is Kind.DERIVED
    assert tags["gh1.bay1.heat_sp"].kind is Kind.SETPOINT
    assert tags["gh1.bay1.vent"].kind is Kind.OUTPUT
    assert "gh1.bay1.vent_open" in tags
    assert tags["gh1.bay1.door"].unit == "bool"


def test_a_unit_that_cannot_be_known_is_left_out_and_nothing_is_raised() -> None:
    devices = {
        **SITE.devices,
        "do_probe": SITE.devices["do_probe"].model_copy(update={"product": "acme/none"}),
    }
    tags = {
        **SITE.tags,
        "gh1.bay1.x": TagSetting(derive="ras1.tank1.do * 2"),
        "gh1.bay1.y": TagSetting(unit="furlong", entry="manual"),
        "gh1.bay1.z": TagSetting(derive="gh1.bay1.z + '1 K'"),
    }
    units = tag_units(SITE.model_copy(update={"devices": devices, "tags": tags}))
    unknown = {"ras1.tank1.do", "ras1.tank1.water", "gh1.bay1.x", "gh1.bay1.y", "gh1.bay1.z"}
    assert not unknown & set(units)
    assert units["gh1.bay1.vpd"] == "kPa"


def test_one_mistake_is_not_told_ten_times(tmp_path: Path) -> None:
    """An unknown product takes a vote, loops, an alarm and expressions with it: told is the product."""
    path = tmp_path / "site.yaml"
    path.write_text(TEXT.replace("product: xymd/xy_md02", "product: xymd/xy_md20"), "utf-8")
    assert [problem.code for problem in problems_in(path)] == ["E305", "E305"]
