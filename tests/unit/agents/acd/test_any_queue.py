"""Any day of any queues: each call leaves once, figures add up, no call-back without its agent.

And the same where customers are called ahead: no more of them than agents who may take them.
"""

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from agents.acd.outflow import WaitingPorts
from agents.acd.overflow import waiting_from
from agents.events import (
    AgentState,
    CallAbandoned,
    CallAnswered,
    CallBackAttempted,
    CallBackEnded,
    CallBackPromised,
    CallFlowedOut,
    CallOffered,
    CallQueued,
    OfferEnded,
)
from agents.model import AgentSettings
from agents.state import STAFFED
from cti.call.model import Call, Cause, Connection, Party
from cti.kernel.errors import Refused
from cti.kernel.identifiers import AgentId, CallId, QueueId
from tests.support.call_centre import COMPLAINTS, GENERAL, QUEUES, RINGING, CallCentre
from tests.support.examples import examples

NAMES = "abc"
SKILLS = {"a": {"general": 9}, "b": {"general": 5, "complaints": 5}, "c": {"complaints": 8}}
NIGHT_DESK = "02166668888"
GENERAL_RULES: dict[str, Any] = {
    "most": {"calls": 4, "then": {"to": "queue", "queue": "complaints"}},
    "longest": {"after": 100, "then": {"to": "number", "number": "night_desk"}},
    "expect": {"above": 400, "then": {"to": "call_back"}},
    "call_back": {"window": ["00:00", "24:00"], "attempts": 2, "pause": 60, "keep": 900},
}
COMPLAINTS_RULES: dict[str, Any] = {
    "longest": {"after": 150, "then": {"to": "queue", "queue": "general"}},
    "empty": {"then": {"to": "goodbye"}},
}
ENDS = (CallAnswered, CallAbandoned, CallFlowedOut)


