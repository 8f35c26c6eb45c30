"""Who sleeps, by the hours that the site says."""

from collections.abc import Mapping
from itertools import pairwise

from controller.core.calendar import Calendar
from edge_config.model.notify import Person


class Bedtimes:
    """The quiet hours of a site's people."""

    def __init__(self, people: Mapping[str, Person], calendar: Calendar) -> None:
        self._people, self._calendar = people, calendar

    def until_s(self, person: str, now_s: float) -> float | None:
        """Until when the person sleeps; None if awake. Hours that end before they begin go over midnight."""
        quiet = self._people[person].quiet
        if quiet is None:
            return None
        for yesterday, day in pairwise(self._calendar.around(now_s)):
            begins_s, ends_s = day.moment(quiet.from_), day.moment(quiet.to)
            if ends_s <= begins_s:
                begins_s = yesterday.moment(quiet.from_)
            if begins_s <= now_s < ends_s:
                return ends_s
        return None
