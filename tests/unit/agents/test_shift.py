"""Any shift of any agents: figures add up, offers end once, nobody is stuck."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from agents.actions import Action
from agents.events import (
    AgentState,
    AgentStateChanged,
    CallAbandoned,
    CallAnswered,
    CallFlowedOut,
    CallOffered,
    CallQueued,
    CallWrappedUp,
    DisagreementHealed,
    OfferEnded,
    OfferOutcome,
)
from agents.intervals import intervals, signed_in
from agents.model import AgentSettings
from agents.state import CHOSEN
from agents.views import AgentView
from cti.call.model import Cause, ConnectionState
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import AgentId, CallId, StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from monitoring.statistics import Figures, Rules, fold
from tests.support.call_centre import COMPLAINTS, GENERAL, RINGING, CallCentre
from tests.support.examples import examples

NAMES = "abc"
SKILLS = {"a": {"general": 9}, "b": {"general": 5, "complaints": 5}, "c": {"complaints": 8}}
agents = st.sampled_from(NAMES)


class Shift(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.centre = CallCentre(SKILLS, AgentSettings(missed_limit=2))
        self.centre.in_page = lambda extension: extension == self.centre.extensions["a"]
        self.centre.restart()
        self.restarted = self.signed_off_in_mid_call = False
        for name in NAMES:
            self.centre.calls.register(self.centre.extensions[name])
            self.centre.service.sign_in(AgentId(name))

    def do(self, wish: str, name: str, *more: str) -> None:
        """Wish it; the server refuses exactly what the console's button says is impossible."""
        button, refused = BUTTONS.get(wish), False
        why = self.centre.service.view(AgentId(name)).can[button.value] if button else ""
        try:
            getattr(self.centre.service, wish)(AgentId(name), *more)
        except Refused:
            refused = True
        assert button is None or refused == bool(why), f"{wish}: {why or 'no reason'}"

    def phones(self) -> list[tuple[CallId, str, ConnectionState]]:
        return [
            (call.id, call.agent.id, call.agent.state)
            for call in self.centre.calls.calls()
            if call.agent
        ]

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 7.0, 15.0, 31.0, 200.0]))
    def time_passes(self, seconds: float) -> None:
        self.centre.clock.advance(seconds)

    @rule(queue=st.sampled_from([GENERAL, COMPLAINTS]))
    def call_arrives(self, queue: object) -> None:
        self.centre.call(queue)  # type: ignore[arg-type]  # one of two QueueIds

    @rule(data=st.data())
    def caller_hangs_up(self, data: st.DataObject) -> None:
        if calls := self.centre.calls.calls():
            self.centre.calls.hang_up(data.draw(st.sampled_from(calls)).id)

    @rule(
        name=agents,
        wish=st.sampled_from(
            [
                "sign_in",
                "sign_out",
                "set_ready",
                "finish_after_call",
                "extend_after_call",
                "hang_up",
                "hold",
                "retrieve",
            ]
        ),
    )
    def agent_wishes(self, name: str, wish: str) -> None:
        self.do(wish, name)

    @rule(name=agents)
    def agent_is_ready(self, name: str) -> None:
        self.do("set_ready", name)

    @rule(name=agents, reason=st.sampled_from(["lunch", "break"]))
    def agent_pauses(self, name: str, reason: str) -> None:
        self.do("set_not_ready", name, reason)

    @rule(name=agents, state=st.sampled_from(sorted(CHOSEN, key=str)), at_once=st.booleans())
    def supervisor_forces(self, name: str, state: AgentState, at_once: bool) -> None:
        agent_id = AgentId(name)
        talks = self.centre.service.sessions.of(agent_id).calls.talks
        self.signed_off_in_mid_call |= at_once and state is AgentState.LOGGED_OFF and bool(talks)
        with suppress(Refused):
            self.centre.service.force(agent_id, state, "", BOSS, at_once=at_once)

    @rule(name=agents, state=st.sampled_from(sorted(CHOSEN, key=str)))
    def agent_chooses_what_comes_next(self, name: str, state: AgentState) -> None:
        reason = "lunch" if state is AgentState.NOT_READY else ""
        with suppress(Refused):
            self.centre.service.choose_next(AgentId(name), state, reason)

    @rule(name=agents, page=st.sampled_from(["one", "two"]), there=st.booleans())
    def page_comes_or_goes(self, name: str, page: str, there: bool) -> None:
        desks = self.centre.service.desks
        (desks.joined if there else desks.left)(AgentId(name), page)

    @rule(data=st.data(), what=st.sampled_from(["ring", "answer", "answer", "busy", "network"]))
    def phone_reacts(self, data: st.DataObject, what: str) -> None:
        ringing = [leg for _, leg, state in self.phones() if state in RINGING]
        if not ringing:
            return
        leg = data.draw(st.sampled_from(ringing))
        match what:
            case "ring":
                self.centre.calls.phone_rings(leg)  # type: ignore[arg-type]  # a ConnectionId
            case "answer":
                self.centre.calls.phone_answers(leg)  # type: ignore[arg-type]
            case _:
                self.centre.calls.phone_refuses(leg, Cause(_CAUSES[what]))  # type: ignore[arg-type]

    @rule(name=agents, registered=st.booleans())
    def phone_comes_or_goes(self, name: str, registered: bool) -> None:
        change = self.centre.calls.register if registered else self.centre.calls.unregister
        change(self.centre.extensions[name])

    @rule(away=st.sampled_from([0.0, 2.0, 40.0]))
    def the_server_is_restarted(self, away: float) -> None:
        self.restarted = True
        before = {view.agent_id: view for view in self.centre.service.agents()}
        self.centre.restart(away)
        for view in self.centre.service.agents():
            self.is_as_before(before[view.agent_id], view)

    def is_as_before(self, before: AgentView, after: AgentView) -> None:
        if before.state is AgentState.LOGGED_OFF:
            assert after.state is AgentState.LOGGED_OFF
            return
        if before.state is AgentState.RESERVED or after.state is AgentState.RESERVED:
            return
        over = before.deadline is not None and before.deadline <= utc(self.centre.clock)
        if over:
            assert after.state is not AgentState.WORKING_AFTER_CALL
            return
        if before.state is not AgentState.WORKING_AFTER_CALL:
            after = replace(after, extensions_left=before.extensions_left)
        assert after == replace(before, notes=after.notes)

    @invariant()
    def nothing_went_wrong(self) -> None:
        assert not self.centre.errors

    @invariant()
    def state_and_telephone_agree(self) -> None:
        by_extension = {
            call.agent.device.id: call.agent.state
            for call in self.centre.calls.calls()
            if call.agent
        }
        for view in self.centre.service.agents():
            leg = by_extension.get(view.extension)
            if view.state is AgentState.LOGGED_OFF:
                continue
            assert (view.state is AgentState.RESERVED) == (leg in RINGING)
            assert (view.state is AgentState.BUSY) == (leg is ConnectionState.CONNECTED)
            assert (view.state is AgentState.HOLD) == (leg is ConnectionState.HOLD)
            assert view.state is not AgentState.READY or view.phone_registered

    @invariant()
    def nothing_is_to_be_healed(self) -> None:
        self.centre.service.reconciler.look()
        self.centre.service.reconciler.look()
        assert not self.centre.events(DisagreementHealed)

    @invariant()
    def queue_counts_reconcile(self) -> None:
        # offered = answered + abandoned + flowed out + still waiting
        ends = (CallAnswered, CallAbandoned, CallFlowedOut)
        over = sum(len(self.centre.events(kind)) for kind in ends)
        waiting = sum(view.waiting for view in self.centre.service.queues())
        assert len(self.centre.events(CallQueued)) == over + waiting

    @invariant()
    def nobody_waits_for_a_ready_agent(self) -> None:
        engine = self.centre.service._engine
        queues = {stay.queue_id for stay in engine._stays if engine.place(stay.call_id)}
        for view in self.centre.service.agents():
            served = {queue.queue_id for queue in self.centre.service.queues_of(view.agent_id)}
            assert view.state is not AgentState.READY or not served & queues

    def teardown(self) -> None:
        self.centre.service.stop()
        assert not self.centre.errors
        self.intervals_are_gap_free()
        self.figures_are_those_of_the_intervals()
        if not self.restarted and not self.signed_off_in_mid_call:
            self.times_are_those_of_the_conversations()
        self.offers_end_once()
        if not self.signed_off_in_mid_call:
            self.answered_calls_are_wrapped_up_once()
        assert not self.centre.clock.getDelayedCalls()

    def intervals_are_gap_free(self) -> None:
        log = intervals(self.centre.journal)
        for name in NAMES:
            mine = [e for e in self.centre.events(AgentStateChanged) if e.agent_id == name]
            assert mine[0].previous is AgentState.LOGGED_OFF
            assert mine[-1].state is AgentState.LOGGED_OFF
            for before, after in pairwise(mine):
                assert after.previous is before.state
                assert after.at >= before.at
                assert told_of(after) != told_of(before)
            shifts = [each for each in mine if AgentState.LOGGED_OFF in (each.previous, each.state)]
            begun, ended = shifts[::2], shifts[1::2]
            at_work = [off.at - on.at for on, off in zip(begun, ended, strict=True)]
            now = utc(self.centre.clock)
            assert signed_in(log[AgentId(name)], now) == sum(at_work, timedelta())

    def times_are_those_of_the_conversations(self) -> None:
        """But for what happens to a call while no server is there."""
        log = [each for mine in intervals(self.centre.journal).values() for each in mine]
        for event in self.centre.events(CallWrappedUp):
            spent = {
                state: sum(
                    each.length(event.at).total_seconds()
                    for each in log
                    if (each.agent_id, each.call_id, each.state)
                    == (event.agent_id, event.call_id, state)
                )
                for state in AgentState
            }
            assert spent[AgentState.BUSY] == pytest.approx(event.talked, abs=1e-3)
            assert spent[AgentState.HOLD] == pytest.approx(event.held, abs=1e-3)
            assert spent[AgentState.WORKING_AFTER_CALL] == pytest.approx(event.after_call, abs=1e-3)

    def figures_are_those_of_the_intervals(self) -> None:
        figures = Figures(Rules())
        for event in self.centre.journal:
            figures = fold(figures, event)
        for agent_id, log in intervals(self.centre.journal).items():
            agent = figures.agents[agent_id]
            at_work = signed_in(log, utc(self.centre.clock)).total_seconds()
            assert agent.signed_in == pytest.approx(at_work, abs=1e-3)
            not_ready = agent.seconds.get(AgentState.NOT_READY, 0.0)
            assert sum(agent.reasons.values()) == pytest.approx(not_ready, abs=1e-3)

    def offers_end_once(self) -> None:
        made = [event.offer_id for event in self.centre.events(CallOffered)]
        ended = Counter(event.offer_id for event in self.centre.events(OfferEnded))
        assert ended == Counter(dict.fromkeys(made, 1))

    def answered_calls_are_wrapped_up_once(self) -> None:
        taken = [
            (event.call_id, event.agent_id)
            for event in self.centre.events(OfferEnded)
            if event.outcome is OfferOutcome.ACCEPTED
        ]
        wrapped = [(event.call_id, event.agent_id) for event in self.centre.events(CallWrappedUp)]
        assert Counter(taken) == Counter(wrapped)
        assert all(event.talked >= 0 for event in self.centre.events(CallWrappedUp))


BOSS = Principal(StaffId("boss"), "Boss", frozenset({Role.SUPERVISOR}), Language.ENGLISH)
BUTTONS = {
    "set_ready": Action.READY,
    "set_not_ready": Action.NOT_READY,
    "finish_after_call": Action.FINISH,
    "extend_after_call": Action.EXTEND,
}


def told_of(event: AgentStateChanged) -> tuple[object, ...]:
    return event.state, event.reason, event.busy


_CAUSES = {"busy": Cause.BUSY, "network": Cause.NETWORK}

Shift.TestCase.settings = settings(max_examples=examples(25), stateful_step_count=40, deadline=None)
TestShift = Shift.TestCase
