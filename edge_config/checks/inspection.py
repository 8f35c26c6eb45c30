"""A site under inspection: what it has, looked up once, and what was found wrong with it."""

import re
from collections.abc import Callable, Collection, Iterable
from math import isfinite
from typing import Any, NamedTuple, Protocol

from drivers.product import Channel, Product, load_product
from edge_config.model.outputs import Heartbeat, Output, ThreePoint
from edge_config.model.site import Site, TagSetting
from edge_config.tags import tag_units
from edge_config.wording import listed, nearest
from foundation.document import Path_
from foundation.problem import Problem, ProblemsError
from foundation.units import Quantity, UnitError, difference, factor, is_unit, same_dimension
from rules.expression import BOOL, TEXT, Expression, ExpressionError, Named, compile_expression

COMPARED = re.compile(r"([a-z]\w*(?:\.\w+)+)\s*[=!]=\s*'([^']*)'")
"""A tag that is compared with a text."""
SHORT = re.compile(r"[a-z]\w*\.[a-z]\w*")
"""A name in a template: `tank.do`."""


class Placer(Protocol):
    """Makes a problem at a path of the site file."""

    def __call__(
        self, code: str, path: Path_, /, key: bool = False, inside: int | None = None, **values: object
    ) -> Problem: ...


class Feed(NamedTuple):
    """What feeds a tag: a channel of a device. `what` is None where the product does not have it."""

    device: str
    channel: str
    what: Channel | None

    @property
    def path(self) -> Path_:
        return ("devices", self.device, "tags", self.channel)


class Inspection:
    """Every check notes its problems here. A thing whose own mistake is noted elsewhere counts as unknown, so that one
    mistake is not told ten times: its unit is None, and what would be compared with it is not."""

    def __init__(self, site: Site, at: Placer) -> None:
        self.site = site
        self.problems: list[Problem] = []
        self._at = at
        self.products: dict[str, Product] = {}
        """By device, those that could be loaded."""
        self.broken: dict[str, list[Problem]] = {}
        """By device, why its product could not."""
        for name, device in site.devices.items():
            try:
                self.products[name] = load_product(device.product)
            except ProblemsError as error:
                self.broken[name] = error.problems
        self.feeds: dict[str, Feed] = {}
        """By tag; the first where two feed one."""
        for name, device in site.devices.items():
            product = self.products.get(name)
            for channel, tag in device.tags.items():
                what = None if product is None else product.channels.get(channel) or product.channels.get("*")
                self.feeds.setdefault(tag, Feed(name, channel, what))
        self.units = tag_units(site)
        self.tags = frozenset(self.feeds) | site.tags.keys() | site.outputs.keys() | site.programs.keys()

    # --- noting

    def note(self, code: str, path: Path_, /, key: bool = False, inside: int | None = None, **values: object) -> None:
        """A mistake at a place of the file."""
        self.problems.append(self._at(code, path, key=key, inside=inside, **values))

    def place(self, path: Path_, key: bool = False) -> str:
        """`file:line`, to be named in a problem elsewhere."""
        there = self._at("", path, key=key)
        return f"{there.file}:{there.line}"

    def positive(self, path: Path_, value: float | None) -> None:
        """More than nothing; None is not there."""
        if value is not None and value <= 0.0:
            self.note("E334", path)

    def not_negative(self, path: Path_, value: float | None) -> None:
        if value is not None and value < 0.0:
            self.note("E335", path)

    def not_zero(self, path: Path_, value: float) -> None:
        if value == 0.0:
            self.note("E339", path)

    def percent(self, path: Path_, value: float) -> None:
        """A share: 0 to 100 %."""
        if not 0.0 <= value <= 100.0:
            self.note("E130", path)

    # --- looking up

    def tag(self, path: Path_, name: str) -> str | None:
        """The unit of a tag that is named at `path`; None if it is not known."""
        if name not in self.tags:
            self.note("E324", path, tag=name, near=nearest(name, self.tags))
        return self.units.get(name)

    def numeric(self, path: Path_, name: str) -> str | None:
        """The unit of a tag that has to be a number."""
        unit = self.tag(path, name)
        if unit in (BOOL, TEXT):
            self.note("E337", path, tag=name, kind=unit)
            return None
        return unit

    def output(self, path: Path_, name: str) -> Output | None:
        """The output that is named at `path`, where somebody is to move it."""
        output = self.site.outputs.get(name)
        if output is None:
            self.note("E350", path, output=name, near=nearest(name, self.site.outputs))
        elif isinstance(output, Heartbeat) and path[0] != "interlocks":
            self.note("E389", path, output=name)
        return output

    # --- units

    def number(self, path: Path_, quantity: Quantity | None, unit: str | None, wanted: str = "") -> float | None:
        """The quantity in `unit` as the core will take it; `wanted` spells it for people. None if that cannot be."""
        if quantity is None or unit is None:
            return None
        try:
            value = quantity.to(unit)
        except UnitError:
            code = "E333" if not quantity.unit else "E347" if _mixed_up(quantity.unit, unit) else "E332"
            self.note(code, path, wanted=wanted or unit or "1")
            return None
        if not isfinite(value):
            self.note("E123", path, example=f"1 {wanted or unit}")
            return None
        return value

    def rate(self, path: Path_, quantity: Quantity | None, unit: str | None, tag: str) -> None:
        """A change per time of a tag that is in `unit`: more than nothing."""
        if quantity is None or unit is None:
            return
        if not unit:
            self.note("E338", path, tag=tag)
            return
        step = difference(unit)
        self.positive(path, self.number(path, quantity, f"{step}/s", f"{step}/min"))

    # --- expressions

    def expression(
        self,
        path: Path_,
        text: str,
        margin: Quantity | None = None,
        named: Named | None = None,
        remembers: bool = False,
        short: Callable[[], Collection[str]] = tuple,
    ) -> Expression | None:
        """The expression, compiled; what is wrong with it is noted at its place. `short` gives the names that `named`
        knows beside the full ones."""
        try:
            return compile_expression(text, self.units, margin, named, remembers)
        except ExpressionError as error:
            code, values = error.code, dict[str, Any](error.values)
            if code == "E411" and SHORT.fullmatch(found := str(values["found"])) and (known := short()):
                code, values = "E412", {"tag": found, "near": nearest(found, known)}
            elif code == "E412":
                name = str(values["tag"])
                if name in self.tags:
                    return None  # it exists, and why its unit is not known is told there
                values = values | {"near": nearest(name, self.tags)}
            elif code == "E414":
                functions = str(values["known"]).split(", ")
                values = values | {"near": nearest(str(values["found"]), functions)}
            self.note(code, path, inside=error.column, **values)
            return None

    def quiet(self, text: str) -> Expression | None:
        """An expression that is checked elsewhere; None where it is wrong."""
        try:
            return compile_expression(text, self.units, remembers=True)
        except ExpressionError:
            return None

    def condition(
        self, path: Path_, text: str, named: Named | None = None, short: Callable[[], Collection[str]] = tuple
    ) -> Expression | None:
        """An expression that has to be true or false."""
        expression = self.expression(path, text, None, named, remembers=True, short=short)
        if expression is not None and expression.unit != BOOL:
            self.note("E404", path, inside=0, found=text, unit=expression.unit or "1")
            return None
        if expression is not None:
            self._choices(path, text, named or str)
        return expression

    def _choices(self, path: Path_, text: str, named: Named) -> None:
        """A text that is compared with what people enter is one that they can enter."""
        for found in COMPARED.finditer(text):
            setting = self.site.tags.get(named(found[1]))
            if setting is not None and setting.choices and found[2] not in setting.choices:
                near, known = nearest(found[2], setting.choices), listed(setting.choices)
                self.note("E457", path, inside=found.start(2), tag=found[1], text=found[2], near=near, known=known)


