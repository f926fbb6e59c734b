import time
from pathlib import Path

import numpy as np
import pytest

from cti.kernel.errors import ConfigurationError
from cti.kernel.vocabulary import Language
from prompts.catalogue import Catalogue, load_catalogue
from prompts.lexicon import Lexicon
from prompts.sound import (
    MUSIC_DBFS,
    RATE,
    SPEECH_DBFS,
    Samples,
    level,
    read_wav,
    write_wav,
)
from prompts.store import ENOUGH_FAILURES, MANIFEST, PromptStore
from prompts.synthesis import SynthesisError
from tests.support.deferred import result_of
from tests.support.fake_speech import FakeSynthesizer

ZH = "hello: 您好\nloan: 还款\nwait: 请等{n:number}分钟\nbye: 再见\n"
EN = "hello: Hello\nloan: repayment\nwait: Wait {n:number} minutes\nbye: Goodbye\n"


class Room:
    """A store in a folder of its own, made anew as often as wanted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept, self.recordings = folder / "kept", folder / "recordings"
        self.synthesizer = FakeSynthesizer()
        self.lexicon = Lexicon({"还款": "环款"})
        self.write(ZH, EN)

    def write(self, zh: str, en: str) -> None:
        (self.folder / "zh.yaml").write_text(zh, encoding="utf-8")
        (self.folder / "en.yaml").write_text(en, encoding="utf-8")

    @property
    def catalogue(self) -> Catalogue:
        return load_catalogue(self.folder)

    def store(self) -> PromptStore:
        return PromptStore(
            self.kept, self.catalogue, self.lexicon, self.synthesizer, self.recordings
        )

    def prepared(self) -> PromptStore:
        store = self.store()
        result_of(store.prepare())
        return store


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_prepares_every_text_without_blanks_and_the_music(room: Room) -> None:
    progress: list[tuple[int, int]] = []
    store = room.store()
    assert result_of(store.prepare(lambda done, total: progress.append((done, total)))) == 9
    assert progress == [(done, 9) for done in range(1, 10)]
    assert store.music().exists()
    ringing, _ = read_wav(store.ring_back())
    assert len(ringing) == 5 * RATE
    beep, _ = read_wav(store.message_tone())
    assert len(beep) == 0.4 * RATE
    for key in ("hello", "loan", "bye"):
        paths = {store.path(key, language) for language in Language}
        assert len(paths) == 2
        assert all(path is not None and path.exists() for path in paths)
    assert ("环款", Language.CHINESE) in room.synthesizer.spoken
    assert ("repayment", Language.ENGLISH) in room.synthesizer.spoken


def test_second_time_makes_nothing(room: Room) -> None:
    room.prepared()
    room.synthesizer.spoken.clear()
    store = room.store()
    began = time.perf_counter()
    assert result_of(store.prepare()) == 0
    assert time.perf_counter() - began < 0.2
    assert not room.synthesizer.spoken
    assert room.synthesizer.made_music == 1
    assert store.path("hello", Language.CHINESE) is not None


def test_changed_text_alone_is_made_anew_and_the_old_file_goes(room: Room) -> None:
    old = room.prepared().path("bye", Language.CHINESE)
    room.write(ZH.replace("再见", "谢谢，再见"), EN)
    room.synthesizer.spoken.clear()
    store = room.prepared()
    assert room.synthesizer.spoken == [("谢谢，再见", Language.CHINESE)]
    assert old is not None
    assert not old.exists()
    assert store.path("bye", Language.CHINESE) != old


def test_another_engine_makes_everything_anew(room: Room) -> None:
    room.prepared()
    room.synthesizer = FakeSynthesizer("fake/2")
    assert result_of(room.store().prepare()) == 9


@pytest.mark.parametrize("harm", [b"", b"RIFF"])
def test_damaged_or_missing_files_are_made_anew(room: Room, harm: bytes) -> None:
    store = room.prepared()
    hello, bye = store.path("hello", Language.ENGLISH), store.path("bye", Language.ENGLISH)
    assert hello is not None
    assert bye is not None
    hello.write_bytes(harm)
    bye.unlink()
    room.synthesizer.spoken.clear()
    room.prepared()
    assert {text for text, _ in room.synthesizer.spoken} == {"Hello", "Goodbye"}


@pytest.mark.parametrize("manifest", ["", "{", "[]"])
def test_broken_manifest_is_made_anew(room: Room, manifest: str) -> None:
    room.prepared()
    (room.kept / MANIFEST).write_text(manifest)
    assert result_of(room.store().prepare()) == 9


def test_one_text_that_cannot_be_spoken_is_left_out(room: Room) -> None:
    room.synthesizer.failing.add("再见")
    store = room.prepared()
    assert store.path("bye", Language.CHINESE) is None
    assert store.path("bye", Language.ENGLISH) is not None


def test_without_a_voice_it_fails_early(room: Room) -> None:
    room.synthesizer.mute = True
    asked: list[int] = []
    with pytest.raises(SynthesisError):
        result_of(room.store().prepare(lambda done, _total: asked.append(done)))
    assert len(asked) == ENOUGH_FAILURES - 1


def tone(seconds: float, rate: int, peak: float) -> Samples:
    instants = np.arange(round(seconds * rate)) / rate
    return peak * np.sin(2 * np.pi * 700 * instants)


def wave_file(path: Path, rate: int = RATE, peak: float = 0.05) -> Path:
    """Half a second of a tone; the file says that it has that rate."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path, tone(0.5, rate, peak))
    data = bytearray(path.read_bytes())
    data[24:28] = rate.to_bytes(4, "little")
    path.write_bytes(data)
    return path


