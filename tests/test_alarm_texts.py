"""What people read of an alarm, in both languages, whoever raised it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

import controller
from controller.alarm_texts import texts
from controller.core.words import AlarmNow
from edge_config.model.values import Name
from foundation.messages import LANGUAGES, catalogue
from tests.core.small_site import small_core


@pytest.mark.parametrize(("language", "name", "cause", "left"), [
    ("en", "A · temp", "Alarm", "oxygen gone in about 11 min"), ("zh-CN", "甲 · temp", "报警", "约 11 分钟后氧气耗尽"),
])  # fmt: skip
def test_an_alarm_of_the_site_says_where_it_is_what_it_means_and_how_long_is_left(language, name, cause, left):
    alarm = AlarmNow("fa.z.low", "critical", True, 0.0, {"bad": False, "damage": "oxygen", "damage_s": 660.0})
    told = texts(small_core().site, catalogue(language), alarm, language)
    assert told == (name, cause, cause, cause, left)


def test_an_alarm_of_the_controller_itself_names_its_subject_and_its_reason():
    alarm = AlarmNow("sensor:fa.z.ec", "high", True, 0.0, {"tag": "fa.z.ec", "reason": "wire_break"})
    told = texts(small_core().site, catalogue("en"), alarm, "en")
    assert (told.name, told.time_to_damage) == ("A · Analog input 6", "")
    assert told.cause == f"Analog input 6: sensor lost ({catalogue('en')['reason.wire_break']})"
    assert "{" not in told.consequence + told.response


@pytest.mark.parametrize(("language", "name"), [("en", "A · Zone Z · temp"), ("zh-CN", "甲 · 东区 · temp")])
def test_of_several_zones_an_alarm_says_in_which_it_is(language, name):
    site = small_core().site
    several = {"zones": ("z", "y"), "zone_names": {"z": Name(zh="东区", en="Zone Z")}}
    facilities = {**site.facilities, "fa": site.facilities["fa"].model_copy(update=several)}
    site, alarm = site.model_copy(update={"facilities": facilities}), AlarmNow("fa.z.low", "critical", True, 0.0, {})
    assert texts(site, catalogue(language), alarm, language).name == name
    whole = replace(alarm, id="sensor:fa.all.rain")
    assert texts(site, catalogue(language), whole, language).name.count("·") == 1


def kinds_raised() -> set[str]:
    """What the controller raises by itself, as its sources name it."""
    said = re.compile(
        r'AlarmNow\(\s*f"([a-z_.]+):\{|Condition\(f?"([a-z_.]+):|^ +\("([a-z_.]+):[a-z]+", "', re.MULTILINE
    )
    texts = [file.read_text("utf-8") for file in Path(controller.__file__).parent.rglob("*.py")]
    found = {name for text in texts for match in said.finditer(text) for name in match.groups() if name}
    # these are put together
    return found | {"bus", "device", "chatter", "dosing", "unexpected", "rule_spent", "rule_broken", "watchdog"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_alarm_of_the_controller_itself_asks_for_something(language):
    messages, kinds = catalogue(language), kinds_raised()
    assert len(kinds) > 35
    for kind in kinds | {key.split(".")[1] for key in messages if re.fullmatch(r"alarm\.\w+\.cause", key)}:
        for part in ("cause", "consequence", "response"):
            assert messages.get(f"alarm.{kind}.{part}", "").strip(), (kind, part)
