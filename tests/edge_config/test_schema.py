"""The schema that editors read agrees with the sites that load."""

import re
from pathlib import Path
from typing import Any

import pytest

from edge_config.merged import read_merged
from edge_config.model.site import Site
from edge_config.refusals import keys_of
from edge_config.schema import site_schema
from foundation.document import Secret
from tests.edge_config.test_mistakes import SAMPLE
from tests.edge_config.test_samples import SITES

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str, Secret),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def faults(value: Any, part: dict[str, Any], whole: dict[str, Any], path: str = "") -> list[str]:
    """What of JSON Schema 2020-12 our models use, no more."""
    if "$ref" in part:
        part = {**whole["$defs"][part["$ref"].rsplit("/", 1)[1]], **{k: v for k, v in part.items() if k != "$ref"}}
    found: list[str] = []
    if "if" in part:
        branch = "else" if faults(value, part["if"], whole, path) else "then"
        found += faults(value, part.get(branch, {}), whole, path)
    if "not" in part and not faults(value, part["not"], whole, path):
        found.append(f"{path}: is what it is not to be")
    kinds = [part["type"]] if isinstance(part.get("type"), str) else part.get("type", [])
    if kinds and not any(
        isinstance(value, TYPES[kind]) and (kind == "boolean") == isinstance(value, bool) for kind in kinds
    ):
        return [*found, f"{path}: {value!r} is no {kinds}"]
    if "const" in part and value != part["const"]:
        found.append(f"{path}: {value!r} is not {part['const']!r}")
    if "not" in part and not faults(value, part["not"], whole, path):
        found.append(f"{path}: {value!r} may not be")
    if "if" in part and not faults(value, part["if"], whole, path):
        found += faults(value, part["then"], whole, path)
    if "enum" in part and value not in part["enum"]:
        found.append(f"{path}: {value!r} is none of {part['enum']}")
    for key in ("oneOf", "anyOf"):
        if key in part:
            fitting = sum(not faults(value, one, whole, path) for one in part[key])
            if not fitting or (key == "oneOf" and fitting > 1):
                found.append(f"{path}: {fitting} of {key} fit {value!r}")
    if isinstance(value, str) and not re.search(part.get("pattern", ""), value):
        found.append(f"{path}: {value!r} does not match")
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = part.get("minimum", value), part.get("maximum", value)
        if not low <= value <= high:
            found.append(f"{path}: {value} is outside {low} to {high}")
    if isinstance(value, dict):
        found += _mapping_faults(value, part, whole, path)
    if isinstance(value, list):
        shapes = part.get("prefixItems", [])
        for index, one in enumerate(value):
            found += faults(
                one, shapes[index] if index < len(shapes) else part.get("items", {}), whole, f"{path}/{index}"
            )
        if not part.get("minItems", 0) <= len(value) <= part.get("maxItems", len(value)):
            found.append(f"{path}: {len(value)} items")
    return found


def _mapping_faults(value: dict[str, Any], part: dict[str, Any], whole: dict[str, Any], path: str) -> list[str]:
    found = [f"{path}: lacks {key}" for key in part.get("required", []) if key not in value]
    for key, one in value.items():
        shapes = [part["properties"][key]] if key in part.get("properties", {}) else []
        shapes += [shape for pattern, shape in part.get("patternProperties", {}).items() if re.search(pattern, key)]
        rest = part.get("additionalProperties", True)
        if not shapes and rest is False:
            found.append(f"{path}: {key} is not allowed")
        if not shapes and isinstance(rest, dict):
            shapes = [rest]
        for shape in shapes:
            found += faults(one, shape, whole, f"{path}/{key}")
    return found


@pytest.mark.parametrize("path", [SAMPLE, *SITES], ids=lambda path: path.stem)
def test_a_site_that_loads_fits_the_schema(path: Path) -> None:
    schema = site_schema()
    assert faults(read_merged(path).value, schema, schema) == []


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("loops", {"gh1.bay1.a": {"type": "pid"}}),
        ("loops", {"gh1.bay1.a": {"type": "pd"}}),
        ("outputs", {"valve": {}}),
        ("devices", {"a": {"product": "x/y", "bus": "b", "unit": 300, "tags": {"a": "f.z.a"}}}),
        ("notify", {"escalate": {}}),
        ("rules", {}),
        ("schema", 2),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(section: str, value: object) -> None:
    schema = site_schema()
    site = read_merged(SAMPLE).value
    assert faults({**site, section: value}, schema, schema) != []


def test_where_a_preset_is_used_a_part_may_say_what_differs_and_no_more() -> None:
    schema = site_schema()
    site = read_merged(SAMPLE).value
    brief = {**site, "loops": {"gh1.bay1.vent_loop": {"band": "5 K"}}}
    assert faults(brief, schema, schema) != []
    used = {name: {**one, "use": "greenhouse/tomato@1"} for name, one in site["facilities"].items()}
    assert faults({**brief, "facilities": used}, schema, schema) == []


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_section_says_what_it_is(language: str) -> None:
    properties = site_schema(language)["properties"]
    assert set(properties) == set(keys_of(Site))
    for section, part in properties.items():
        assert not part["description"].startswith("schema."), section


def test_keys_say_what_their_models_say() -> None:
    models = site_schema()["$defs"]
    for model in ("OnOff", "Analog", "Pulse", "ThreePoint", "TimeProportioned"):
        assert models[model]["properties"]["safe"]["description"] == "Where it goes when nobody may command it."
    assert "24 hours" in models["Pulse"]["properties"]["max_per_day"]["description"]
    assert models["Hold"]["description"]
