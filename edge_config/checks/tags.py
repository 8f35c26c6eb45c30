"""Tags: each fed by one device or made in one way, its limits in its own unit, its sources there."""

import re
from collections.abc import Iterator
from itertools import pairwise

from edge_config.checks.estimates import check_estimate
from edge_config.checks.inspection import Feed, Inspection, alike, is_made, ways
from edge_config.counted import UNITS, counted_as
from edge_config.model.site import Calibration, InAir, SelfTest, Stuck, TagSetting
from edge_config.wording import nearest
from foundation.document import Path_
from foundation.tag import is_tag_name
from foundation.units import CANONICAL, UnitError, difference, factor, is_unit
from rules.expression import BOOL, TEXT

TAG = re.compile(r"[a-z]\w*\.[a-z]\w*\.[a-z]\w*")
PERIODS_TO_STALE = 2.0
"""A value that is stale before so many polls flickers with every lost frame."""


def check_tags(inspection: Inspection) -> None:
    """E320 to E331, E336, E345, E348, E349, E363 to E365, E453; W303, W307, W308."""
    site = inspection.site
    for name, setting in site.tags.items():
        path: Path_ = ("tags", name)
        if name in site.outputs or name in site.programs:
            inspection.note("E323", path, key=True)
            continue
        feed = inspection.feeds.get(name)
        _origin(inspection, path, setting, feed)
        if setting.unit is not None and not is_unit(setting.unit):
            inspection.note("E330", (*path, "unit"), near=nearest(setting.unit, ("%", *CANONICAL)))
        _made(inspection, path, name, setting)
        _numbers(inspection, path, name, setting)
        if setting.counts is not None:
            unit, into = inspection.numeric((*path, "counts"), name), UNITS[setting.counts]
            if unit is not None and counted_as(setting.counts, unit) is None:
                inspection.note(
                    "E348", (*path, "counts"), counts=setting.counts, unit=unit or "1", total=into, rate=f"{into}/h"
                )  # fmt: skip
        if setting.estimate is not None:
            check_estimate(inspection, (*path, "estimate"), setting.estimate)
        if setting.calibration is not None:
            _calibration(inspection, (*path, "calibration"), name, setting.calibration)
        if setting.stuck is not None:
            _stuck(inspection, (*path, "stuck"), name, setting.stuck)
        if setting.self_test is not None:
            _self_test(inspection, (*path, "self_test"), name, setting.self_test)
        if setting.in_air is not None:
            _in_air(inspection, (*path, "in_air"), name, setting.in_air)
    for name, feed in inspection.feeds.items():
        if name not in site.outputs:
            _fed(inspection, name, feed, site.tags.get(name, TagSetting()))
    for ring in _rings(site.tags):
        first = site.tags[ring[0]]
        inspection.note("E329", ("tags", ring[0], ways(first)[0]), ring=" → ".join([*ring, ring[0]]))


def _origin(inspection: Inspection, path: Path_, setting: TagSetting, feed: Feed | None) -> None:
    """One device or one way of making it; and nothing that has no effect on it."""
    made = ways(setting)
    if feed is not None and made:
        inspection.note("E320", (*path, made[0]), key=True, device=feed.device, tag=path[-1])
    elif len(made) > 1:
        inspection.note("E321", (*path, made[1]), key=True, first=made[0])
    elif feed is None and not made:
        inspection.note("E322", path, key=True, near=nearest(str(path[-1]), inspection.feeds))
    for key, is_used, has_value in (
        ("rate", feed is not None or setting.entry, setting.rate is not None),
        ("spike", feed is not None or setting.entry, setting.spike is not None),
        ("filter", feed is not None or setting.entry, setting.filter is not None),
        ("hampel", feed is not None or setting.entry, setting.hampel is not None),
        ("stuck", feed is not None or setting.entry, setting.stuck is not None),
        ("calibration", feed is not None, setting.calibration is not None),
        ("self_test", feed is not None, setting.self_test is not None),
        ("in_air", feed is not None, setting.in_air is not None),
        ("stale", feed is not None or setting.entry, setting.stale is not None),
        ("disagree", setting.vote is not None, setting.disagree is not None),
        ("danger", setting.vote is not None, setting.danger is not None),
        ("drift", setting.vote is not None, setting.drift is not None),
        ("stand_in", setting.vote is not None, setting.stand_in is not None),
    ):
        if has_value and made and not is_used:
            inspection.note("W308", (*path, key), key=True, key_name=key)
    _entered(inspection, path, setting)


