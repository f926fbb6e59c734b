"""The media port: who hears whom, passed through and mixed."""

import pytest

from cti.kernel.identifiers import ConnectionId
from cti.media.port import Codec, MediaPort
from tests.support.audio import Samples, goertzel, has_tone, level, tone
from tests.support.media_stage import ONE, TWO, Stage, end, leg
from tests.support.reactor import begin, pause, until
from tests.support.rtp_phone import Ear


@pytest.mark.parametrize("codec", list(Codec))
def test_a_tone_is_heard_through_a_bridge_both_ways(stage: Stage, codec: Codec) -> None:
    async def scene(media: MediaPort, _ear: Ear) -> None:
        one, two = await leg(media, ONE), await leg(media, TWO, codec)
        media.hear(ONE, [TWO])
        media.hear(TWO, [ONE])
        await pause(0.05)
        talks = one.talk(tone(500, 0.4)), two.talk(tone(900, 0.4))
        for talk in [begin(talk) for talk in talks]:
            await talk
        await pause(0.05)
        await end(media, (ONE, one), (TWO, two))
        for phone, frequency in ((two, 500), (one, 900)):
            heard = _stretches(phone.heard())
            assert any(has_tone(each, frequency, share=0.95) for each in heard)
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
        phones = [await leg(media, name, list(Codec)[n % 3]) for n, name in enumerate(names)]
        for name in names:
            media.hear(name, [each for each in names if each != name])
        await pause(0.05)
        talks = [
            begin(phone.talk(tone(pitch, 0.5, -24)))
            for phone, pitch in zip(phones, pitches, strict=True)
        ]
        for talk in talks:
            await talk
        await end(media, *zip(names, phones, strict=True))
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
        phones = {name: await leg(media, name) for name in (caller, agent, coach)}
        media.hear(caller, [agent])
        media.hear(agent, [caller, coach])
        media.hear(coach, [caller, agent])
        await pause(0.05)
        pitches = {caller: 500, agent: 800, coach: 1200}
        talks = [begin(phones[name].talk(tone(pitches[name], 0.5, -24))) for name in phones]
        for talk in talks:
            await talk
        await end(media, *phones.items())
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
        one, two, last = [await leg(media, name) for name in (ONE, TWO, three)]
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
        await end(media, (ONE, one), (TWO, two))
        await last.hang_up()
        after = _stretches(one.heard()[left:])
        assert any(has_tone(part, 800, share=0.9) for part in after)
        assert all(goertzel(part, 1200) < 0.02 for part in after if level(part) > -60)
        assert any(has_tone(part, 500, share=0.9) for part in _stretches(two.heard()))

    stage(scene)
