"""What people enter: at its own time, never lost, never deleted, and refused in words where it cannot be."""

import asyncio
import json
import sqlite3
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.agent import Agent
from controller.core.state import State
from controller.core.words import Because, ScanResult, Snapshot
from controller.entries import REMEMBERED, Entries, Entry, Wish, checked
from controller.panel.farm import Refusal
from edge_config.loader import load_site
from edge_config.model.site import Site, TagSetting
from foundation.clock import AcceleratedClock
from foundation.messages import LANGUAGES, catalogue, tell
from foundation.reading import Quality, Reading, Reason
from foundation.tag import Kind, Tag
from tests.test_agent import agent_at, alive
from tests.wire.agent_on_wires import NOON_S, SITES, no_secret, until

TAN, DO, DEAD, STAGE = "ras1.tank1.tan", "ras1.tank1.do", "ras1.tank1.dead", "ras1.tank1.stage"
TAGS = {
    TAN: Tag(TAN, "mg/L", Kind.MEASURED, "water", TAN, TAN, 0.0, 20.0, None, 172800.0, entered=True),
    DO: Tag(DO, "mg/L", Kind.MEASURED, "water", DO, DO),
    DEAD: Tag(DEAD, "kg", Kind.MEASURED, "plant", DEAD, DEAD, entered=True, amount=(0.0, 500.0)),
    STAGE: Tag(STAGE, "text", Kind.MEASURED, "plant", STAGE, STAGE, entered=True, choices=("fry", "grow out")),
}


def wish(value: float | str | None = 0.4, at_s: float = NOON_S, number: int = 1, **rest: Any) -> Wish:
    return replace(Wish(f"entry_{number:04}", TAN, value, at_s, "li"), **rest)


def check(one: Wish, entries: Entries, now_s: float = NOON_S + 60.0) -> Entry | Because:
    return checked(one, TAGS, entries, now_s, "operator", "Asia/Shanghai")


@pytest.fixture
def entries(tmp_path: Path) -> Entries:
    return Entries(tmp_path)


# --- what can be entered


@pytest.mark.parametrize(
    ("value", "unit", "entered"),
    [(0.4, "", 0.4), ("0.4", "", 0.4), ("0.4 mg/L", "", 0.4), (" 400 ug/L ", "", 0.4), (400, "ug/L", 0.4),
     ("0.4 mg/L", "mg/L", 0.4), ("4e-1", "", 0.4), (0, "", 0.0)],
)  # fmt: skip
def test_a_value_comes_in_any_unit_of_its_kind(value: Any, unit: str, entered: float, entries: Entries) -> None:
    entry = check(wish(value, unit=unit), entries)
    assert isinstance(entry, Entry)
    assert (entry.value, entry.unit, entry.time_s, entry.entered_by) == (entered, "mg/L", NOON_S, "operator")
    entries.add(entry)
    stands = entries.stands(TAGS[TAN])
    assert stands is not None
    assert stands.number == entered


@pytest.mark.parametrize(
    ("one", "key", "said"),
    [
        (wish("some"), "entry_number", "some"),
        (wish("0.4.1"), "entry_number", "0.4.1"),
        (wish("0,4"), "entry_number", "0,4"),
        (wish(float("nan")), "entry_number", "nan"),
        (wish("1e999"), "entry_number", "1e999"),
        (wish(0.4, unit="kPa"), "entry_unit", "mg/L"),
        (wish("0.4 mg/L", unit="kg"), "entry_unit", "mg/L"),
        (wish(21.0), "entry_range", "20"),
        (wish(-0.1), "entry_range", "-0.1"),
        (wish(at_s=NOON_S + 120.0), "entry_future", "2026-03-21 12:02:00"),
        (wish(at_s=float("nan")), "entry_future", "nan"),
        (wish(at_s=1e30), "entry_future", "1e+30"),
        (wish(at_s=0.0), "entry_old", "1970"),
        (wish(tag="ras1.tank1.ton"), "entry_unknown", TAN),
        (wish(tag=DO), "entry_not_entered", DO),
        (wish(corrects="entry_9999"), "entry_corrects", "entry_9999"),
        (wish(None, note="a slip"), "entry_why", TAN),
        (wish(None, corrects="entry_9999", note="a slip"), "entry_corrects", "entry_9999"),
        (wish("grown out", tag=STAGE), "entry_choice", "grow out"),
        (wish("  ", tag=STAGE), "entry_text", STAGE),
        (wish("fry", tag=STAGE, unit="kg"), "entry_unit", "text"),
        (wish(501.0, tag=DEAD), "entry_range", "500"),
    ],
)
def test_what_cannot_be_is_refused_in_both_languages(one: Wish, key: str, said: str, entries: Entries) -> None:
    because = check(one, entries)
    assert isinstance(because, Because)
    assert because.key == key
    for language in LANGUAGES:
        text = tell(f"refused.{because.key}", language, **because.values)
        assert said in text
        assert "{" not in text


