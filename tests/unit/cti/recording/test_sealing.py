"""Encrypted recordings: never a plain octet on disk, keys that come and go."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cti.kernel.errors import ConfigurationError
from cti.recording import sealing
from cti.recording.keys import KeyLost, KeyPlace, KeyRing, make_key, read_keys
from cti.recording.store import open_sound, sealed_path
from cti.recording.verify import State, verify
from cti.recording.wave_header import header
from tests.support.recordings import RING, counted_entropy, record, second_of

WHOLE = header(2, 9600) + b"".join(second_of(number) for number in range(3))
NEW = replace(RING, current="new")


def test_no_plain_octet_reaches_the_disk(tmp_path: Path) -> None:
    record(tmp_path / "a.wav", RING)
    assert not (tmp_path / "a.wav").exists()
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        for number in range(3):
            sound = second_of(number)
            assert not any(sound[at : at + 16] in data for at in range(0, len(sound), 16))


@given(st.lists(st.tuples(st.integers(-20, 12_000), st.integers(0, 5000)), max_size=6))
@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_it_is_read_anywhere_as_the_wav_file_it_is(
    tmp_path: Path, reads: list[tuple[int, int]]
) -> None:
    if not sealed_path(tmp_path / "a.wav").exists():
        record(tmp_path / "a.wav", RING)
    with open_sound(tmp_path / "a.wav", RING) as sound:
        assert sound.seek(0, io.SEEK_END) == len(WHOLE)
        for place, octets in reads:
            sound.seek(max(0, place))
            assert sound.read(octets) == WHOLE[max(0, place) :][:octets]


def test_segments_cannot_change_places(tmp_path: Path) -> None:
    record(tmp_path / "a.wav", RING)
    path = sealed_path(tmp_path / "a.wav")
    data = path.read_bytes()
    begin, size = sealing.SOUND_BEGINS, 3232
    one, two = data[begin : begin + size], data[begin + size : begin + 2 * size]
    path.write_bytes(data[:begin] + two + one + data[begin + 2 * size :])
    with open_sound(tmp_path / "a.wav", RING) as sound, pytest.raises(sealing.SealBroken):
        sound.read()


def test_a_lost_key_is_named(tmp_path: Path) -> None:
    record(tmp_path / "a.wav", RING)
    with pytest.raises(KeyLost, match="'old' is not among"):
        open_sound(tmp_path / "a.wav", KeyRing({"new": bytes(32)}, "new"))
    with pytest.raises(KeyLost):
        open_sound(tmp_path / "a.wav", None)
    with pytest.raises(sealing.SealBroken, match="'old' is not the one it was"):
        open_sound(tmp_path / "a.wav", KeyRing({"old": bytes(32)}, "old"))


@pytest.mark.parametrize("steps", [1, 2])
def test_rotation_writes_only_the_slots_and_bears_a_crash_between(
    tmp_path: Path, steps: int
) -> None:
    held = record(tmp_path / "a.wav", RING)
    path = sealed_path(tmp_path / "a.wav")
    before = path.read_bytes()
    rotated = sealing.rewrapped(before[: sealing.SOUND_BEGINS], NEW, counted_entropy())
    assert len(rotated) == 2
    path.write_bytes(rotated[steps - 1] + before[sealing.SOUND_BEGINS :])
    for ring in (NEW, RING) if steps == 1 else (NEW,):
        with open_sound(tmp_path / "a.wav", ring) as sound:
            assert sound.read() == WHOLE
    assert verify(tmp_path / "a.wav", held.digest).state is State.WHOLE
    again = sealing.rewrapped(path.read_bytes()[: sealing.SOUND_BEGINS], NEW, counted_entropy())
    assert bool(again) is (steps == 1)
    only_new = KeyRing({"new": RING.keys["new"]}, "new")
    if steps == 2:
        with open_sound(tmp_path / "a.wav", only_new) as sound:
            assert sound.read() == WHOLE


def test_a_slot_torn_while_it_was_written_does_not_matter(tmp_path: Path) -> None:
    record(tmp_path / "a.wav", RING)
    path = sealed_path(tmp_path / "a.wav")
    data = bytearray(path.read_bytes())
    second = sealing.HEAD.size + sealing.SLOT_OCTETS
    data[second : second + 50] = b"new".ljust(50, b"\0")
    path.write_bytes(data)
    with open_sound(tmp_path / "a.wav", RING) as sound:
        assert sound.read() == WHOLE
    assert verify(tmp_path / "a.wav").state is State.CHANGED
    path.write_bytes(sealing.rewrapped(bytes(data[:512]), NEW, counted_entropy())[-1] + data[512:])
    assert verify(tmp_path / "a.wav").state is State.WHOLE


def test_keys_come_from_a_folder_or_a_file(tmp_path: Path) -> None:
    make_key(tmp_path / "keys", "one", counted_entropy())
    made = make_key(tmp_path / "keys", "two", counted_entropy())
    assert made.stat().st_mode & 0o777 == 0o600
    ring = read_keys(KeyPlace(tmp_path / "keys", "two"))
    assert set(ring.keys) == {"one", "two"}
    file = tmp_path / "keys.txt"
    file.write_text("".join(f"{name} {key.hex()}\n" for name, key in ring.keys.items()))
    assert read_keys(KeyPlace(file, "two")).keys == ring.keys
    assert "00" not in repr(ring)


def test_what_is_wrong_with_keys_is_told_without_them(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    make_key(folder, "one", counted_entropy())
    with pytest.raises(ConfigurationError, match="holds no key 'two'; there are one"):
        read_keys(KeyPlace(folder, "two"))
    (folder / "two.key").write_text("5ec4e7")
    with pytest.raises(ConfigurationError, match="64 hexadecimal digits") as wrong:
        read_keys(KeyPlace(folder, "one"))
    assert "5ec4e7" not in str(wrong.value)
    with pytest.raises(ConfigurationError, match="No such file"):
        read_keys(KeyPlace(tmp_path / "none", "one"))
    for name in ("one", "../up", ""):
        with pytest.raises(ConfigurationError):
            make_key(folder, name, counted_entropy())