def _entered(inspection: Inspection, path: Path_, setting: TagSetting) -> None:
    """What people enter is a value, an amount or a text, and has nothing that belongs to another of them."""
    is_entered, is_text = setting.entry is not None, setting.is_text
    is_value = not is_entered or (setting.as_ == "value" and not is_text)
    for key, is_used, has_value in (
        ("as", is_entered, setting.as_ != "value"),
        ("choices", is_text and setting.as_ != "amount", bool(setting.choices)),
        ("unit", not is_text, setting.unit is not None),
        ("range", not is_text, setting.range is not None),
        ("deadband", not is_text, setting.deadband is not None),
        ("rate", is_value, setting.rate is not None),
        ("spike", is_value, setting.spike is not None),
        ("filter", is_value, setting.filter is not None),
        ("hampel", is_value, setting.hampel is not None),
        ("stuck", is_value, setting.stuck is not None),
        ("plus", is_entered and is_value, bool(setting.plus)),
        ("less", is_entered and is_value, bool(setting.less)),
    ):
        if has_value and not is_used:
            inspection.note("W308", (*path, key), key=True, key_name=key)
    for key, names in (("plus", setting.plus), ("less", setting.less)):
        for index, name in enumerate(names):
            _moves(inspection, (*path, key, index), str(path[-1]), name)


def _moves(inspection: Inspection, path: Path_, counted: str, name: str) -> None:
    """What moves a count is an amount that people enter, in the unit of the count."""
    unit, wanted = inspection.numeric(path, name), inspection.units.get(counted)
    if unit is None or wanted is None:
        return
    setting = inspection.site.tags.get(name, TagSetting())
    if setting.entry is None or setting.as_ != "amount":
        inspection.note("E349", path, tag=name)
    elif not alike(unit, wanted):
        inspection.note("E345", path, tag=name, unit=unit or "1", wanted=wanted or "1")


def _made(inspection: Inspection, path: Path_, name: str, setting: TagSetting) -> None:
    """What it is made from is there, and comes out in the unit that the tag is to have."""
    declared = inspection.units.get(name) if setting.unit is not None else None
    if setting.derive is not None:
        expression = inspection.expression((*path, "derive"), setting.derive)
        if expression is not None:
            _comes_out(inspection, path, expression.unit, declared)
    if setting.vote is not None:
        if len(set(setting.vote)) < 2 or len(set(setting.vote)) < len(setting.vote):
            inspection.note("E325", (*path, "vote"))
        unit: str | None = None
        for index, probe in enumerate(setting.vote):
            place: Path_ = (*path, "vote", index)
            probe_unit = inspection.numeric(place, probe)
            if unit is not None and probe_unit is not None and not alike(probe_unit, unit):
                inspection.note("E326", place, probe=probe, unit=probe_unit or "1", first=setting.vote[0], wanted=unit)
            unit = probe_unit if unit is None else unit
        if unit is not None:
            _comes_out(inspection, path, unit, declared)
        if setting.stand_in is not None:
            place = (*path, "stand_in", "tag")
            model_unit = inspection.numeric(place, setting.stand_in.tag)
            if unit is not None and model_unit is not None and not alike(model_unit, unit):
                inspection.note(
                    "E326", place, probe=setting.stand_in.tag, unit=model_unit or "1", first=setting.vote[0],
                    wanted=unit,
                )  # fmt: skip
    if setting.integrate is not None:
        place = (*path, "integrate")
        source = inspection.numeric(place, setting.integrate)
        if setting.unit is None:
            inspection.note("E327", path, key=True, source=setting.integrate, unit=source or "?")
        elif source is not None and declared is not None and not _adds_up(source, declared):
            inspection.note("E327", (*path, "unit"), source=setting.integrate, unit=source or "1")


