"""The IVR: takes answered-to-be calls into flows and lets go of them when they end.

It is the `SelfServicePort` of agents, too: a caller they lend is in a flow of another kind, which
knows of the bank what the call has learnt there before.
"""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from twisted.internet.defer import Deferred, succeed

from cti.call.events import CallCleared, ConnectionCleared, Established, Failed
from cti.call.model import Cause, Party
from cti.kernel.document import documents_in
from cti.kernel.errors import LocalError
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId
from cti.kernel.loans import LoanEnded, LoanPurpose, LoanResult
from cti.kernel.vocabulary import Language, Verification
from ivr.checks import Surroundings
from ivr.errors import loan_running, no_such_loan
from ivr.events import FlowEntered, FlowLeft
from ivr.flow import Flow, Passing
from ivr.lent import GivingBack, LentSession
from ivr.loader import load
from ivr.messages import open_messages
from ivr.ports import Ports
from ivr.services import SIGNATURES, Visit
from ivr.session import Session
from prompts.catalogue import Catalogue

PASSINGS = {
    Cause.BUSY: Passing.BUSY,
    Cause.REFUSED: Passing.BUSY,
    Cause.NO_ANSWER: Passing.NO_ANSWER,
}


def surroundings(
    catalogue: Catalogue,
    queues: Collection[str],
    calendars: Collection[str],
    transfers: Collection[str] = (),
) -> Surroundings:
    """What flows are checked against."""
    blanks = {text: frozenset(catalogue.blanks(text)) for text in catalogue.ids}
    return Surroundings(
        blanks, SIGNATURES, frozenset(queues), frozenset(calendars), frozenset(transfers)
    )


def load_flows(folder: Path, around: Surroundings) -> dict[str, Flow]:
    """Every flow of the folder by name; DocumentError for the first file that is wrong."""
    return {path.stem: load(path, around) for path in documents_in(folder, "flow")}


def flows_left(events: Iterable[Event]) -> dict[CallId, str]:
    """The flow that each call is in after these events."""
    flows: dict[CallId, str] = {}
    for event in events:
        match event:
            case FlowEntered() if not event.lent:
                flows[event.call_id] = event.flow
            case FlowLeft() | CallCleared():
                flows.pop(event.call_id, None)
    return flows


