"""Photos of the logbook stand beside it: once each, within their room, and gone again where no note shows them."""

from pathlib import Path

import pytest

from controller.core.words import Because
from controller.history.backup import backup, restore
from controller.history.logbook import Logbook, Note, Search, lines
from controller.history.photos import UNSHOWN_S, Photos, photo
from controller.history.pictures import without_place
from controller.history.state_database import StateDatabase
from tests.history.farm import START_S
from tests.history.test_pictures import PHOTOS, SECRET, taken


def note(*photos: str, id: str = "note-0001") -> Note:
    return Note(0, id, round(START_S * 1000.0), round(START_S * 1000.0), "li", "li", "", "two fish died", None, photos)


def kept(photos: Photos, data: bytes, at_s: float = START_S) -> str:
    name = photos.keep(data, at_s)
    assert isinstance(name, str)
    return name


def test_a_note_shows_its_photos_in_their_order_and_a_restored_backup_too(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path / "farm")
    photos, book = Photos(database), Logbook(database)
    names = [kept(photos, PHOTOS[form]) for form in ("WEBP", "JPEG", "PNG")]
    assert kept(photos, PHOTOS["JPEG"]) == names[1]  # once
    told = book.keep(note(*names), START_S)
    assert isinstance(told, Note)
    assert (told.photos, book.keep(note(*names), START_S)) == (tuple(names), told)  # sent again
    assert book.keep(note(*names[:2]), START_S) == Because("note_same_id", {"id": "note-0001"})
    [line] = lines(tmp_path / "farm", Search())
    assert line.photos == tuple(names)
    backup(tmp_path / "farm", tmp_path / "copy", START_S)
    database.close()
    restore(tmp_path / "copy", tmp_path / "other", START_S)
    assert lines(tmp_path / "other", Search()) == [line]
    assert photo(tmp_path / "other", names[1]) == without_place(PHOTOS["JPEG"])
    assert not any(SECRET in path.read_bytes() for path in (tmp_path / "other").iterdir())


def test_a_photo_that_no_note_shows_goes_after_a_day(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path)
    photos = Photos(database)
    shown, unshown = kept(photos, PHOTOS["JPEG"]), kept(photos, PHOTOS["PNG"])
    assert isinstance(Logbook(database).keep(note(shown), START_S), Note)
    kept(photos, PHOTOS["WEBP"], START_S + UNSHOWN_S - 60.0)
    assert photo(tmp_path, unshown) is not None
    kept(photos, PHOTOS["WEBP"], START_S + UNSHOWN_S + 60.0)
    assert (photo(tmp_path, unshown), photo(tmp_path, shown) is None) == (None, False)
    assert Logbook(database).keep(note(unshown, id="note-0002"), START_S) == Because("note_photo", {})


def test_photos_do_not_fill_the_disk(tmp_path: Path) -> None:
    one, other = taken("PNG", size=(40, 40)), taken("PNG", size=(41, 41))
    photos = Photos(StateDatabase(tmp_path), quota_bytes=len(without_place(one)) + 100)
    kept(photos, one)
    assert photos.keep(other, START_S) == Because("photos_full", {"most": 0})
    kept(photos, one)  # it is there already
    assert len(list(tmp_path.glob("photo-*"))) == 1


@pytest.mark.parametrize("name", ["../state.db", "state.db", "x" * 64 + ".jpg", "a" * 64 + ".db", "a" * 64 + ".jpg"])
def test_nothing_but_a_photo_is_given(tmp_path: Path, name: str) -> None:
    (tmp_path / "state.db").write_bytes(b"secret")
    assert photo(tmp_path, name) is None
