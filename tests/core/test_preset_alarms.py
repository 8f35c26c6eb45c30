"""Alarms of presets: how long there is to act is told while there still is time."""

from pathlib import Path

import pytest

from controller.core.scan import Core
from edge_config.loader import load_site
from edge_config.preset_library import preset_names
from tests.edge_config.preset_sites import whole_site, write_site


@pytest.mark.parametrize("name", preset_names())
def test_the_damage_that_an_alarm_foresees_lies_beyond_the_alarm(name: str, tmp_path: Path) -> None:
    core = Core(load_site(write_site(tmp_path, whole_site(name))).site)
    foreseen = {block.name: block for block in core.plan.alarms if block.damage is not None}
    assert foreseen or name.startswith("mushroom/")
    for block in foreseen.values():
        damage = block.damage
        assert damage is not None
        if block.when.needs == {damage.of}:
            shortly_before = damage.at + (-0.1 if damage.kind == "hot" else 0.1)
            assert block.when.run({damage.of: shortly_before}), (block.name, damage.at)
