"""A recorded day comes out of the core again to the bit, whatever was told, and whatever became of the file's end."""

import math
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from controller.cli import app
from controller.compose.replay import journal_files, played
from controller.compose.replay import replay as play
from controller.compose.simulate import Simulation, prepare, start_of
from controller.core.scan import Core
from controller.core.state import State, to_plain
from controller.core.words import (
    Calibrate,
    EmergencyStop,
    LockOut,
    LockOutEnd,
    Maintain,
    MaintainEnd,
    Override,
    Reset,
    ScanResult,
    SetpointChange,
    Snapshot,
)
from controller.journal import journal as journal_module
from controller.journal.beginning import packed, unpacked
from controller.journal.frames import FrameWriter, JournalError, read_frames
from controller.journal.journal import Journal
from controller.journal.scans import Names, Scan
from edge_config.loader import load_site
from edge_config.model.site import Site
from foundation.reading import Quality, Reading, Reason

SITES = Path("edge_config/sites")
RAS = SITES / "ras.yaml"
SAMPLES = sorted(path.stem for path in SITES.glob("*.yaml"))
TAGS = ("a.b.c", "a.b.d", "a.all.e")


@pytest.fixture(scope="module")
def fish_farm() -> Site:
    return load_site(RAS).site


# --- what is written is what was told


VALUES = st.one_of(
    st.none(), st.booleans(), st.floats(), st.text(max_size=8),
    st.integers(-(10**7), 10**7).map(lambda whole: whole / 100.0), st.just(-0.0),
)  # fmt: skip
READINGS = st.builds(
    Reading, st.sampled_from(TAGS), VALUES, st.sampled_from(Quality), st.one_of(st.none(), st.sampled_from(Reason)),
    st.floats(1.7e9, 1.9e9),
)  # fmt: skip
WISHES = st.one_of(
    st.builds(SetpointChange, st.text(max_size=4), st.text(max_size=4), st.floats(0, 9), st.just("li"), st.just(1e9)),
    st.builds(Override, st.text(max_size=4), st.just("o"), st.none() | st.floats(0, 100), st.just("li"), st.just(2e9)),
    st.builds(Reset, st.text(max_size=4), st.text(max_size=4), st.just("li"), st.floats(0, 2e9)),
    st.builds(EmergencyStop), st.builds(LockOut), st.builds(LockOutEnd), st.builds(Maintain), st.builds(MaintainEnd),
    st.builds(Calibrate, points=st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), max_size=3).map(tuple)),
)  # fmt: skip
WRITTEN = st.tuples(st.text(max_size=5), st.booleans(), st.none() | st.text(max_size=5))
SCANS = st.builds(
    Scan, st.floats(1.7e9, 1.9e9),
    st.builds(Snapshot, st.lists(READINGS, max_size=6).map(tuple), st.lists(WRITTEN, max_size=2).map(tuple),
              st.lists(WISHES, max_size=2).map(tuple)),
    st.integers(0, 2**32 - 1),
)  # fmt: skip


@given(st.lists(SCANS, max_size=5))
def test_whatever_scans_were_told_comes_back_to_the_bit(scans: list[Scan]) -> None:
    names = Names(TAGS)
    assert repr(list(names.unpack(names.pack(scans)))) == repr(scans)  # NaN is not itself, and -0.0 is 0.0: by words


def test_a_snapshot_has_nothing_that_the_journal_does_not_know() -> None:
    assert [one.name for one in fields(Snapshot)] == ["readings", "written", "people"]


# --- a day again


