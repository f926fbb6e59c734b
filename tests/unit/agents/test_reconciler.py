"""Each kind of disagreement: planted, found on two looks in a row, healed once, told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agents.events import (
    AgentState,
    CallFlowedOut,
    CallOffered,
    CallWrappedUp,
    Disagreement,
    DisagreementHealed,
    OfferEnded,
    OfferOutcome,
)
from agents.model import AfterCallRules, AgentSettings
from agents.session import AgentSession
from agents.state import Activity, Status
from cti.call.model import Cause, ConnectionState, Party
from cti.kernel.identifiers import AgentId, CallId
from cti.kernel.walk import FEW
from tests.support.call_centre import GENERAL, CallCentre
from tests.support.counting import counted

A, B = AgentId("a"), AgentId("b")
S = AgentState


class Floor:
    """Agents ``a`` and ``b`` are ready; who tells whom can be cut off."""

    def __init__(self) -> None:
        work = AgentSettings(after_call=AfterCallRules(limit=30))
        self.centre = CallCentre({"a": {"general": 5}, "b": {"complaints": 5}}, work)
        self.centre.ready("a", "b")
        self.service, self.calls = self.centre.service, self.centre.calls

    @property
    def session(self) -> AgentSession:
        return self.service.sessions.of(A)

    def state(self, agent: AgentId = A) -> AgentState:
        return self.service.view(agent).state

    def talk(self) -> CallId:
        call_id = self.centre.call()
        self.centre.answer(call_id)
        return call_id

    def unheard(self, happens: Callable[[], object]) -> None:
        """Something happens of which nobody is told."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.centre.bus, "publish", lambda _event: None)
            happens()

    def set_status(self, status: Status) -> None:
        self.session.standing.status = status

    def look(self) -> list[Disagreement]:
        """Three looks: what was healed by them, in order."""
        before = len(self.centre.events(DisagreementHealed))
        for _ in range(3):
            self.service.reconciler.look()
        return [event.what for event in self.centre.events(DisagreementHealed)[before:]]


@pytest.fixture
def floor() -> Floor:
    return Floor()


def test_where_all_agree_nothing_is_healed(floor: Floor) -> None:
    assert floor.look() == []
    waiting = floor.centre.call()
    assert floor.look() == []
    floor.calls.phone_rings(floor.centre.phone(waiting).id)
    assert floor.look() == []
    floor.centre.answer(waiting)
    floor.centre.call()
    assert floor.look() == []
    floor.service.hold(A)
    assert floor.look() == []
    floor.service.hang_up(A)
    assert floor.look() == []
    floor.service.set_not_ready(B, "lunch")
    floor.service.finish_after_call(A)
    assert floor.look() == []
    assert not floor.service.reconciler.healed


def test_what_is_gone_at_the_second_look_was_a_transition(floor: Floor) -> None:
    call_id = floor.talk()
    [agent] = [each for each in floor.calls.get(call_id).connections if each.device.id == "1001"]  # type: ignore[union-attr]
    floor.unheard(lambda: floor.calls.hold(agent.id))
    floor.service.reconciler.look()
    floor.unheard(lambda: floor.calls.retrieve(agent.id))
    floor.service.reconciler.look()
    assert not floor.service.reconciler.healed
    assert floor.state() is S.BUSY


def test_it_looks_every_second_once_taken_up(floor: Floor) -> None:
    floor.service.take_up()
    floor.calls._devices.discard(floor.session.extension)
    floor.centre.clock.pump([1.0, 1.0])
    assert [event.what for event in floor.centre.events(DisagreementHealed)] == [
        Disagreement.READY_WITHOUT_PHONE
    ]
    floor.service.stop()
    assert not floor.centre.clock.getDelayedCalls()


def test_reserved_without_an_offer(floor: Floor) -> None:
    status = replace(floor.session.status, activity=Activity.RESERVED)
    floor.session.tell_taken()
    floor.set_status(status)
    assert floor.look() == [Disagreement.RESERVED_WITHOUT_OFFER]
    assert floor.state() is S.READY
    floor.centre.call()
    assert floor.state() is S.RESERVED, "the next caller rings"


