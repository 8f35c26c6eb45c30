"""Alarms as a message that a tired person reads on a phone: the first one first, what to do, the way to the panel."""

import json
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from controller.alarm_texts import AlarmTexts
from controller.core.words import AlarmNow
from controller.notify.escalation import Page
from edge_config.model.notify import Person
from foundation.messages import catalogue, tell

MOST_ALARMS = 5
"""In full; of more a message tells how many."""
_CATALOGUES = {"zh": "zh-CN", "en": "en"}


class Wording:
    """The messages of one site."""

    def __init__(self, texts: AlarmTexts) -> None:
        self._texts = texts
        self._zone = ZoneInfo(texts.site.site.timezone)

    def page(self, page: Page, person: Person, link: str) -> tuple[str, str]:
        """Title and body in the person's languages. `link` may be empty."""
        titles, bodies = [], []
        for language in person.languages:
            told = _CATALOGUES[language]
            titles.append(self._title(page, told))
            bodies.append("\n\n".join(self._alarm(page, alarm, told) for alarm in page.alarms[:MOST_ALARMS]))
            if (more := len(page.alarms) - MOST_ALARMS) > 0:
                bodies.append(tell("notify.more", told, count=more))
            if link:
                bodies.append(tell("notify.link", told, link=link))
        return " / ".join(titles), "\n\n".join(bodies)

    def notice(self, text: dict[str, str], person: Person) -> tuple[str, str]:
        """What a rule says."""
        told = [_CATALOGUES[language] for language in person.languages]
        place = " / ".join(self._place(language) for language in told)
        return place, "\n".join(text.get(language, "") for language in told)

    def test(self, person: Person) -> tuple[str, str]:
        """A message that asks for nothing."""
        told = [_CATALOGUES[language] for language in person.languages]
        titles = [tell("notify.test", language, farm=self._place(language)) for language in told]
        return " / ".join(titles), "\n".join(tell("notify.test.body", language) for language in told)

    def change(self, alarm: AlarmNow, gone: bool) -> str:
        """An alarm's new state as JSON, for programs; `gone`: it is normal again."""
        texts = {language: self._texts.tell(catalogue(told), alarm, told) for language, told in _CATALOGUES.items()}
        return json.dumps(
            {
                "id": alarm.id,
                "state": "normal" if gone else alarm.state,
                "active": alarm.active and not gone,
                "priority": alarm.priority,
                "since": round(alarm.since_s * 1000),
                "activation": alarm.activation,
                "acknowledged_by": alarm.acknowledged_by,
                "text": {language: text._asdict() for language, text in texts.items()},
            },
            ensure_ascii=False,
        )

    def _title(self, page: Page, language: str) -> str:
        first = page.alarms[0]
        key = "notify.over" if page.over else "notify.again" if page.again else "notify.alarm"
        priority = tell(f"panel.priority.{first.priority}", language)
        cause = self._texts.tell(catalogue(language), first, language).cause
        return tell(key, language, farm=self._place(language), priority=priority, cause=cause)

    def _alarm(self, page: Page, alarm: AlarmNow, language: str) -> str:
        text = self._texts.tell(catalogue(language), alarm, language)
        clock = datetime.fromtimestamp(alarm.since_s, self._zone)
        lines = [f"{text.name}: {text.cause} ({clock:%H:%M:%S})"]
        if not page.over:
            lines += [one for one in (text.time_to_damage, text.consequence, f"→ {text.response}") if one]
        return "\n".join(lines)

    def _place(self, language: str) -> str:
        name = self._texts.site.site.name
        return name.zh if language == "zh-CN" else name.en


def changed(before: Sequence[AlarmNow], after: Sequence[AlarmNow]) -> list[tuple[AlarmNow, bool]]:
    """Alarms that are in another state than a scan ago, and whether they are gone."""
    old = {alarm.id: alarm for alarm in before}
    found: list[tuple[AlarmNow, bool]] = []
    for alarm in after:
        one = old.pop(alarm.id, None)
        if one is None or (one.state, one.active, one.activation) != (alarm.state, alarm.active, alarm.activation):
            found.append((alarm, False))
    return found + [(one, True) for one in old.values()]
