"""The record of why: any moment of the last day can be explained, whatever ended the agent."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.explain import Why
from controller.core.words import Override
from controller.why import journal as journal_module
from controller.why.journal import FOLDER, GAP_S, HOUR_S, KEPT_HOURS, NotRecordedError, WhyJournal, record_at
from tests.core.small_site import START_S, Farm, only

LAMP, HEATER = "fa.z.lamp", "fa.z.heater"


class Recorded:
    """A small farm whose journal sees each scan."""

    def __init__(self, directory: Path, start_s: float = START_S, farm: Farm | None = None) -> None:
        self.directory = directory
        self.farm = farm or Farm(start_s=start_s)
        self.journal = WhyJournal(directory, self.farm.core, self.farm.now_s)

    def run(self, seconds: int, people: Any = (), after_s: float = 1.0) -> None:
        for _ in range(seconds):
            self.farm.scan(people, after_s)
            people = ()
            self.journal.see(self.farm.state)
        self.journal.write()

    def at(self, at_s: float, output: str = LAMP) -> Why:
        return record_at(self.directory, at_s).outputs[output]

    def hand(self, output: str, value: float | None, seconds: float = 3600.0) -> list[Override]:
        return [Override(f"{self.farm.now_s}", output, value, "wang", self.farm.now_s + seconds)]


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    return Recorded(tmp_path)


def test_what_was_counted_then_is_told_of_then(recorded: Recorded) -> None:
    recorded.run(30)
    recorded.farm.says |= dict.fromkeys(("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"), 40.0)
    recorded.run(3)
    counting_s = recorded.farm.now_s
    recorded.run(30)
    (waits,) = recorded.at(counting_s, HEATER).waits
    assert (waits.owner, waits.what) == ("fa.z.too_hot", "on")
    assert counting_s < waits.at_s < counting_s + 5.0
    assert recorded.at(recorded.farm.now_s, HEATER).waits == ()


def test_each_moment_has_its_own_reason_and_says_since_when(recorded: Recorded) -> None:
    recorded.run(30)
    before_s = recorded.farm.now_s
    recorded.run(40, recorded.hand(LAMP, 70.0))
    during_s = recorded.farm.now_s
    recorded.run(30, recorded.hand(LAMP, None))
    assert [recorded.at(one).won.owner for one in (before_s, during_s, recorded.farm.now_s)] == [
        "fa.z.light_loop", "wang", "fa.z.light_loop",
    ]  # fmt: skip
    by_hand = recorded.at(during_s)
    assert (by_hand.since_s, by_hand.value, by_hand.then.owner) == (before_s + 1.0, 70.0, "fa.z.light_loop")
    assert recorded.at(before_s + 1.0).won.owner == "wang"
    assert recorded.at(recorded.farm.now_s).since_s == during_s + 1.0


def test_figures_that_move_are_told_again_and_a_quiet_farm_writes_little(recorded: Recorded) -> None:
    recorded.run(30)
    recorded.farm.says["fa.z.ppfd"] = 20.0
    recorded.run(120)
    shown = recorded.at(recorded.farm.now_s)
    assert shown.won.values["pv"] == 20.0
    assert abs(shown.value - recorded.farm.order(LAMP).value) < 10.0
    before = sum(file.stat().st_size for file in (recorded.directory / FOLDER).iterdir())
    recorded.run(60)
    grown = sum(file.stat().st_size for file in (recorded.directory / FOLDER).iterdir()) - before
    assert 0 < grown < 30_000


def test_what_stands_now_carries_the_same_dates_as_the_record(recorded: Recorded) -> None:
    recorded.run(30)
    recorded.run(5, recorded.hand(LAMP, 70.0))
    now = recorded.journal.now(recorded.farm.state, LAMP)
    assert now.since_s == recorded.at(recorded.farm.now_s).since_s
    assert now.at_s == recorded.farm.now_s


def test_a_kill_loses_no_more_than_the_torn_line_and_the_dates_go_on(recorded: Recorded) -> None:
    recorded.run(30)
    recorded.run(20, recorded.hand(HEATER, 60.0))
    killed_s, since_s = recorded.farm.now_s, recorded.at(recorded.farm.now_s, HEATER).since_s
    (file,) = (recorded.directory / FOLDER).iterdir()
    with file.open("ab") as stream:
        stream.write(b'{"t": 1770000051.0, "why": {"outp')
    again = Recorded(recorded.directory, farm=Farm(start_s=killed_s + 20.0))
    again.run(10, again.hand(HEATER, 60.0))
    assert file.read_bytes().count(b'\n{"t":1770000071.0,"cards":') == 1  # not glued to what was torn
    assert again.at(killed_s, HEATER).won.owner == "wang"
    assert again.at(again.farm.now_s, HEATER).since_s == since_s
    assert again.journal.now(again.farm.state, HEATER).since_s == since_s


def test_nobody_knows_why_while_nobody_was_there(recorded: Recorded) -> None:
    recorded.run(30)
    stopped_s = recorded.farm.now_s
    again = Recorded(recorded.directory, start_s=stopped_s + 600.0)
    again.run(5)
    assert recorded.at(stopped_s).won.owner == "fa.z.light_loop"
    for moment_s, last_s in (
        (stopped_s + 0.5, stopped_s), (stopped_s + 300.0, stopped_s), (START_S - 10.0, again.farm.now_s),
        (again.farm.now_s + 1.0, again.farm.now_s), (again.farm.now_s + GAP_S + 1.0, again.farm.now_s),
    ):  # fmt: skip
        with pytest.raises(NotRecordedError) as error:
            record_at(recorded.directory, moment_s)
        assert (error.value.first_s, error.value.last_s) == (START_S + 1.0, last_s)
    assert again.at(again.farm.now_s).since_s > stopped_s + 600.0


def test_after_a_stop_nothing_is_told_of_who_decided_last(recorded: Recorded) -> None:
    recorded.run(100)  # long enough that most of what stands was told a while ago
    stopped_s = recorded.farm.now_s
    assert recorded.at(stopped_s).won.owner == "fa.z.light_loop"
    for after_s in (0.5, 60.0, 89.0, 86_400.0):
        with pytest.raises(NotRecordedError) as error:
            record_at(recorded.directory, stopped_s + after_s)
        assert error.value.last_s == stopped_s
    again = Recorded(recorded.directory, farm=Farm(start_s=stopped_s + 60.0))
    again.run(20)
    for after_s in (0.5, 30.0, 60.0):  # the next start is no word on the time before it
        with pytest.raises(NotRecordedError):
            record_at(recorded.directory, stopped_s + after_s)
    assert again.at(stopped_s).won.owner == "fa.z.light_loop"
    assert again.at(stopped_s + 61.0).at_s == stopped_s + 61.0
    assert again.at(stopped_s + 61.5).at_s == stopped_s + 61.0


def test_an_agent_that_starts_hours_later_does_not_know_either(recorded: Recorded) -> None:
    recorded.run(30)
    stopped_s = recorded.farm.now_s
    again = Recorded(recorded.directory, start_s=stopped_s + 3.0 * HOUR_S)
    again.run(5)
    for after_s in (1.0, 60.0):
        with pytest.raises(NotRecordedError):
            record_at(recorded.directory, stopped_s + after_s, again.journal.seen_s)


def test_an_agent_that_looks_is_believed_until_its_last_look(recorded: Recorded) -> None:
    recorded.run(40)
    seen_s = recorded.farm.now_s + 30.0
    assert record_at(recorded.directory, seen_s, seen_s).outputs[LAMP].won.owner == "fa.z.light_loop"
    with pytest.raises(NotRecordedError):
        record_at(recorded.directory, seen_s + 1.0, seen_s)


@pytest.mark.parametrize("restarts", [False, True])
def test_the_end_of_an_hour_is_no_stop_unless_the_next_begins_with_a_start(tmp_path: Path, restarts: bool) -> None:
    hour_s = (START_S // HOUR_S + 1.0) * HOUR_S
    recorded = Recorded(tmp_path, start_s=hour_s - 20.5)
    recorded.run(20)
    if restarts:
        recorded = Recorded(tmp_path, start_s=hour_s - 0.5)
    recorded.run(20)
    assert len(list((tmp_path / FOLDER).iterdir())) == 2
    for moment_s in (hour_s - 0.1, hour_s + 0.1):
        if restarts:
            with pytest.raises(NotRecordedError):
                recorded.at(moment_s)
        else:
            assert recorded.at(moment_s).at_s <= hour_s - 0.5
    assert recorded.at(hour_s + 0.5).at_s == hour_s + 0.5


def test_an_output_that_is_gone_since_a_new_site_file_is_explained_before_it_alone(recorded: Recorded) -> None:
    from tests.core.small_site import core_of, document

    recorded.run(30)
    site = document()
    del site["outputs"]["fa.z.siren"]
    site["rules"] = []
    again = Recorded(recorded.directory, farm=Farm(core_of(site), start_s=recorded.farm.now_s + 200.0))
    again.run(20)
    assert "fa.z.siren" in record_at(recorded.directory, recorded.farm.now_s).outputs
    found = record_at(recorded.directory, again.farm.now_s)
    assert set(found.outputs) == set(site["outputs"])
    assert found.cards.outputs.keys() == found.outputs.keys()


def test_a_rule_that_is_used_up_is_told_of_though_the_output_stands_as_it_did(tmp_path: Path) -> None:
    from tests.core.small_site import changed, core_of

    rule = {"id": "fa.z.r", "when": "fa.z.door", "limits": {"max_activations": "1/h"}, "on_bad_quality": "deassert",
            "then": [{"set": "fa.z.fog", "to": "40 %"}]}  # fmt: skip
    farm = Farm(core_of(changed("rules", [rule])))
    recorded = Recorded(tmp_path, farm=farm)
    for door in (False, True, False):
        farm.says["fa.z.door"] = door
        recorded.run(10)
    (spent,) = recorded.at(farm.now_s, "fa.z.fog").spent
    assert (spent.rule, spent.why, spent.until_s) == ("fa.z.r", "activations", START_S + 11.0 + HOUR_S)
    assert recorded.at(START_S + 10.0, "fa.z.fog").spent == ()


def test_an_agent_that_never_ran_has_no_record(tmp_path: Path) -> None:
    with pytest.raises(NotRecordedError) as error:
        record_at(tmp_path, START_S)
    assert (error.value.first_s, error.value.last_s) == (None, None)


def test_a_day_is_kept_and_what_is_older_goes(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path, farm=Farm(_lamp_alone()))
    for _ in range(KEPT_HOURS + 5):
        recorded.run(HOUR_S // 60, after_s=60.0)
    files = sorted((tmp_path / FOLDER).iterdir())
    assert len(files) == KEPT_HOURS + 1
    assert recorded.at(recorded.farm.now_s - 24 * HOUR_S).won.owner == "fa.z.light_loop"


def _lamp_alone() -> Any:
    from tests.core.small_site import core_of

    return core_of(only("fa.z.light_loop"))


def test_an_hour_in_which_too_much_changes_is_thinned_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "HOUR_BYTES", 20_000)
    recorded = Recorded(tmp_path, farm=Farm(_lamp_alone()))
    sizes = []
    for _ in range(18):  # the hour is over after twenty minutes
        for second in range(30):
            recorded.run(2, recorded.hand(LAMP, 50.0 if second % 2 else None))
        sizes.append(sum(file.stat().st_size for file in (tmp_path / FOLDER).iterdir()))
    assert record_at(tmp_path, recorded.farm.now_s).thinned
    assert sizes[-1] - sizes[-11] < 10 * 3000
    assert recorded.at(recorded.farm.now_s).at_s >= recorded.farm.now_s - 61.0


def test_a_disk_that_takes_nothing_costs_no_scan_and_is_written_when_it_is_back(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("in the way", "utf-8")
    recorded = Recorded(tmp_path)
    recorded.run(30)
    (tmp_path / FOLDER).unlink()
    recorded.run(1)
    assert recorded.at(recorded.farm.now_s - 20.0).won.owner == "fa.z.light_loop"


@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.sampled_from([LAMP, HEATER, "fa.z.siren"]),
                  st.one_of(st.none(), st.floats(0, 100)), st.booleans()),
        min_size=1, max_size=6,
    )
)  # fmt: skip
@settings(max_examples=12)
def test_whoever_decided_at_any_second_is_who_the_record_names(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Any]
) -> None:
    recorded = Recorded(tmp_path_factory.mktemp("why"))
    obeyed: dict[float, dict[str, str]] = {}
    recorded.run(2)
    for seconds, output, value, door in steps:
        recorded.farm.says["fa.z.door"] = door
        people = recorded.hand(output, value)
        for _ in range(seconds):
            recorded.run(1, people)
            people = []
            obeyed[recorded.farm.now_s] = {name: order.owner for name, order in recorded.farm.state.orders.items()}
    for moment_s in list(obeyed)[:: max(len(obeyed) // 25, 1)]:
        found = record_at(recorded.directory, moment_s).outputs
        assert {name: one.won.owner for name, one in found.items()} == obeyed[moment_s]
