from pathlib import Path

import pytest

from agents.acd.rules import rules_from
from agents.events import (
    AgentState,
    CallAbandoned,
    CallAnswered,
    CallFlowedOut,
    CallOffered,
    CallQueued,
)
from agents.model import Queue
from cti.kernel.errors import Refused
from cti.kernel.identifiers import AgentId, CallId, QueueId
from cti.kernel.ports import AgentDay, QueueRequest
from cti.kernel.vocabulary import Language, ServiceLevel
from tests.support.call_centre import COMPLAINTS, GENERAL, MUSIC, CallCentre

A = AgentId("a")


def heard(centre: CallCentre, call_id: CallId) -> list[str]:
    return [str(sound) for who, sounds in centre.calls.played if who == call_id for sound in sounds]


@pytest.fixture
def centre() -> CallCentre:
    return CallCentre({"a": {"general": 5}, "b": {"complaints": 5}})


def test_the_caller_is_offered_in_the_turn_they_arrive(centre: CallCentre) -> None:
    centre.ready("a")
    call_id = centre.call()
    assert centre.phone(call_id).device.id == "1001"


def test_a_free_agent_is_offered_the_waiting_call_in_the_same_turn(centre: CallCentre) -> None:
    call_id = centre.call()
    centre.ready("b", "a")
    assert centre.phone(call_id).device.id == "1001"
    assert centre.service.view(AgentId("b")).state is AgentState.READY


def test_queueing_is_told_with_who_waits(centre: CallCentre) -> None:
    call_id = centre.call(level=ServiceLevel.PRIORITY)
    [queued] = centre.events(CallQueued)
    assert (queued.call_id, queued.queue_id) == (call_id, GENERAL)
    assert queued.service_level is ServiceLevel.PRIORITY
    call = centre.calls.get(call_id)
    assert call is not None
    assert call.user_data.queue_id == GENERAL


def test_an_unknown_queue_is_refused(centre: CallCentre) -> None:
    call_id = centre.calls.dial()
    with pytest.raises(Refused) as caught:
        centre.service.enqueue(call_id, QueueRequest(QueueId("nowhere"), Language.CHINESE))
    assert caught.value.error_id == "queue.unknown"


def test_a_call_that_is_gone_is_not_queued(centre: CallCentre) -> None:
    centre.service.enqueue(CallId("gone"), QueueRequest(GENERAL, Language.CHINESE))
    assert not centre.events(CallQueued)


def test_a_caller_who_hangs_up_waiting_is_abandoned(centre: CallCentre) -> None:
    call_id = centre.call()
    centre.clock.advance(42)
    centre.calls.hang_up(call_id)
    [abandoned] = centre.events(CallAbandoned)
    assert abandoned.waited == 42
    centre.ready("a")
    assert not centre.events(CallOffered)
    assert not centre.clock.getDelayedCalls()


def test_a_call_the_system_ends_flowed_out(centre: CallCentre) -> None:
    call_id = centre.call()
    centre.calls.clear(call_id)
    assert [event.reason for event in centre.events(CallFlowedOut)] == ["normal"]
    assert not centre.events(CallAbandoned)


def test_a_call_queued_anew_leaves_its_first_queue(centre: CallCentre) -> None:
    call_id = centre.call()
    centre.service.enqueue(call_id, QueueRequest(COMPLAINTS, Language.CHINESE))
    [out] = centre.events(CallFlowedOut)
    assert (out.queue_id, out.reason) == (GENERAL, "requeued")
    centre.ready("a", "b")
    assert centre.phone(call_id).device.id == "1002"


def test_queues_show_how_many_wait_and_since_when(centre: CallCentre) -> None:
    centre.call()
    centre.clock.advance(10)
    centre.call()
    centre.call(COMPLAINTS)
    views = {view.queue_id: view for view in centre.service.queues()}
    assert (views[GENERAL].waiting, views[COMPLAINTS].waiting) == (2, 1)
    first = centre.events(CallQueued)[0]
    assert views[GENERAL].oldest == first.at
    assert [view.queue_id for view in centre.service.queues_of(A)] == [GENERAL]


def test_music_plays_and_gives_way_to_the_place(centre: CallCentre) -> None:
    first, second = centre.call(), centre.call()
    assert centre.calls.playing[second] == (MUSIC,)
    assert second in centre.calls.repeating
    centre.clock.advance(8)
    assert [str(path) for path in centre.calls.playing[second]] == [
        "zh/queue.position",
        "zh/queue.stay",
    ]
    assert [str(path) for path in centre.calls.playing[first]] == [
        "zh/queue.next",
        "zh/queue.stay",
    ]
    centre.calls.finish_play(second)
    assert centre.calls.playing[second] == (MUSIC,)
    assert [str(path) for path in centre.sounds.released] == ["zh/queue.position", "zh/queue.stay"]
    centre.clock.advance(30)
    assert heard(centre, second).count("zh/queue.position") == 2


GREETING = (Path("connecting.wav"),)


def greeted(centre: CallCentre) -> CallId:
    """A caller who is greeted as the queue takes them."""
    call_id = centre.calls.dial()
    centre.calls.answer(call_id)
    request = QueueRequest(GENERAL, Language.CHINESE, greeting=GREETING)
    centre.service.enqueue(call_id, request)
    return call_id


