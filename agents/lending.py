"""Lending callers to the IVR: performs what `agents.self_service` decides, one loan for each call.

Whoever hangs up, comes or goes is heard of from the bus; the IVR says when it has let go of the
caller. Nothing is kept but what the journal tells, so the next server goes on with every loan.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from agents.acd.waiting import Sounds
from agents.errors import no_customer, no_loan
from agents.events import CallLent, CallLoanEnded, GivenTo
from agents.lines import talked_in
from agents.self_service import (
    BEGINNING,
    Action,
    AgentCame,
    AgentLeft,
    AskBack,
    CallOver,
    DismissSupervisors,
    Event,
    ForgetVerification,
    Lend,
    Loan,
    LoanOver,
    Mark,
    Recover,
    Requeue,
    Resumed,
    Seclude,
    Stage,
    StartTimer,
    StopTimer,
    TakeBack,
    TellEnded,
    TellLent,
    TimerFired,
    loans_left,
    step,
)
from cti.call.control import CallControl
from cti.call.events import CallCleared, ConnectionCleared, ConnectionEvent, Established
from cti.call.model import Call, Connection, Party
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.clock import Clock, DelayedCall, utc
from cti.kernel.errors import HotlineError
from cti.kernel.events import Event as HouseEvent
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, DeviceId
from cti.kernel.loans import LoanEnded, LoanPurpose, LoanResult
from cti.kernel.ports import IN_FRONT, QueuePort, QueueRequest, SelfServicePort
from cti.kernel.vocabulary import Language, Verification
from prompts.catalogue import Announcement

SECURE = "secure"
"""The label of a loan in a recording."""
AGENT_GONE = Announcement("loan.agent_gone")


ExtensionOf = Callable[[AgentId], DeviceId]
"""The agent's telephone; Refused for nobody's id."""


@dataclass(frozen=True, slots=True)
class LoanView:
    """What an agent sees of a loan: who is with the IVR since when, or what came of it."""

    call_id: CallId
    purpose: LoanPurpose
    since: datetime
    ended: datetime | None = None
    result: LoanResult | None = None
    services: tuple[str, ...] = ()


class Lending:
    """Lends callers, and gets them back."""

    log = Logger()

    def __init__(
        self,
        *,
        clock: Clock,
        bus: Bus,
        control: CallControl,
        extension_of: ExtensionOf,
        queues: QueuePort,
        ivr: SelfServicePort,
        sounds: Sounds,
        verified_for: float,
    ) -> None:
        self._clock, self._bus, self._control = clock, bus, control
        self._extension_of, self._queues, self._ivr = extension_of, queues, ivr
        self._sounds, self._verified_for = sounds, verified_for
        self._loans: dict[CallId, Loan] = {}
        self._last: dict[CallId, LoanView] = {}
        """The newest loan of each call that is up."""
        self._timers: dict[CallId, DelayedCall] = {}
        self._events: deque[tuple[CallId, Event]] = deque()
        self._handling = False
        self._subscriptions: list[Unsubscribe] = []

    # --- life -------------------------------------------------------------------------------

    def start(self, history: Iterable[HouseEvent] = ()) -> None:
        """Begin to listen; loans that last after this history wait for `take_up`."""
        self._loans = loans_left(history)
        listen = self._bus.subscribe
        self._subscriptions = [
            listen(Established, self._came),
            listen(ConnectionCleared, self._went),
            listen(CallCleared, self._cleared),
        ]

    def take_up(self) -> None:
        """Go on with the loans of before the restart, now that the switch has its calls."""
        now = utc(self._clock)
        for call_id, loan in tuple(self._loans.items()):
            call = self._control.get(call_id)
            if call is None or call.customer is None:
                del self._loans[call_id]
                continue
            left = self._verified_for - (now - loan.since).total_seconds()
            if loan.lasts:
                self._last[call_id] = LoanView(call_id, loan.purpose, loan.since)
            self._happen(call_id, Resumed(bool(_talking(call)), left))

    def stop(self) -> None:
        """Listen no more; loans that last are for the server after us."""
        for unsubscribe in self._subscriptions:
            unsubscribe()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    # --- what agents wish -------------------------------------------------------------------

    def lend(
        self,
        agent_id: AgentId,
        purpose: LoanPurpose,
        *,
        flow: str = "",
        connection_id: ConnectionId | None = None,
    ) -> None:
        """Hand the caller of the agent's call to the IVR, in one step.

        Refused without a call that has a customer, while one is lent, and for an unknown flow.
        """
        call, connection = self._talked_in(agent_id, connection_id)
        if call.customer is None or not call.customer.state.answered:
            raise no_customer()
        self._ivr.require(call.id, purpose, flow)
        now = utc(self._clock)
        loan = Loan(call.id, agent_id, connection.id, purpose, now, flow)
        self._loans[call.id] = loan
        self._last[call.id] = LoanView(call.id, purpose, now)
        for action in BEGINNING:
            self._perform(loan, action)

    def take_back(self, agent_id: AgentId, connection_id: ConnectionId | None = None) -> None:
        """Have the caller back before the loan ends; Refused when the agent lent nobody."""
        call, _ = self._talked_in(agent_id, connection_id)
        if self.lent(call.id) is None:
            raise no_loan()
        self._happen(call.id, TakeBack())

    # --- looking ----------------------------------------------------------------------------

    def lent(self, call_id: CallId) -> Loan | None:
        """The loan of the call's caller, None when they are with nobody or with an agent."""
        loan = self._loans.get(call_id)
        return loan if loan is not None and loan.lasts else None

    def last(self, call_id: CallId) -> LoanView | None:
        """The newest loan of a call that is up."""
        return self._last.get(call_id)

    def lasting(self) -> list[tuple[Loan, LoanView]]:
        """Every loan whose caller is with the IVR."""
        return [
            (loan, self._last[call_id])
            for call_id, loan in self._loans.items()
            if loan.lasts and call_id in self._last
        ]

    # --- what happens -----------------------------------------------------------------------

    def _came(self, event: Established) -> None:
        if event.party is not Party.SUPERVISOR and event.call_id in self._loans:
            self._happen(event.call_id, AgentCame())

    def _went(self, event: ConnectionEvent) -> None:
        call = self._control.get(event.call_id)
        if event.call_id not in self._loans or call is None or call.customer is None:
            return
        if not _talking(call):
            self._happen(event.call_id, AgentLeft())

    def _cleared(self, event: CallCleared) -> None:
        self._happen(event.call_id, CallOver())
        self._last.pop(event.call_id, None)

    def _ended(self, ended: LoanEnded, call_id: CallId) -> None:
        call = self._control.get(call_id)
        there = call is not None and call.customer is not None
        self._happen(call_id, LoanOver(ended, there))

    # --- the machine ------------------------------------------------------------------------

    def _happen(self, call_id: CallId, event: Event) -> None:
        """Step through the event, and then through all that came of it."""
        self._events.append((call_id, event))
        if self._handling:
            return
        self._handling = True
        try:
            while self._events:
                self._step(*self._events.popleft())
        finally:
            self._handling = False

    def _step(self, call_id: CallId, event: Event) -> None:
        loan = self._loans.get(call_id)
        if loan is None:
            return
        after, actions = step(loan, event)
        self._loans[call_id] = after
        if after.stage is Stage.OVER:
            del self._loans[call_id]
        for action in actions:
            self._perform(after, action)

    def _perform(self, loan: Loan, action: Action) -> None:
        match action:
            case TellLent() | TellEnded():
                self._tell(loan, action)
            case Seclude() | Mark() | DismissSupervisors() | ForgetVerification():
                self._change(loan, action)
            case Lend() | AskBack() | Recover():
                self._ask(loan, action)
            case StartTimer() | StopTimer():
                self._set_timer(loan, action)
            case Requeue():
                self._requeue(loan.call_id)

    def _change(
        self, loan: Loan, action: Seclude | Mark | DismissSupervisors | ForgetVerification
    ) -> None:
        control, call_id = self._control, loan.call_id
        match action:
            case Seclude():
                control.seclude(call_id, action.secluded)
            case Mark():
                control.mark(call_id, SECURE)
            case DismissSupervisors():
                for each in _supervisors(control.get(call_id)):
                    control.clear_connection(each.id)
            case ForgetVerification():
                call = control.get(call_id)
                known = call is not None and call.user_data.customer_id is not None
                level = Verification.RECOGNISED if known else Verification.NONE
                control.attach(call_id, verification=level, verified=None)

    def _ask(self, loan: Loan, action: Lend | AskBack | Recover) -> None:
        match action:
            case Lend():
                call = self._control.get(loan.call_id)
                language = call.user_data.language if call is not None else Language.CHINESE
                lent = self._ivr.lend(loan.call_id, loan.purpose, language, loan.flow)
                self._await(lent, loan.call_id)
            case Recover():
                self._await(self._ivr.recover(loan.call_id), loan.call_id)
            case AskBack():
                self._ivr.take_back(loan.call_id)

    def _await(self, lent: Deferred[LoanEnded], call_id: CallId) -> None:
        def failed(failure: Failure) -> LoanEnded:
            self.log.failure("a loan of {call_id} failed", failure, call_id=call_id)
            return LoanEnded(LoanResult.INTERRUPTED)

        lent.addErrback(failed).addCallback(self._ended, call_id)

    def _tell(self, loan: Loan, action: TellLent | TellEnded) -> None:
        now = utc(self._clock)
        if isinstance(action, TellLent):
            self._bus.publish(
                CallLent(
                    at=now,
                    call_id=loan.call_id,
                    agent_id=loan.agent_id,
                    connection_id=loan.connection_id,
                    purpose=loan.purpose,
                    flow=loan.flow,
                )
            )
            return
        ended = action.ended
        if loan.call_id in self._last and action.given_to is not GivenTo.NOBODY:
            self._last[loan.call_id] = LoanView(
                loan.call_id, loan.purpose, loan.since, now, ended.result, ended.services
            )
        self._bus.publish(
            CallLoanEnded(
                at=now,
                call_id=loan.call_id,
                agent_id=loan.agent_id,
                purpose=loan.purpose,
                result=ended.result,
                given_to=action.given_to,
                seconds=(now - loan.since).total_seconds(),
                verification=ended.verification,
                services=ended.services,
            )
        )

    def _set_timer(self, loan: Loan, action: StartTimer | StopTimer) -> None:
        running = self._timers.pop(loan.call_id, None)
        if running is not None and running.active():
            running.cancel()
        if isinstance(action, StartTimer):
            seconds = self._verified_for if action.seconds is None else action.seconds
            self._timers[loan.call_id] = self._clock.callLater(
                seconds, self._timer_fired, loan.call_id
            )

    def _timer_fired(self, call_id: CallId) -> None:
        del self._timers[call_id]
        self._happen(call_id, TimerFired())

    # --- back to the queue ------------------------------------------------------------------

    def _requeue(self, call_id: CallId) -> None:
        """In front of the queue they came from; nobody to wait for means goodbye."""
        call = self._control.get(call_id)
        if call is None:
            return
        fetched = self._sounds.sounds([AGENT_GONE], call.user_data.language)
        fetched.addErrback(self._unsaid, call_id)
        fetched.addCallback(self._enqueue, call_id)

    def _unsaid(self, failure: Failure, call_id: CallId) -> list[Path]:
        self.log.failure("an announcement for {call_id} failed", failure, call_id=call_id)
        return []

    def _enqueue(self, greeting: Sequence[Path], call_id: CallId) -> None:
        call = self._control.get(call_id)
        if call is None or call.user_data.queue_id is None or _talking(call):
            self._sounds.release(greeting)
            if call is not None and not _talking(call):
                self._control.clear(call_id)
            return
        known = call.user_data
        request = QueueRequest(
            call.user_data.queue_id,
            known.language,
            known.service_level,
            greeting=tuple(greeting),
            head_start=IN_FRONT,
        )
        try:
            self._queues.enqueue(call_id, request)
        except HotlineError as error:
            self.log.error("{call_id} cannot wait: {error}", call_id=call_id, error=error)
            self._sounds.release(greeting)
            self._control.clear(call_id)

    # --- inside -----------------------------------------------------------------------------

    def _talked_in(
        self, agent_id: AgentId, connection_id: ConnectionId | None
    ) -> tuple[Call, Connection]:
        """The agent's call of that connection, or the one they talk in; Refused without one."""
        return talked_in(self._control.calls(), self._extension_of(agent_id), connection_id)


def _talking(call: Call) -> list[Connection]:
    """Who takes part in the conversation beside the customer."""
    return [each for each in call.connections if each != call.customer and each.participates]


def _supervisors(call: Call | None) -> list[Connection]:
    return [each for each in call.connections if each.party is Party.SUPERVISOR] if call else []
