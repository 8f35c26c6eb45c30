"""A count that people enter moves by what died and what was moved since, whatever was told first or put right later."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.agent import Agent
from controller.entries import REMEMBERED, Entries, Entry, Wish
from controller.panel.farm import Refusal
from edge_config.loader import load_site
from edge_config.model.site import Site, TagSetting
from foundation.clock import AcceleratedClock
from foundation.reading import Quality, Reading, Reason, good
from foundation.tag import Kind, Tag
from tests.test_agent import alive
from tests.test_entries import points
from tests.wire.agent_on_wires import NOON_S, SITES, no_secret, until

COUNT, DEAD, IN, OUT = (f"ras1.tank1.{name}" for name in ("fish", "fish_dead", "fish_in", "fish_out"))
HOUR_S, DAY_S = 3600.0, 86_400.0
FISH = Tag(
    COUNT, "", Kind.MEASURED, "plant", COUNT, COUNT, 0.0, 1e6, None, 60 * DAY_S, entered=True, plus=(IN,),
    less=(DEAD, OUT),
)  # fmt: skip
AMOUNTS = {
    name: Tag(name, "", Kind.MEASURED, "plant", name, name, entered=True, amount=(0.0, 1e6)) for name in (DEAD, IN, OUT)
}


class Said(NamedTuple):
    """What somebody wrote down: of which tag, how many, after how many hours."""

    tag: str
    fish: int
    hour: int


def book(*said: Said | Entry) -> Entries:
    entries = Entries(Path("/nonexistent"))
    for number, one in enumerate(said):
        entries.add(one if isinstance(one, Entry) else written(one, f"said_{number:04}"))
    return entries


def written(said: Said, entry_id: str, corrects: str = "", withdrawn: bool = False) -> Entry:
    at_s = NOON_S + said.hour * HOUR_S
    value = None if withdrawn else float(said.fish)
    return Entry(entry_id, said.tag, value, "", "", at_s, "li", "", "", corrects, at_s, "operator")


def fish(entries: Entries) -> float | None:
    stands = entries.stands(FISH)
    return None if stands is None else stands.number


def recounted(said: list[Said]) -> float | None:
    """The same by hand: the last counting, and what moved after it."""
    counted = [one for one in said if one.tag == COUNT]
    if not counted:
        return None
    last = max(counted, key=lambda one: one.hour)
    since = [one for one in said if one.hour > last.hour]
    gone = sum(one.fish if one.tag in (DEAD, OUT) else -one.fish for one in since if one.tag != COUNT)
    return max(float(last.fish - gone), 0.0)


SAID = st.builds(Said, st.sampled_from([COUNT, DEAD, IN, OUT]), st.integers(0, 5000), st.integers(-500, 500))
BOOK = st.lists(SAID, max_size=12, unique_by=lambda one: (one.tag, one.hour))


def test_what_died_and_what_was_moved_since_the_counting_moves_the_count() -> None:
    entries = book(Said(COUNT, 4000, 0), Said(DEAD, 12, 24), Said(OUT, 500, 30), Said(IN, 100, 48))
    assert entries.stands(FISH) == good(COUNT, 3588.0, NOON_S + 48 * HOUR_S)


def test_what_died_up_to_the_counting_is_in_what_was_counted_even_if_it_is_told_later() -> None:
    assert fish(book(Said(DEAD, 12, -5), Said(COUNT, 4000, 0), Said(DEAD, 7, -1), Said(DEAD, 3, 0))) == 4000.0


def test_deaths_without_a_counting_make_no_count() -> None:
    assert book(Said(DEAD, 12, 0)).stands(FISH) is None


@given(BOOK, st.randoms())
def test_in_whatever_order_it_is_told_the_count_is_the_same_and_never_below_nothing(
    said: list[Said], chance: Any
) -> None:
    shuffled = list(said)
    chance.shuffle(shuffled)
    found = fish(book(*shuffled))
    assert found == fish(book(*said)) == recounted(said)
    assert found is None or found >= 0.0


@given(BOOK, st.data())
def test_what_is_put_right_counts_as_if_it_had_been_right_at_once(said: list[Said], data: st.DataObject) -> None:
    if not said:
        return
    wrong = data.draw(st.integers(0, len(said) - 1))
    others = [one for index, one in enumerate(said) if index != wrong]
    taken = {(one.tag, one.hour) for one in others}
    right = data.draw(
        st.builds(Said, st.just(said[wrong].tag), st.integers(0, 5000), st.integers(-500, 500)).filter(
            lambda one: (one.tag, one.hour) not in taken
        )
    )
    corrected = book(*said, written(right, "right_0001", f"said_{wrong:04}"))
    assert fish(corrected) == fish(book(*others, right))
    withdrawn = book(*said, written(said[wrong], "gone_0001", f"said_{wrong:04}", withdrawn=True))
    assert fish(withdrawn) == fish(book(*others))


@given(BOOK, st.data())
@settings(max_examples=150)
def test_the_record_says_at_last_what_it_would_say_had_all_been_right_and_in_order(
    said: list[Said], data: st.DataObject
) -> None:
    """Every point that was ever recorded is the course's, or marked as gone."""
    entries, record = Entries(Path("/nonexistent")), dict[float, Reading]()
    for number, one in enumerate(said):
        tell(entries, record, written(one, f"said_{number:04}"))
    if said:
        wrong = data.draw(st.integers(0, len(said) - 1))
        right = said[wrong]._replace(fish=data.draw(st.integers(0, 5000)), hour=data.draw(st.integers(-500, 500)))
        tell(entries, record, written(right, "right_0001", f"said_{wrong:04}", data.draw(st.booleans())))
    standing = {one.time_s: one.number for one in entries._line(FISH) or ()}
    assert {time_s: one.number for time_s, one in record.items() if one.number is not None} == standing


