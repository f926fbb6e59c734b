"""Who hears whom, as a function of what the connections say."""

from hypothesis import given
from hypothesis import strategies as st

from cti.call.hearing import Heard, Stance, Voice, hearing
from cti.call.model import Role
from cti.kernel.identifiers import ConnectionId

A, B, C, S = (ConnectionId(name) for name in ("a", "b", "c", "s"))
TALKING, HOLDING, EARLY, ABSENT = Stance.TALKING, Stance.HOLDING, Stance.EARLY, Stance.ABSENT
MUSIC = Heard(music=True)


def test_two_hear_each_other_and_three_hear_the_others() -> None:
    assert hearing([Voice(A, TALKING), Voice(B, TALKING)]) == {A: Heard((B,)), B: Heard((A,))}
    three = hearing([Voice(A, TALKING), Voice(B, TALKING), Voice(C, TALKING)])
    assert three == {A: Heard((B, C)), B: Heard((A, C)), C: Heard((A, B))}


def test_who_is_held_hears_music_and_who_holds_is_not_in_it() -> None:
    assert hearing([Voice(A, TALKING), Voice(B, HOLDING)]) == {A: MUSIC}
    assert hearing([Voice(A, HOLDING), Voice(B, HOLDING)]) == {}


def test_a_conference_goes_on_while_one_holds() -> None:
    heard = hearing([Voice(A, TALKING), Voice(B, TALKING), Voice(C, HOLDING)])
    assert heard == {A: Heard((B,)), B: Heard((A,))}


def test_who_is_alone_is_left_to_what_is_played() -> None:
    assert hearing([Voice(A, TALKING)]) == {A: Heard()}
    assert hearing([Voice(A, TALKING), Voice(B, ABSENT)]) == {A: Heard()}
    assert hearing([Voice(A, TALKING), Voice(B, ABSENT)], waiting=True) == {A: MUSIC}


def test_who_is_alone_hears_it_ring_unless_there_is_music() -> None:
    rings = Voice(B, Stance.RINGING)
    assert hearing([Voice(A, TALKING), rings]) == {A: Heard(ringing=True)}
    assert hearing([Voice(A, TALKING), rings], waiting=True) == {A: MUSIC}
    assert hearing([Voice(A, HOLDING), rings]) == {}
    assert hearing([Voice(A, TALKING), Voice(C, TALKING), rings]) == {
        A: Heard((C,)),
        C: Heard((A,)),
    }
    assert hearing([Voice(A, TALKING), Voice(C, EARLY), rings])[A] == Heard((C,))


def test_the_network_is_heard_until_somebody_talks() -> None:
    assert hearing([Voice(A, TALKING), Voice(B, EARLY)]) == {A: Heard((B,)), B: Heard((A,))}
    heard = hearing([Voice(A, TALKING), Voice(B, TALKING), Voice(C, EARLY)])
    assert heard[A] == Heard((B,))


def test_a_listener_hears_all_and_a_held_caller_under_it_hears_music() -> None:
    listener = Voice(S, TALKING, Role.LISTENER)
    heard = hearing([Voice(A, TALKING), Voice(B, TALKING), listener])
    assert heard == {A: Heard((B,)), B: Heard((A,)), S: Heard((A, B))}
    assert hearing([Voice(A, TALKING), Voice(B, HOLDING), listener]) == {A: MUSIC, S: Heard((A,))}


def test_a_whisper_reaches_one_ear() -> None:
    whisperer = Voice(S, TALKING, Role.WHISPERER, whispers_to=B)
    heard = hearing([Voice(A, TALKING), Voice(B, TALKING), whisperer])
    assert heard == {A: Heard((B,)), B: Heard((A, S)), S: Heard((A, B))}


def test_who_barges_in_is_heard_by_all() -> None:
    heard = hearing([Voice(A, TALKING), Voice(B, TALKING), Voice(S, TALKING, Role.INTRUDER)])
    assert heard == {A: Heard((B, S)), B: Heard((A, S)), S: Heard((A, B))}


def test_a_masked_caller_is_heard_by_nobody_and_nobody_hears_music_for_it() -> None:
    heard = hearing([Voice(A, TALKING, masked=True), Voice(B, TALKING)])
    assert heard == {A: Heard((B,)), B: Heard()}


def test_who_is_secluded_is_alone_and_who_is_left_hears_music() -> None:
    listener = Voice(S, TALKING, Role.LISTENER)
    pair = [Voice(A, TALKING), Voice(B, TALKING), listener]
    assert hearing(pair, secluded=A) == {A: Heard(), B: MUSIC, S: Heard()}
    heard = hearing([*pair, Voice(C, TALKING)], secluded=A)
    assert heard == {A: Heard(), B: Heard((C,)), C: Heard((B,)), S: Heard()}
    assert hearing([Voice(A, TALKING), Voice(B, HOLDING)], secluded=A) == {A: Heard()}


def test_who_muted_themselves_hear_all_and_are_heard_by_nobody() -> None:
    heard = hearing([Voice(A, TALKING), Voice(B, TALKING, muted=True), Voice(C, TALKING)])
    assert heard == {A: Heard((C,)), B: Heard((A, C)), C: Heard((A,))}
    listener = Voice(S, TALKING, Role.LISTENER)
    heard = hearing([Voice(A, TALKING), Voice(B, TALKING, muted=True), listener])
    assert heard == {A: Heard(), B: Heard((A,)), S: Heard((A,))}


voices = st.lists(
    st.builds(
        Voice,
        st.sampled_from([ConnectionId(str(number)) for number in range(8)]),
        st.sampled_from(Stance),
        st.sampled_from(Role),
        st.sampled_from([None, ConnectionId("1"), ConnectionId("2")]),
        st.booleans(),
        st.booleans(),
    ),
    unique_by=lambda voice: voice.leg,
    max_size=8,
)


@given(voices, st.booleans())
def test_whatever_the_call_is_the_roles_hold(parts: list[Voice], waiting: bool) -> None:
    by_leg = {voice.leg: voice for voice in parts}
    for leg, heard in hearing(parts, waiting=waiting).items():
        assert by_leg[leg].stance in (TALKING, EARLY)
        assert leg not in heard.sources, "nobody hears themselves"
        assert not (heard.sources and heard.music)
        for source in heard.sources:
            voice = by_leg[source]
            assert voice.stance in (TALKING, EARLY)
            assert voice.stance is EARLY or voice.role is not Role.LISTENER
            assert not voice.masked
            assert not voice.muted
            if voice.role is Role.WHISPERER and voice.stance is TALKING:
                assert voice.whispers_to == leg


@given(voices, st.booleans())
def test_whatever_the_call_is_who_is_secluded_is(parts: list[Voice], waiting: bool) -> None:
    for alone in parts:
        heard = hearing(parts, waiting=waiting, secluded=alone.leg)
        assert heard.get(alone.leg, Heard()) == Heard()
        for voice in parts:
            sounds = heard.get(voice.leg, Heard())
            assert alone.leg not in sounds.sources
            assert voice.role is Role.PARTICIPANT or sounds == Heard()
