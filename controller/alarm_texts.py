"""What an alarm says to people, in one language: its name, cause, consequence, response, and the time that is left."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from controller.core.words import AlarmNow
from controller.panel.layout import TAG_IN_TEXT, FacilityShape, NameShape, SiteShape, layout
from edge_config.model.site import Site
from edge_config.tags import site_tags
from foundation.tag import Tag

_SUBJECTS = ("tag", "output", "loop", "rule", "sequence", "reset")
"""Values of an alarm that may name what it is about, the first one that is there."""
_WORDED = {"reason": "reason", "fouled": "fouled", "sequence": "abort"}
"""Kinds whose `why` (or `reason`) is a word of the locales, and under which keys."""


class AlarmText(NamedTuple):
    """One alarm, told."""

    name: str
    """What it is about, with its place."""
    cause: str
    consequence: str
    response: str
    time_to_damage: str
    """ "oxygen gone in about 11 min"; empty where that is not known."""


class AlarmTexts:
    """The sentences of one site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.tags: Mapping[str, Tag] = site_tags(site)

    @cached_property
    def _shape(self) -> SiteShape:
        return layout(self)

    def _shape_of(self, facility: str) -> FacilityShape:
        return next(one for one in self._shape.facilities if one.id == facility)

    def tell(self, messages: Mapping[str, str], alarm: AlarmNow, language: str) -> AlarmText:
        """`messages` is the catalogue of `language`. Never raises: a place that cannot be filled stands open."""
        kind, _, subject = alarm.id.rpartition(":")
        own = None if kind else self._shape.alarms.get(alarm.id)
        values = {name: _plain(value) for name, value in alarm.values.items()}
        name = self._name(alarm, subject, language)
        values["name"] = name
        if "reason" in alarm.values:
            values["reason"] = messages.get(f"reason.{alarm.values['reason']}", str(alarm.values["reason"]))
        if kind in _WORDED and "why" in alarm.values:
            values["why"] = messages.get(f"{_WORDED[kind]}.{alarm.values['why']}", str(alarm.values["why"]))
        parts = ("cause", "consequence", "response")
        if own is not None:
            templates = [_in(language, getattr(own, part)) for part in parts]
        else:
            templates = [messages.get(f"alarm.{kind}.{part}", f"alarm.{kind}.{part}") for part in parts]
        cause, consequence, response = (_filled(one, values) for one in templates)
        return AlarmText(self._placed(name, subject, language), cause, consequence, response, _damage(messages, alarm))

    def _name(self, alarm: AlarmNow, subject: str, language: str) -> str:
        """What it is about: the tag, output, loop, rule or device that it names; of a site's own, what it watches."""
        watched = self.site.alarms.get(alarm.id)
        keys = [str(alarm.values[one]) for one in _SUBJECTS if alarm.values.get(one)]
        for key in (*keys, subject, *(TAG_IN_TEXT.findall(watched.when) if watched is not None else ())):
            for found in self._names(key):
                return _in(language, found)
        return subject.split(".", 2)[-1].replace("_", " ")

    def _names(self, key: str) -> Iterator[NameShape]:
        shape = self._shape
        for shapes in (shape.tags, shape.outputs, shape.setpoints, shape.loops):
            if key in shapes:
                yield shapes[key].name
        if key in shape.names:
            yield shape.names[key]

    def _placed(self, name: str, subject: str, language: str) -> str:
        """With its facility before it, where it has one, and its zone where there are several."""
        key, _, rest = subject.partition(".")
        facility, zone = self.site.facilities.get(key), rest.partition(".")[0]
        if facility is None:
            return name
        places = [facility.name.zh if language.startswith("zh") else facility.name.en]
        if len(facility.zones) > 1 and zone in facility.zones:
            spoken = _in(language, self._shape_of(key).zone_names[zone])
            if f"({spoken})" not in name:  # a rule that stands in several zones names its own
                places.append(spoken)
        return " · ".join((*places, name))


def texts(site: Site, messages: Mapping[str, str], alarm: AlarmNow, language: str) -> AlarmText:
    """One alarm of a site, told in `language`; `messages` is its catalogue. For many, keep an `AlarmTexts`."""
    return AlarmTexts(site).tell(messages, alarm, language)


def _damage(messages: Mapping[str, str], alarm: AlarmNow) -> str:
    left_s, kind = alarm.values.get("damage_s"), alarm.values.get("damage")
    template = messages.get(f"alarm.damage.{kind}")
    if template is None or not isinstance(left_s, int | float):
        return ""
    minutes = round(left_s / 60.0)
    if minutes < 1:
        return messages.get(f"alarm.damage.{kind}.now", "")
    return _filled(template, {"minutes": str(minutes)})


def _plain(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _filled(template: str, values: Mapping[str, str]) -> str:
    """A place that nothing fills is shown as a dash: a sentence in the night does not fail for a number."""
    try:
        return template.format_map(_Dashes(values))
    except (ValueError, IndexError, AttributeError):
        return template


class _Dashes(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def _in(language: str, name: NameShape) -> str:
    return name.zh if language.startswith("zh") else name.en