class IvrService:
    """Runs a session for every call in a flow, and for every caller who was lent."""

    def __init__(self, flows: Mapping[str, Flow], ports: Ports) -> None:
        self._flows, self._ports = flows, ports
        self._sessions: dict[CallId, Session] = {}
        self._lent: dict[CallId, LentSession] = {}
        self._visits: dict[CallId, Visit] = {}
        """What loans that are over learnt at the bank, for the next of the same call."""
        self._recovering: dict[CallId, tuple[GivingBack, Deferred[LoanEnded]]] = {}
        ports.bus.subscribe(Established, self._connection_answered)
        ports.bus.subscribe(Failed, self._connection_failed)
        ports.bus.subscribe(ConnectionCleared, self._connection_cleared)
        ports.bus.subscribe(CallCleared, self._call_cleared)

    def take(self, call_id: CallId, flow_name: str) -> None:
        """Answer the delivered call and run the flow; LocalError for a flow nobody wrote.

        A call that was answered before, or that the house made itself, keeps its language and what
        is known of it; one that is already gone is left alone.
        """
        flow = self._flows.get(flow_name)
        if flow is None or flow.returns:
            raise LocalError(f"no flow {flow_name} for a caller who dials in")
        call = self._ports.calls.get(call_id)
        if call is None:
            return
        self._sessions[call_id] = session = Session(call_id, flow, self._ports)
        if call.customer is not None and call.customer.state.answered:
            session.go_on(call)
        else:
            session.start()

    def serves(self, call_id: CallId) -> bool:
        """Whether the call is in a flow, or was handed over by one and lasts."""
        return call_id in self._sessions or call_id in self._recovering

    # --- callers who are lent -----------------------------------------------------------------

    def require(self, call_id: CallId, purpose: LoanPurpose, flow: str = "") -> None:
        """See `SelfServicePort`."""
        self._loan_flow(call_id, flow or purpose.value)

    def lend(
        self, call_id: CallId, purpose: LoanPurpose, language: Language, flow: str = ""
    ) -> Deferred[LoanEnded]:
        """See `SelfServicePort`."""
        found = self._loan_flow(call_id, flow or purpose.value)
        session = LentSession(call_id, found, self._ports, language, self._visit(call_id))
        self._lent[call_id] = session
        over = session.over.addCallback(self._loan_over, session, call_id)
        session.start()
        return over

    def take_back(self, call_id: CallId) -> None:
        """See `SelfServicePort`."""
        if session := self._lent.get(call_id):
            session.take_back()

    def recover(self, call_id: CallId) -> Deferred[LoanEnded]:
        """See `SelfServicePort`."""
        call = self._ports.calls.get(call_id)
        if call is None:
            return succeed(LoanEnded(LoanResult.CALLER_LEFT))
        known = call.user_data
        giving_back = GivingBack(call_id, self._ports, known.language)
        ended: Deferred[LoanEnded] = Deferred()
        self._recovering[call_id] = giving_back, ended

        def over(_: None) -> None:
            del self._recovering[call_id]
            ended.callback(LoanEnded(LoanResult.INTERRUPTED, known.verification))

        giving_back.over.addCallback(over)
        giving_back.after_warning()
        return ended

    def _loan_flow(self, call_id: CallId, name: str) -> Flow:
        flow = self._flows.get(name)
        if flow is None or not flow.returns:
            raise no_such_loan(name)
        if call_id in self._lent or call_id in self._recovering:
            raise loan_running()
        return flow

    def _loan_over(self, ended: LoanEnded, session: LentSession, call_id: CallId) -> LoanEnded:
        self._lent.pop(call_id, None)
        if self._ports.calls.get(call_id) is not None:
            self._visits[call_id] = session.visit
        return ended

    def _visit(self, call_id: CallId) -> Visit:
        """What the call knows of the bank, as long as its caller counts as signed in."""
        call, session = self._ports.calls.get(call_id), self._sessions.get(call_id)
        signed_in = call is not None and call.user_data.verification is Verification.SIGNED_IN
        known = self._visits.get(call_id) or (session.visit if session is not None else None)
        return known if known is not None and signed_in else Visit()

    # --- through a restart --------------------------------------------------------------------

    def take_up(self, history: Iterable[Event]) -> None:
        """Begin anew with callers who were in a flow after these events and are up nevertheless.

        A flow that was taken away since cannot go on: its callers are let go.
        """
        history = list(history)
        speaking = open_messages(history)
        for call_id, name in flows_left(history).items():
            call, flow = self._ports.calls.get(call_id), self._flows.get(name)
            if call is None or call.customer is None or not call.customer.state.answered:
                continue
            if flow is None:
                self._ports.calls.clear(call_id, Party.SYSTEM, Cause.INTERRUPTED)
                continue
            self._sessions[call_id] = session = Session(call_id, flow, self._ports)
            if message := speaking.get(call_id):
                session.listen_on(call, message)
            else:
                session.start_again(call)

    def _connection_answered(self, event: Established) -> None:
        session = self._sessions.get(event.call_id)
        if session and event.party is not Party.CALLER:
            session.passed_on(Passing.ANSWERED)

    def _connection_failed(self, event: Failed) -> None:
        if session := self._sessions.get(event.call_id):
            session.passed_on(PASSINGS.get(event.cause, Passing.UNREACHABLE))

    def _connection_cleared(self, event: ConnectionCleared) -> None:
        if event.party is Party.CALLER:
            self._let_go(event.call_id, by_caller=event.cleared_by is Party.CALLER)

    def _call_cleared(self, event: CallCleared) -> None:
        by_caller = event.cleared_by in (Party.CALLER, Party.CALLED)
        self._let_go(event.call_id, by_caller=by_caller)

    def _let_go(self, call_id: CallId, *, by_caller: bool) -> None:
        self._visits.pop(call_id, None)
        session, lent = self._sessions.pop(call_id, None), self._lent.get(call_id)
        if lent:
            lent.caller_left(by_caller=by_caller)
        if session:
            session.caller_left(by_caller=by_caller)
        if recovering := self._recovering.pop(call_id, None):
            giving_back, ended = recovering
            giving_back.cancel()
            ended.callback(LoanEnded(LoanResult.CALLER_LEFT))