@given(st.text(max_size=60), st.text(max_size=30), st.floats(), st.text(max_size=40))
@settings(max_examples=150)
def test_whatever_is_written_is_a_number_in_range_or_refused(value: str, unit: str, at_s: float, tag: str) -> None:
    entries = Entries(Path("/nonexistent"))
    for one in (wish(value, at_s, unit=unit), wish(value, tag=tag), wish(0.5, unit=unit), wish(0.5, at_s)):
        found = check(one, entries)
        if isinstance(found, Entry):
            assert isinstance(found.value, float)
            assert 0.0 <= found.value <= 20.0
            assert found.time_s <= NOON_S + 65.0
        else:
            assert f"refused.{found.key}" in catalogue("en")
            assert "{" not in tell(f"refused.{found.key}", "zh-CN", **dict.fromkeys(found.values, "x"))


# --- what is kept


def entered(entries: Entries, one: Wish, now_s: float = NOON_S + 60.0) -> Entry:
    entry = check(one, entries, now_s)
    assert isinstance(entry, Entry)
    entries.keep(entry)
    entries.add(entry)
    return entry


def test_a_correction_stands_beside_what_it_corrects_and_both_outlive_a_restart(tmp_path: Path) -> None:
    entries = Entries(tmp_path)
    first = entered(entries, wish(4.0))
    second = entered(entries, wish(0.4, number=2, corrects=first.id, note="a dot was missing"))
    for one in (entries, Entries(tmp_path)):
        assert one.of_tag(TAN, 9) == [second, first]
        assert one.standing(TAN) == second
        assert one.corrected_by == {first.id: second.id}
    because = check(wish(0.5, number=3, corrects=first.id), entries)
    assert isinstance(because, Because)
    assert because == Because("entry_corrected", {"id": first.id, "by": second.id})


def test_what_was_sampled_last_stands_whenever_it_was_entered(entries: Entries) -> None:
    late = entered(entries, wish(0.6, NOON_S))
    entered(entries, wish(0.3, NOON_S - 3600.0, number=2))
    assert entries.standing(TAN) == late
    moved = entered(entries, wish(0.6, NOON_S - 7200.0, number=3, corrects=late.id))
    standing = entries.standing(TAN)
    assert standing is not None
    assert standing.value == 0.3
    assert entries.record_of(moved, TAGS[TAN])[-1] == late.gone


def test_a_withdrawn_value_stands_no_more_and_both_are_kept_with_who_and_why(tmp_path: Path) -> None:
    entries = Entries(tmp_path)
    first = entered(entries, wish(0.3, NOON_S - 3600.0))
    second = entered(entries, wish(4.0, number=2))
    away = entered(entries, wish(None, number=3, corrects=second.id, note="wrong bottle", who="wang"))
    assert entries.record_of(away, TAGS[TAN]) == [second.gone]
    for one in (entries, Entries(tmp_path)):
        assert one.of_tag(TAN, 9) == [away, second, first]
        assert (away.value, away.note, away.who) == (None, "wrong bottle", "wang")
        assert one.standing(TAN) == first
    refused = check(wish(0.5, number=4, corrects=away.id), entries)
    assert isinstance(refused, Because)
    assert refused.key == "entry_withdrawal"
    entered(entries, wish(None, number=5, corrects=first.id, note="wrong tank"))
    stands = entries.stands(TAGS[TAN])
    assert stands is not None
    assert (stands.usable, stands.reason) == (None, Reason.CORRECTED)


def test_once_a_slip_is_withdrawn_the_record_has_what_it_had_taken_the_place_of(entries: Entries) -> None:
    first = entered(entries, wish(0.4))
    entered(entries, wish(0.7, NOON_S + 3600.0, 2), NOON_S + 7200.0)
    slip = entered(entries, wish(9.0, number=3))
    away = entered(entries, wish(None, number=4, corrects=slip.id, note="a dot was missing"))
    assert entries.record_of(away, TAGS[TAN]) == [first.sample]


