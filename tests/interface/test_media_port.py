"""The media port: the same promises of the engine in this process and of worker processes."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.g711 import decode
from cti.media.port import (
    Codec,
    LegStatistics,
    MediaPort,
    MediaUnavailable,
    PlayOutcome,
    Tracks,
)
from cti.media.rtcp import ReceiverReport, ReportBlock
from cti.media.tone_detector import ToneDetector
from cti.media.tones import tone_frame
from cti.recording.marks import MarkKind
from cti.recording.verify import verify
from cti.transport.media_client import MediaWorkers
from cti.worker.engine import MediaEngine
from cti.worker.settings import MediaSettings
from tests.support.audio import (
    Samples,
    goertzel,
    has_tone,
    level,
    read_wave,
    silence,
    tone,
    tone_begins,
    write_wave,
)
from tests.support.reactor import begin, pause, reactor, run_in_reactor, until
from tests.support.rtp_phone import Ear, RtpPhone

SETTINGS = MediaSettings(first_port=31000, last_port=31998)
CALL = CallId("call")
ONE, TWO = ConnectionId("one"), ConnectionId("two")

Scene = Callable[[MediaPort, Ear], Awaitable[None]]
Stage = Callable[[Scene], None]


def _on_engine(scene: Scene, settings: MediaSettings = SETTINGS) -> None:
    async def main() -> None:
        ear = Ear()
        engine = MediaEngine(reactor(), settings, ear)
        try:
            await scene(engine, ear)
        finally:
            await engine.shut_down()

    run_in_reactor(main)


def _on_workers(scene: Scene, settings: MediaSettings = SETTINGS) -> None:
    async def main() -> None:
        ear = Ear()
        workers = MediaWorkers(reactor(), settings, ear, count=1)
        try:
            await workers.start()
            await scene(workers, ear)
        finally:
            await workers.shut_down()

    run_in_reactor(main)


@pytest.fixture(params=[_on_engine, _on_workers], ids=["engine", "workers"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return request.param  # type: ignore[no-any-return]


async def _leg(media: MediaPort, name: ConnectionId, codec: Codec = Codec.PCMA) -> RtpPhone:
    address = await media.open(name, CALL)
    phone = RtpPhone(codec, ssrc=hash(name) & 0xFFFFFFFF)
    phone.call(address.host, address.port)
    media.configure(name, phone.target)
    await until(lambda: phone.packets)
    return phone


async def _end(media: MediaPort, *phones: tuple[ConnectionId, RtpPhone]) -> None:
    for name, phone in phones:
        await media.close(name)
        await phone.hang_up()


def test_ports_are_even_and_each_leg_has_its_own(stage: Stage) -> None:
    async def scene(media: MediaPort, _ear: Ear) -> None:
        one, two = await media.open(ONE, CALL), await media.open(TWO, CALL)
        assert one.host == "127.0.0.1"
        assert one.port % 2 == two.port % 2 == 0
        assert one.port != two.port
        assert await media.close(ONE) == LegStatistics()

    stage(scene)


def test_an_open_leg_is_not_opened_again(stage: Stage) -> None:
    async def scene(media: MediaPort, _ear: Ear) -> None:
        await media.open(ONE, CALL)
        with pytest.raises(MediaUnavailable):
            await media.open(ONE, CALL)

    stage(scene)


def test_a_leg_that_is_not_there_is_not_adopted(stage: Stage) -> None:
    async def scene(media: MediaPort, _ear: Ear) -> None:
        assert not media.adopt(ONE, CALL)
        assert await media.close(ONE) == LegStatistics()

    stage(scene)


def test_what_plays_is_heard_sample_by_sample(stage: Stage, tmp_path: Path) -> None:
    prompt = tone(700, 0.3)
    first, second = (write_wave(tmp_path / f"{n}.wav", prompt) for n in (1, 2))

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await _leg(media, ONE)
        media.play(ONE, 7, [first, second])
        await until(lambda: ear.told)
        assert ear.told == [("play", ONE, 7, PlayOutcome.FINISHED)]
        await _end(media, (ONE, phone))
        heard = phone.heard()
        start = next(i for i, sample in enumerate(heard) if abs(int(sample)) > 100) // 160 * 160
        played = heard[start : start + 4800]
        assert len(played) == 4800
        assert abs(played[:2400].astype(int) - prompt).max() <= 1100  # half a step of A-law
        assert abs(played[2400:].astype(int) - prompt).max() <= 1100
        assert has_tone(played, 700, share=0.99)

    stage(scene)


def test_packets_follow_each_other_every_20_ms(stage: Stage) -> None:
    async def scene(media: MediaPort, _ear: Ear) -> None:
        phone = await _leg(media, ONE)
        await until(lambda: len(phone.packets) >= 25)
        await _end(media, (ONE, phone))
        packets = phone.packets
        assert {p.ssrc for p in packets} == {packets[0].ssrc}
        for before, after in pairwise(packets):
            assert (after.sequence - before.sequence) % 2**16 == 1
            assert (after.timestamp - before.timestamp) % 2**32 == 160
        assert [p.marker for p in packets] == [True] + [False] * (len(packets) - 1)
        elapsed = phone.times[24] - phone.times[0]
        assert elapsed == pytest.approx(24 * 0.02, abs=0.04)
        assert level(phone.heard()) < -60

    stage(scene)


def test_a_key_cuts_the_prompt_short_and_is_told_once(stage: Stage, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 5))

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await _leg(media, ONE)
        media.play(ONE, 3, [prompt], barge_in=True)
        await until(lambda: len(phone.packets) > 5)
        await phone.press("5")
        await phone.press("5")
        assert ear.told == [("play", ONE, 3, PlayOutcome.KEY), ("key", ONE, "5"), ("key", ONE, "5")]
        assert level(phone.heard()[-160:]) < -60
        await _end(media, (ONE, phone))

    stage(scene)


def test_a_play_replaced_or_stopped_is_told(stage: Stage, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 5))

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await _leg(media, ONE)
        media.play(ONE, 1, [prompt], repeat=True)
        media.play(ONE, 2, [prompt])
        media.stop(ONE)
        media.play(ONE, 3, [])
        await until(lambda: len(ear.told) == 3)
        media.play(ONE, 4, [tmp_path / "missing.wav"])
        media.play(ONE, 5, [prompt])
        await _end(media, (ONE, phone))
        assert [told[2:] for told in ear.told] == [
            (1, PlayOutcome.STOPPED),
            (2, PlayOutcome.STOPPED),
            (3, PlayOutcome.FINISHED),
            (4, PlayOutcome.STOPPED),
            (5, PlayOutcome.STOPPED),
        ]

    stage(scene)


@pytest.mark.parametrize("codec", list(Codec))
def test_a_tone_is_heard_through_a_bridge_both_ways(stage: Stage, codec: Codec) -> None:
    async def scene(media: MediaPort, _ear: Ear) -> None:
        one, two = await _leg(media, ONE), await _leg(media, TWO, codec)
        media.hear(ONE, [TWO])
        media.hear(TWO, [ONE])
        await pause(0.05)
        talks = one.talk(tone(500, 0.4)), two.talk(tone(900, 0.4))
        for talk in [begin(talk) for talk in talks]:
            await talk
        await pause(0.05)
        await _end(media, (ONE, one), (TWO, two))
        assert has_tone(two.heard()[-1600:], 500, share=0.95)
        assert has_tone(one.heard()[-1600:], 900, share=0.95)
        assert {p.payload_type for p in two.audio()} == {codec.value}
        assert {p.ssrc for p in two.packets} == {two.packets[0].ssrc}
        sequences = [p.sequence for p in two.packets]
        assert sequences == [(sequences[0] + n) % 2**16 for n in range(len(sequences))]

    stage(scene)


def _stretches(heard: Samples) -> list[Samples]:
    """Every 200 ms that begin with a packet: when exactly somebody spoke is for the machine."""
    return [heard[at : at + 1600] for at in range(0, len(heard) - 1599, 160)]


@pytest.mark.parametrize("parties", [3, 4, 8])
def test_everybody_in_a_conference_hears_all_others_and_not_themselves(
    stage: Stage, parties: int
) -> None:
    names = [ConnectionId(f"party {n}") for n in range(parties)]
    pitches = [400 + 150 * n for n in range(parties)]

    async def scene(media: MediaPort, _ear: Ear) -> None:
        phones = [await _leg(media, name, list(Codec)[n % 3]) for n, name in enumerate(names)]
        for name in names:
            media.hear(name, [each for each in names if each != name])
        await pause(0.05)
        talks = [
            begin(phone.talk(tone(pitch, 0.5, -24)))
            for phone, pitch in zip(phones, pitches, strict=True)
        ]
        for talk in talks:
            await talk
        await _end(media, *zip(names, phones, strict=True))
        for number, phone in enumerate(phones):
            own, others = pitches[number], pitches[:number] + pitches[number + 1 :]
            full = [
                part
                for part in _stretches(phone.heard())
                if all(goertzel(part, pitch) > 0.6 / len(others) for pitch in others)
            ]
            assert full, "all others are heard at once"
            assert all(goertzel(part, own) < 0.02 / parties for part in full)

    stage(scene)


def test_a_listener_is_not_heard_and_a_whisper_reaches_one_ear(stage: Stage) -> None:
    caller, agent, coach = (ConnectionId(name) for name in ("caller", "agent", "coach"))

    async def scene(media: MediaPort, _ear: Ear) -> None:
        phones = {name: await _leg(media, name) for name in (caller, agent, coach)}
        media.hear(caller, [agent])
        media.hear(agent, [caller, coach])
        media.hear(coach, [caller, agent])
        await pause(0.05)
        pitches = {caller: 500, agent: 800, coach: 1200}
        talks = [begin(phones[name].talk(tone(pitches[name], 0.5, -24))) for name in phones]
        for talk in talks:
            await talk
        await _end(media, *phones.items())
        heard = {
            name: [goertzel(phone.heard()[-3200:-1600], pitches[each]) > 0.4 for each in phones]
            for name, phone in phones.items()
        }
        assert heard == {
            caller: [False, True, False],
            agent: [True, False, True],
            coach: [True, True, False],
        }

    stage(scene)


def test_who_leaves_a_conference_is_heard_no_more(stage: Stage) -> None:
    three = ConnectionId("three")

    async def scene(media: MediaPort, _ear: Ear) -> None:
        one, two, last = [await _leg(media, name) for name in (ONE, TWO, three)]
        media.hear(ONE, [TWO, three])
        media.hear(TWO, [ONE, three])
        media.hear(three, [ONE, TWO])
        talks = [
            begin(phone.talk(tone(pitch, 1.2, -24)))
            for phone, pitch in ((one, 500), (two, 800), (last, 1200))
        ]
        await until(lambda: goertzel(one.heard()[-1600:], 1200) > 0.3)
        await media.close(three)
        left = len(one.heard()) + 1600
        for talk in talks:
            await talk
        await _end(media, (ONE, one), (TWO, two))
        await last.hang_up()
        after = _stretches(one.heard()[left:])
        assert any(has_tone(part, 800, share=0.9) for part in after)
        assert all(goertzel(part, 1200) < 0.02 for part in after if level(part) > -60)
        assert any(has_tone(part, 500, share=0.9) for part in _stretches(two.heard()))

    stage(scene)


def test_keys_pass_through_a_bridge_unless_masked(stage: Stage) -> None:
    async def scene(media: MediaPort, ear: Ear) -> None:
        one, two = await _leg(media, ONE), await _leg(media, TWO)
        media.hear(ONE, [TWO])
        media.hear(TWO, [ONE])
        await pause(0.05)
        await one.press("1")
        heard = [(event.code, event.end) for event in two.events()]
        assert heard == [(1, False)] * 5 + [(1, True)] * 3
        media.mask(ONE, True)
        await pause(0.05)
        await one.press("2")
        media.mask(ONE, False)
        await pause(0.05)
        await one.press("3")
        assert {event.code for event in two.events()} == {1, 3}
        assert ear.told == [("key", ONE, key) for key in "123"]
        await _end(media, (ONE, one), (TWO, two))

    stage(scene)


def test_sent_keys_arrive_as_events(stage: Stage) -> None:
    async def scene(media: MediaPort, _ear: Ear) -> None:
        phone = await _leg(media, ONE)
        media.send_keys(ONE, "4#")
        await until(lambda: [e.code for e in phone.events() if e.end] == [4, 4, 4, 11, 11, 11])
        await _end(media, (ONE, phone))
        stamps = {p.timestamp for p in phone.packets if p.payload_type == 101}
        assert len(stamps) == 2

    stage(scene)


async def _key_as_tones(phone: RtpPhone, key: str) -> None:
    frames = [tone_frame(key, place) for place in range(0, 480, 160)]
    await phone.talk(np.concatenate([*frames, silence(0.1)]))


def test_tones_are_keys_where_no_event_was_agreed(stage: Stage, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 5))

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone, other = await _leg(media, ONE), await _leg(media, TWO)
        await _key_as_tones(phone, "1")
        media.configure(ONE, replace(phone.target, events=None))
        media.play(ONE, 4, [prompt], barge_in=True)
        await _key_as_tones(phone, "5")
        media.mask(ONE, True)
        media.hear(TWO, [ONE])
        await pause(0.05)
        before = len(other.heard())
        await _key_as_tones(phone, "9")
        await pause(0.1)
        assert ear.told == [
            ("play", ONE, 4, PlayOutcome.KEY),
            ("key", ONE, "5"),
            ("key", ONE, "9"),
        ]
        assert level(other.heard()[before:]) < -60
        await _end(media, (ONE, phone), (TWO, other))

    stage(scene)


@pytest.mark.parametrize("codec", list(Codec))
def test_keys_are_sent_as_tones_where_no_event_was_agreed(stage: Stage, codec: Codec) -> None:
    async def scene(media: MediaPort, ear: Ear) -> None:
        one, two = await _leg(media, ONE, codec), await _leg(media, TWO, codec)
        for name, phone in ((ONE, one), (TWO, two)):
            media.configure(name, replace(phone.target, events=None))
        media.send_keys(ONE, "4#")
        await pause(0.5)
        heard, detector = one.heard(), ToneDetector()
        frames = [heard[at : at + 160] for at in range(0, len(heard) - 159, 160)]
        assert "".join(filter(None, map(detector.hear, frames))) == "4#"
        assert not one.events()
        await _end(media, (ONE, one), (TWO, two))
        assert not ear.told

    stage(scene)


def test_a_key_silences_the_prompt_within_60_ms(stage: Stage, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 5))

    async def scene(media: MediaPort, _ear: Ear) -> None:
        phone = await _leg(media, ONE)
        media.play(ONE, 1, [prompt], barge_in=True)
        await until(lambda: level(phone.heard()[-160:]) > -30)
        pressed = reactor().seconds()
        await phone.press("1")
        loud = [
            at
            for at, packet in zip(phone.times, phone.packets, strict=True)
            if level(decode(packet.payload, Codec.PCMA)) > -30
        ]
        assert loud[-1] - pressed < 0.06
        await _end(media, (ONE, phone))

    stage(scene)


def test_a_prompt_is_heard_by_a_wideband_leg(stage: Stage, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(1300, 0.4))

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await _leg(media, ONE, Codec.G722)
        media.play(ONE, 1, [prompt])
        await until(lambda: ear.told)
        seen = await media.close(ONE)
        await phone.hang_up()
        assert seen.codec == "G722"
        assert tone_begins(phone.heard(), 1300) is not None

    stage(scene)


def test_figures_tell_how_well_a_leg_was_heard(stage: Stage) -> None:
    async def scene(media: MediaPort, _ear: Ear) -> None:
        phone = await _leg(media, ONE)
        await phone.talk(tone(500, 0.2))
        seen = await media.close(ONE)
        await phone.hang_up()
        assert (seen.codec, seen.lost) == ("PCMA", 0)
        assert seen.rating == pytest.approx(93.2)

    stage(scene)


@pytest.mark.parametrize("codec", [Codec.PCMA, Codec.G722])
def test_a_recording_holds_both_sides_where_they_were(
    stage: Stage, codec: Codec, tmp_path: Path
) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 0.3))
    path = tmp_path / "new" / "call.wav"
    at: dict[str, float] = {}

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await _leg(media, ONE, codec)
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
        phone = await _leg(media, ONE)
        media.record(ONE, path, Tracks.RECEIVED)
        talk = begin(phone.talk(tone(400, 0.9)))
        await pause(0.3)
        media.mask(ONE, True)
        await pause(0.3)
        media.mask(ONE, False)
        await talk
        await _end(media, (ONE, phone))

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
        phone = await _leg(media, ONE)
        media.record(ONE, path)
        media.play(ONE, 1, [prompt])
        talk = begin(phone.talk(tone(400, 0.9)))
        await pause(0.3)
        media.mark_recording(ONE, "terms read")
        media.pause_recording(ONE, True)
        await pause(0.3)
        media.pause_recording(ONE, False)
        await talk
        await _end(media, (ONE, phone))
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


def test_only_the_first_source_is_heard(stage: Stage) -> None:
    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await _leg(media, ONE)
        address = phone._destination
        assert address is not None
        stranger = RtpPhone(Codec.PCMA)
        stranger.call(*address)
        await phone.press("1")
        await stranger.press("2")
        assert ear.told == [("key", ONE, "1")]
        assert not stranger.packets
        media.configure(ONE, phone.target)
        await pause(0.02)
        await stranger.press("3")
        assert ear.told[1:] == [("key", ONE, "3")]
        assert stranger.packets
        await stranger.hang_up()
        await _end(media, (ONE, phone))

    stage(scene)


def test_nothing_is_sent_while_the_far_side_wants_silence(stage: Stage, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 0.1))

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await _leg(media, ONE)
        await until(lambda: phone.packets)
        media.configure(ONE, replace(phone.target, sending=False))
        await pause(0.05)
        before = len(phone.packets)
        media.play(ONE, 1, [prompt])
        await until(lambda: ear.told)
        assert len(phone.packets) == before
        await _end(media, (ONE, phone))

    stage(scene)


def test_commands_on_a_leg_that_is_gone_do_nothing(stage: Stage, tmp_path: Path) -> None:
    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = RtpPhone(Codec.PCMA)
        media.configure(ONE, phone.target)
        media.play(ONE, 1, [])
        media.stop(ONE)
        media.hear(ONE, [TWO])
        media.record(ONE, tmp_path / "never.wav")
        media.mask(ONE, True)
        media.send_keys(ONE, "1")
        assert await media.close(ONE) == LegStatistics()
        await pause(0.05)
        await phone.hang_up()
        assert not ear.told
        assert not list(tmp_path.iterdir())

    stage(scene)


@pytest.mark.parametrize("run", [_on_engine, _on_workers])
def test_a_leg_that_hears_nothing_is_lost(run: Callable[[Scene, MediaSettings], None]) -> None:
    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await _leg(media, ONE)
        await media.open(TWO, CALL)
        await until(lambda: ear.told)
        assert ear.told == [("lost", ONE)]
        await _end(media, (ONE, phone))

    run(scene, replace(SETTINGS, rtp_timeout=0.2))


def test_what_the_far_side_reports_is_in_the_statistics(stage: Stage) -> None:
    async def scene(media: MediaPort, _ear: Ear) -> None:
        phone = await _leg(media, ONE)
        await begin(phone.talk(tone(500, 0.06)))
        await until(lambda: phone.packets)
        block = ReportBlock(phone.packets[0].ssrc, lost=3)
        phone.send_control(bytes(ReceiverReport(1, (block,))))
        await pause(0.05)
        seen = await media.close(ONE)
        await phone.hang_up()
        assert seen.remote_lost == 3
        assert seen.received == 3

    stage(scene)