class AnyQueue(RuleBasedStateMachine):
    lead = 0.0

    def __init__(self) -> None:
        super().__init__()
        one, other = QUEUES
        call_back = {**GENERAL_RULES["call_back"], "lead": self.lead}
        queues = [
            replace(one, waiting=waiting_from({**GENERAL_RULES, "call_back": call_back})),
            replace(other, waiting=waiting_from(COMPLAINTS_RULES)),
        ]
        ports = WaitingPorts(transfers={"night_desk": NIGHT_DESK})
        settings = AgentSettings(expected_handling=30.0) if self.lead else None
        self.centre = CallCentre(SKILLS, settings, queues=queues, ports=ports)
        self.centre.bus.subscribe(CallBackAttempted, self.called_back)
        self.ahead: set[CallId] = set()
        """Calls that went out before an agent was reserved."""
        self.centre.calls.outside.add(NIGHT_DESK)
        self.callers = 0
        for name in NAMES:
            self.centre.calls.register(self.centre.extensions[name])
            self.centre.service.sign_in(AgentId(name))

    def calls(self) -> list[Call]:
        return self.centre.calls.calls()

    def called_back(self, event: CallBackAttempted) -> None:
        """One more goes out: at that instant, at most one for each agent who may have them."""
        if event.agent_id is not None:
            return
        self.ahead.add(event.call_id)
        able = [
            view
            for view in self.centre.service.agents()
            if view.state in STAFFED and "general" in SKILLS[view.agent_id]
        ]
        assert len(self.out() - set(self.reserved())) <= len(able)

    def out(self) -> set[CallId]:
        """The customers who are being called back."""
        return {
            call.id
            for call in self.calls()
            if call.caller is None and call.customer and call.customer.state in RINGING
        }

    def reserved(self) -> list[CallId]:
        """Those of them for whom an agent is reserved, once for each agent."""
        views = self.centre.service.agents()
        reserved = [view.call_id for view in views if view.state is AgentState.RESERVED]
        return [each for each in reserved if each in self.out()]

    def ringing(self) -> list[Connection]:
        return [
            each
            for call in self.calls()
            for each in call.connections
            if each.state in RINGING and each.party is not Party.CALLER
        ]

    @rule(seconds=st.sampled_from([0.0, 1.0, 8.0, 16.0, 31.0, 60.0, 200.0]))
    def time_passes(self, seconds: float) -> None:
        self.centre.clock.advance(seconds)

    @rule(queue=st.sampled_from([GENERAL, GENERAL, COMPLAINTS]))
    def call_arrives(self, queue: QueueId) -> None:
        self.callers += 1
        number = f"138{self.callers:08d}"
        self.centre.calls.outside.add(number)
        self.centre.call(queue, calling=number)

    @rule(data=st.data())
    def caller_hangs_up(self, data: st.DataObject) -> None:
        if calls := self.calls():
            self.centre.calls.hang_up(data.draw(st.sampled_from(calls)).id)

    @rule(data=st.data(), keys=st.sampled_from(["9", "91", "92", "1", "2", "*", "13900000000#1"]))
    def caller_presses_keys(self, data: st.DataObject, keys: str) -> None:
        if calls := self.calls():
            call_id = data.draw(st.sampled_from(calls)).id
            for key in keys:
                self.centre.calls.press(call_id, key)

    @rule(data=st.data())
    def an_announcement_ends(self, data: st.DataObject) -> None:
        once = [each for each in self.centre.calls.playing if each not in self.repeating()]
        if once:
            self.centre.calls.finish_play(data.draw(st.sampled_from(sorted(once))))

    def repeating(self) -> set[CallId]:
        return self.centre.calls.repeating

    @rule(name=st.sampled_from(NAMES), wish=st.sampled_from(["set_ready", "sign_out", "sign_in"]))
    def agent_wishes(self, name: str, wish: str) -> None:
        try:
            getattr(self.centre.service, wish)(AgentId(name))
        except Refused:
            return

    @rule(data=st.data(), answers=st.booleans())
    def somebody_is_rung(self, data: st.DataObject, answers: bool) -> None:
        if not (ringing := self.ringing()):
            return
        one = data.draw(st.sampled_from(ringing))
        if answers:
            self.centre.calls.phone_answers(one.id)
        else:
            self.centre.calls.phone_refuses(one.id, Cause.BUSY)

    @rule(away=st.sampled_from([0.0, 40.0]))
    def the_server_is_restarted(self, away: float) -> None:
        self.centre.restart(away)

    @invariant()
    def nothing_went_wrong(self) -> None:
        assert not self.centre.errors

    @invariant()
    def figures_add_up(self) -> None:
        queued = Counter(event.queue_id for event in self.centre.events(CallQueued))
        ended = [event for event in self.centre.journal if isinstance(event, ENDS)]
        over = Counter(event.queue_id for event in ended)
        for view in self.centre.service.queues():
            assert queued[view.queue_id] == over[view.queue_id] + view.waiting

    @invariant()
    def nobody_waits_for_a_ready_agent(self) -> None:
        engine = self.centre.service._engine
        queues = {stay.queue_id for stay in engine._stays if engine.unoffered(stay)}
        for view in self.centre.service.agents():
            served = {queue.queue_id for queue in self.centre.service.queues_of(view.agent_id)}
            assert view.state is not AgentState.READY or not served & queues

    @invariant()
    def every_call_back_that_is_out_has_an_agent_of_its_own(self) -> None:
        out, reserved = self.out(), self.reserved()
        assert len(reserved) == len(set(reserved))
        assert out - set(reserved) <= self.ahead

    @invariant()
    def promises_end_once(self) -> None:
        made = Counter(event.call_id for event in self.centre.events(CallBackPromised))
        ended = Counter(event.promised_on for event in self.centre.events(CallBackEnded))
        tried = Counter(event.promised_on for event in self.centre.events(CallBackAttempted))
        assert all(count == 1 for count in made.values())
        assert all(count == 1 for count in ended.values())
        assert set(ended) | set(tried) <= set(made)
        promised = sum(view.call_backs for view in self.centre.service.queues())
        assert promised == len(made) - len(ended)
        assert all(event.attempts <= 2 for event in self.centre.events(CallBackEnded))

    @invariant()
    def no_call_leaves_a_queue_it_is_not_in(self) -> None:
        waits: Counter[CallId] = Counter()
        for event in self.centre.journal:
            if isinstance(event, CallQueued):
                waits[event.call_id] += 1
            elif isinstance(event, ENDS):
                waits[event.call_id] -= 1
            else:
                continue
            assert waits[event.call_id] in (0, 1)

    def teardown(self) -> None:
        self.centre.service.stop()
        assert not self.centre.errors
        made = Counter(event.offer_id for event in self.centre.events(CallOffered))
        assert made == Counter(event.offer_id for event in self.centre.events(OfferEnded))
        assert [str(each) for each in self.centre.clock.getDelayedCalls()] == []


class AnyQueueWithLead(AnyQueue):
    lead = 120.0


TestAnyQueueWithLead = AnyQueueWithLead.TestCase
TestAnyQueueWithLead.settings = settings(
    max_examples=examples(40), stateful_step_count=40, deadline=None
)
TestAnyQueue = AnyQueue.TestCase
TestAnyQueue.settings = settings(max_examples=examples(50), stateful_step_count=40, deadline=None)
