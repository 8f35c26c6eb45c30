"""What the models refused, as problems of ours: a stable code, its place in the file, and what would be right there.

Pydantic says where by a trail that also names the kinds it tried ('loops', 'a.b.c', 'pid', 'kc'). Walking the models'
annotations beside the trail gives the place in the file, and the model whose keys would have been right.
"""

import re
import types
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from edge_config.merged import Merged
from edge_config.model.site import Site
from edge_config.wording import listed, nearest, shown
from foundation.document import Path_
from foundation.problem import Problem
from foundation.tag import PART, is_identifier
from foundation.units import CANONICAL

FALLBACK = "E101"
CODES = {
    "extra_forbidden": "E102",
    "missing": "E103",
    "union_tag_invalid": "E109",
    "union_tag_not_found": "E110",
    "literal_error": "E111",
    "model_type": "E112",
    "model_attributes_type": "E112",
    "dict_type": "E112",
    "tuple_type": "E114",
    "string_type": "E115",
    "float_type": "E116",
    "float_parsing": "E116",
    "int_type": "E117",
    "int_parsing": "E117",
    "int_parsing_size": "E117",
    "int_from_float": "E117",
    "finite_number": "E117",
    "bool_type": "E118",
    "bool_parsing": "E118",
    "greater_than": "E119",
    "greater_than_equal": "E119",
    "less_than": "E120",
    "less_than_equal": "E120",
    "too_short": "E121",
    "too_long": "E122",
    "quantity": "E123",
    "unit_missing": "E124",
    "unit_wrong": "E125",
    "identifier": "E126",
    "tag_name": "E127",
    "day_time": "E128",
    "position": "E129",
    "position_range": "E130",
    "secret": "E131",
    "too_small": "E132",
    "unit_unknown": "E133",
    "each": "E134",
    "times": "E135",
}
"""Pydantic's error types (and those of `model/values.py`) -> our codes. Types that mean the same share one."""
EMPTY = "E113"
"""Nothing stands where a list or keys are wanted."""
MISSING = {"on_loss": "E104", "safe": "E105", "lease": "E106", "fail_safe_by": "E107", "on_bad_quality": "E108"}
"""Keys without which nothing is safe: each says why."""
EXAMPLES = {
    "above": "0.5 L/min",
    "band": "6 K",
    "deadband": "0.05 K",
    "down": "1.5 K/h",
    "gain": "-0.8 %/K",
    "kc": "12 %/K",
    "limits": "[10 degC, 30 degC]",
    "max_per_day": "10 L",
    "on_loss": "{hold: 5 min, then: 20 %}",
    "product": "xymd/xy_md02",
    "rate": "3 K/min",
    "safe": '"off"',
    "spike": "3 K",
    "tags": "{temperature: gh1.bay1.air_temp}",
    "timezone": "Asia/Shanghai",
    "up": "1.5 K/h",
    "value": "20 degC",
    "when": "\"gh1.bay1.air_temp > '35 degC'\"",
    "zones": "[bay1]",
}
"""What could stand under a key, where its type does not say it well."""
SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


@dataclass(slots=True)
class Spot:
    """Where a trail leads."""

    path: Path_ = ()
    model: type[BaseModel] | None = None
    """The model that the last part is a key of."""
    annotation: Any = Site
    """What is wanted there."""
    metadata: tuple[Any, ...] = ()
    key_annotation: Any = None
    """What the keys of the mapping around it are to be."""
    is_key: bool = False
    """The key itself is meant, not its value."""
    dead_end: bool = False
    """The trail took a kind that the file plainly does not mean."""


def problems_of(error: ValidationError, merged: Merged, model: type[BaseModel] = Site) -> list[Problem]:
    """Every refusal once, at its place; `model` is what the whole file was to be."""
    found: list[Problem] = []
    for one in error.errors(include_url=False):
        spot = locate(one["loc"], merged.value, model)
        if not spot.dead_end:
            found.append(_problem(one, spot, merged))
    return found


