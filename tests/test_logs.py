"""The log: one JSON object a line whatever happens, a bounded size, and a full disk that costs nothing but lines."""

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller import logs
from controller.logs import JsonLines, start_logging
from foundation.reading import Quality, Reason, good

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
ANYTHING = st.recursive(
    PLAIN | st.sampled_from([*Reason, *Quality]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
    max_leaves=5,
)


@pytest.fixture(autouse=True)
def _root_logger_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in list(root.handlers):
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    for handler in handlers:
        if handler not in root.handlers:
            root.addHandler(handler)
    root.setLevel(level)


def strict(text: str) -> dict[str, Any]:
    """A JSON object as the standard has it: no NaN, no Infinity."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    line: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return line


def lines(directory: Path) -> list[dict[str, Any]]:
    return [strict(line) for line in (directory / "farmloop.log").read_text("utf-8").split("\n")[:-1]]


@settings(max_examples=50)
@given(st.text(), st.dictionaries(st.text(min_size=1), ANYTHING))
def test_any_record_is_one_line_of_json(message: str, extra: dict[str, Any]) -> None:
    record = logging.LogRecord("farmloop.agent", logging.WARNING, "x.py", 1, message, None, None)
    own = set(record.__dict__)
    record.__dict__ |= {
        key: value for key, value in extra.items() if key not in own and key not in ("message", "asctime")
    }
    text = JsonLines().format(record)
    assert "\n" not in text
    line = strict(text)
    # nothing that is told can pass for the time, the level or the source of the line
    assert (line["level"], line["from"], line["what"]) == ("warning", "farmloop.agent", message)


def test_a_line_says_when_where_and_what(tmp_path: Path) -> None:
    start_logging(tmp_path, quiet=True)
    log = logging.getLogger("farmloop.test")
    log.info(
        "device is lost", extra={"device": "ras_do_a", "limits": (1.0, float("inf")), "reading": good("a.b.c", 1, 2)}
    )
    try:
        raise ValueError("told\nin two lines")
    except ValueError:
        log.exception("driver failed")
    log.debug("too much")
    first, second = lines(tmp_path)
    assert first["at"].endswith("Z")
    assert len(first["at"]) == 24
    assert (first["level"], first["from"], first["what"]) == ("info", "farmloop.test", "device is lost")
    assert (first["device"], first["limits"]) == ("ras_do_a", [1.0, "inf"])
    assert second["trace"].endswith("ValueError: told\nin two lines")


def test_the_log_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 2000)
    start_logging(tmp_path, quiet=True)
    for number in range(500):
        logging.getLogger("farmloop.test").info("event %d", number)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 1 + logs.FILES
    assert all(file.stat().st_size <= 2000 for file in files)
    assert lines(tmp_path)[-1]["what"] == "event 499"


def test_warnings_go_to_the_screen_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(tmp_path)
    log = logging.getLogger("farmloop.test")
    log.info("for the file")
    log.warning("for both")
    assert [strict(line)["what"] for line in capsys.readouterr().err.splitlines()] == ["for both"]
    assert [line["what"] for line in lines(tmp_path)] == ["for the file", "for both"]


def test_talkative_libraries_are_held_back(tmp_path: Path) -> None:
    start_logging(tmp_path, quiet=True)
    for name in ("pymodbus.logging", "amqtt.broker", "uvicorn.error", "urllib3.connectionpool", "httpx"):
        logging.getLogger(name).info("something that happens all day")
    logging.getLogger("pymodbus.logging").error("what a wire does every day")
    logging.getLogger("uvicorn.error").error("what matters")
    assert [line["what"] for line in lines(tmp_path)] == ["what matters"]


def test_starting_again_leaves_one_file_open(tmp_path: Path) -> None:
    start_logging(tmp_path / "old", quiet=True)
    start_logging(tmp_path / "new", quiet=True)
    logging.getLogger("farmloop.test").info("once")
    assert not (tmp_path / "old" / "farmloop.log").exists()
    assert len(lines(tmp_path / "new")) == 1


def test_a_disk_that_takes_no_lines_is_said_once_and_stops_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "farmloop.log").symlink_to("/dev/full")
    start_logging(tmp_path, quiet=True)
    log = logging.getLogger("farmloop.test")
    for _ in range(5):
        log.info("nobody will read this")
    (said,) = capsys.readouterr().err.splitlines()
    assert "No space left" in said
    (file,) = (one for one in logging.getLogger().handlers if isinstance(one, logging.FileHandler))
    full, file.stream = file.stream, (tmp_path / "another").open("w")
    log.info("again")
    log.info("and again")
    assert capsys.readouterr().err.splitlines() == [f"{tmp_path}/farmloop.log: takes lines again"]
    with suppress(OSError):
        full.close()


def test_a_directory_that_cannot_be_made_is_said_once_until_it_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "var").write_text("a file where a directory should be")
    start_logging(tmp_path / "var", quiet=True)
    log = logging.getLogger("farmloop.test")
    log.info("lost")
    log.info("lost")
    assert len(capsys.readouterr().err.splitlines()) == 1
    (tmp_path / "var").unlink()
    (tmp_path / "var").mkdir()
    log.info("kept")
    assert capsys.readouterr().err.endswith("takes lines again\n")
    assert [line["what"] for line in lines(tmp_path / "var")] == ["kept"]


def test_text_that_no_encoding_takes_is_written_all_the_same(tmp_path: Path) -> None:
    start_logging(tmp_path, quiet=True)
    logging.getLogger("farmloop.test").info("half a character: \ud83d, 中文")
    assert lines(tmp_path)[0]["what"] == "half a character: \ud83d, 中文"
