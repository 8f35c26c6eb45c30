"""Maps of recordings: what they resolve to, and every mistake with its place."""

from pathlib import Path

import pytest

from foundation.problem import ProblemsError
from simulator.recording_files import RecordingError
from simulator.recording_map import load_map, read_recording

SITE = """\
schema: 1
site: {id: s, name: {zh: 甲, en: A}, timezone: Asia/Shanghai, latitude: 31.2, longitude: 121.5, scan: 60 s}
facilities: {gh1: {kind: greenhouse, zones: [bay1], name: {zh: 甲, en: A}}}
buses: {line: {protocol: modbus_rtu, port: by-id/x, baud: 115200}}
devices:
  inside: {product: generic/logger, bus: line, unit: 1, period: 60 s, tags: {v1: gh1.bay1.air_temp, v2: gh1.bay1.rh}}
  outside: {product: generic/logger, bus: line, unit: 2, period: 60 s, tags: {v1: gh1.all.out_temp}}
tags:
  gh1.bay1.air_temp: {unit: degC}
  gh1.bay1.rh: {unit: "%"}
  gh1.all.out_temp: {unit: degC}
"""
MAP = """\
site: site.yaml
files:
  - {path: inside.csv, columns: {Tair: inside.v1, Rhair: inside.v2}}
  - path: outside.csv
    time: {column: Date, format: "%Y-%m-%d", timezone: Asia/Shanghai}
    columns: {Tout: outside.v1}
"""
DAY_S = 1643644800.0
"""1 February 2022 in Shanghai."""


def farm(directory: Path, text: str = MAP) -> Path:
    """A map with its site and files in `directory`."""
    (directory / "site.yaml").write_text(SITE, "utf-8")
    (directory / "map.yaml").write_text(text, "utf-8")
    rows = [f"{DAY_S + 3600 * hour},{hour},{50 + hour}" for hour in range(72)]
    (directory / "inside.csv").write_text("\n".join(["time,Tair,Rhair", *rows, ""]), "utf-8")
    (directory / "outside.csv").write_text("Date,Tout\n2022-02-01,1\n2022-02-02,2\n2022-02-03,3\n", "utf-8")
    return directory / "map.yaml"


def test_columns_become_tags_of_devices_each_on_a_track_of_its_own(tmp_path: Path) -> None:
    mapped = load_map(farm(tmp_path))
    recording = read_recording(mapped, tmp_path)
    assert set(recording.tracks) == {"inside", "outside"}
    inside = recording.tracks["inside"]
    assert (len(inside.times_s), inside.times_s[0]) == (72, DAY_S)
    inside.advance(DAY_S)
    assert (inside.sense("gh1.bay1.air_temp"), inside.sense("gh1.bay1.rh")) == (0.0, 50.0)
    assert list(recording.tracks["outside"].times_s) == [DAY_S, DAY_S + 86400.0, DAY_S + 2 * 86400.0]


def test_some_days_from_some_day_on(tmp_path: Path) -> None:
    mapped = load_map(farm(tmp_path))
    tracks = read_recording(mapped, tmp_path, DAY_S + 86400.0, 1.5).tracks
    assert (tracks["inside"].times_s[0], tracks["inside"].times_s[-1]) == (DAY_S + 86400.0, DAY_S + 59 * 3600.0)
    assert list(tracks["outside"].times_s) == [DAY_S + 86400.0, DAY_S + 2 * 86400.0]
    # a device whose file has nothing in these days has no track
    assert set(read_recording(mapped, tmp_path, DAY_S + 3600.0, 0.5).tracks) == {"inside"}
    with pytest.raises(RecordingError, match="no row lies in the days"):
        read_recording(mapped, tmp_path, DAY_S + 100 * 86400.0)


def test_the_file_on_the_command_line_may_be_any_of_the_maps_or_the_only_one(tmp_path: Path) -> None:
    mapped = load_map(farm(tmp_path))
    assert set(read_recording(mapped, tmp_path / "outside.csv").tracks) == {"inside", "outside"}
    (tmp_path / "alone").mkdir()
    alone = load_map(farm(tmp_path / "alone", MAP.split("  - path:")[0]))
    (tmp_path / "elsewhere.csv").write_text("time,Tair,Rhair\n5,1,2\n", "utf-8")
    assert list(read_recording(alone, tmp_path / "elsewhere.csv").tracks["inside"].times_s) == [5.0]


@pytest.mark.parametrize(
    ("wrong", "right", "place"),
    [
        ("inside.v2", "indoors.v2", "map.yaml:3:58 E603 The site has no device 'indoors'. There are: inside, outside."),
        ("inside.v2", "inside.v9", "map.yaml:3:58 E604 Device inside has no tag for the channel 'v9'."),
        ("inside.v2", "inside", "map.yaml:3:58 E604 Device inside has no tag for the channel ''."),
        ("inside.v2", "inside.v1", "map.yaml:3:58 E605 Two columns feed inside.v1."),
        ("Asia/Shanghai", "Mars/Base", "map.yaml:5:56 E602 There is no time zone 'Mars/Base'."),
        ("columns: {Tout", "colums: {Tout", "map.yaml:6:5 E601 The map is not right at files.1.colums"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, wrong: str, right: str, place: str) -> None:
    path = farm(tmp_path, MAP.replace(wrong, right))
    with pytest.raises(ProblemsError) as failed:
        load_map(path)
    lines = [problem.line_of_text().removeprefix(f"{tmp_path}/") for problem in failed.value.problems]
    assert any(line.startswith(place) for line in lines), lines


def test_a_device_has_one_clock_and_so_one_file(tmp_path: Path) -> None:
    text = MAP.replace("{Tair: inside.v1, Rhair: inside.v2}", "{Tair: inside.v1}").replace("outside.v1", "inside.v2")
    with pytest.raises(ProblemsError, match="E606 Two files feed the device inside"):
        load_map(farm(tmp_path, text))


def test_our_own_recording_fits_its_site() -> None:
    mapped = load_map(Path("simulator/recordings/agc2022-map.yaml"))
    fed = {tag for source in mapped.sources for columns in source.column_of.values() for tag in columns}
    devices = mapped.site.devices
    # every channel of every device but the outputs' is in some file
    assert fed == {tag for name, device in devices.items() if name != "shadow" for tag in device.tags.values()}
    assert len(fed) == 39
