"""Messages after the tone: how they begin and end, and that none is lost."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.call.events import CallCleared
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, QueueId
from cti.kernel.vocabulary import Language
from ivr.effects import (
    BeginMessage,
    CallerLeft,
    Disconnect,
    Effect,
    EndMessage,
    Key,
    Played,
    SoundTone,
    Speaking,
    Started,
    StopTimer,
    Timer,
    TimerFired,
)
from ivr.effects import Event as FlowEvent
from ivr.events import FlowLeft, MessageBegun, MessageDropped, MessageFiled, MessageLeft
from ivr.loader import check
from ivr.messages import SHORTEST_MESSAGE, cut_short, unfiled
from ivr.state import Phase
from tests.support.fake_bank import CUSTOMER
from tests.support.flows import HEAD, around, shipped_flow, written
from tests.support.ivr_house import KNOWN_NUMBER, TONE, IvrHouse
from tests.support.walks import Walk, ids

LONGEST = 120.0


@pytest.fixture
def walk() -> Walk:
    """A caller who hears that they may leave a message."""
    walk = Walk(shipped_flow("voicemail"))
    walk.send(Started())
    return walk


def kinds(effects: list[Effect]) -> list[type[Effect]]:
    return [type(effect) for effect in effects]


class TestFlow:
    def test_after_prompt_and_tone_the_caller_speaks(self, walk: Walk) -> None:
        assert ids(walk.effects) == ["voicemail.greeting"]
        assert kinds(walk.send(Played())) == [SoundTone]
        assert BeginMessage in kinds(walk.send(Played()))
        assert walk.timers == {Timer.LONGEST: LONGEST, Timer.SHORTEST: SHORTEST_MESSAGE}

    def test_a_key_brings_the_tone_at_once(self, walk: Walk) -> None:
        assert SoundTone in kinds(walk.press("5"))
        assert walk.press("#") == []
        assert BeginMessage in kinds(walk.send(Played()))

    def test_it_ends_by_its_key_and_by_no_other(self, walk: Walk) -> None:
        walk.send(Played(), Played(), TimerFired(Timer.SHORTEST))
        assert walk.press("123*") == []
        effects = walk.press("#")
        assert kinds(effects)[0] is EndMessage
        assert ids(effects) == ["voicemail.thanks"]
        assert not walk.timers
        assert kinds(walk.send(Played())) == [Disconnect]

    def test_who_ends_it_too_soon_is_asked_again_and_never_thanked(self, walk: Walk) -> None:
        walk.send(Played(), Played())
        effects = walk.press("#")
        assert kinds(effects)[0] is EndMessage
        assert ids(effects) == ["message.too_short", "voicemail.greeting"]
        assert not walk.timers
        walk.send(Played(), Played())
        effects = walk.press("#")
        assert ids(effects) == ["message.too_short", "common.goodbye"]
        assert not walk.timers
        assert kinds(walk.send(Played())) == [Disconnect]

    def test_it_ends_when_its_time_is_over(self, walk: Walk) -> None:
        walk.send(Played(), Played(), TimerFired(Timer.SHORTEST))
        effects = walk.send(TimerFired(Timer.LONGEST))
        assert kinds(effects)[0] is EndMessage
        assert ids(effects) == ["voicemail.thanks"]

    def test_it_ends_with_the_call(self, walk: Walk) -> None:
        walk.send(Played(), Played())
        assert kinds(walk.send(CallerLeft())) == [EndMessage, StopTimer]

    def test_it_goes_on_where_it_was(self) -> None:
        walk = Walk(shipped_flow("voicemail"))
        assert kinds(walk.send(Speaking("leave", 100.0)))[0].__name__ == "StartTimer"
        assert walk.timers == {Timer.LONGEST: LONGEST - 100}
        assert EndMessage in kinds(walk.press("#"))


EVENTS: st.SearchStrategy[FlowEvent] = st.one_of(
    st.just(Played()),
    st.sampled_from("0159*#").map(Key),
    st.sampled_from([Timer.LONGEST, Timer.SHORTEST]).map(TimerFired),
    st.just(CallerLeft()),
)


@given(st.lists(EVENTS, max_size=30))
def test_whatever_happens_each_message_that_began_ends_once(events: list[FlowEvent]) -> None:
    walk = Walk(shipped_flow("voicemail"))
    effects = walk.send(Started(), *events, CallerLeft())
    told = [kind for kind in kinds(effects) if kind in (BeginMessage, EndMessage)]
    assert told == [BeginMessage, EndMessage] * (len(told) // 2)
    assert walk.state.phase is Phase.DONE


# --- a whole IVR ------------------------------------------------------------------------------


def speaking(house: IvrHouse, calling: str = "13900000000") -> CallId:
    """A caller who waited in vain, in English, and now hears the tone end."""
    call_id = house.calls.dial(calling)
    house.calls.answer(call_id)
    house.calls.attach(call_id, language=Language.ENGLISH, queue_id=QueueId("general"))
    house.ivr.take(call_id, "voicemail")
    assert house.calls.playing[call_id][0].parts == ("en", "voicemail.greeting")
    house.calls.finish_play(call_id)
    assert house.calls.playing[call_id] == (TONE,)
    assert not house.calls.marks
    house.calls.finish_play(call_id)
    return call_id


@pytest.fixture
def house() -> IvrHouse:
    """A house with a flow that takes messages."""
    return IvrHouse()


def test_a_message_becomes_a_ticket(house: IvrHouse) -> None:
    call_id = speaking(house)
    house.clock.advance(12.5)
    house.calls.press(call_id, "#")
    assert house.heard(call_id) == ["voicemail.thanks"]
    [left] = house.of(MessageLeft)
    assert isinstance(left, MessageLeft)
    assert (left.seconds, left.queue_id, left.language) == (12.5, "general", Language.ENGLISH)
    assert house.calls.marks == [(call_id, "message begins"), (call_id, "message ends")]
    [filed] = house.of(MessageFiled)
    assert isinstance(filed, MessageFiled)
    assert (filed.call_id, filed.begun, filed.number) == (call_id, left.begun, "1")
    [message] = house.tickets.messages
    assert (message.calling, message.seconds, message.name) == ("13900000000", 12.5, "")
    house.calls.finish_play(call_id)
    assert house.calls.get(call_id) is None
    assert not house.announcer.lent
    assert not house.errors


def test_a_customer_is_named(house: IvrHouse) -> None:
    call_id = speaking(house, KNOWN_NUMBER)
    house.clock.advance(5)
    house.calls.press(call_id, "#")
    [message] = house.tickets.messages
    assert (message.customer_id, message.name) == (CUSTOMER, "Wang Jianguo")


def test_who_hangs_up_has_left_a_message(house: IvrHouse) -> None:
    call_id = speaking(house)
    house.clock.advance(30)
    house.calls.hang_up(call_id)
    assert [each.seconds for each in house.tickets.messages] == [30.0]
    assert len(house.of(FlowLeft)) == 1


def test_nobody_speaks_for_ever(house: IvrHouse) -> None:
    call_id = speaking(house)
    house.clock.advance(LONGEST)
    assert house.heard(call_id) == ["voicemail.thanks"]
    assert [each.seconds for each in house.tickets.messages] == [LONGEST]


def test_hardly_a_word_is_no_message(house: IvrHouse) -> None:
    call_id = speaking(house)
    house.clock.advance(SHORTEST_MESSAGE - 0.1)
    house.calls.hang_up(call_id)
    assert not house.of(MessageLeft)
    assert len(house.of(MessageDropped)) == 1
    assert not house.tickets.messages


def test_a_ticket_that_cannot_be_written_is_written_later(house: IvrHouse) -> None:
    house.tickets.broken = True
    call_id = speaking(house)
    house.clock.advance(9)
    house.calls.hang_up(call_id)
    house.clock.pump([5, 10, 20])
    assert not house.of(MessageFiled)
    house.tickets.broken = False
    house.clock.advance(40)
    assert len(house.of(MessageFiled)) == len(house.tickets.messages) == 1
    house.clock.advance(3600)
    assert len(house.of(MessageFiled)) == 1


def test_nobody_tries_again_who_stopped(house: IvrHouse) -> None:
    house.tickets.broken = True
    call_id = speaking(house)
    house.clock.advance(9)
    house.calls.hang_up(call_id)
    house.filing.stop()
    assert not house.clock.getDelayedCalls()


class TestRestart:
    def test_the_caller_speaks_on(self, house: IvrHouse) -> None:
        call_id = speaking(house)
        house.clock.advance(100)
        house.restart(list(house.events))
        house.clock.advance(LONGEST - 101)
        assert not house.of(MessageLeft)
        house.clock.advance(1)
        assert house.heard(call_id) == ["voicemail.thanks"]
        assert [each.seconds for each in house.tickets.messages] == [LONGEST]
        assert not house.errors

    def test_a_flow_that_takes_none_any_more_begins_anew(self, house: IvrHouse) -> None:
        speaking(house)
        house.clock.advance(100)
        history = [
            replace(event, node="gone") if isinstance(event, MessageBegun) else event
            for event in house.events
        ]
        house.restart(history)
        assert [each.seconds for each in house.tickets.messages] == [100.0]

    def test_what_a_dead_server_left_is_filed(self, house: IvrHouse) -> None:
        call_id = speaking(house)
        begun = house.of(MessageBegun)
        house.clock.advance(42)
        house.calls.hang_up(call_id)
        over: list[Event] = [*begun, *house.of(CallCleared)]
        other = IvrHouse()
        other.filing.take_up(over, lambda _: False)
        assert [each.seconds for each in other.tickets.messages] == [42.0]
        known = [*over, *other.events]
        assert not cut_short(known, lambda _: False)
        assert not unfiled(known)
        assert not cut_short(over, lambda each: each == call_id)

    def test_what_was_left_and_not_filed_is_filed(self, house: IvrHouse) -> None:
        house.tickets.broken = True
        call_id = speaking(house)
        house.clock.advance(9)
        house.calls.hang_up(call_id)
        other = IvrHouse()
        other.filing.take_up(house.events, lambda _: False)
        assert len(other.tickets.messages) == len(other.of(MessageFiled)) == 1


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ("longest: 1, finish: '#'", "longest"),
        ("longest: 5000", "longest"),
        ("longest: 60, finish: x", "finish"),
        ("finish: '#'", "message"),
    ],
)
def test_mistakes_of_a_message_name_their_place(tmp_path: Path, wrong: str, key: str) -> None:
    nodes = f"  first: {{message: {{prompt: voicemail.greeting, {wrong}, then: person}}}}\n"
    [error] = check(written(tmp_path, HEAD.format(start="first") + nodes), around())
    assert key in str(error.key)


def test_silence_leads_from_no_message_to_the_same_again(tmp_path: Path) -> None:
    nodes = "  first: {message: {prompt: voicemail.greeting, longest: 60, then: first}}\n"
    errors = check(written(tmp_path, HEAD.format(start="first") + nodes), around())
    assert any("goes round" in error.message for error in errors)