def test_an_offer_of_a_call_that_is_gone(floor: Floor) -> None:
    call_id = floor.centre.call()
    del floor.calls._calls[call_id]
    healed = floor.look()
    assert Disagreement.OFFER_WITHOUT_CALL in healed
    assert Disagreement.WAIT_WITHOUT_CALL in healed
    assert floor.state() is S.READY
    [ended] = floor.centre.events(OfferEnded)
    assert ended.outcome is OfferOutcome.CALLER_LEFT


def test_an_offer_past_its_deadline(floor: Floor) -> None:
    floor.centre.call()
    floor.session.lease.leave()
    floor.centre.clock.advance(16)
    assert floor.look() == []
    floor.centre.clock.advance(1)
    assert floor.look() == [Disagreement.OFFER_OVERDUE]
    view = floor.service.view(A)
    assert (view.state, view.reason) == (S.NOT_READY, "no_answer")


def test_an_offer_that_rings_nowhere(floor: Floor) -> None:
    call_id = floor.centre.call()
    call = floor.calls._calls[call_id]
    caller = call.caller
    assert caller is not None
    floor.calls._calls[call_id] = replace(call, connections=(caller,))
    assert Disagreement.OFFER_WITHOUT_RING in floor.look()
    assert floor.service.view(A).reason == "phone_unreachable"
    assert floor.service.waiting_since(call_id) is not None


def test_an_agent_who_talks_in_a_call_that_is_gone(floor: Floor) -> None:
    call_id = floor.talk()
    floor.centre.clock.advance(20)
    del floor.calls._calls[call_id]
    assert floor.look() == [Disagreement.TALK_WITHOUT_CONNECTION]
    assert floor.state() is S.WORKING_AFTER_CALL
    floor.service.finish_after_call(A)
    [wrapped] = floor.centre.events(CallWrappedUp)
    assert (wrapped.call_id, wrapped.talked) == (call_id, 20)


def test_a_hold_that_went_unheard(floor: Floor) -> None:
    agent = floor.centre.phone(floor.talk())
    floor.unheard(lambda: floor.calls.hold(agent.id))
    assert floor.look() == [Disagreement.HOLD_UNNOTICED]
    assert floor.state() is S.HOLD
    floor.unheard(lambda: floor.calls.retrieve(agent.id))
    assert floor.look() == [Disagreement.HOLD_UNNOTICED]
    assert floor.state() is S.BUSY


def test_a_call_that_rings_no_more(floor: Floor) -> None:
    floor.calls.make(floor.session.extension, floor.centre.extensions["b"])
    assert floor.state() is S.BUSY
    floor.calls._calls.clear()
    assert floor.look() == [Disagreement.RING_WITHOUT_CALL]
    assert floor.state() is S.READY


def test_a_conversation_nobody_was_told_of(floor: Floor) -> None:
    call_id = floor.centre.call()
    agent = floor.centre.phone(call_id)
    floor.service.set_not_ready(A, "lunch")
    floor.centre.clock.advance(15)
    call = floor.calls._calls[call_id]
    talking = replace(agent, state=ConnectionState.CONNECTED)
    floor.calls._calls[call_id] = replace(call, connections=(*call.connections, talking))
    assert floor.look() == [Disagreement.CONNECTION_UNNOTICED]
    assert floor.state() is S.BUSY
    floor.calls.hang_up(call_id)
    assert floor.state() is S.WORKING_AFTER_CALL


def test_busy_though_the_calls_are_over(floor: Floor) -> None:
    call_id = floor.talk()
    floor.session._house.book.abandon(floor.session.extension, floor.session._now())
    del floor.calls._calls[call_id]
    assert floor.look() == [Disagreement.BUSY_WITHOUT_CALL]
    assert floor.state() is S.WORKING_AFTER_CALL


def test_in_a_call_and_not_busy(floor: Floor) -> None:
    floor.talk()
    floor.set_status(replace(floor.session.status, activity=Activity.IDLE, busy=None))
    assert floor.look() == [Disagreement.CALL_WITHOUT_BUSY_AGENT], "which cures the bench, too"
    assert floor.state() is S.BUSY
    assert not floor.service._engine.free(A)


