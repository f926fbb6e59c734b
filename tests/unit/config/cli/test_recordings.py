"""`hotline recordings` tells what became of recordings, and its status says it to programs."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from config import migrations
from config.cli import recordings
from config.settings import Folders, RecordingSettings, Settings
from cti.call.events import CallStarted, RecordingStarted, RecordingStopped
from cti.call.model import Direction
from cti.database import connect
from cti.kernel.errors import ConfigurationError
from cti.kernel.identifiers import CallId, ConnectionId
from cti.recording.keys import KeyPlace, make_key, read_keys
from cti.recording.store import open_sound, sealed_path
from monitoring.repository import append_events_txn
from tests.support.audio import read_wave
from tests.support.recordings import counted_entropy, record, second_of

AT = datetime(2026, 11, 21, 1, tzinfo=UTC)


class House:
    """A folder with one encrypted recording of a call, and the command line over it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "recordings"
        place = KeyPlace(folder / "keys", "old")
        make_key(place.path, "old", counted_entropy())
        self.settings = Settings(folders=Folders(folder), recordings=RecordingSettings(place))
        monkeypatch.setattr("config.cli.settings_of", lambda _args: self.settings)
        self.path = self.folder / "c1.wav"
        held = record(self.path, read_keys(place))
        engine = connect(self.settings.database_url)
        migrations.upgrade(engine)
        about: dict[str, Any] = {"at": AT, "call_id": CallId("c1")}
        recorded = {**about, "connection_id": ConnectionId("c1.1"), "file": "c1.wav"}
        with Session(engine) as session, session.begin():
            started = CallStarted(
                **about, direction=Direction.INBOUND, calling="1", called="95588", trunk=""
            )
            stopped = RecordingStopped(**recorded, seconds=held.seconds, digest=held.digest)
            append_events_txn(session, 1, [started, RecordingStarted(**recorded), stopped])
        engine.dispose()

    def run(self, *words: str) -> int:
        """The exit status."""
        parser = ArgumentParser()
        recordings.add_arguments(parser)
        return recordings.run(parser.parse_args(words))


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(tmp_path, monkeypatch)


def test_it_lists_and_verifies(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert house.run("list") == 0
    assert "c1  2026-11-21 09:00:00 +0800           0.3 s  c1.wav" in capsys.readouterr().out
    for words in (["c1"], ["--all"]):
        assert house.run("verify", *words) == 0
        assert capsys.readouterr().out == "c1: unchanged, 0.3 s\n"
    found = sealed_path(house.path)
    data = bytearray(found.read_bytes())
    data[5000] ^= 1
    found.write_bytes(data)
    assert house.run("verify", str(house.path)) == 1
    assert "CHANGED from 0.1 s, octets 3744 to 6976" in capsys.readouterr().out
    found.unlink()
    assert house.run("verify", "--all") == 1
    with pytest.raises(ConfigurationError, match="no recorded call"):
        house.run("verify", "c2")


def test_it_exports_decrypted_and_overwrites_nothing(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.wav"
    assert house.run("export", "c1", str(out)) == 0
    assert read_wave(out).tobytes() == b"".join(second_of(number) for number in range(3))
    assert house.run("export", "c1", str(out)) == 1
    assert capsys.readouterr().err == f"{out} is there already, and nothing is overwritten\n"
    assert house.run("export", "c1", str(tmp_path / "none" / "out.wav")) == 1
    assert "none/out.wav: No such file" in capsys.readouterr().err


def test_it_brings_recordings_over_to_a_new_key(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert house.run("key", "new") == 0
    place = KeyPlace(house.settings.recordings.keys.path, "new")  # type: ignore[union-attr]  # set
    house.settings = Settings(folders=house.settings.folders, recordings=RecordingSettings(place))
    assert house.run("rotate") == 0
    assert house.run("rotate") == 0
    assert "1 recordings now use the key 'new'" in capsys.readouterr().out
    (place.path / "old.key").unlink()
    with open_sound(house.path, read_keys(place)) as sound:
        assert len(sound.read()) == 44 + 9600
    (place.path / "new.key").rename(place.path / "other.key")
    house.settings = Settings(
        folders=house.settings.folders,
        recordings=RecordingSettings(KeyPlace(place.path, "other")),
    )
    assert house.run("export", "c1", str(house.folder / "out.wav")) == 1
    assert "key 'new' is not among" in capsys.readouterr().err