class Recorded:
    """The fish farm in memory, and its journal."""

    def __init__(self, site: Site, directory: Path, start_s: float | None = None) -> None:
        self.site, self.directory = site, directory
        self.farm: Simulation = prepare(site, 3, start_of(site) + 11.75 * 3600.0 if start_s is None else start_s)
        self.results: list[ScanResult] = []
        self.begin()

    def begin(self) -> None:
        """The journal as a starting agent has it."""
        self.journal = Journal(self.directory, self.farm.core, str(RAS))

    def restart(self) -> None:
        """`kill -9`: what was not written is lost, and the core starts with what it kept."""
        kept = to_plain(self.farm.state)
        self.farm.state = self.farm.core.start(self.farm.now_s + 5.0, kept)
        self.begin()

    def run(self, scans: int, people: Callable[[int], tuple[Any, ...]] = lambda count: ()) -> None:
        scan = self.farm.core.scan

        def noted(state: Any, snapshot: Snapshot, now_s: float) -> ScanResult:
            result = scan(state, snapshot, now_s)
            self.journal.note(state, snapshot, now_s, result)
            self.results.append(result)
            return result

        self.farm.core.scan = noted  # type: ignore[method-assign]
        try:
            for count in range(scans):
                self.farm.step(people(count))
                if count % 10 == 9:
                    self.journal.write()
        finally:
            self.farm.core.scan = scan  # type: ignore[method-assign]

    @property
    def file(self) -> Path:
        return journal_files(self.directory)[-1]


def troubles(farm: Simulation) -> Callable[[int], tuple[Any, ...]]:
    """A probe that lies, a person at the blower, a setpoint, a reset of what needs none."""

    def told(count: int) -> tuple[Any, ...]:
        if count == 100:
            farm.devices["ras_do_a"].fault("silent")
        if count == 200:
            return (SetpointChange("s", "ras1.tank1.do_sp", 8.1, "li", farm.now_s),)
        if count == 250:
            return (
                Override("o", "ras1.tank1.blower", 35.0, "li", farm.now_s + 60.0),
                Reset("r", "x", "li", farm.now_s),
                LockOut("l", "ras1.tank1.makeup", "li", "new seat", "", farm.now_s),
                Maintain("m", "ras1.tank1.do_b", "cleaning", "li", farm.now_s + 500.0, farm.now_s),
                Calibrate("c", "ras1.tank1.ph", ((7.2, 7.0),), False, "", "", "", "li", farm.now_s, farm.now_s),
            )
        if count == 400:
            return (EmergencyStop("e", "ras1", "li", farm.now_s),)
        return ()

    return told


def test_a_recorded_meal_with_troubles_and_a_kill_comes_out_to_the_bit(fish_farm: Site, tmp_path: Path) -> None:
    farm = Recorded(fish_farm, tmp_path)
    farm.run(600, troubles(farm.farm))
    farm.restart()
    farm.run(300)
    farm.journal.close()
    done = play(farm.file, fish_farm)
    assert (done.scans, done.beginnings, done.differing, done.same_site) == (900, 2, 0, True)
    assert done.outputs["ras1.tank1.blower"].changes >= 2
    assert farm.farm.state.calibrations["ras1.tank1.ph"][-1].points == ((7.2, 7.0),)  # over the kill too
    # what it was checked against is not its own: the very orders that the farm had
    orders = farm.results[-1].orders
    assert {name: tally.last for name, tally in done.outputs.items()} == {
        name: one.value for name, one in orders.items()
    }


def test_what_kill_9_leaves_of_a_file_is_played_as_far_as_it_goes_and_gone_on_with(
    fish_farm: Site, tmp_path: Path
) -> None:
    farm = Recorded(fish_farm, tmp_path)
    farm.run(120)
    farm.journal.close()
    whole = farm.file.read_bytes()
    chance = random.Random(1)
    for length in (len(whole) - 1, *(chance.randrange(20, len(whole)) for _ in range(5))):
        farm.file.write_bytes(whole[:length])
        scans = [frame for frame in read_frames(farm.file) if frame.kind == b"S"]
        done = play(farm.file, fish_farm)
        assert (done.scans, done.differing) == (10 * len(scans), 0)
    farm.restart()
    farm.run(30)
    farm.journal.close()
    done = play(farm.file, fish_farm)
    assert (done.differing, done.scans % 10, done.beginnings >= 1) == (0, 0, True)
    assert done.last_s == farm.farm.now_s


