"""Sample farms that use a preset are controlled as it stands in `written_out`, part by part and number by number."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge_config.loader import load_site
from edge_config.model.site import Site
from edge_config.templates import Placed, placed_rules
from foundation.document import read_document

SITES = Path("edge_config/sites")
WRITTEN = sorted(Path("tests/edge_config/written_out").glob("*.yaml"))
SECTIONS = ("programs", "loops", "interlocks", "alarms")
NAMING = ("set", "inhibit", "limit_min", "limit_max", "request")
TAG = re.compile(r"\b[a-z]\w*(?:\.[a-z]\w*)+")


def control(site: Site) -> dict[str, Any]:
    """Programs, loops, interlocks, alarms and rules, without where their numbers come from."""
    found: dict[str, Any] = {
        f"{section} {name}": part.model_dump(exclude={"figures"})
        for section in SECTIONS
        for name, part in getattr(site, section).items()
    }
    return found | {f"rules {one.id}": rule(one) for one in placed_rules(site)}


def rule(one: Placed) -> dict[str, Any]:
    """What a rule does, its names in full; its words and where it was taken from are not control."""
    kept = one.rule.model_dump(include={"when", "clear", "for_", "on_bad_quality", "max_hold", "limits", "then"})
    told = {
        key: TAG.sub(lambda name: one.named(name[0]), kept[key]) if kept[key] else None for key in ("when", "clear")
    }
    effects = [
        {key: one.named(value) if key in NAMING and value else value for key, value in effect.items()}
        for effect in kept["then"]
    ]
    return {**kept, **told, "then": effects}


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_a_sample_that_uses_a_preset_is_controlled_as_written_out(path: Path, tmp_path: Path) -> None:
    sample = SITES / path.name
    own, written_out = read_document(sample).value, read_document(path).value
    taken = {one["id"] for one in written_out.get("rules", ())}
    own_rules = [one for one in own.get("rules", ()) if one["id"] not in taken]  # those stand in the sample alone
    rules = [*own_rules, *written_out.get("rules", ())]
    tags = {**own["tags"], **written_out.get("tags", {})}
    site = {**own, **written_out, "rules": rules, "tags": tags}
    (facility,) = site["facilities"].values()
    assert facility.pop("use")
    assert facility.pop("without", []) is not None
    facility.pop("with", None)
    plain = tmp_path / path.name
    plain.write_text(yaml.safe_dump(site, allow_unicode=True), "utf-8")
    ours, written = control(load_site(sample).site), control(load_site(plain).site)
    assert ours.keys() == written.keys()
    assert {name: part for name, part in ours.items() if part != written[name]} == {}