def _comes_out(inspection: Inspection, path: Path_, unit: str, declared: str | None) -> None:
    if declared is not None and not alike(unit, declared):
        inspection.note("E328", (*path, "unit"), unit=unit or "1")


def _adds_up(source: str, unit: str) -> bool:
    """Whether the sum of a day of `source` can be in `unit`."""
    if (source, unit) == ("umol/m2/s", "mol/m2/d"):
        return True  # a day's sum is spelled per day
    try:
        factor(f"({source})*s", unit)
    except UnitError:
        return False
    return True


def _numbers(inspection: Inspection, path: Path_, name: str, setting: TagSetting) -> None:
    """Limits, rates and bands: in the unit of the tag, and with a sense."""
    inspection.positive((*path, "stale"), setting.stale)
    unit = inspection.units.get(name)
    given = {
        "range": setting.range,
        "rate": setting.rate,
        "spike": setting.spike,
        "deadband": setting.deadband,
        "disagree": setting.disagree,
        "drift": setting.drift,
        "hampel": setting.hampel,
    }
    if unit in (BOOL, TEXT):
        for key, value in given.items():
            if value is not None:
                inspection.note("E337", (*path, key), tag=name, kind=unit)
        return
    if setting.range is not None:
        low, high = (inspection.number((*path, "range", i), setting.range[i], unit) for i in (0, 1))
        if low is not None and high is not None and low >= high:
            inspection.note("E336", (*path, "range"), low=setting.range[0], high=setting.range[1])
    inspection.rate((*path, "rate"), setting.rate, unit, name)
    step = None if unit is None else difference(unit)
    inspection.positive((*path, "spike"), inspection.number((*path, "spike"), setting.spike, step))
    inspection.positive((*path, "drift"), inspection.number((*path, "drift"), setting.drift, step))
    for key, quantity in (
        ("deadband", setting.deadband), ("disagree", setting.disagree), ("hampel", setting.hampel)
    ):  # fmt: skip
        inspection.not_negative((*path, key), inspection.number((*path, key), quantity, step))


def _calibration(inspection: Inspection, path: Path_, name: str, calibration: Calibration) -> None:
    """Points in the tag's unit, what was said rising and what was true moving one way; the raw tag is free."""
    raw = f"{name}_raw"
    if raw in inspection.feeds or raw in inspection.site.tags or raw in inspection.site.outputs or not is_tag_name(raw):
        inspection.note("E363", path, key=True, raw=raw)
    unit = inspection.units.get(name)
    if unit in (BOOL, TEXT):
        inspection.note("E337", path, tag=name, kind=unit)
        return
    points: list[tuple[float, float]] = []
    for index, pair in enumerate(calibration.points):
        place = (*path, "points", index)
        said, true = (inspection.number((*place, at), pair[at], unit) for at in (0, 1))
        if said is not None and true is not None:
            points.append((said, true))
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    if any(said <= 0.0 or true * steps[0][1] <= 0.0 for said, true in steps):
        inspection.note("E364", (*path, "points"))
    water = calibration.temperature
    if water is not None:
        place = (*path, "temperature")
        inspection.number((*place, "reference"), water.reference, "degC")
        of = inspection.numeric((*place, "tag"), water.tag)
        if of is not None and of != "degC":
            inspection.note("E362", (*place, "tag"), pv=water.tag, unit=of or "1", sp="temperature", sp_unit="degC")


def _stuck(inspection: Inspection, path: Path_, name: str, stuck: Stuck) -> None:
    """With what moves it goes how far that moves."""
    inspection.positive((*path, "for"), stuck.for_)
    unit = inspection.units.get(name)
    step = None if unit is None or unit in (BOOL, TEXT) else difference(unit)
    inspection.not_negative((*path, "within"), inspection.number((*path, "within"), stuck.within, step))
    if (stuck.with_ is None) is not (stuck.by is None):
        inspection.note("E365", path, key=True)
    elif stuck.with_ is not None:
        other = inspection.numeric((*path, "with"), stuck.with_)
        by = inspection.number((*path, "by"), stuck.by, None if other is None else difference(other))
        inspection.positive((*path, "by"), by)