def test_after_a_correction_of_an_older_sample_the_core_hears_it_again_and_all_that_came_after_it(
    entries: Entries,
) -> None:
    hours = [NOON_S - 3600.0 * back for back in (5, 4, 3, 2, 1, 0)]
    first, second, third, fourth = (entered(entries, wish(0.1 * n, hours[n], n)) for n in (1, 2, 3, 4))
    right = entered(entries, wish(0.9, hours[2], 5, corrects=second.id))
    assert entries.samples_again(right, TAGS[TAN]) == [right.sample, third.sample]
    moved = entered(entries, wish(0.9, hours[2] + 60.0, 6, corrects=right.id))
    assert entries.samples_again(moved, TAGS[TAN]) == [first.sample, moved.sample, third.sample]
    away = entered(entries, wish(None, number=7, corrects=first.id, note="wrong tank"))
    assert entries.samples_again(away, TAGS[TAN]) == [first.gone, moved.sample, third.sample]
    # no soft sensor goes back further than a day; what stands is told by itself
    assert entries.samples_again(replace(right, entered_s=NOON_S + 90_000.0), TAGS[TAN]) == []
    last = entered(entries, wish(0.5, hours[4], 8, corrects=fourth.id))
    assert entries.samples_again(last, TAGS[TAN]) == []
    assert entries.samples_again(third, TAGS[TAN]) == []


def test_amounts_add_up_at_their_own_times_and_a_late_or_corrected_one_moves_every_total_after_it(
    tmp_path: Path,
) -> None:
    entries, dead = Entries(tmp_path), {"tag": DEAD}
    entered(entries, wish(5.0, NOON_S - 7200.0, 1, **dead))
    slip = entered(entries, wish(30.0, NOON_S - 3600.0, 2, **dead))
    last = entered(entries, wish(2.0, NOON_S, 3, **dead))
    right = entered(entries, wish(3.0, NOON_S - 3600.0, 4, corrects=slip.id, **dead))
    late = entered(entries, wish(1.0, NOON_S - 5400.0, 5, **dead))
    for one in (entries, Entries(tmp_path)):
        stands = one.stands(TAGS[DEAD])
        assert stands is not None
        assert (stands.number, stands.time_s) == (11.0, last.time_s)
    told = [(reading.number, reading.time_s) for reading in entries.record_of(late, TAGS[DEAD])]
    assert told == [(6.0, late.time_s), (9.0, right.time_s)]
    moved = entered(entries, wish(1.0, NOON_S + 30.0, 6, corrects=late.id, **dead))
    told = [(reading.number, reading.time_s) for reading in entries.record_of(moved, TAGS[DEAD])]
    assert told == [(8.0, right.time_s), (10.0, NOON_S), (None, late.time_s)]


def test_a_total_does_not_fall_when_old_amounts_leave_the_memory() -> None:
    entries = Entries(Path("/nonexistent"))
    for number in range(REMEMBERED + 10):
        entry = replace(wishless(), id=f"entry_{number:04}", tag=DEAD, value=2.0, unit="kg", time_s=NOON_S + number)
        entries.add(entry)
    stands = entries.stands(TAGS[DEAD])
    assert stands is not None
    assert stands.number == 2.0 * (REMEMBERED + 10)


def test_a_notebook_of_old_samples_does_not_push_out_what_stands(tmp_path: Path) -> None:
    entries = Entries(tmp_path)
    stands = replace(wishless(), value=0.5)
    entries.add(stands)
    for number in range(2, REMEMBERED + 20):
        entries.add(replace(wishless(), id=f"entry_{number:04}", time_s=NOON_S - 400 * 86400.0 + number))
    assert entries.stands(TAGS[TAN]) == stands.sample
    assert len(list(entries.all())) == REMEMBERED
    right = replace(wishless(), id="entry_9999", corrects=stands.id, value=0.6)
    entries.add(right)
    assert entries.stands(TAGS[TAN]) == right.sample
    assert entries.find(stands.id) is None


