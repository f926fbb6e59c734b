"""The media port: recordings, what is left out of them and what is marked in them."""

from pathlib import Path

import pytest

from cti.media.port import Codec, MediaPort, Tracks
from cti.recording.marks import MarkKind
from cti.recording.verify import verify
from tests.support.audio import goertzel, has_tone, level, read_wave, tone, tone_begins, write_wave
from tests.support.media_stage import ONE, Stage, end, leg
from tests.support.reactor import begin, pause, reactor
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
        media.record(ONE, path)
        begun = reactor().seconds()
        await pause(0.2)
        media.play(ONE, 1, [prompt])
        at["played"] = reactor().seconds() - begun
        await pause(0.2)
        at["talked"] = reactor().seconds() - begun
        await phone.talk(tone(400, 0.3))
        await pause(0.7)
        growing = read_wave(path)
        assert len(growing) > 4000
        at["closed"] = reactor().seconds() - begun
        seen = await media.close(ONE)
        await phone.hang_up()
        assert ear.told[-1][:3] == ("recording", ONE, path)
        assert seen.received == 15
        assert seen.lost == 0

    stage(scene)
    received, sent = read_wave(path).T
    assert len(received) / 8000 == pytest.approx(at["closed"], abs=0.1)
    assert tone_begins(received, 400) == pytest.approx(at["talked"], abs=0.05)
    assert tone_begins(sent, 700) == pytest.approx(at["played"], abs=0.05)
    assert level(received[:2800]) < -60
    for track, pitch in ((received, 400), (sent, 700)):
        begins = round(8000 * (tone_begins(track, pitch) or 0)) + 400
        assert has_tone(track[begins : begins + 1600], pitch, share=0.95)
        assert level(track[begins : begins + 1600]) == pytest.approx(-10, abs=0.5)


def test_a_masked_stretch_is_silence_of_its_length(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "call.wav"

    async def scene(media: MediaPort, _ear: Ear) -> None:
        phone = await leg(media, ONE)
        media.record(ONE, path, Tracks.RECEIVED)
        talk = begin(phone.talk(tone(400, 0.9)))
        await pause(0.3)
        media.mask(ONE, True)
        await pause(0.3)
        media.mask(ONE, False)
        await talk
        await end(media, (ONE, phone))

    stage(scene)
    heard = read_wave(path)
    assert heard.ndim == 1
    assert has_tone(heard[400:2000], 400)
    assert level(heard[2800:4400]) == float("-inf")
    assert goertzel(heard[5600:6800], 400) > 0.9


def test_a_pause_silences_both_sides_and_marks_are_kept(stage: Stage, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 2))
    path = tmp_path / "call.wav"

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await leg(media, ONE)
        media.record(ONE, path)
        media.play(ONE, 1, [prompt])
        talk = begin(phone.talk(tone(400, 0.9)))
        await pause(0.3)
        media.mark_recording(ONE, "terms read")
        media.pause_recording(ONE, True)
        await pause(0.3)
        media.pause_recording(ONE, False)
        await talk
        await end(media, (ONE, phone))
        ended = ear.told[-1]
        assert ended[:3] == ("recording", ONE, path)
        assert verify(path, str(ended[4])).witnessed

    stage(scene)
    marks = verify(path).marks
    (paused,) = (mark for mark in marks if mark.kind is MarkKind.PAUSED)
    (label,) = (mark for mark in marks if mark.kind is MarkKind.LABEL)
    assert label.label == "terms read"
    assert label.start == pytest.approx(paused.start, abs=80)
    assert paused.length == pytest.approx(2400, abs=320)
    for number, track in enumerate(read_wave(path).T):
        assert not track[paused.start : paused.end].any()
        assert has_tone(track[paused.end + 400 :][:1600], 700 if number else 400, share=0.9)