def locate(trail: Iterable[str | int], value: Any, model: type[BaseModel] = Site) -> Spot:
    """Follow a trail through the models and through the file's value side by side."""
    spot = Spot(annotation=model)
    for part in trail:
        if part == "[key]":
            spot.is_key, spot.annotation, spot.metadata = True, spot.key_annotation, ()
            break
        _unwrap(spot)
        if get_origin(spot.annotation) in (Union, types.UnionType):
            spot.annotation, chosen = _branch(get_args(spot.annotation), str(part))
            spot.dead_end |= not chosen and isinstance(value, dict) == (not _is_model(spot.annotation))
            continue
        if isinstance(part, int) and not isinstance(value, list):
            # one thing where a list of them may stand
            spot.annotation = get_args(spot.annotation)[0]
            continue
        _enter(spot, part)
        spot.path = (*spot.path, part)
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
    _unwrap(spot)
    return spot


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys that a model takes, as people write them (`figures` are written by presets)."""
    keys = [field.alias or name for name, field in model.model_fields.items() if name != "figures"]
    return [*keys, "include", "each"] if model is Site else keys


# --- the walk


def _unwrap(spot: Spot) -> None:
    """Through `Annotated[...]` and `... | None`, which leave no mark on the trail."""
    while True:
        origin, arguments = get_origin(spot.annotation), get_args(spot.annotation)
        if origin is Annotated:
            spot.annotation, spot.metadata = arguments[0], (*spot.metadata, *arguments[1:])
        elif origin in (Union, types.UnionType) and type(None) in arguments:
            others = tuple(one for one in arguments if one is not type(None))
            spot.annotation = Union[others]  # noqa: UP007  # made of what is only known when it runs
        else:
            return


def _enter(spot: Spot, part: str | int) -> None:
    """One step down, into a model, a mapping or a list."""
    origin, arguments = get_origin(spot.annotation), get_args(spot.annotation)
    spot.model, spot.metadata = None, ()
    if _is_model(spot.annotation):
        spot.model = spot.annotation
        field = _field(spot.annotation, str(part))
        spot.annotation, spot.metadata = (field.annotation, tuple(field.metadata)) if field is not None else (Any, ())
    elif origin is dict:
        spot.key_annotation, spot.annotation = arguments
    elif origin is tuple and isinstance(part, int):
        spot.annotation = arguments[0] if arguments[-1] is Ellipsis else arguments[min(part, len(arguments) - 1)]
    else:
        spot.annotation = Any


def _branch(members: tuple[Any, ...], label: str) -> tuple[Any, bool]:
    """The member of a union that a label on the trail means, and whether a discriminator chose it."""
    plain = [member.__origin__ if get_origin(member) is Annotated else member for member in members]
    for member in plain:
        if _is_model(member) and any(label in get_args(field.annotation) for field in member.model_fields.values()):
            return member, True
    for member in plain:
        if _is_model(member) and member.__name__ == label:
            return member, False
    return next(member for member in plain if not _is_model(member)), False


def _field(model: type[BaseModel], key: str) -> FieldInfo | None:
    return next((field for name, field in model.model_fields.items() if key in (field.alias, name)), None)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


# --- the words


def _problem(one: ErrorDetails, spot: Spot, merged: Merged) -> Problem:
    kind, path = one["type"], spot.path
    code = CODES.get(kind, FALLBACK)
    values: dict[str, Any] = {name: value for name, value in one.get("ctx", {}).items() if name != "error"}
    values |= {"found": shown(one["input"]), "where": merged.where(path)}
    match code:
        case "E102":
            return _unknown_key(merged, spot)
        case "E103":
            return _missing(merged, spot)
        case "E109" | "E110":
            key = values["discriminator"].strip("'")
            known = re.findall(r"[a-z_0-9]+", values.get("expected_tags", "")) or _tags_of(spot.annotation, key)
            more = {"where": values["where"], "key_name": key, "known": listed(known)}
            if code == "E110":
                return merged.problem(code, path, key=True, **more)
            found = shown(one["input"].get(key))
            return merged.problem(code, (*path, key), found=found, near=nearest(found, known), **more)
        case "E111":
            known = [str(choice) for choice in _choices(spot)]
            values |= {"known": listed(known), "near": nearest(values["found"], known)}
        case "E112" | "E114" if one["input"] is None:
            code = EMPTY
        case "E112":
            keys = keys_of(spot.annotation) if _is_model(spot.annotation) else []
            values["form"] = _form(keys)
        case "E119" | "E120":
            sign, bound = next((SIGNS[name], values[name]) for name in SIGNS if name in values)
            values["bound"] = f"{sign} {bound:g}"
        case "E121" | "E122":
            values |= {"count": values["actual_length"], "wanted": values.get("min_length", values.get("max_length"))}
        case "E123" | "E124" | "E125" | "E133":
            values["example"] = EXAMPLES.get(str(path[-1]), values["example"])
            if code == "E133":
                values["near"] = nearest(values["unit"], ("%", *CANONICAL))
        case "E126":
            values["suggestion"] = _identifier(str(one["input"]))
        case "E127":
            values["suggestion"] = _tag_name(str(one["input"]))
        case "E101":
            values["what"] = one["msg"]
    return merged.problem(code, path, key=spot.is_key or code == EMPTY, **values)


def _unknown_key(merged: Merged, spot: Spot) -> Problem:
    name = str(spot.path[-1])
    keys = keys_of(spot.model or Site)
    where = merged.where(spot.path[:-1])
    return merged.problem(
        "E102", spot.path, key=True, key_name=name, where=where, near=nearest(name, keys), known=listed(keys)
    )


def _missing(merged: Merged, spot: Spot) -> Problem:
    *parents, name = spot.path
    parent = tuple(parents)
    where = merged.where(parent)
    if isinstance(name, int):
        # a pair of which only one stands there
        return merged.problem("E121", parent, where=where, count=name, wanted=name + 1)
    code = MISSING.get(name, CODES["missing"])
    return merged.problem(code, parent, key=True, missing=name, where=where, example=_example(spot))


def _example(spot: Spot) -> str:
    """Something that could stand there."""
    if (known := EXAMPLES.get(str(spot.path[-1]))) is not None:
        return known
    for one in spot.metadata:
        if isinstance(one, WithJsonSchema) and one.json_schema and one.json_schema.get("examples"):
            return str(one.json_schema["examples"][0])
    choices = _choices(spot)
    if choices:
        return str(choices[0])
    origin = get_origin(spot.annotation)
    if origin is tuple:
        return "[…]"
    if origin is dict:
        return "{…}"
    if _is_model(spot.annotation):
        return _form(keys_of(spot.annotation))
    return {float: "1.0", int: "1", bool: "true"}.get(spot.annotation, "…")


def _form(keys: list[str]) -> str:
    return "{" + ", ".join(f"{key}: …" for key in keys) + "}" if keys else "{…: …}"


def _choices(spot: Spot) -> tuple[Any, ...]:
    """The values of a Literal, or of the keys of a mapping keyed by one."""
    return get_args(spot.annotation) if get_origin(spot.annotation) is Literal else ()


def _tags_of(annotation: Any, key: str) -> list[str]:
    """What the discriminator of a union may say."""
    return [
        str(choice)
        for member in get_args(annotation)
        if (field := _field(member, key)) is not None
        for choice in get_args(field.annotation)
    ]


def _identifier(found: str) -> str:
    """The nearest name that is allowed."""
    name = re.sub(r"[^a-z0-9_]+", "_", found.lower()).strip("_")[:32]
    if not PART.fullmatch(name):
        name = f"x_{name}".rstrip("_")[:32]
    return name if is_identifier(name) else f"{name}_1"


def _tag_name(found: str) -> str:
    parts = [part for part in found.split(".") if part]
    if len(parts) == 2:
        parts.insert(1, "all")
    while len(parts) < 3:
        parts.insert(0, "bay1" if len(parts) == 1 else "gh1")
    return ".".join(_identifier(part) for part in [*parts[:2], "_".join(parts[2:])])