def test_the_greeting_is_heard_before_the_music(centre: CallCentre) -> None:
    call_id = greeted(centre)
    assert centre.calls.playing[call_id] == GREETING
    centre.clock.advance(20)
    assert centre.calls.playing[call_id] == GREETING
    centre.calls.finish_play(call_id)
    assert centre.calls.playing[call_id] == (MUSIC,)
    assert centre.sounds.released == list(GREETING)
    centre.clock.advance(8)
    assert heard(centre, call_id)[-1] == "zh/queue.stay"


def test_no_greeting_keeps_a_free_agent_waiting(centre: CallCentre) -> None:
    centre.ready("a")
    call_id = greeted(centre)
    assert len(centre.events(CallOffered)) == 1
    centre.answer(call_id)
    assert centre.sounds.released == list(GREETING)
    assert MUSIC not in [path for _, paths in centre.calls.played for path in paths]
    assert call_id not in centre.calls.playing


def test_the_expected_wait_is_told_where_agents_serve(centre: CallCentre) -> None:
    centre.ready("a")
    centre.answer(centre.call())
    centre.call(language=Language.ENGLISH)
    last = centre.call(language=Language.ENGLISH)
    centre.clock.advance(8)
    assert heard(centre, last)[1:] == [
        "en/queue.position",
        "en/queue.wait",
        "en/queue.stay",
    ]


def test_an_answer_cuts_the_announcement(centre: CallCentre) -> None:
    call_id = centre.call()
    centre.clock.advance(8)
    assert MUSIC not in centre.calls.playing[call_id]
    centre.ready("a")
    centre.answer(call_id)
    assert call_id not in centre.calls.playing
    assert len(centre.events(CallAnswered)) == 1
    assert len(centre.sounds.released) == 2
    centre.clock.advance(120)
    assert call_id not in centre.calls.playing


def test_an_announcement_that_comes_too_late_is_thrown_away(centre: CallCentre) -> None:
    centre.sounds.late = True
    call_id = centre.call()
    centre.clock.advance(8)
    centre.ready("a")
    centre.answer(call_id)
    centre.sounds.arrive()
    assert call_id not in centre.calls.playing
    assert len(centre.sounds.released) == 2


def test_nothing_is_announced_while_a_phone_rings(centre: CallCentre) -> None:
    centre.sounds.late = True
    call_id = centre.call()
    centre.clock.advance(8)
    centre.ready("a")
    centre.sounds.arrive()
    assert centre.calls.playing[call_id] == (MUSIC,)


def test_an_announcement_that_had_to_wait_comes_soon_after(centre: CallCentre) -> None:
    centre.ready("a")
    call_id = centre.call()
    centre.clock.advance(8)
    assert heard(centre, call_id) == ["music.wav"]
    centre.clock.advance(7)  # nobody answered
    centre.clock.advance(1)
    assert heard(centre, call_id)[1:] == ["zh/queue.next", "zh/queue.stay"]


def test_a_failed_announcement_leaves_the_music_on(centre: CallCentre) -> None:
    centre.sounds.late = True
    call_id = centre.call()
    centre.clock.advance(8)
    deferred, _ = centre.sounds.pending.pop()
    deferred.errback(RuntimeError("no speech"))
    assert centre.calls.playing[call_id] == (MUSIC,)
    centre.clock.advance(30)
    centre.sounds.arrive()
    assert heard(centre, call_id)[-2:] == ["zh/queue.next", "zh/queue.stay"]


def expected(centre: CallCentre, call_id: CallId) -> float | None:
    place = centre.service._engine.place(call_id)
    assert place is not None
    return place.wait.low if place.wait else None


def test_waits_are_estimated_from_what_calls_took(centre: CallCentre) -> None:
    centre.ready("a")
    first = centre.call()
    centre.answer(first)
    waiting = centre.call()
    second = centre.call()
    before = expected(centre, second)
    centre.clock.advance(60)
    centre.calls.hang_up(first)
    centre.service.finish_after_call(A)
    centre.answer(waiting)
    third = centre.call()
    assert expected(centre, third) != before
    assert expected(centre, second) < before  # type: ignore[operator]  # both are figures


def test_nobody_serving_means_no_figure(centre: CallCentre) -> None:
    assert expected(centre, centre.call()) is None


def test_what_was_expected_is_told_with_the_answer(centre: CallCentre) -> None:
    centre.ready("a")
    first = centre.call()
    centre.answer(first)
    second = centre.call()
    centre.clock.advance(50)
    centre.calls.hang_up(first)
    centre.service.set_ready(A)
    centre.answer(second)
    none, some = [event.forecast for event in centre.events(CallAnswered)]
    assert none is None, "who did not wait was told nothing"
    assert some
    assert 60 < some.low < some.high < 400


@pytest.mark.parametrize(
    ("order", "busy", "idle"),
    [
        ("fewest_calls", AgentDay(handled=9), AgentDay(handled=8)),
        ("least_occupied", AgentDay(occupancy=0.8), AgentDay(occupancy=None)),
    ],
)
def test_queues_choose_by_what_agents_did_today(order: str, busy: AgentDay, idle: AgentDay) -> None:
    rules = rules_from({"demand": "general", "order": order})
    general = Queue(GENERAL, {Language.CHINESE: "普通", Language.ENGLISH: "General"}, rules)
    centre = CallCentre({"a": {"general": 5}, "b": {"general": 5}}, queues=[general])
    centre.days = {A: busy, AgentId("b"): idle}
    centre.ready("a", "b")
    centre.call()
    [offered] = centre.events(CallOffered)
    assert offered.agent_id == "b"
