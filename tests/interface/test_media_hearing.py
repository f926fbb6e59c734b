"""The media port: who hears whom, passed through and mixed."""

from functools import partial

import pytest

from cti.kernel.identifiers import ConnectionId
from cti.media.port import Codec, MediaPort
from tests.support.audio import Samples, goertzel, has_tone, level, tone
from tests.support.media_stage import (
    LOOK,
    ONE,
    STRETCH,
    TALK,
    TWO,
    Stage,
    end,
    leg,
    newest,
    until_newest,
)
from tests.support.reactor import pause, until
from tests.support.rtp_phone import Ear


@pytest.mark.parametrize("codec", list(Codec))
def test_a_tone_is_heard_through_a_bridge_both_ways(stage: Stage, codec: Codec) -> None:
    async def scene(media: MediaPort, _ear: Ear) -> None:
        one, two = await leg(media, ONE), await leg(media, TWO, codec)
        media.hear(ONE, [TWO])
        media.hear(TWO, [ONE])
        one.keep_talking(tone(500, TALK))
        two.keep_talking(tone(900, TALK))
        await until_newest(two, partial(has_tone, frequency=500, share=0.95))
        await until_newest(one, partial(has_tone, frequency=900, share=0.95))
        await end(media, (ONE, one), (TWO, two))
        assert {p.payload_type for p in two.audio()} == {codec.value}
        assert {p.ssrc for p in two.packets} == {two.packets[0].ssrc}
        sequences = [p.sequence for p in two.packets]
        assert sequences == [(sequences[0] + n) % 2**16 for n in range(len(sequences))]

    stage(scene)


def _stretches(heard: Samples) -> list[Samples]:
    """Every 200 ms that begin with a packet: when exactly somebody spoke is for the machine."""
    return [heard[at : at + STRETCH] for at in range(0, len(heard) - STRETCH + 1, 160)]


@pytest.mark.parametrize("parties", [3, 4, 8])
def test_everybody_in_a_conference_hears_all_others_and_not_themselves(
    stage: Stage, parties: int
) -> None:
    names = [ConnectionId(f"party {n}") for n in range(parties)]
    pitches = [400 + 150 * n for n in range(parties)]

    async def scene(media: MediaPort, _ear: Ear) -> None:
        phones = [await leg(media, name, list(Codec)[n % 3]) for n, name in enumerate(names)]
        for name in names:
            media.hear(name, [each for each in names if each != name])
        for phone, pitch in zip(phones, pitches, strict=True):
            phone.keep_talking(tone(pitch, TALK, -24))
        for own, phone in zip(pitches, phones, strict=True):
            others = [pitch for pitch in pitches if pitch != own]

            def all_at_once(part: Samples, others: list[int] = others) -> bool:
                return all(goertzel(part, pitch) > 0.6 / len(others) for pitch in others)

            await until_newest(phone, all_at_once)
            assert goertzel(newest(phone), own) < 0.02 / parties
        await end(media, *zip(names, phones, strict=True))

    stage(scene)


def test_a_listener_is_not_heard_and_a_whisper_reaches_one_ear(stage: Stage) -> None:
    caller, agent, coach = (ConnectionId(name) for name in ("caller", "agent", "coach"))

    async def scene(media: MediaPort, _ear: Ear) -> None:
        phones = {name: await leg(media, name) for name in (caller, agent, coach)}
        media.hear(caller, [agent])
        media.hear(agent, [caller, coach])
        media.hear(coach, [caller, agent])
        pitches = {caller: 500, agent: 800, coach: 1200}
        for name, phone in phones.items():
            phone.keep_talking(tone(pitches[name], TALK, -24))
        wanted = {
            caller: [False, True, False],
            agent: [True, False, True],
            coach: [True, True, False],
        }
        for name, phone in phones.items():

            def as_wanted(part: Samples, name: ConnectionId = name) -> bool:
                return [goertzel(part, pitch) > 0.4 for pitch in pitches.values()] == wanted[name]

            await until_newest(phone, as_wanted)
        await end(media, *phones.items())

    stage(scene)


def test_who_leaves_a_conference_is_heard_no_more(stage: Stage) -> None:
    three = ConnectionId("three")

    async def scene(media: MediaPort, _ear: Ear) -> None:
        one, two, last = [await leg(media, name) for name in (ONE, TWO, three)]
        media.hear(ONE, [TWO, three])
        media.hear(TWO, [ONE, three])
        media.hear(three, [ONE, TWO])
        for phone, pitch in ((one, 500), (two, 800), (last, 1200)):
            phone.keep_talking(tone(pitch, TALK, -24))
        await until_newest(one, lambda part: goertzel(part, 1200) > 0.3)
        await media.close(three)
        await pause(LOOK)  # by then what was sent before is read here
        left = len(one.heard()) + STRETCH
        await until(lambda: len(one.heard()) > left + 2 * STRETCH, LOOK)
        await until_newest(one, partial(has_tone, frequency=800, share=0.9))
        await until_newest(two, partial(has_tone, frequency=500, share=0.9))
        await end(media, (ONE, one), (TWO, two))
        await last.hang_up()
        after = _stretches(one.heard()[left:])
        assert all(goertzel(part, 1200) < 0.02 for part in after if level(part) > -60)

    stage(scene)
