"""The JSON Schema of a site file, for editors, from the models themselves.

`python -m edge_config.schema > site.schema.json`, and in the file's first line
`# yaml-language-server: $schema=site.schema.json`. `!secret` is a custom tag to the editor (`yaml.customTags`).
"""

import ast
import json
import sys
from inspect import getsource
from types import ModuleType
from typing import Any

from edge_config.merged import MAX_INCLUDES
from edge_config.model import control, interlocks, outputs, recipes, site, values
from edge_config.model.site import Site
from edge_config.preset_library import NAMED_SECTIONS
from foundation.messages import tell

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def site_schema(language: str = "en") -> dict[str, Any]:
    """Every key with what it means; the sections in the language that is asked for."""
    schema = Site.model_json_schema(by_alias=True)
    schema["properties"]["include"] = {"type": "array", "maxItems": MAX_INCLUDES, "items": {"type": "string"}}
    # what stands in a block has short names: the loader looks at it, written out
    schema["properties"]["each"] = {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "properties": {
                "zones": {"type": "array", "items": {"type": "string"}},
                **{one: {"type": "object", "additionalProperties": {"type": "object"}} for one in NAMED_SECTIONS},
            },
            "additionalProperties": False,
        },
    }
    for section, part in schema["properties"].items():
        part["description"] = tell(f"schema.{section}", language)
        if "patternProperties" in part:
            part["additionalProperties"] = False
    for module in (values, control, interlocks, outputs, recipes, site):
        for model, meanings in _meanings(module).items():
            _describe(schema["$defs"].get(model, {}), meanings)
    return {"$schema": DIALECT, **_briefer_with_a_preset(schema)}


def _briefer_with_a_preset(schema: dict[str, Any]) -> dict[str, Any]:
    """Where no facility uses a preset and no block is repeated every part is whole; else a site may say what differs
    and no more."""
    whole = {section: schema["properties"][section] for section in NAMED_SECTIONS}
    brief = {
        section: {"type": "object", "description": part["description"], "additionalProperties": {"type": "object"}}
        for section, part in whole.items()
    }
    uses_none = {"additionalProperties": {"not": {"required": ["use"]}}}
    return {
        **schema,
        "properties": {**schema["properties"], **brief},
        "if": {"properties": {"facilities": uses_none}, "not": {"required": ["each"]}},
        "then": {"properties": whole},
    }


def _meanings(module: ModuleType) -> dict[str, dict[str, str]]:
    """By class, the docstring under each of its fields; those of the classes that it stands on come first."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(getsource(module)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        meanings: dict[str, str] = {}
        for base in node.bases:
            meanings |= found.get(ast.unparse(base), {})
        for field, text in zip(node.body, node.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                meanings[ast.unparse(field.target).rstrip("_")] = " ".join(str(text.value.value).split())
        found[node.name] = meanings
    return found


def _describe(model: dict[str, Any], meanings: dict[str, str]) -> None:
    for key, part in model.get("properties", {}).items():
        if key in meanings:
            part["description"] = meanings[key]


if __name__ == "__main__":
    json.dump(site_schema(), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