def _self_test(inspection: Inspection, path: Path_, name: str, test: SelfTest) -> None:
    unit = inspection.numeric(path, name)
    inspection.output((*path, "of"), test.of)
    inspection.number((*path, "to"), test.to, unit)
    inspection.positive((*path, "bias"), inspection.number((*path, "bias"), test.bias, unit and difference(unit)))
    inspection.positive((*path, "response"), test.response)
    inspection.positive((*path, "recovers"), test.recovers)


def _in_air(inspection: Inspection, path: Path_, name: str, told: InAir) -> None:
    """What is never in the water, or the probe's thermometer and the air's."""
    inspection.positive((*path, "for"), told.for_)
    unit = inspection.numeric(path, name)
    of_oxygen = (told.temperature, told.air, told.water, told.salinity)
    if told.below is not None:
        if any(one is not None for one in of_oxygen):
            inspection.note("E453", path, key=True)
        inspection.number((*path, "below"), told.below, unit)
        return
    if told.temperature is None or told.air is None:
        inspection.note("E453", path, key=True)
    if unit is not None and not alike(unit, "mg/L") and unit != "%":
        inspection.note("E345", path, key=True, tag=name, unit=unit or "1", wanted="mg/L")
    for key, tag in (("temperature", told.temperature), ("air", told.air), ("water", told.water)):
        of = None if tag is None else inspection.numeric((*path, key), tag)
        if of is not None and not alike(of, "degC"):
            inspection.note("E345", (*path, key), tag=tag, unit=of or "1", wanted="degC")
    inspection.positive((*path, "within"), inspection.number((*path, "within"), told.within, "%"))
    inspection.positive((*path, "fastest"), inspection.number((*path, "fastest"), told.fastest, "K/s", "K/h"))
    inspection.not_negative((*path, "salinity"), inspection.number((*path, "salinity"), told.salinity, "g/L"))


def _fed(inspection: Inspection, name: str, feed: Feed, setting: TagSetting) -> None:
    """A tag that a device feeds: the device and the setting agree on its unit, and on how often it comes."""
    period = inspection.site.devices[feed.device].period
    if setting.stale is not None and 0 < setting.stale < PERIODS_TO_STALE * period:
        least = f"{PERIODS_TO_STALE * period:g} s"
        inspection.note("W303", ("tags", name, "stale"), device=feed.device, period=f"{period:g} s", least=least)
    what = feed.what
    if what is None or is_made(setting):
        return
    if setting.unit is None:
        if what.kind in ("number", "any") and not what.unit:
            inspection.note("W307", feed.path, tag=name, channel=feed.channel)
    elif what.kind in ("bool", "text"):
        inspection.note("E337", ("tags", name, "unit"), tag=name, kind=what.kind)
    elif what.unit and is_unit(setting.unit) and not alike(setting.unit, what.unit):
        inspection.note("E331", ("tags", name, "unit"), tag=name, unit=what.unit, device=feed.device)


def _rings(tags: dict[str, TagSetting]) -> Iterator[list[str]]:
    """Derived tags that need each other, each ring once."""
    sources = {name: _sources(setting, tags) for name, setting in tags.items()}
    done: set[str] = set()
    for start in sources:
        trail: list[str] = []
        name: str | None = start
        # one step at a time along the first source that is not settled yet
        while name is not None:
            if name in trail:
                ring = trail[trail.index(name) :]
                yield ring
                done |= set(ring)
                break
            trail.append(name)
            name = next((one for one in sources[name] if one not in done), None)
            if name is None:
                done.add(trail.pop())
                name = trail.pop() if trail else None


def _sources(setting: TagSetting, tags: dict[str, TagSetting]) -> list[str]:
    """The other made tags that a tag needs at once. A daily sum is of the scan before: it closes no ring."""
    named = TAG.findall(setting.derive) if setting.derive is not None else list(setting.vote or ())
    if setting.stand_in is not None:
        named.append(setting.stand_in.tag)
    return [name for name in dict.fromkeys(named) if name in tags and (tags[name].derive or tags[name].vote)]
