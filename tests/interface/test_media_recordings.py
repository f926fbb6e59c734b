"""The media port: recordings, what is left out of them and what is marked in them."""

from pathlib import Path

import numpy as np
import pytest

from cti.media.port import Codec, MediaPort, Tracks
from cti.recording.marks import Mark, MarkKind, joined
from cti.recording.verify import verify
from tests.support.audio import (
    RATE,
    Samples,
    growing_wave,
    level,
    parts_with,
    read_wave,
    tone,
    tone_begins,
    write_wave,
)
from tests.support.media_stage import LOOK, ONE, TALK, Stage, carried_out, end, leg, taken_in
from tests.support.reactor import pause, reactor, until
from tests.support.rtp_phone import Ear


@pytest.mark.parametrize("codec", [Codec.PCMA, Codec.G722])
def test_a_recording_holds_both_sides_where_they_were(
    stage: Stage, codec: Codec, tmp_path: Path
) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 0.3))
    path = tmp_path / "new" / "call.wav"
    at: dict[str, float] = {}

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await leg(media, ONE, codec)
        begun = reactor().seconds()
        media.record(ONE, path)
        await carried_out(media)
        at["unsure"] = reactor().seconds() - begun
        await pause(0.2)
        at["played"] = reactor().seconds() - begun
        media.play(ONE, 1, [prompt])
        await until(lambda: level(phone.heard()[-160:]) > -40)
        at["heard"] = reactor().seconds() - begun
        at["talked"] = reactor().seconds() - begun
        await phone.talk(tone(400, 0.3))
        await taken_in(phone)
        talked = len(growing_wave(path))
        await until(lambda: len(growing_wave(path)) > max(4000, talked), LOOK)
        at["closing"] = reactor().seconds() - begun
        seen = await media.close(ONE)
        at["closed"] = reactor().seconds() - begun
        at["late"] = 0.05 + at["unsure"] + phone.lateness()
        await phone.hang_up()
        assert ear.told[-1][:3] == ("recording", ONE, path)
        assert seen.received == 15
        assert seen.lost == 0

    stage(scene)
    late = at["late"]
    received, sent = read_wave(path).T
    played, talked = tone_begins(sent, 700), tone_begins(received, 400)
    assert played is not None
    assert talked is not None
    assert at["closing"] - late < len(received) / RATE < at["closed"] + late
    assert at["talked"] - late < talked < at["talked"] + 0.05 + late
    assert at["played"] - late < played < at["heard"] + late
    assert level(received[: round(talked * RATE) - 160]) < -60
    for track, pitch in ((received, 400), (sent, 700)):
        parts = parts_with(track, pitch)
        assert any(level(part) == pytest.approx(-10, abs=0.5) for part in parts)


def _silent_at_the_end(samples: Samples) -> int:
    """How many samples of digital silence there are behind all sound."""
    sound = np.flatnonzero(samples.reshape(len(samples), -1).any(axis=1))
    return len(samples) - (int(sound[-1]) + 1 if len(sound) else 0)


def test_a_masked_stretch_is_silence_of_its_length(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    lasted: list[float] = []

    async def scene(media: MediaPort, _ear: Ear) -> None:
        phone = await leg(media, ONE)
        media.record(ONE, path, Tracks.RECEIVED)
        phone.keep_talking(tone(400, TALK))
        await until(lambda: parts_with(growing_wave(path), 400), LOOK)
        begun = reactor().seconds()
        media.mask(ONE, True)
        await until(lambda: _silent_at_the_end(growing_wave(path)) > 2400, LOOK)
        media.mask(ONE, False)
        await carried_out(media)
        lasted.append(reactor().seconds() - begun + phone.lateness())
        await until(lambda: not _silent_at_the_end(growing_wave(path)), LOOK)
        await taken_in(phone)
        await end(media, (ONE, phone))

    stage(scene)
    heard = read_wave(path)
    assert heard.ndim == 1
    masked = _stretch(path, MarkKind.MASKED)
    assert 2400 < masked.length < (lasted[0] + 0.05) * RATE
    assert level(heard[masked.start : masked.end]) == float("-inf")
    assert parts_with(heard[: masked.start], 400)
    assert parts_with(heard[masked.end :], 400)


def _stretch(path: Path, kind: MarkKind) -> Mark:
    """The only one of that kind in the recording."""
    (stretch,) = (mark for mark in joined(verify(path).marks) if mark.kind is kind)
    return stretch


def test_a_pause_silences_both_sides_and_marks_are_kept(stage: Stage, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 2))
    path = tmp_path / "call.wav"

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await leg(media, ONE)
        media.record(ONE, path)
        media.play(ONE, 1, [prompt], repeat=True)
        phone.keep_talking(tone(400, TALK))
        await until(lambda: _both_sound(path), LOOK)
        media.mark_recording(ONE, "terms read")
        media.pause_recording(ONE, True)
        await until(lambda: _silent_at_the_end(growing_wave(path)) > 2400, LOOK)
        media.pause_recording(ONE, False)
        await until(lambda: not _silent_at_the_end(growing_wave(path)), LOOK)
        await taken_in(phone)
        await end(media, (ONE, phone))
        ended = ear.told[-1]
        assert ended[:3] == ("recording", ONE, path)
        assert verify(path, str(ended[4])).witnessed

    stage(scene)
    paused, label = _stretch(path, MarkKind.PAUSED), _stretch(path, MarkKind.LABEL)
    assert label.label == "terms read"
    assert label.start == pytest.approx(paused.start, abs=80)
    assert paused.length > 2400
    for number, track in enumerate(read_wave(path).T):
        assert not track[paused.start : paused.end].any()
        for part in (track[: paused.start], track[paused.end :]):
            assert parts_with(part, 700 if number else 400)


def _both_sound(path: Path) -> bool:
    """Whether both sides are in it already."""
    samples = growing_wave(path)
    return samples.ndim == 2 and all(
        parts_with(track, pitch) for track, pitch in zip(samples.T, (400, 700), strict=True)
    )