def test_work_after_no_call(floor: Floor) -> None:
    floor.session.tell_taken()
    status = replace(floor.session.status, activity=Activity.WORKING_AFTER_CALL)
    floor.set_status(status)
    assert floor.look() == [Disagreement.WORK_AFTER_NO_CALL]
    assert floor.state() is S.READY


def test_work_that_goes_on_after_its_end(floor: Floor) -> None:
    floor.calls.hang_up(floor.talk())
    floor.session._timer.disarm()
    floor.centre.clock.advance(31.5)
    assert floor.look() == [Disagreement.WORK_OVERDUE]
    assert floor.state() is S.READY


def test_ready_without_a_telephone(floor: Floor) -> None:
    floor.calls._devices.discard(floor.session.extension)
    assert floor.look() == [Disagreement.READY_WITHOUT_PHONE]
    assert floor.service.view(A).reason == "phone_lost"


def test_ready_and_on_no_bench(floor: Floor) -> None:
    floor.service._engine.agent_gone(A)
    call_id = floor.centre.call()
    assert floor.look() == [Disagreement.READY_ON_NO_BENCH]
    [offered] = floor.centre.events(CallOffered)
    assert offered.call_id == call_id


def test_on_a_bench_and_not_ready(floor: Floor) -> None:
    floor.service.set_not_ready(A, "lunch")
    floor.session.tell_free()
    assert floor.look() == [Disagreement.ON_BENCH_UNREADY]
    floor.centre.call()
    assert not floor.centre.events(CallOffered)


def test_a_wait_of_a_call_that_is_gone(floor: Floor) -> None:
    floor.service.set_not_ready(A, "lunch")
    call_id = floor.centre.call()
    del floor.calls._calls[call_id]
    assert floor.look() == [Disagreement.WAIT_WITHOUT_CALL]
    [flowed] = floor.centre.events(CallFlowedOut)
    assert (flowed.queue_id, flowed.reason) == (GENERAL, "lost")


def test_a_wait_that_can_be_given_to_nobody(floor: Floor) -> None:
    floor.service.set_not_ready(A, "lunch")
    call_id = floor.centre.call()
    floor.service._engine._matching.matcher._call_left(call_id)
    assert floor.look() == [Disagreement.WAIT_IN_NO_LANE]
    floor.service.set_ready(A)
    [offered] = floor.centre.events(CallOffered)
    assert offered.call_id == call_id


def test_a_call_that_is_offered_to_nobody(floor: Floor) -> None:
    call_id = floor.centre.call()
    rings = floor.centre.phone(call_id).id
    floor.unheard(lambda: floor.calls.clear_connection(rings))
    session = floor.session
    session.lease.leave()
    session.lease.restore(None)
    floor.set_status(replace(session.status, activity=Activity.IDLE))
    floor.service._engine.agent_gone(A)
    healed = floor.look()
    assert Disagreement.OFFERED_TO_NOBODY in healed
    assert Disagreement.READY_ON_NO_BENCH in healed
    assert floor.state() is S.RESERVED, "rung again"


class ManyDesks:
    """More agents than a look compares in one turn, all of them ready."""

    def __init__(self) -> None:
        self.names = [f"n{place:02}" for place in range(FEW + 5)]
        self.centre = CallCentre({name: {"general": 5} for name in self.names})
        self.centre.ready(*self.names)
        self.service, self.calls = self.centre.service, self.centre.calls
        self.last = self.service.sessions.of(AgentId(self.names[-1]))

    def half_a_look(self) -> None:
        """Those at the first desks were compared, and the last one is yet to be."""
        self.service.reconciler.look()
        assert self.centre.clock.getDelayedCalls()

    def the_other_half(self) -> None:
        self.centre.clock.advance(0)

    def healed(self) -> list[tuple[Disagreement, AgentId | None]]:
        events = self.centre.events(DisagreementHealed)
        return [(each.what, each.agent_id) for each in events]


def test_what_happens_between_two_turns_of_a_look_is_no_disagreement() -> None:
    many = ManyDesks()
    for _ in range(2):
        many.half_a_look()
        call_id = many.centre.call()
        many.centre.answer(call_id)
        other = many.centre.call()
        many.the_other_half()
        many.half_a_look()
        many.calls.hang_up(call_id)
        many.calls.hang_up(other)
        many.the_other_half()
    assert many.healed() == []


