"""A place of a media worker: nobody shares it, and it is found however deep its folder lies."""

import os
import stat
from pathlib import Path

from cti.transport.media_place import Place, places


def test_there_is_room_for_one(tmp_path: Path) -> None:
    place = Place(tmp_path / "run", 0)
    assert place.holder() is None
    room = place.take()
    assert room is not None
    assert place.take() is None
    assert Place(tmp_path / "run", 1).holder() is None
    child = os.dup(room.lock)
    room.let_to(4711)
    assert place.holder() == 4711
    assert place.take() is None
    os.close(child)
    assert place.holder() is None
    again = place.take()
    assert again is not None
    again.close()


def test_only_its_owner_may_come_in(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o777)
    room = Place(folder, 0).take()
    assert room is not None
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    room.close()


def test_a_folder_may_lie_deeper_than_an_address_is_long(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["a_folder_with_a_long_name"] * 8)
    place = Place(folder, 3)
    assert len(str(folder)) > 108
    assert place.connect() is None
    room = place.take()
    assert room is not None
    visitor = place.connect()
    assert visitor is not None
    room.door.accept()[0].close()
    visitor.close()
    assert places(folder) == [place]
    room.close()
    assert place.connect() is None
    place.clear()
    place.clear()
    assert not places(folder)


def test_a_lock_without_a_name_is_nobody(tmp_path: Path) -> None:
    place = Place(tmp_path, 0)
    room = place.take()
    assert room is not None
    assert place.holder() is None
    room.close()
