"""The media port: the same promises of the engine in this process and of worker processes."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from cti.media.port import Codec, LegStatistics, MediaPort, MediaUnavailable, PlayOutcome
from cti.media.rtcp import ReceiverReport, ReportBlock
from cti.media.telephone_event import press_steps
from cti.worker.settings import MediaSettings
from tests.support.audio import has_tone, level, tone, tone_begins, write_wave
from tests.support.media_stage import (
    CALL,
    LOOK,
    ONE,
    SETTINGS,
    TWO,
    Scene,
    Stage,
    carried_out,
    end,
    leg,
    on_engine,
    on_workers,
    taken_in,
)
from tests.support.reactor import begin, pause, until
from tests.support.rtp_phone import Ear, RtpPhone


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
        phone = await leg(media, ONE)
        media.play(ONE, 7, [first, second])
        await until(lambda: ear.told)
        assert ear.told == [("play", ONE, 7, PlayOutcome.FINISHED)]
        await end(media, (ONE, phone))
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
        phone = await leg(media, ONE)
        await until(lambda: _in_step(phone.times))
        await end(media, (ONE, phone))
        packets = phone.packets
        assert {p.ssrc for p in packets} == {packets[0].ssrc}
        for before, after in pairwise(packets):
            assert (after.sequence - before.sequence) % 2**16 == 1
            assert (after.timestamp - before.timestamp) % 2**32 == 160
        assert [p.marker for p in packets] == [True] + [False] * (len(packets) - 1)
        assert level(phone.heard()) < -60

    stage(scene)


def _in_step(times: list[float]) -> bool:
    """Whether the last 25 came in the time they last, as they do unless a machine stands still."""
    return len(times) >= 25 and times[-1] - times[-25] == pytest.approx(24 * 0.02, abs=0.04)


def test_a_play_replaced_or_stopped_is_told(stage: Stage, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 5))

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await leg(media, ONE)
        media.play(ONE, 1, [prompt], repeat=True)
        media.play(ONE, 2, [prompt])
        media.stop(ONE)
        media.play(ONE, 3, [])
        await until(lambda: len(ear.told) == 3)
        media.play(ONE, 4, [tmp_path / "missing.wav"])
        media.play(ONE, 5, [prompt])
        await end(media, (ONE, phone))
        assert [told[2:] for told in ear.told] == [
            (1, PlayOutcome.STOPPED),
            (2, PlayOutcome.STOPPED),
            (3, PlayOutcome.FINISHED),
            (4, PlayOutcome.STOPPED),
            (5, PlayOutcome.STOPPED),
        ]

    stage(scene)


def test_a_prompt_is_heard_by_a_wideband_leg(stage: Stage, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(1300, 0.4))

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await leg(media, ONE, Codec.G722)
        media.play(ONE, 1, [prompt])
        await until(lambda: ear.told)
        seen = await media.close(ONE)
        await phone.hang_up()
        assert seen.codec == "G722"
        assert tone_begins(phone.heard(), 1300) is not None

    stage(scene)


def test_figures_tell_how_well_a_leg_was_heard(stage: Stage) -> None:
    async def scene(media: MediaPort, _ear: Ear) -> None:
        phone = await leg(media, ONE)
        await phone.talk(tone(500, 0.2))
        await taken_in(phone)
        seen = await media.close(ONE)
        await phone.hang_up()
        assert (seen.codec, seen.lost) == ("PCMA", 0)
        assert seen.rating == pytest.approx(93.2)

    stage(scene)


def test_a_stranger_is_neither_heard_nor_answered_nor_counted(stage: Stage) -> None:
    async def scene(media: MediaPort, ear: Ear) -> None:
        phone, stranger = await leg(media, ONE), RtpPhone(Codec.PCMA, ssrc=0x99)
        address = phone._destination
        assert address is not None
        stranger.call(*address)
        await phone.press("1")
        await taken_in(phone)
        await stranger.press("2")
        media.configure(ONE, phone.target)
        await carried_out(media)
        await stranger.press("3")
        await taken_in(phone)
        assert ear.told == [("key", ONE, "1")]
        assert not stranger.packets
        seen = await media.close(ONE)
        assert seen.received == len([step for step in press_steps("1") if step.payload])
        await phone.hang_up()
        await stranger.hang_up()

    stage(scene)


def test_another_address_in_signalling_moves_the_call_there(stage: Stage) -> None:
    async def scene(media: MediaPort, ear: Ear) -> None:
        phone, other = await leg(media, ONE), RtpPhone(Codec.PCMA, ssrc=0x99)
        address = phone._destination
        assert address is not None
        other.call(*address)
        await phone.press("1")
        await taken_in(phone)
        media.configure(ONE, other.target)
        await carried_out(media)
        await other.press("2")
        await taken_in(other)
        await phone.press("3")
        await taken_in(other)
        assert ear.told == [("key", ONE, "1"), ("key", ONE, "2")]
        media.configure(ONE, replace(phone.target, host="0.0.0.0"))
        media.configure(ONE, phone.target)
        await carried_out(media)
        await phone.press("4")
        await taken_in(phone)
        assert ear.told[2:] == [("key", ONE, "4")]
        await other.hang_up()
        await end(media, (ONE, phone))

    stage(scene)


def test_a_far_side_behind_a_nat_is_found_where_it_sends_from(stage: Stage) -> None:
    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = RtpPhone(Codec.PCMA)
        address = await media.open(ONE, CALL)
        phone.call(address.host, address.port)
        media.configure(ONE, replace(phone.target, host="192.0.2.1"))
        await phone.talk(tone(500, 0.12))
        await until(lambda: phone.packets)
        await phone.press("1")
        await taken_in(phone)
        assert ear.told == [("key", ONE, "1")]
        await end(media, (ONE, phone))

    stage(scene)


def test_nothing_is_sent_while_the_far_side_wants_silence(stage: Stage, tmp_path: Path) -> None:
    prompt = write_wave(tmp_path / "prompt.wav", tone(700, 0.1))

    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await leg(media, ONE)
        await until(lambda: phone.packets)
        media.configure(ONE, replace(phone.target, sending=False))
        await carried_out(media)
        await pause(LOOK)  # by then what was sent before is read here
        before = len(phone.packets)
        media.play(ONE, 1, [prompt])
        await until(lambda: ear.told)
        assert len(phone.packets) == before
        await end(media, (ONE, phone))

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
        await carried_out(media)
        await phone.hang_up()
        assert not ear.told
        assert not list(tmp_path.iterdir())

    stage(scene)


@pytest.mark.parametrize("run", [on_engine, on_workers])
def test_a_leg_that_hears_nothing_is_lost(run: Callable[[Scene, MediaSettings], None]) -> None:
    async def scene(media: MediaPort, ear: Ear) -> None:
        phone = await leg(media, ONE)
        await media.open(TWO, CALL)
        await until(lambda: ear.told)
        assert ear.told == [("lost", ONE)]
        await end(media, (ONE, phone))

    run(scene, replace(SETTINGS, rtp_timeout=0.2))


def test_a_leg_may_be_waited_for_less_patiently_than_others(stage: Stage) -> None:
    async def scene(media: MediaPort, ear: Ear) -> None:
        phone, other = await leg(media, ONE), await leg(media, TWO)
        media.configure(TWO, replace(other.target, patience=0.2))
        await until(lambda: ear.told)
        assert ear.told == [("lost", TWO)]
        await end(media, (ONE, phone), (TWO, other))

    stage(scene)


def test_what_the_far_side_reports_is_in_the_statistics(stage: Stage) -> None:
    async def scene(media: MediaPort, _ear: Ear) -> None:
        phone = await leg(media, ONE)
        await begin(phone.talk(tone(500, 0.06)))
        await until(lambda: phone.packets)
        block = ReportBlock(phone.packets[0].ssrc, lost=3)
        phone.send_control(bytes(ReceiverReport(1, (block,))))
        await taken_in(phone)
        seen = await media.close(ONE)
        await phone.hang_up()
        assert seen.remote_lost == 3
        assert seen.received == 3

    stage(scene)