def test_a_look_that_takes_turns_finds_what_one_turn_finds() -> None:
    many = ManyDesks()
    many.calls._devices.discard(many.last.extension)
    for _ in range(2):
        many.half_a_look()
        many.the_other_half()
    assert many.healed() == [(Disagreement.READY_WITHOUT_PHONE, many.last.agent_id)]


def test_what_was_found_and_is_right_by_its_next_turn_is_left_alone() -> None:
    many = ManyDesks()
    many.calls._devices.discard(many.last.extension)
    many.half_a_look()
    many.the_other_half()
    many.half_a_look()
    many.calls._devices.add(many.last.extension)
    many.the_other_half()
    assert many.healed() == []
    assert many.last.status.state is S.READY


def test_no_look_begins_before_the_last_one_is_over_and_none_goes_on_after_the_end() -> None:
    many = ManyDesks()
    many.half_a_look()
    many.half_a_look()
    assert len(many.centre.clock.getDelayedCalls()) == 1
    many.service.reconciler.stop()
    assert not many.centre.clock.getDelayedCalls()


def test_every_kind_is_planted_above() -> None:
    text = Path(__file__).read_text("utf-8")
    for kind in Disagreement:
        assert f"Disagreement.{kind.name}" in text, kind


def test_what_cannot_be_healed_keeps_nothing_else_from_it(floor: Floor) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    floor.set_status(replace(floor.session.status, activity=Activity.WORKING_AFTER_CALL))
    other = floor.service.sessions.of(B)
    other.standing.status = replace(other.status, activity=Activity.WORKING_AFTER_CALL)
    floor.session.finish = broken  # type: ignore[method-assign]
    floor.look()
    assert floor.state(B) is S.READY
    assert floor.service.reconciler.healed[Disagreement.WORK_AFTER_NO_CALL] == 2


def test_a_call_from_which_no_sound_comes_is_told_of_once(floor: Floor) -> None:
    floor.service.reconciler.start()
    call_id = floor.talk()
    floor.calls.clear_connection(floor.centre.phone(call_id).id, Party.SYSTEM, Cause.MEDIA_LOST)
    told = [(e.what, e.about_call) for e in floor.centre.events(DisagreementHealed)]
    assert told == [(Disagreement.CALL_WITHOUT_SOUND, call_id)]
    floor.service.reconciler.stop()


def test_a_page_that_does_not_come_back_is_no_disagreement(floor: Floor) -> None:
    floor.service.reconciler.start()
    phone = floor.centre.phone(floor.talk())
    floor.calls.page_is_lost(phone.id)
    floor.calls.page_stays_away(phone.id)
    assert floor.state() is not S.BUSY
    assert not floor.centre.events(DisagreementHealed)
    floor.service.reconciler.stop()


def looked_at(agents: int, waiting: int) -> int:
    """What a look costs where nobody is at work and so many wait."""
    centre = CallCentre({f"n{place:02}": {"general": 5} for place in range(agents)})
    for _ in range(waiting):
        centre.call()
    with counted() as work:
        centre.service.reconciler.look()
        centre.clock.pump([0.0] * (agents + waiting))
    return work[0]


def test_to_look_at_who_waits_costs_no_more_where_there_are_more_agents() -> None:
    few = looked_at(agents=2, waiting=FEW) - looked_at(agents=2, waiting=0)
    assert looked_at(agents=60, waiting=FEW) - looked_at(agents=60, waiting=0) == few


def test_a_caller_who_waits_unoffered_costs_a_glance() -> None:
    """Their place among the calls that are up, and whether they are offered: nothing else."""
    each = (looked_at(agents=2, waiting=2 * FEW) - looked_at(agents=2, waiting=FEW)) / FEW
    assert each < 12


def test_the_turn_in_which_a_look_begins_costs_no_more_because_more_calls_are_up() -> None:
    def beginning(calls: int) -> int:
        centre = CallCentre({"a": {"general": 5}})
        for _ in range(calls):
            centre.call()
        with counted() as work:
            centre.service.reconciler.look()
        return work[0]

    assert beginning(6 * FEW) == beginning(2 * FEW)