def record(room: Room, name: str, rate: int = RATE) -> Path:
    return wave_file(room.recordings / "zh" / name, rate)


@pytest.mark.parametrize("rate", [8000, 44_100])
def test_studio_recording_wins_whatever_its_rate_and_level(room: Room, rate: int) -> None:
    record(room, "hello.wav", rate)
    store = room.prepared()
    kept = store.path("hello", Language.CHINESE)
    assert kept is not None
    assert kept.parent == room.kept
    samples, found = read_wav(kept)
    assert found == RATE
    assert len(samples) / RATE == pytest.approx(0.8, abs=0.05)
    assert level(samples) == pytest.approx(SPEECH_DBFS, abs=1.5)
    assert ("您好", Language.CHINESE) not in room.synthesizer.spoken
    assert ("Hello", Language.ENGLISH) in room.synthesizer.spoken


def test_music_of_ones_own_is_played_in_turn_and_made_once(room: Room) -> None:
    folder = room.folder / "music"
    wave_file(folder / "a.wav", 22_050, 0.9)
    wave_file(folder / "b.wav", 48_000, 0.01)
    store = PromptStore(room.kept, room.catalogue, room.lexicon, room.synthesizer, music=folder)
    result_of(store.prepare())
    assert room.synthesizer.made_music == 0
    samples, _ = read_wav(store.music())
    assert len(samples) / RATE == pytest.approx(3.0, abs=0.01)
    for start in (0, 12_000):
        assert level(samples[start : start + 4000]) == pytest.approx(MUSIC_DBFS, abs=1)
    made = store.music().stat().st_mtime_ns
    again = PromptStore(room.kept, room.catalogue, room.lexicon, room.synthesizer, music=folder)
    assert result_of(again.prepare()) == 0
    assert again.music().stat().st_mtime_ns == made


def test_a_music_folder_without_music_is_refused(room: Room) -> None:
    (room.folder / "music").mkdir()
    with pytest.raises(ConfigurationError, match="holds no WAV file"):
        PromptStore(
            room.kept,
            room.catalogue,
            room.lexicon,
            room.synthesizer,
            music=room.folder / "music",
        )


@pytest.mark.parametrize(
    ("name", "rate", "message"),
    [
        ("hallo.wav", RATE, "no such announcement"),
        ("wait.wav", RATE, "has blanks"),
    ],
)
def test_unfit_recording_is_refused(room: Room, name: str, rate: int, message: str) -> None:
    path = record(room, name, rate)
    with pytest.raises(ConfigurationError, match=message) as raised:
        room.store()
    assert raised.value.file == str(path)


def test_recording_that_is_no_sound_is_refused(room: Room) -> None:
    record(room, "hello.wav").write_bytes(b"ID3")
    with pytest.raises(ConfigurationError, match="no WAV"):
        room.store()