def tell(entries: Entries, record: dict[float, Reading], entry: Entry) -> None:
    """As the agent does: late and wrong points, then how it stands."""
    before = entries.stands(FISH)
    entries.add(entry)
    late, stands = entries.record_of(entry, FISH), entries.stands(FISH)
    for one in [*late, *([] if stands is None or stands == before else [stands])]:
        record[one.time_s] = one


def test_a_count_is_too_old_by_its_counting_and_daily_deaths_do_not_make_it_newer() -> None:
    daily = [Said(DEAD, 1, 24 * day) for day in range(1, 80)]
    for days, expected in ((59, 3941.0), (79, None)):
        assert fish(book(Said(COUNT, 4000, 0), *daily[:days])) == expected
    stands = book(Said(COUNT, 4000, 0), *daily).stands(FISH)
    assert stands is not None
    assert (stands.quality, stands.reason) == (Quality.BAD, Reason.STALE)


def test_deaths_that_left_the_memory_are_still_dead() -> None:
    said = [Said(COUNT, 4000, 0), *(Said(DEAD, 1, hour) for hour in range(1, REMEMBERED + 30))]
    assert fish(book(*said)) == 4000.0 - REMEMBERED - 29.0
    # and those that died before a later counting are not taken from it
    assert fish(book(*said, Said(COUNT, 3000, REMEMBERED + 10))) == 3000.0 - 19.0


def counted_site() -> Site:
    site = load_site(SITES / "ras.yaml").site
    amount = {"entry": "manual", "as": "amount", "unit": "1", "range": ["0", "100000"]}
    settings_ = {name: amount for name in (DEAD, IN, OUT)} | {
        COUNT: {"entry": "manual", "unit": "1", "stale": "60 d", "plus": [IN], "less": [DEAD, OUT]},
        "ras1.tank1.half": {"derive": f"{COUNT} / 2"},
    }
    tags = {name: TagSetting.model_validate(one) for name, one in settings_.items()}
    return site.model_copy(update={"tags": site.tags | tags})


async def test_the_farm_and_the_record_hear_of_the_count_that_an_entry_moves(tmp_path: Path, nowhere: Any) -> None:
    number = 0

    async def enter(agent: Agent, tag: str, value: float | None, at_s: float, corrects: str = "") -> Entry:
        nonlocal number
        number += 1
        wish = Wish(f"entry_{number:04}", tag, value, at_s, "li", corrects=corrects, note="wrong tank")
        answer = await agent.enter(wish, "operator")
        assert not isinstance(answer, Refusal), answer
        return answer

    def at_last() -> list[float | None]:
        stamps: dict[str, str] = {}
        for point in points(tmp_path, "fish"):
            fields, stamp = point.rsplit(" ", 1)
            stamps[stamp] = fields
        return [float(fields[2:].split(",")[0]) if fields[0] == "v" else None for _, fields in sorted(stamps.items())]

    async with alive(Agent(counted_site(), tmp_path, AcceleratedClock(NOON_S, 20.0), no_secret, nowhere)) as agent:
        now_s = agent.now()
        # of what nobody has entered yet the total is nothing
        await until(lambda: agent.readings()[DEAD].number == 0.0, "that none are dead so far")
        await enter(agent, COUNT, 4000.0, now_s - 3 * HOUR_S)
        await enter(agent, DEAD, 10.0, now_s - HOUR_S)
        await until(lambda: agent.readings()["ras1.tank1.half"].number == 1995.0, "that ten are dead")
        slip = await enter(agent, OUT, 200.0, now_s - 2 * HOUR_S)
        await until(lambda: agent.readings()[COUNT].number == 3790.0, "that some were taken out before")
        await enter(agent, OUT, None, now_s, slip.id)
        await until(lambda: agent.readings()[COUNT].number == 3990.0, "that they were of another tank")
        assert agent.readings()[COUNT].time_s == now_s - HOUR_S
    assert at_last() == [4000.0, None, 3990.0]
    async with alive(
        Agent(counted_site(), tmp_path, AcceleratedClock(NOON_S + 60.0, 20.0), no_secret, nowhere)
    ) as again:
        await until(lambda: again.readings()[COUNT].number == 3990.0, "the count after a restart")


async def test_what_died_in_the_pond_is_fed_no_more(tmp_path: Path, nowhere: Any) -> None:
    site, pond = load_site(SITES / "pond.yaml").site, "pond1.water"
    async with alive(Agent(site, tmp_path, AcceleratedClock(NOON_S, 20.0), no_secret, nowhere)) as agent:
        told: list[tuple[str, float | str, float]] = [
            ("weighed", "400 g", 7200.0),
            ("count", 4000.0, 7200.0),
            ("dead", 100.0, 3600.0),
        ]
        for number, (name, value, ago_s) in enumerate(told):
            wish = Wish(f"entry_{number:04}", f"{pond}.{name}", value, agent.now() - ago_s, "li")
            assert not isinstance(await agent.enter(wish, "operator"), Refusal)
        await until(lambda: agent.readings()[f"{pond}.count"].number == 3900.0, "the fish that are left")
        biomass = f"{pond}.biomass"
        await until(lambda: agent.readings()[biomass].number == pytest.approx(1560.0), "what they weigh")
    assert site.loops[f"{pond}.feeding"].biomass == biomass  # type: ignore[union-attr]  # a feeding