def test_a_flipped_bit_is_never_played(fish_farm: Site, tmp_path: Path) -> None:
    farm = Recorded(fish_farm, tmp_path)
    farm.run(60)
    farm.journal.close()
    whole = bytearray(farm.file.read_bytes())
    chance = random.Random(2)
    for _ in range(20):
        place = chance.randrange(len(whole))
        broken = bytearray(whole)
        broken[place] ^= 1 << chance.randrange(8)
        farm.file.write_bytes(broken)
        with suppress(JournalError):  # its first line is broken: no journal
            assert play(farm.file, fish_farm).differing == 0


def test_another_tuning_is_compared_and_the_first_scan_that_differs_is_named(fish_farm: Site, tmp_path: Path) -> None:
    farm = Recorded(fish_farm, tmp_path)
    farm.run(300)
    farm.journal.close()
    name = "ras1.tank1.do_loop"
    loop: Any = fish_farm.loops[name]
    faster = loop.model_copy(update={"kc": replace(loop.kc, value=loop.kc.value * 3.0)})
    other = fish_farm.model_copy(update={"loops": {**fish_farm.loops, name: faster}})
    mine, theirs = play(farm.file, fish_farm), play(farm.file, other)
    assert (mine.differing, theirs.same_site) == (0, False)
    assert theirs.differing > 0
    assert theirs.first_different_s is not None
    differing = {name for name, tally in theirs.outputs.items() if tally.on_s != mine.outputs[name].on_s}
    assert differing
    assert all(name.startswith("ras1.tank1.") for name in differing)
    fewer = {name: one for name, one in fish_farm.loops.items() if name != "ras1.tank1.heat_loop"}
    assert play(farm.file, fish_farm.model_copy(update={"loops": fewer})).scans == 300


def test_another_farm_takes_up_a_day_that_begins_amid_hands_locks_and_probes_in_care(
    fish_farm: Site, tmp_path: Path
) -> None:
    farm = Recorded(fish_farm, tmp_path)
    farm.run(300, troubles(farm.farm))
    farm.begin()
    farm.file.unlink()
    farm.run(60)
    farm.journal.close()
    assert {key.partition(":")[0] for key in farm.farm.state.marks} >= {"lock", "care"}
    (beginning,) = [unpacked(frame.content) for frame in read_frames(farm.file) if frame.kind == b"C"]
    fewer = {name: one for name, one in fish_farm.loops.items() if name != "ras1.tank1.heat_loop"}
    other = Core(fish_farm.model_copy(update={"loops": fewer}))
    assert not beginning.state(other).wake_s  # an output may go through other contacts there: each is decided anew
    for name in SAMPLES:
        done = play(farm.file, load_site(SITES / f"{name}.yaml").site)
        assert (done.scans, done.same_site, done.differing) == (60, name == "ras", 0 if name == "ras" else 60), name


@pytest.mark.parametrize("name", ["ras", "greenhouse"])
def test_a_day_ends_at_midnight_and_the_next_one_is_played_by_itself(name: str, tmp_path: Path) -> None:
    midnight_s = 1_774_051_200.0
    site = load_site(SITES / f"{name}.yaml").site
    farm = Recorded(site, tmp_path, midnight_s - 60.0)
    farm.run(120)
    farm.journal.close()
    assert [path.stem for path in journal_files(tmp_path)] == ["2026-03-20", "2026-03-21"]
    done = [play(path, site) for path in journal_files(tmp_path)]
    assert [one.differing for one in done] == [0, 0]
    assert [one.beginnings for one in done] == [1, 1]
    assert [one.scans for one in done] == [59, 61]


