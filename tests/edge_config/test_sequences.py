"""Sequences in a site file: once for every zone, and beside rules that want the same outputs otherwise."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from edge_config.loader import load_site
from tests.edge_config.test_rules import HOT, SITE, codes_of, rule


def with_purge(abort: str | None, **purge: Any) -> dict[str, Any]:
    steps = [{"set": {"f.z.vent": "40 %"}, "for": "5 min"}]
    said = {} if abort is None else {"abort": abort}
    return {**SITE, "sequences": {"f.z.purge": {"steps": steps, **said, **purge}}}


ASK = rule("ask", "f.z.door", then=[{"run_sequence": "f.z.purge"}])
COLD = rule("cold", "f.z.air < '5 degC'")


@pytest.mark.parametrize(("abort", "other", "told"), [
    (None, COLD, ["W327"]),
    ("f.z.air < '8 degC'", COLD, []),  # where the rule acts, the sequence is aborted
    ("f.z.air < '3 degC'", COLD, ["W327"]),
    (None, rule("hot", HOT, then=[{"limit_max": "f.z.vent", "to": "50 %"}]), []),
    (None, rule("hot", HOT, then=[{"limit_max": "f.z.vent", "to": "30 %"}]), ["W327"]),
    (None, rule("hot", HOT, then=[{"limit_min": "f.z.vent", "to": "60 %"}]), ["W327"]),
    (None, rule("hot", HOT, then=[{"limit_min": "f.z.vent", "to": "30 %"}]), []),
    (None, rule("hot", HOT, then=[{"request": "f.z.vent", "to": "60 %"}]), []),
    (None, rule("hot", HOT, then=[{"set": "f.z.vent", "to": "40 %"}]), []),
])  # fmt: skip
def test_a_rule_that_a_sequence_would_not_let_be_heard_is_told(
    abort: str | None, other: dict[str, Any], told: list[str], tmp_path: Path
) -> None:
    assert codes_of(with_purge(abort), tmp_path, ASK, other) == told


def test_a_sequence_stands_once_for_every_zone(tmp_path: Path) -> None:
    step = {"set": {"bay.vent": "40 %"}, "until": "bay.air < '20 degC'", "within": "5 min", "else": "next"}
    ask = {"id": "bay.ask", "scope": {"each": "bay in f"}, "when": "bay.door", "for": {"on": "1 min"},
           "then": [{"run_sequence": "bay.purge"}]}  # fmt: skip
    site = {**SITE, "rules": [ask], "each": {"bay in f": {"sequences": {"bay.purge": {"steps": [step]}}}}}
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(site, allow_unicode=True, sort_keys=False), "utf-8")
    loaded = load_site(path)
    assert loaded.warnings == ()
    assert {name: one.outputs for name, one in loaded.site.sequences.items()} == {
        "f.z.purge": ("f.z.vent",), "f.y.purge": ("f.y.vent",),
    }  # fmt: skip
    assert loaded.site.sequences["f.y.purge"].steps[0].until == "f.y.air < '20 degC'"