def test_an_entry_is_on_the_disk_before_it_counts(entries: Entries, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", synced.append)
    entry = check(wish(0.4), entries)
    assert isinstance(entry, Entry)
    entries.keep(entry)
    assert len(synced) == 1
    assert entries.find(entry.id) is None


def test_a_torn_line_costs_no_other(tmp_path: Path) -> None:
    entries = Entries(tmp_path)
    first = entered(entries, wish(0.4))
    (file,) = tmp_path.iterdir()
    with file.open("ab") as stream:
        stream.write(b'{"id": "entry_0002", "tag": "ras1.ta')
    entries = Entries(tmp_path)
    third = entered(entries, wish(0.5, number=3))
    assert Entries(tmp_path).of_tag(TAN, 9) == [third, first]


def test_a_new_year_has_a_file_of_its_own_and_the_old_one_is_still_read(tmp_path: Path) -> None:
    entries = Entries(tmp_path)
    first = entered(entries, wish(0.4))
    second = entered(entries, wish(0.5, number=2), now_s=NOON_S + 365 * 86400.0)
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["entered-2026.jsonl", "entered-2027.jsonl"]
    assert Entries(tmp_path).of_tag(TAN, 9) == [second, first]


def test_memory_is_bounded_and_the_file_is_not(tmp_path: Path) -> None:
    entries = Entries(tmp_path)
    for number in range(REMEMBERED + 10):
        entries.add(replace(wishless(), id=f"entry_{number:04}", time_s=NOON_S + number))
    assert len(list(entries.all())) == REMEMBERED
    assert entries.of_tag(TAN, 1)[0].id == f"entry_{REMEMBERED + 9:04}"


def wishless() -> Entry:
    return Entry("entry_0001", TAN, 0.4, "mg/L", "0.4", NOON_S, "li", "", "", "", NOON_S, "operator")


# --- what the farm makes of it


def points(directory: Path, point: str = "tan") -> list[str]:
    """A tag in the outbox (TAN), each point as fields and milliseconds."""
    database = sqlite3.connect(directory / "outbox.db")
    bodies = [zlib.decompress(body).decode() for (body,) in database.execute("SELECT body FROM outbox ORDER BY seq")]
    database.close()
    return [line.split(" ", 1)[1] for body in bodies for line in body.split("\n") if f",tag={point}," in line]


async def tell_agent(
    agent: Agent, value: float | str | None, at_s: float, number: int = 1, **rest: Any
) -> Entry | Refusal:
    return await agent.enter(wish(value, at_s, number, **rest), "operator")


async def test_a_value_is_used_at_its_own_time_and_goes_to_the_record_with_it(tmp_path: Path, nowhere: Any) -> None:
    async with alive(agent_at(tmp_path, nowhere)) as agent:
        sampled_s = agent.now() - 3600.0
        await tell_agent(agent, 0.4, sampled_s)
        await until(lambda: agent.readings()[TAN].number == 0.4, "the value in the image")
        assert agent.readings()[TAN].time_s == sampled_s
        assert agent.trend([TAN], 7200.0)[TAN][0] == (sampled_s, 0.4)
        # one that was sampled before it is for the record alone
        await tell_agent(agent, 0.9, sampled_s - 60.0, 2)
        scans = agent.health.scans
        await until(lambda: agent.health.scans > scans + 2, "two scans")
        assert agent.readings()[TAN].number == 0.4
    assert points(tmp_path) == [
        f"v=0.4,q=3i {round(sampled_s * 1000)}", f"v=0.9,q=3i {round((sampled_s - 60.0) * 1000)}",
    ]  # fmt: skip


async def test_what_is_put_right_takes_the_place_of_what_was_wrong(tmp_path: Path, nowhere: Any) -> None:
    async with alive(agent_at(tmp_path, nowhere)) as agent:
        right_s, wrong_s = agent.now() - 7200.0, agent.now() - 60.0
        await tell_agent(agent, 4.0, wrong_s)
        await until(lambda: agent.readings()[TAN].number == 4.0, "the wrong value")
        await tell_agent(agent, 0.4, wrong_s, 2, corrects="entry_0001")
        await until(lambda: agent.readings()[TAN].number == 0.4, "the right value")
        await tell_agent(agent, 0.4, right_s, 3, corrects="entry_0002")
        await until(lambda: agent.readings()[TAN].time_s == right_s, "its right time")
        assert agent.trend([TAN], 9000.0)[TAN][:2] == [(right_s, 0.4), (wrong_s, None)]
    wrong_ms, right_ms = round(wrong_s * 1000), round(right_s * 1000)
    assert points(tmp_path) == [
        f"v=4.0,q=3i {wrong_ms}", f"v=0.4,q=3i {wrong_ms}", f'v=0.4,q=0i,why="corrected" {wrong_ms}',
        f"v=0.4,q=3i {right_ms}",
    ]  # fmt: skip


async def test_an_older_sample_that_is_put_right_is_heard_again_and_the_newest_still_stands(
    tmp_path: Path,
    nowhere: Any,
) -> None:
    async with alive(agent_at(tmp_path, nowhere)) as agent:
        old_s, new_s = agent.now() - 7200.0, agent.now() - 3600.0
        await tell_agent(agent, 9.0, old_s)
        await tell_agent(agent, 0.7, new_s, 2)
        await until(lambda: agent.readings()[TAN].number == 0.7, "the newest")
        heard: list[Reading] = []
        inner = agent.core.scan

        def scan(state: State, snapshot: Snapshot, now_s: float) -> ScanResult:
            heard.extend(one for one in snapshot.readings if one.tag == TAN)
            return inner(state, snapshot, now_s)

        agent.core.scan = scan  # type: ignore[method-assign]  # listens to what the core is told
        await tell_agent(agent, 0.9, old_s, 3, corrects="entry_0001")
        await until(lambda: len(heard) >= 2, "that the core was told again")
        assert [(one.number, one.time_s) for one in heard] == [(0.9, old_s), (0.7, new_s)]
        assert agent.readings()[TAN].number == 0.7
    last = dict(reversed(point.rsplit(" ", 1)) for point in points(tmp_path))
    assert last == {str(round(old_s * 1000)): "v=0.9,q=3i", str(round(new_s * 1000)): "v=0.7,q=3i"}


def people_site() -> Site:
    """The fish farm, with texts and amounts that people enter."""
    site = load_site(SITES / "ras.yaml").site
    settings_ = {
        STAGE: {"entry": "manual", "choices": ["fry", "grow out"]},
        "ras1.tank1.transfer": {"entry": "manual", "as": "text"},
        "ras1.tank1.handfed": {"entry": "manual", "as": "amount", "unit": "kg", "range": ["0 kg", "20 kg"]},
    }
    tags = {name: TagSetting.model_validate(one) for name, one in settings_.items()}
    return site.model_copy(update={"tags": site.tags | tags})


async def test_texts_and_amounts_and_a_withdrawal_reach_the_farm_and_the_record(tmp_path: Path, nowhere: Any) -> None:
    site, fed = people_site(), "ras1.tank1.handfed"
    async with alive(Agent(site, tmp_path, AcceleratedClock(NOON_S, 20.0), no_secret, nowhere)) as agent:
        now_s = agent.now()
        for number, (tag, value, at_s) in enumerate(
            [(STAGE, "grow out", now_s - 60.0), ("ras1.tank1.transfer", "40 bass from tank 3", now_s - 50.0),
             (fed, "2 kg", now_s - 7200.0), (fed, "5 kg", now_s - 60.0), (fed, "3 kg", now_s - 3600.0)], 1,
        ):  # fmt: skip
            entry = await tell_agent(agent, value, at_s, number, tag=tag)
            assert isinstance(entry, Entry), entry
        await until(lambda: agent.readings()[fed].number == 10.0, "the total")
        assert agent.readings()[STAGE].usable == "grow out"
        await tell_agent(agent, None, now_s, 6, tag=fed, corrects="entry_0004", note="fed in tank 2")
        await until(lambda: agent.readings()[fed].number == 5.0, "the total without it")
        assert agent.readings()[fed].time_s == now_s - 3600.0
        await tell_agent(agent, None, now_s, 7, tag=STAGE, corrects="entry_0001", note="not yet")
        await until(lambda: agent.readings()[STAGE].reason is Reason.CORRECTED, "that nothing stands")
    ms = [round(one * 1000) for one in (now_s - 7200.0, now_s - 3600.0, now_s - 60.0)]
    last = dict(reversed(point.rsplit(" ", 1)) for point in points(tmp_path, "handfed"))
    assert last == {str(ms[0]): "v=2.0,q=3i", str(ms[1]): "v=5.0,q=3i", str(ms[2]): 'q=0i,why="corrected"'}
    assert points(tmp_path, "transfer") == [f's="40 bass from tank 3",q=3i {round((now_s - 50.0) * 1000)}']
    assert points(tmp_path, "stage")[-1] == f's="grow out",q=0i,why="corrected" {ms[2]}'


async def test_a_value_grows_old_like_any_other(tmp_path: Path, nowhere: Any) -> None:
    async with alive(agent_at(tmp_path, nowhere)) as agent:
        told_s = agent.now() - 48 * 3600.0 + 30.0
        await tell_agent(agent, 0.4, told_s)
        await until(lambda: agent.readings()[TAN].number == 0.4, "the value")
        await until(lambda: agent.readings()[TAN].reason is Reason.STALE, "that it is out of date")
        assert agent.readings()[TAN].quality is Quality.BAD
        # shown as what it was, and when
        assert (agent.readings()[TAN].value, agent.readings()[TAN].time_s) == (0.4, told_s)
        # what was too old when it came is in the record and nowhere else
        await tell_agent(agent, 0.7, agent.now() - 72 * 3600.0, 2)
        scans = agent.health.scans
        await until(lambda: agent.health.scans > scans + 2, "two scans")
        assert agent.readings()[TAN].number is None
    assert any(point.startswith("v=0.7,q=3i") for point in points(tmp_path))


async def test_what_stands_is_there_again_after_a_kill_and_in_the_record_once(tmp_path: Path, nowhere: Any) -> None:
    async with alive(agent_at(tmp_path, nowhere)) as agent:
        sampled_s = agent.now() - 60.0
        await tell_agent(agent, 0.4, sampled_s)
        await until(lambda: '"recorded"' in entered_file(tmp_path), "the word that it is recorded")
    async with alive(agent_at(tmp_path, nowhere)) as agent:
        await until(lambda: agent.readings()[TAN].number == 0.4, "the value again")
        assert agent.readings()[TAN].time_s == sampled_s
        scans = agent.health.scans
        await until(lambda: agent.health.scans > scans + 2, "two scans")
    assert points(tmp_path) == [f"v=0.4,q=3i {round(sampled_s * 1000)}"]


async def test_what_was_killed_before_it_was_recorded_is_recorded_after_the_restart(
    tmp_path: Path,
    nowhere: Any,
) -> None:
    agent = agent_at(tmp_path, nowhere)  # never scans: as if killed between the answer and the next scan
    sampled_s = agent.now() - 60.0
    await tell_agent(agent, 4.0, sampled_s - 60.0)
    await tell_agent(agent, 0.4, sampled_s, 2, corrects="entry_0001")
    async with alive(agent_at(tmp_path, nowhere)) as again:
        await until(lambda: again.readings()[TAN].number == 0.4, "the value")
    assert points(tmp_path) == [
        f'v=4.0,q=0i,why="corrected" {round((sampled_s - 60.0) * 1000)}', f"v=0.4,q=3i {round(sampled_s * 1000)}",
    ]  # fmt: skip


async def test_a_value_sent_twice_is_entered_once_and_an_id_is_used_once(tmp_path: Path, nowhere: Any) -> None:
    agent = agent_at(tmp_path, nowhere)
    answers = await asyncio.gather(*(tell_agent(agent, 0.4, agent.now()) for _ in range(3)))
    assert len({answer.id for answer in answers if isinstance(answer, Entry)}) == 1
    assert len(agent.entered(TAN, 9)) == 1
    other = await tell_agent(agent, 0.5, agent.now())
    assert isinstance(other, Refusal)
    assert other.because.key == "entry_same_id"
    assert entered_file(tmp_path).count('"value"') == 1


async def test_what_the_disk_does_not_take_is_not_entered(tmp_path: Path, nowhere: Any) -> None:
    agent = agent_at(tmp_path, nowhere)
    await tell_agent(agent, 0.4, agent.now())
    kept = entered_file(tmp_path)
    file = tmp_path / "entered-2026.jsonl"
    aside = file.rename(tmp_path / "aside")
    file.mkdir()
    refused = await tell_agent(agent, 0.5, agent.now(), 2)
    assert isinstance(refused, Refusal)
    assert refused.because.key == "entry_not_kept"
    assert [entry.value for entry, _ in agent.entered(TAN, 9)] == [0.4]
    file.rmdir()
    aside.rename(file)
    assert entered_file(tmp_path) == kept
    assert isinstance(await tell_agent(agent, 0.5, agent.now(), 2), Entry)


def entered_file(directory: Path) -> str:
    return "".join(file.read_text("utf-8") for file in directory.glob("entered-*.jsonl"))


async def test_an_entry_says_who_when_and_how(tmp_path: Path, nowhere: Any) -> None:
    agent = agent_at(tmp_path, nowhere)
    await tell_agent(agent, 0.4, agent.now() - 5.0, method="photometer", note="after feeding")
    line = json.loads(entered_file(tmp_path).split("\n")[0])
    assert [line[key] for key in ("who", "method", "note", "entered_by")] == [
        "li", "photometer", "after feeding", "operator",
    ]  # fmt: skip
