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
from edge_config.model import control, outputs, recipes, site, values
from edge_config.model.site import Site
from edge_config.preset_library import NAMED_SECTIONS
from foundation.messages import tell

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def site_schema(language: str = "en") -> dict[str, Any]:
    """Every key with what it means; the sections in the language that is asked for."""
    schema = Site.model_json_schema(by_alias=True)
    schema["properties"]["include"] = {"type": "array", "maxItems": MAX_INCLUDES, "items": {"type": "string"}}
    schema["properties"]["each"] = {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "properties": {
                "zones": {"type": "array", "items": {"type": "string"}},
                **{section: _short_named(schema["properties"][section]) for section in NAMED_SECTIONS},
            },
            "additionalProperties": False,
        },
    }
    for section, part in schema["properties"].items():
        part["description"] = tell(f"schema.{section}", language)
        if "patternProperties" in part:
            part["additionalProperties"] = False
    for module in (values, control, outputs, recipes, site):
        for model, meanings in _meanings(module).items():
            _describe(schema["$defs"].get(model, {}), meanings)
    return {"$schema": DIALECT, **schema}


def _short_named(section: dict[str, Any]) -> dict[str, Any]:
    """A section whose parts have short names, `tank.do`."""
    (part,) = section["patternProperties"].values()
    return {"type": "object", "additionalProperties": part}


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
