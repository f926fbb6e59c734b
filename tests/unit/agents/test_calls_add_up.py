"""Services in any order: what agents' conversations took adds up with states and call records."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agents.calls import CallBook
from agents.events import AgentState, AgentStateChanged, CallWrappedUp
from agents.state import IN_A_CALL
from cti.call.events import CallEvent
from cti.call.model import Connection, ConnectionState, Party
from cti.kernel.errors import Refused
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, CallId
from monitoring import cdr
from tests.support.call_centre import RINGING, CallCentre
from tests.support.examples import examples

OUTSIDE = "13700137000"
NUMBERS = st.sampled_from(["1001", "1002", "1003", OUTSIDE])
PICK = st.integers(0, 1000)
CONNECTED, HOLD = ConnectionState.CONNECTED, ConnectionState.HOLD


class Telephony(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.centre = CallCentre({"a": {"general": 5}, "b": {"general": 5}, "c": {"general": 5}})
        self.centre.calls.outside.add(OUTSIDE)
        self.centre.ready("a", "b", "c")

    def everybody(self, *states: ConnectionState) -> list[Connection]:
        calls = self.centre.calls.calls()
        return [each for call in calls for each in call.connections if each.state in states]

    def telephones(self, *states: ConnectionState) -> list[Connection]:
        extensions = self.centre.extensions.values()
        return [each for each in self.everybody(*states) if each.device.id in extensions]

    def attempt(self, service: str, *args: object) -> None:
        try:
            getattr(self.centre.calls, service)(*args)
        except Refused:
            return

    # --- what happens -----------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.25, 1, 7, 31]))
    def time_passes(self, seconds: float) -> None:
        self.centre.clock.advance(seconds)

    @rule()
    def a_caller_comes(self) -> None:
        self.centre.call()

    @precondition(lambda self: self.everybody(*RINGING))
    @rule(pick=PICK, answers=st.booleans())
    def a_telephone_that_rings_is_answered_or_not(self, pick: int, answers: bool) -> None:
        ringing = self.everybody(*RINGING)
        name = ringing[pick % len(ringing)].id
        self.centre.calls.phone_rings(name)
        if answers:
            self.centre.calls.phone_answers(name)
        else:
            self.centre.calls.phone_refuses(name)

    @rule(pick=PICK, number=NUMBERS)
    def somebody_dials(self, pick: int, number: str) -> None:
        devices = list(self.centre.extensions.values())
        self.attempt("make", devices[pick % len(devices)], number)

    @precondition(lambda self: self.telephones(CONNECTED, HOLD))
    @rule(pick=PICK, service=st.sampled_from(["hold", "retrieve", "park", "clear_connection"]))
    def with_one_call(self, pick: int, service: str) -> None:
        there = self.telephones(CONNECTED, HOLD)
        self.attempt(service, there[pick % len(there)].id)

    @precondition(lambda self: self.telephones(CONNECTED, HOLD))
    @rule(
        pick=PICK,
        service=st.sampled_from(["consult", "consult", "single_step_transfer"]),
        number=NUMBERS,
    )
    def with_somebody_else(self, pick: int, service: str, number: str) -> None:
        there = self.telephones(CONNECTED, HOLD)
        self.attempt(service, there[pick % len(there)].id, number)

    @rule(service=st.sampled_from(["alternate", "reconnect", "transfer", "conference"]))
    def with_two_calls(self, service: str) -> None:
        for held in self.telephones(HOLD):
            for active in self.telephones(CONNECTED):
                if active.device == held.device:
                    self.attempt(service, held.id, active.id)
                    return

    @precondition(lambda self: self.centre.calls.calls())
    @rule(pick=PICK)
    def a_call_ends(self, pick: int) -> None:
        calls = self.centre.calls.calls()
        self.centre.calls.clear(calls[pick % len(calls)].id, Party.CALLER)

    @rule(name=st.sampled_from(["a", "b", "c"]))
    def after_call_work_is_finished(self, name: str) -> None:
        if self.centre.service.view(AgentId(name)).state is AgentState.WORKING_AFTER_CALL:
            self.centre.service.finish_after_call(AgentId(name))

    @rule(name=st.sampled_from(["a", "b", "c"]))
    def an_agent_is_ready_again(self, name: str) -> None:
        self.centre.service.set_ready(AgentId(name))

    @rule(away=st.sampled_from([0.0, 3.0]))
    def the_server_restarts(self, away: float) -> None:
        if not self.everybody(*RINGING):
            self.centre.restart(away)

    # --- what holds -------------------------------------------------------------------------

    @invariant()
    def nobody_stumbled(self) -> None:
        assert not self.centre.errors, self.centre.errors

    @invariant()
    def agents_are_in_calls_exactly_when_their_telephones_are(self) -> None:
        talking = self.telephones(CONNECTED, HOLD)
        for name, extension in self.centre.extensions.items():
            session = self.centre.service.sessions.of(AgentId(name))
            own = {each.state for each in talking if each.device.id == extension}
            if own and session.offer is None:
                held = own == {HOLD}
                assert session.status.state is (AgentState.HOLD if held else AgentState.BUSY)
            elif not own and session.status.activity in IN_A_CALL:
                assert session.calls.rings, "busy with nothing"

    @invariant()
    def the_book_is_what_the_journal_tells(self) -> None:
        book = CallBook()
        book.read(self.centre.journal)
        for extension in self.centre.extensions.values():
            session = self.centre.service.sessions.at(extension)
            assert session is not None
            assert book.of(extension) == session.calls

    def teardown(self) -> None:
        for call in self.centre.calls.calls():
            self.centre.calls.clear(call.id)
        self.centre.clock.advance(1000)
        self.nobody_stumbled()
        records = records_of(self.centre.journal)
        for name, extension in self.centre.extensions.items():
            told = [each for each in self.centre.events(CallWrappedUp) if each.agent_id == name]
            legs = [leg for each in records for leg in each.legs if leg.device_id == extension]
            assert sum(each.talked for each in told) == pytest.approx(sum(x.talked for x in legs))
            assert sum(each.held for each in told) == pytest.approx(sum(x.held for x in legs))
            after = seconds_in(self.centre.journal, AgentId(name), AgentState.WORKING_AFTER_CALL)
            assert sum(each.after_call for each in told) == pytest.approx(after)


def records_of(journal: list[Event]) -> list[cdr.CallRecord]:
    """The record of every call."""
    records: dict[CallId, cdr.CallRecord | None] = {}
    for event in journal:
        if isinstance(event, CallEvent):
            records[event.call_id] = cdr.fold(records.get(event.call_id), event)
    return [each for each in records.values() if each is not None]


def seconds_in(journal: list[Event], agent_id: AgentId, state: AgentState) -> float:
    """How long the agent was in that state, by the journal alone."""
    seconds, since = 0.0, None
    for event in journal:
        if isinstance(event, AgentStateChanged) and event.agent_id == agent_id:
            if since is not None:
                seconds += (event.at - since).total_seconds()
            since = event.at if event.state is state else None
    return seconds


TestTelephony = Telephony.TestCase
TestTelephony.settings = settings(
    max_examples=examples(40),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