def alike(unit: str, other: str) -> bool:
    """Whether one number means the same in both units."""
    try:
        return unit == other or factor(unit, other) == 1.0
    except UnitError:
        return False


def _mixed_up(unit: str, wanted: str) -> bool:
    """Whether a temperature was written for a difference of temperatures, or the other way round."""
    return any(is_unit(other) and same_dimension(unit, other) for other in _swapped(wanted))


def _swapped(unit: str) -> tuple[str, str]:
    return unit.replace("degC", "K"), unit.replace("K", "degC")


def ratio(unit: str, per: str) -> tuple[str, str]:
    """`unit` per `per`, as the core asks for it and as people write it."""
    if not per:
        return unit, unit
    return f"({unit})/({per})", f"{unit}/({per})" if "/" in per else f"{unit}/{per}"


def device_tags(name: str, output: Output) -> Iterable[tuple[Path_, str]]:
    """The device tags that an output writes, and where the file names them."""
    if isinstance(output, ThreePoint):
        return ((("outputs", name, "open"), output.open), (("outputs", name, "close"), output.close))
    return ((("outputs", name), name),)


def is_made(setting: TagSetting) -> bool:
    """Whether a tag comes from something else than a device."""
    return bool(ways(setting))


def ways(setting: TagSetting) -> list[str]:
    """The ways in which a setting says that its tag is made."""
    said = {
        "derive": setting.derive,
        "vote": setting.vote,
        "integrate": setting.integrate,
        "entry": setting.entry,
        "estimate": setting.estimate,
    }
    return [way for way, how in said.items() if how is not None]
