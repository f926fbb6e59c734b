"""How long callers wait, and where they go when that is too long."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from agents.acd.outflow import WaitingPorts
from agents.acd.overflow import waiting_from
from agents.acd.preferring import LIMIT
from agents.acd.queue import Acquaintance, Claim, Preferred
from agents.acd.rules import SHUN, QueueRules, rules_from
from agents.events import (
    AgentState,
    CallAbandoned,
    CallAnswered,
    CallFlowedOut,
    CallOffered,
    CallQueued,
)
from agents.model import AgentSettings, Queue
from cti.call.model import Cause, ConnectionState
from cti.kernel.errors import LocalError
from cti.kernel.identifiers import AgentId, CallId, CustomerId, QueueId
from cti.kernel.ports import QueueRequest
from cti.kernel.vocabulary import Language, Verification
from tests.support.call_centre import COMPLAINTS, GENERAL, QUEUES, CallCentre

GONE = QueueId("gone")
TO_COMPLAINTS = {"to": "queue", "queue": "complaints"}
TO_GENERAL = {"to": "queue", "queue": "general"}
BYE = {"to": "goodbye"}


class FakeFlows:
    """Flows that only note who came."""

    def __init__(self) -> None:
        self.taken: list[tuple[CallId, str]] = []

    def take(self, call_id: CallId, flow_name: str) -> None:
        self.taken.append((call_id, flow_name))


class FakePreferences:
    """Knows the agents of every customer, once `arrive` says so."""

    def __init__(self, preferred: tuple[Preferred, ...], *shunned: str) -> None:
        self.known = Acquaintance(preferred, frozenset(map(AgentId, shunned)))
        self.asked: list[Deferred[Acquaintance]] = []

    def acquaintance(self, customer_id: CustomerId, rules: QueueRules) -> Deferred[Acquaintance]:
        assert customer_id
        assert rules.sticky is not None
        self.asked.append(Deferred())
        return self.asked[-1]

    def arrive(self) -> None:
        self.asked.pop(0).callback(self.known)


def queues(
    general: dict[str, Any],
    complaints: dict[str, Any] | None = None,
    rules: dict[str, Any] | None = None,
) -> list[Queue]:
    one, other = QUEUES
    needed = rules_from(rules or {"demand": "general"})
    one = replace(one, waiting=waiting_from(general), rules=needed)
    return [one, replace(other, waiting=waiting_from(complaints or {}))]


def centre_with(
    general: dict[str, Any],
    complaints: dict[str, Any] | None = None,
    *,
    ports: WaitingPorts | None = None,
    rules: dict[str, Any] | None = None,
) -> CallCentre:
    skills = {"a": {"general": 5}, "b": {"complaints": 5}, "c": {"general": 5}}
    return CallCentre(skills, queues=queues(general, complaints, rules), ports=ports)


def outs(centre: CallCentre) -> list[tuple[CallId, QueueId, str, str]]:
    return [(e.call_id, e.queue_id, e.reason, e.to) for e in centre.events(CallFlowedOut)]


def waiting(centre: CallCentre, queue_id: QueueId) -> int:
    return next(view.waiting for view in centre.service.queues() if view.queue_id == queue_id)


def test_who_finds_the_queue_full_goes_elsewhere() -> None:
    centre = centre_with({"most": {"calls": 2, "then": TO_COMPLAINTS}})
    first, second, third = centre.call(), centre.call(), centre.call()
    assert outs(centre) == [(third, GENERAL, "full", "queue:complaints")]
    assert (waiting(centre, GENERAL), waiting(centre, COMPLAINTS)) == (2, 1)
    centre.calls.hang_up(first)
    centre.call()
    assert waiting(centre, GENERAL) == 2
    assert centre.calls.get(second) is not None


def test_nobody_is_turned_away_for_whom_an_agent_is_free() -> None:
    centre = centre_with({"most": {"calls": 0, "then": BYE}})
    centre.ready("a")
    call_id = centre.call()
    centre.answer(call_id)
    assert not outs(centre)


def test_who_waits_too_long_goes_where_the_rules_say_with_their_arrival() -> None:
    centre = centre_with({"longest": {"after": 60, "then": TO_COMPLAINTS}})
    early = centre.call()
    centre.clock.advance(50)
    late = centre.call(COMPLAINTS)
    centre.clock.advance(10)
    assert outs(centre) == [(early, GENERAL, "too_long", "queue:complaints")]
    assert centre.events(CallQueued)[-1].head_start == 60
    centre.ready("b")
    assert centre.phone(early).device.id == "1002"
    call = centre.calls.get(late)
    assert call is not None
    assert call.agent is None


def test_queues_that_lead_to_each_other_pass_nobody_round_and_round() -> None:
    centre = centre_with(
        {"longest": {"after": 60, "then": TO_COMPLAINTS}},
        {"longest": {"after": 60, "then": TO_GENERAL}},
    )
    call_id = centre.call()
    centre.clock.advance(60)
    centre.clock.advance(600)
    assert [each[1] for each in outs(centre)] == [GENERAL]
    assert waiting(centre, COMPLAINTS) == 1
    assert call_id in {call.id for call in centre.calls.calls()}


def test_who_has_been_in_a_queue_does_not_come_back_after_a_restart() -> None:
    centre = centre_with(
        {"longest": {"after": 60, "then": TO_COMPLAINTS}},
        {"longest": {"after": 60, "then": TO_GENERAL}},
    )
    call_id = centre.call()
    centre.clock.advance(70)
    centre.restart()
    centre.clock.advance(600)
    assert [each[1] for each in outs(centre)] == [GENERAL]
    centre.ready("b")
    centre.answer(call_id)
    [answered] = centre.events(CallAnswered)
    assert answered.waited == 601


def test_a_wait_that_began_before_a_restart_ends_when_it_would_have() -> None:
    centre = centre_with({"longest": {"after": 60, "then": TO_COMPLAINTS}})
    centre.call()
    centre.clock.advance(40)
    centre.restart(away=10)
    centre.clock.advance(9)
    assert not outs(centre)
    centre.clock.advance(1)
    assert len(outs(centre)) == 1


def test_a_ringing_phone_is_not_taken_from_who_has_waited_too_long() -> None:
    centre = centre_with({"longest": {"after": 60, "then": TO_COMPLAINTS}})
    call_id = centre.call()
    centre.clock.advance(55)
    centre.ready("a")
    centre.clock.advance(10)
    assert not outs(centre)
    centre.calls.phone_refuses(centre.phone(call_id).id)
    assert outs(centre) == [(call_id, GENERAL, "too_long", "queue:complaints")]


def test_an_expected_wait_that_is_too_long_leads_elsewhere() -> None:
    centre = centre_with({"expect": {"above": 200, "then": TO_COMPLAINTS}})
    centre.ready("a")
    centre.answer(centre.call())
    centre.call()
    centre.call()
    assert [each[2:] for each in outs(centre)] == [("expected_wait", "queue:complaints")]


def test_nobody_waits_where_nobody_is_at_work() -> None:
    centre = centre_with({"empty": {"then": TO_COMPLAINTS}})
    centre.call()
    assert [each[2] for each in outs(centre)] == ["nobody_staffed"]
    centre.ready("a")
    centre.answer(centre.call())
    waits = centre.call()
    assert waiting(centre, GENERAL) == 1
    centre.service.sign_out(AgentId("a"))
    [talking] = [call.id for call in centre.calls.calls() if call.agent]
    centre.calls.hang_up(talking)
    centre.service.finish_after_call(AgentId("a"))
    assert outs(centre)[-1] == (waits, GENERAL, "nobody_staffed", "queue:complaints")


def test_who_speaks_another_language_is_not_waited_for() -> None:
    centre = centre_with({"empty": {"then": TO_COMPLAINTS}})
    centre.ready("a")
    centre.answer(centre.call(language=Language.ENGLISH))
    centre.call(language=Language.ENGLISH)
    assert not outs(centre)


def test_a_goodbye_is_said_and_the_call_ended() -> None:
    centre = centre_with({"most": {"calls": 0, "then": BYE}})
    call_id = centre.call()
    assert centre.calls.playing[call_id] == (Path("zh/queue.goodbye"),)
    assert waiting(centre, GENERAL) == 0
    centre.calls.finish_play(call_id)
    assert centre.calls.get(call_id) is None
    assert outs(centre) == [(call_id, GENERAL, "full", "goodbye")]
    assert centre.sounds.released == [Path("zh/queue.goodbye")]


def test_who_hangs_up_over_the_goodbye_is_no_abandonment() -> None:
    centre = centre_with({"most": {"calls": 0, "then": BYE}})
    centre.calls.hang_up(centre.call())
    assert not centre.events(CallAbandoned)


def test_a_flow_takes_a_message() -> None:
    flows = FakeFlows()
    then = {"to": "voicemail", "flow": "message"}
    centre = centre_with(
        {"longest": {"after": 60, "then": then}}, ports=WaitingPorts(take_into_flow=flows.take)
    )
    call_id = centre.call()
    centre.clock.advance(60)
    assert flows.taken == [(call_id, "message")]
    assert outs(centre) == [(call_id, GENERAL, "too_long", "voicemail:message")]


def greeted(centre: CallCentre) -> CallId:
    call_id = centre.calls.dial()
    centre.calls.answer(call_id)
    greeting = (Path("connecting.wav"),)
    centre.service.enqueue(call_id, QueueRequest(GENERAL, Language.CHINESE, greeting=greeting))
    return call_id


def test_the_greeting_of_who_is_turned_away_is_given_back_or_heard_elsewhere() -> None:
    centre = centre_with({"most": {"calls": 0, "then": BYE}})
    greeted(centre)
    assert Path("connecting.wav") in centre.sounds.released
    centre = centre_with({"most": {"calls": 0, "then": TO_COMPLAINTS}})
    assert centre.calls.playing[greeted(centre)] == (Path("connecting.wav"),)


NIGHT = {"longest": {"after": 60, "then": {"to": "number", "number": "night_desk"}}}
DESK = WaitingPorts(transfers={"night_desk": "02166668888"})


def passed_on() -> tuple[CallCentre, CallId]:
    centre = centre_with(NIGHT, ports=DESK)
    centre.calls.outside.add("02166668888")
    call_id = centre.call()
    centre.clock.advance(60)
    return centre, call_id


def other(centre: CallCentre, call_id: CallId) -> Any:
    call = centre.calls.get(call_id)
    assert call is not None
    return next(each for each in call.connections if each is not call.caller)


def test_an_outside_number_takes_the_caller() -> None:
    centre, call_id = passed_on()
    assert other(centre, call_id).device.id == "02166668888"
    assert not outs(centre)
    centre.ready("a")
    assert centre.service.view(AgentId("a")).state is AgentState.READY
    centre.calls.phone_answers(other(centre, call_id).id)
    assert outs(centre) == [(call_id, GENERAL, "too_long", "number:night_desk")]


def test_who_is_not_taken_outside_is_back_at_their_place() -> None:
    centre, call_id = passed_on()
    later = centre.call()
    centre.calls.phone_refuses(other(centre, call_id).id, Cause.NO_ANSWER)
    assert not outs(centre)
    centre.ready("a")
    assert centre.phone(call_id).state is ConnectionState.INITIATED
    centre.answer(call_id)
    [answered] = centre.events(CallAnswered)
    assert answered.waited == 61
    assert centre.calls.get(later) is not None


def test_a_number_that_cannot_be_called_leaves_the_caller_where_they_are() -> None:
    centre = centre_with(NIGHT, ports=WaitingPorts(transfers={"night_desk": ""}))
    centre.call()
    centre.clock.advance(60)
    assert (outs(centre), waiting(centre, GENERAL)) == ([], 1)
    centre.clock.advance(600)
    assert waiting(centre, GENERAL) == 1


def test_who_hangs_up_while_somebody_outside_is_called_has_abandoned() -> None:
    centre, call_id = passed_on()
    centre.calls.hang_up(call_id)
    assert len(centre.events(CallAbandoned)) == 1
    assert not outs(centre)


STICKY = {"demand": "general", "sticky": {"patience": 10}}


def known_caller(centre: CallCentre) -> CallId:
    call_id = centre.calls.dial()
    centre.calls.attach(call_id, customer_id=CustomerId("C1"))
    centre.queue(call_id)
    return call_id


def test_a_caller_waits_for_who_served_them_last_once_that_is_known() -> None:
    last = FakePreferences((Preferred(AgentId("c"), Claim.LAST_AGENT),))
    centre = centre_with({}, ports=WaitingPorts(preferences=last), rules=STICKY)
    centre.ready("c")
    centre.answer(centre.call())
    call_id = known_caller(centre)
    last.arrive()
    centre.ready("a")
    call = centre.calls.get(call_id)
    assert call is not None
    assert call.agent is None
    centre.clock.advance(9)
    assert centre.phone(call_id).device.id == centre.extensions["a"]


def test_who_is_preferred_and_free_has_the_call_before_who_is_free_for_longer() -> None:
    last = FakePreferences((Preferred(AgentId("c"), Claim.LAST_AGENT),))
    centre = centre_with({}, ports=WaitingPorts(preferences=last), rules=STICKY)
    centre.ready("a", "c")
    call_id = known_caller(centre)
    assert not centre.events(CallOffered), "nobody is rung before that is known"
    last.arrive()
    assert centre.phone(call_id).device.id == centre.extensions["c"]


def test_an_answer_that_comes_too_late_changes_nothing() -> None:
    last = FakePreferences((Preferred(AgentId("c"), Claim.LAST_AGENT),))
    centre = centre_with({}, ports=WaitingPorts(preferences=last), rules=STICKY)
    centre.ready("a", "c")
    call_id = known_caller(centre)
    centre.clock.advance(LIMIT)
    assert centre.phone(call_id).device.id == centre.extensions["a"]
    centre.answer(call_id)
    last.arrive()
    assert not centre.errors


def test_a_question_that_fails_lets_the_caller_go_on() -> None:
    last = FakePreferences(())
    centre = centre_with({}, ports=WaitingPorts(preferences=last), rules=STICKY)
    centre.ready("a")
    call_id = known_caller(centre)
    last.asked.pop(0).errback(LocalError("no database"))
    assert centre.phone(call_id).device.id == centre.extensions["a"]


def test_who_hangs_up_while_that_is_asked_has_abandoned_and_rings_nobody() -> None:
    last = FakePreferences(())
    centre = centre_with({}, ports=WaitingPorts(preferences=last), rules=STICKY)
    centre.ready("a")
    centre.calls.hang_up(known_caller(centre))
    last.arrive()
    centre.clock.advance(LIMIT)
    assert len(centre.events(CallAbandoned)) == 1
    assert not centre.events(CallOffered)


def test_who_was_complained_about_gets_the_caller_only_where_nobody_else_comes_free() -> None:
    rude = FakePreferences((), "a")
    centre = centre_with({}, ports=WaitingPorts(preferences=rude), rules=STICKY)
    centre.ready("a", "c")
    call_id = known_caller(centre)
    rude.arrive()
    assert centre.phone(call_id).device.id == centre.extensions["c"]
    centre.answer(call_id)
    second = known_caller(centre)
    rude.arrive()
    assert len(centre.events(CallOffered)) == 1, "a is free"
    centre.clock.advance(SHUN)
    assert centre.phone(second).device.id == centre.extensions["a"]


def test_the_next_server_asks_again_before_anybody_is_rung() -> None:
    last = FakePreferences((Preferred(AgentId("c"), Claim.LAST_AGENT),))
    centre = centre_with({}, ports=WaitingPorts(preferences=last), rules=STICKY)
    centre.ready("c")
    centre.answer(centre.call())
    call_id = known_caller(centre)
    last.arrive()
    centre.ready("a")
    centre.restart()
    assert len(centre.events(CallOffered)) == 1
    last.arrive()
    assert len(centre.events(CallOffered)) == 1, "they wait for who served them last"
    centre.clock.advance(10)
    assert centre.phone(call_id).device.id == centre.extensions["a"]


def test_a_house_that_closes_meanwhile_rings_nobody() -> None:
    last = FakePreferences(())
    centre = centre_with({}, ports=WaitingPorts(preferences=last), rules=STICKY)
    centre.ready("a")
    known_caller(centre)
    centre.service.stop(leaving=True)
    last.arrive()
    centre.clock.advance(LIMIT)
    assert not centre.events(CallOffered)


def test_who_signs_in_while_they_wait_is_asked_more_of() -> None:
    rules = {"demand": "general", "verified": {"signed_in": "complaints"}}
    centre = centre_with({}, rules=rules)
    centre.ready("a")
    centre.answer(centre.call())
    call_id = centre.call()
    centre.calls.attach(call_id, verification=Verification.SIGNED_IN)
    centre.ready("c")
    call = centre.calls.get(call_id)
    assert call is not None
    assert call.agent is None


@pytest.mark.parametrize("crowd", [0, 50])
def test_the_forecast_is_told_with_the_answer(crowd: int) -> None:
    centre = centre_with({})
    centre.ready("a")
    first = centre.call()
    centre.answer(first)
    second = centre.call()
    for _ in range(crowd):
        centre.call()
    centre.calls.hang_up(first)
    centre.service.finish_after_call(AgentId("a"))
    centre.answer(second)
    immediate, waited = centre.events(CallAnswered)
    assert immediate.forecast is None
    assert waited.forecast is not None
    assert waited.forecast.low < waited.forecast.high


def test_limits_leave_no_timer_behind() -> None:
    centre = centre_with({"longest": {"after": 60, "then": TO_COMPLAINTS}})
    centre.calls.hang_up(centre.call())
    centre.call()
    centre.service.stop()
    assert not centre.clock.getDelayedCalls()


def test_who_waits_for_the_last_agent_goes_when_that_one_does_not_answer() -> None:
    settings = AgentSettings(missed_limit=1)
    centre = CallCentre({"a": {"general": 5}}, settings, queues=queues({"empty": {"then": BYE}}))
    centre.ready("a")
    call_id = centre.call()
    centre.clock.advance(settings.ring_limit)
    assert centre.service.view(AgentId("a")).state is AgentState.NOT_READY
    assert outs(centre) == [(call_id, GENERAL, "nobody_staffed", "goodbye")]


def test_the_time_to_wait_runs_on_while_somebody_outside_is_called() -> None:
    number = {"to": "number", "number": "02066668888"}
    limits = {"most": {"calls": 0, "then": number}, "longest": {"after": 20, "then": BYE}}
    centre = centre_with(limits)
    centre.calls.outside.add("02066668888")
    centre.ready("a")
    centre.answer(centre.call())
    call_id = greeted(centre)
    assert centre.sounds.released == [Path("connecting.wav")]
    centre.clock.advance(25)
    assert not outs(centre)
    centre.calls.phone_refuses(other(centre, call_id).id, Cause.NO_ANSWER)
    assert outs(centre) == [(call_id, GENERAL, "too_long", "goodbye")]


def test_whose_agents_left_while_somebody_outside_was_called_does_not_wait_for_them() -> None:
    number = {"to": "number", "number": "02066668888"}
    centre = centre_with({"most": {"calls": 0, "then": number}, "empty": {"then": BYE}})
    centre.calls.outside.add("02066668888")
    centre.ready("a")
    talk = centre.call()
    centre.answer(talk)
    call_id = centre.call()
    centre.service.sessions.of(AgentId("a")).leave_at_once()
    centre.calls.phone_refuses(other(centre, call_id).id, Cause.NO_ANSWER)
    assert outs(centre) == [(call_id, GENERAL, "nobody_staffed", "goodbye")]


def test_who_comes_from_nowhere_has_no_head_start() -> None:
    clock = Clock()
    clock.advance(1_700_000_000.123456)
    seconds = clock.seconds
    centre = CallCentre({"a": {"general": 5}}, clock=clock)

    def ticking() -> float:
        clock.rightNow += 1e-5
        return seconds()

    clock.seconds = ticking  # type: ignore[method-assign]  # a clock that does not stand still
    centre.call()
    assert [event.head_start for event in centre.events(CallQueued)] == [0.0]