def test_an_agent_that_stops_while_the_disk_is_at_it_has_its_last_scans_in_order(
    fish_farm: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = Recorded(fish_farm, tmp_path)
    farm.run(9)
    taken, go_on = threading.Event(), threading.Event()
    write = FrameWriter.write

    def slow(writer: FrameWriter, kind: bytes, body: bytes) -> None:
        if not taken.is_set():
            taken.set()
            assert go_on.wait(10.0)
        write(writer, kind, body)

    monkeypatch.setattr(FrameWriter, "write", slow)
    with ThreadPoolExecutor() as threads:
        writing = threads.submit(farm.journal.write)
        assert taken.wait(10.0)
        farm.run(9)
        closing = threads.submit(farm.journal.close)
        assert not wait([closing], timeout=0.2).done  # it waits for the thread that is at it
        go_on.set()
        writing.result()
        closing.result()
    done = play(farm.file, fish_farm)
    assert (done.scans, done.beginnings, done.differing) == (18, 1, 0)


# --- every hour


@pytest.mark.parametrize("name", SAMPLES)
def test_a_state_comes_back_from_the_journal_as_it_was(name: str) -> None:
    site = load_site(SITES / f"{name}.yaml").site
    farm = prepare(site, 1, start_of(site) + 11.75 * 3600.0)
    for _ in range(40):
        farm.step()
    beginning = unpacked(packed(farm.core, farm.state, ""))
    again = beginning.state(farm.core)
    assert again == farm.state
    for field in fields(State):  # alarms and demands come in the order of what stands there
        mine = getattr(farm.state, field.name)
        assert not isinstance(mine, dict) or list(getattr(again, field.name)) == list(mine)
    assert beginning.is_state(farm.core, farm.state)
    moved = dict.fromkeys(farm.state.applied, 12.5)
    assert not beginning.is_state(farm.core, replace(farm.state, applied=moved))


def test_a_state_with_what_is_no_number_is_itself(fish_farm: Site) -> None:
    farm = prepare(fish_farm, 1, start_of(fish_farm))
    farm.step()
    said = Reading("ras1.tank1.do_a", math.nan, Quality.GOOD, None, farm.now_s + 1.0)
    state = farm.core.scan(farm.state, Snapshot((said,), (), ()), farm.now_s + 1.0).state
    state = replace(state, values={**state.values, "ras1.tank1.do_a": math.nan})
    beginning = unpacked(packed(farm.core, state, ""))
    assert beginning.state(farm.core) != state
    assert beginning.is_state(farm.core, state)


def test_the_hours_of_a_day_are_played_beside_one_another_and_come_out_as_in_a_row(
    fish_farm: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "PART_S", 120)
    farm = Recorded(fish_farm, tmp_path)
    farm.run(450, troubles(farm.farm))
    farm.restart()
    farm.run(250)
    farm.journal.close()
    beginnings = [unpacked(frame.content) for frame in read_frames(farm.file) if frame.kind == b"C"]
    assert [one.goes_on for one in beginnings].count(False) == 2
    assert len(beginnings) == 8
    in_a_row, beside = play(farm.file, fish_farm), play(farm.file, fish_farm, None, 2)
    assert (in_a_row.scans, in_a_row.beginnings, in_a_row.differing) == (700, 2, 0)
    assert beside.row() == in_a_row.row()
    assert {name: one.last for name, one in beside.outputs.items()} == {
        name: one.last for name, one in in_a_row.outputs.items()
    }
    other = load_site(SITES / "pond.yaml").site  # another site goes on by itself from the first state
    assert play(farm.file, other, None, 2).row() == play(farm.file, other).row()
    assert play(farm.file, other).differing == 700


def test_another_tuning_goes_on_by_itself_over_the_hours(
    fish_farm: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop: Any = fish_farm.loops["ras1.tank1.do_loop"]
    faster = loop.model_copy(update={"kc": replace(loop.kc, value=loop.kc.value * 3.0)})
    other = fish_farm.model_copy(update={"loops": {**fish_farm.loops, "ras1.tank1.do_loop": faster}})
    found = []
    for part_s in (3600, 60):
        monkeypatch.setattr(journal_module, "PART_S", part_s)
        farm = Recorded(fish_farm, tmp_path / str(part_s))
        farm.run(200)
        farm.journal.close()
        found.append([dict(values) for _, values in played(farm.file, Core(other))])
    assert len(found[0]) == 200
    assert found[0] == found[1]


def test_a_state_that_is_not_as_recorded_is_told_though_every_order_is(
    fish_farm: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "PART_S", 120)

    def otherwise(core: Any, state: State, *rest: Any) -> bytes:
        if state.at_s > at_s:
            key = next(name for name in state.blocks if name.endswith("#gauge"))
            state = replace(state, blocks={name: one for name, one in state.blocks.items() if name != key})
        return packed(core, state, *rest)

    farm = Recorded(fish_farm, tmp_path)
    at_s = farm.farm.now_s + 130.0
    monkeypatch.setattr(journal_module, "packed", otherwise)
    farm.run(245)
    farm.journal.close()
    done = play(farm.file, fish_farm)
    assert (done.scans, done.differing) == (245, 1)
    assert done.first_different_s is not None
    assert (done.first_different_s > at_s, (done.first_different_s + 1.0) % 120.0) == (True, 0.0)
    assert play(farm.file, fish_farm, None, 2).differing >= 1


# --- what it may cost


def test_the_oldest_days_go_and_never_the_newest(
    fish_farm: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    for day in range(1, 13):
        FrameWriter(folder / f"2026-03-{day:02}.journal").close()
    farm = Recorded(fish_farm, tmp_path)
    farm.run(10)
    assert [path.stem[-2:] for path in journal_files(tmp_path)] == ["07", "08", "09", "10", "11", "12", "20"]
    monkeypatch.setattr(journal_module, "MOST_BYTES", 1)
    farm.begin()
    farm.run(10)
    assert [path.stem[-2:] for path in journal_files(tmp_path)] == ["20"]


def test_a_disk_that_takes_nothing_is_told_of_once_and_the_day_goes_on_when_it_does(
    fish_farm: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "journal").write_text("a file where the folder should be")
    farm = Recorded(fish_farm, tmp_path)
    farm.run(40)
    assert [record.message for record in caplog.records].count("journal_failed") == 1
    (tmp_path / "journal").unlink()
    farm.run(20)
    farm.journal.close()
    done = play(farm.file, fish_farm)
    assert (done.scans, done.differing) == (20, 0)


def test_a_disk_that_is_slow_costs_memory_only_for_so_long(
    fish_farm: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "MOST_WAITING", 25)
    monkeypatch.setattr(Journal, "write", lambda journal: None)
    farm = Recorded(fish_farm, tmp_path)
    farm.run(60)
    monkeypatch.undo()
    farm.journal.close()
    done = play(farm.file, fish_farm)
    assert (done.scans, done.differing, done.last_s) == (10, 0, farm.farm.now_s)


# --- the command


def test_the_command_says_identical_and_exits_with_1_if_it_is_not(
    fish_farm: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = Recorded(fish_farm, tmp_path)
    farm.run(60)
    farm.journal.close()
    done = CliRunner().invoke(app, ["replay", str(tmp_path)])
    assert (done.exit_code, "identical to the bit" in done.output) == (0, True)
    compared = CliRunner().invoke(app, ["replay", str(farm.file), "--site", "pond"])
    assert compared.exit_code == 0
    assert "scans come out differently" in compared.output
    wrong = CliRunner().invoke(app, ["replay", str(farm.file), "--recorded-with", "pond"])
    assert wrong.exit_code == 2
    assert CliRunner().invoke(app, ["replay", str(tmp_path / "nothing")]).exit_code == 2
    monkeypatch.setattr("controller.compose.replay.digest_of", lambda result: 0)
    broken = CliRunner().invoke(app, ["replay", str(tmp_path)])
    assert (broken.exit_code, "NOT as recorded: 60 scans differ" in broken.output) == (1, True)


def test_a_file_that_is_no_journal_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.journal"
    path.write_bytes(b"something else altogether")
    done = CliRunner().invoke(app, ["replay", str(path)])
    assert done.exit_code == 2
    assert "no journal" in done.output
