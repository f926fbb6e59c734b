"""Announcements cut into frames, and the files behind them read once."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.media.g711 import encode, silence
from cti.media.player import Player, SoundCache, key_of, load
from cti.media.port import Codec
from cti.media.wave_file import SoundUnusable
from tests.support.audio import tone, write_wave


def _frames(player: Player, limit: int = 1000) -> list[bytes]:
    frames: list[bytes] = []
    while len(frames) < limit and (frame := player.frame()) is not None:
        frames.append(frame)
    return frames


@given(st.lists(st.binary(max_size=700), max_size=6))
def test_sounds_follow_each_other_without_a_gap(sounds: list[bytes]) -> None:
    frames = _frames(Player(sounds, Codec.PCMA))
    played = b"".join(frames)
    whole = b"".join(sounds)
    assert all(len(frame) == 160 for frame in frames)
    assert played[: len(whole)] == whole
    assert played[len(whole) :] == b"\xd5" * (-len(whole) % 160)


@given(st.lists(st.binary(min_size=1, max_size=700), min_size=1, max_size=4))
def test_repeated_sounds_begin_again_without_a_gap(sounds: list[bytes]) -> None:
    played = b"".join(_frames(Player(sounds, Codec.PCMU, repeat=True), limit=40))
    whole = b"".join(sounds)
    assert played == (whole * (6400 // len(whole) + 1))[:6400]


def test_nothing_to_play_ends_at_once() -> None:
    assert Player([], Codec.PCMA, repeat=True).frame() is None
    assert Player([b"", b""], Codec.PCMA, repeat=True).frame() is None


def _load(cache: SoundCache, path: Path, codec: Codec) -> bytes:
    sound = cache.find(path, codec)
    if sound is None:
        cache.keep(key_of(path, codec), load(path, codec))
        sound = cache.find(path, codec)
    assert sound is not None
    return sound


def test_a_player_is_quiet_until_it_has_its_sound() -> None:
    player = Player(None, Codec.PCMA)
    assert [player.frame(), player.frame()] == [silence(Codec.PCMA)] * 2
    player.provide([b"\x01" * 160])
    assert _frames(player) == [b"\x01" * 160]


def test_a_file_is_kept_per_codec(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "a.wav", tone(440, 0.1))
    cache = SoundCache(10_000)
    sound = _load(cache, path, Codec.PCMA)
    assert sound == encode(tone(440, 0.1), Codec.PCMA)
    assert cache.find(path, Codec.PCMA) is sound
    assert cache.find(path, Codec.PCMU) is None
    assert _load(cache, path, Codec.PCMU) == encode(tone(440, 0.1), Codec.PCMU)


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "a.wav", tone(440, 0.1))
    cache = SoundCache(10_000)
    key = key_of(path, Codec.PCMA)
    sound = load(path, Codec.PCMA)
    write_wave(path, tone(880, 0.2))
    cache.keep(key, sound)
    assert cache.find(path, Codec.PCMA) is None


def test_a_long_file_is_encoded_in_pieces_without_a_seam(tmp_path: Path) -> None:
    samples = tone(441, 25)
    path = write_wave(tmp_path / "a.wav", samples)
    assert load(path, Codec.PCMU) == encode(samples, Codec.PCMU)


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "a.wav", tone(440, 0.1))
    cache = SoundCache(10_000)
    _load(cache, path, Codec.PCMA)
    write_wave(path, tone(880, 0.1))
    os.utime(path, ns=(1, 1))
    assert _load(cache, path, Codec.PCMA) == encode(tone(880, 0.1), Codec.PCMA)


def test_the_least_recently_played_is_forgotten_first(tmp_path: Path) -> None:
    paths = [write_wave(tmp_path / f"{n}.wav", np.zeros(1000, np.int16)) for n in range(3)]
    cache = SoundCache(2500)
    first, _second = (_load(cache, path, Codec.PCMA) for path in paths[:2])
    assert cache.find(paths[0], Codec.PCMA) is first
    _load(cache, paths[2], Codec.PCMA)
    assert cache.find(paths[0], Codec.PCMA) is first
    assert cache.find(paths[1], Codec.PCMA) is None


def test_a_sound_larger_than_the_cache_is_played_all_the_same(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "a.wav", np.zeros(1000, np.int16))
    assert _load(SoundCache(10), path, Codec.PCMA) == silence(Codec.PCMA, 1000)


def test_a_file_that_is_missing_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(SoundUnusable, match="missing"):
        SoundCache(10).find(tmp_path / "missing.wav", Codec.PCMA)
