"""Call records: one per call with its legs, folded from the call's events.

A call detail record cannot express holds, several waits or transfers by itself, so nothing is
written into it by hand: `fold` takes the record so far and the next event of the journal, and the
same events always give the same record. The first event that ends a wait or a leg counts; one
that repeats it (an abandonment told after the call was cleared) changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from agents.events import (
    CallAbandoned,
    CallAnswered,
    CallCoded,
    CallFlowedOut,
    CallLent,
    CallLoanEnded,
    CallQueued,
    CallWrappedUp,
)
from cti.call.events import (
    CallCleared,
    CallEvent,
    CallStarted,
    ConnectionCleared,
    ConnectionEvent,
    Delivered,
    Established,
    Failed,
    Held,
    MediaReported,
    NetworkReached,
    Originated,
    RecordingStarted,
    RecordingStopped,
    Retrieved,
    UserDataAttached,
)
from cti.call.model import Cause, Direction, Party
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, CustomerId, DeviceId, QueueId
from cti.kernel.loans import LoanPurpose, LoanResult
from cti.kernel.vocabulary import Language, ServiceLevel, Verification


class Outcome(Enum):
    """What became of a call."""

    SELF_SERVED = "self_served"
    """It ended in the menus, without having asked for a person."""
    ANSWERED = "answered"
    """A person took it."""
    ABANDONED = "abandoned"
    """The caller hung up while waiting for a person."""
    FAILED = "failed"
    """It was never connected, broke down, or found no person without the caller hanging up."""
    INTERRUPTED = "interrupted"
    """The server stopped or died while the call was up."""


class WaitEnd(Enum):
    """How waiting in a queue ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    FLOWED_OUT = "flowed_out"


@dataclass(frozen=True, slots=True)
class Wait:
    """One stay in one queue; `seconds` and `end` are None while it lasts."""

    queue_id: QueueId
    queued: datetime
    seconds: float | None = None
    end: WaitEnd | None = None


@dataclass(frozen=True, slots=True)
class Loan:
    """A stay of the caller with the IVR in the middle of a conversation, lent by that agent.

    `seconds` and `result` are None while it lasts; `services` are those done in it.
    """

    agent_id: AgentId
    purpose: LoanPurpose
    lent: datetime
    seconds: float | None = None
    result: LoanResult | None = None
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leg:
    """One device's part in the call. `held` is seconds it held the call, up to now or its end."""

    connection_id: ConnectionId
    device_id: DeviceId
    party: Party
    alerting: datetime | None = None
    answered: datetime | None = None
    ended: datetime | None = None
    cause: Cause | None = None
    cleared_by: Party | None = None
    held: float = 0.0
    held_since: datetime | None = None
    packets_sent: int = 0
    packets_received: int = 0
    packets_lost: int = 0
    jitter: float = 0.0
    """Milliseconds, of what was received."""
    round_trip: float = 0.0
    """Milliseconds; 0 when the far side sent no RTCP."""
    rating: float = 0.0
    """R of the E-model (ITU-T G.107) of what was received; 0 when nothing was."""
    codec: str = ""

    @property
    def inside(self) -> bool:
        """Whether the device is in the call."""
        return self.answered is not None and self.ended is None

    @property
    def talked(self) -> float:
        """Seconds from answer to end without those on hold; 0 until it ended."""
        if self.answered is None or self.ended is None:
            return 0.0
        return max(0.0, (self.ended - self.answered).total_seconds() - self.held)


@dataclass(frozen=True, slots=True)
class Coded:
    """What an agent said the call was about, in the words of that day."""

    agent_id: AgentId
    code: str
    names: Mapping[Language, str]


@dataclass(frozen=True, slots=True)
class CallRecord:
    """All that is kept of a call."""

    call_id: CallId
    started: datetime
    direction: Direction
    calling: str
    called: str
    trunk: str
    answered: datetime | None = None
    ended: datetime | None = None
    cause: Cause | None = None
    cleared_by: Party | None = None
    customer_id: CustomerId | None = None
    service_level: ServiceLevel = ServiceLevel.UNIFORM
    language: Language = Language.CHINESE
    verification: Verification = Verification.NONE
    path: tuple[str, ...] = ()
    waits: tuple[Wait, ...] = ()
    agent_id: AgentId | None = None
    """The agent who answered last."""
    talked: float = 0.0
    """Seconds in which at least one agent talked, so a conference of two agents counts once."""
    held: float = 0.0
    """Seconds in which agents were in the call and all of them held it."""
    counted: datetime | None = None
    """Up to when the two are counted while agents are in the call."""
    after_call: float = 0.0
    codes: tuple[Coded, ...] = ()
    """What agents said it was about, one of each agent."""
    legs: tuple[Leg, ...] = ()
    loans: tuple[Loan, ...] = ()
    recording: str | None = None
    """File of the recording, relative to the recordings folder."""
    recording_seconds: float | None = None
    recording_digest: str = ""
    """Length of the sound; None while it is being written."""

    @property
    def outcome(self) -> Outcome | None:
        """What became of the call; None while it is up."""
        if self.ended is None:
            return None
        if self.cause is Cause.INTERRUPTED:
            return Outcome.INTERRUPTED
        if self._reached:
            return Outcome.ANSWERED
        if self.waits:
            abandoned = self.waits[-1].end is WaitEnd.ABANDONED
            return Outcome.ABANDONED if abandoned else Outcome.FAILED
        well = self.answered is not None and self.cause is Cause.NORMAL
        return Outcome.SELF_SERVED if well else Outcome.FAILED

    @property
    def _reached(self) -> bool:
        """Whether the person asked for was reached: of a call from inside, a second telephone."""
        if self.direction is Direction.OUTBOUND:
            return any(leg.party is Party.CALLED and leg.answered for leg in self.legs)
        agents = [leg for leg in self.legs if leg.party is Party.AGENT and leg.answered]
        from_caller = any(leg.party is Party.CALLER for leg in self.legs)
        return len(agents) >= (1 if from_caller else 2)

    @property
    def served(self) -> bool:
        """Whether it is a call with somebody the house serves, not one between its telephones."""
        return any(leg.party in (Party.CALLER, Party.CALLED) for leg in self.legs)

    @property
    def queue_id(self) -> QueueId | None:
        """The queue it waited in last."""
        return self.waits[-1].queue_id if self.waits else None

    @property
    def waiting(self) -> Wait | None:
        """The wait that lasts, if one does."""
        return self.waits[-1] if self.waits and self.waits[-1].end is None else None

    @property
    def waited(self) -> float:
        """Seconds in queues, those that ended."""
        return sum(wait.seconds or 0.0 for wait in self.waits)

    @property
    def seconds(self) -> float:
        """Seconds from its first INVITE to its end; 0 while it is up."""
        return (self.ended - self.started).total_seconds() if self.ended else 0.0


def record_of(events: Iterable[CallEvent]) -> CallRecord | None:
    """The record of one call's events in their order; None when its start is not among them."""
    record: CallRecord | None = None
    for event in events:
        record = fold(record, event)
    return record


def fold(record: CallRecord | None, event: CallEvent) -> CallRecord | None:
    """The record after the event; events before CallStarted are nobody's."""
    if record is None:
        return _begin(event) if isinstance(event, CallStarted) else None
    match event:
        case ConnectionEvent():
            return _connection(record, event)
        case CallQueued() | CallAnswered() | CallAbandoned() | CallFlowedOut():
            return _queue(record, event)
        case CallLent() | CallLoanEnded():
            return replace(record, loans=_loans(record.loans, event))
        case CallCoded() | CallWrappedUp():
            return _wrap_up(record, event)
        case RecordingStarted() if record.recording is None:
            # A party that came by a transfer brings a file of its own; the first one is whole.
            return replace(
                record, recording=event.file, recording_seconds=None, recording_digest=""
            )
        case RecordingStopped() if record.recording in (None, event.file):
            return replace(
                record,
                recording=event.file,
                recording_seconds=event.seconds,
                recording_digest=event.digest,
            )
        case UserDataAttached():
            return _user_data(record, event)
        case CallCleared() if record.ended is None:
            return _clear(record, event)
    return record


def _loans(loans: tuple[Loan, ...], event: CallLent | CallLoanEnded) -> tuple[Loan, ...]:
    if isinstance(event, CallLent):
        return (*loans, Loan(event.agent_id, event.purpose, event.at))
    if not loans or loans[-1].result is not None:
        return loans
    over = replace(loans[-1], seconds=event.seconds, result=event.result, services=event.services)
    return (*loans[:-1], over)


def _begin(event: CallStarted) -> CallRecord:
    return CallRecord(
        call_id=event.call_id,
        started=event.at,
        direction=event.direction,
        calling=event.calling,
        called=event.called,
        trunk=event.trunk,
    )


def _wrap_up(record: CallRecord, event: CallCoded | CallWrappedUp) -> CallRecord:
    if isinstance(event, CallWrappedUp):
        return replace(record, after_call=record.after_call + event.after_call)
    others = tuple(each for each in record.codes if each.agent_id != event.agent_id)
    coded = Coded(event.agent_id, event.code, event.names)
    return replace(record, codes=(*others, coded))


def _user_data(record: CallRecord, event: UserDataAttached) -> CallRecord:
    return replace(
        record,
        customer_id=event.customer_id,
        service_level=event.service_level,
        language=event.language,
        verification=event.verification,
        path=event.path,
    )


def _count(record: CallRecord, at: datetime) -> tuple[float, float]:
    """Seconds talked and held by then, as agents have stood in the call since legs changed last."""
    inside = [leg for leg in record.legs if _counts(leg)]
    if record.counted is None or not inside:
        return record.talked, record.held
    seconds = max(0.0, (at - record.counted).total_seconds())
    if any(leg.held_since is None for leg in inside):
        return record.talked + seconds, record.held
    return record.talked, record.held + seconds


def _counts(leg: Leg) -> bool:
    """Whether an agent is in the call by it."""
    return leg.party is Party.AGENT and leg.inside


def _connection(record: CallRecord, event: ConnectionEvent) -> CallRecord:
    talked, held = _count(record, event.at)
    legs = {leg.connection_id: leg for leg in record.legs}
    leg = legs.get(event.connection_id) or Leg(event.connection_id, event.device_id, event.party)
    if isinstance(event, MediaReported):
        legs[event.connection_id] = _counted(leg, event)
    elif leg.ended is None:
        legs[event.connection_id] = _leg(leg, event)
    return replace(
        record,
        legs=tuple(legs.values()),
        talked=talked,
        held=held,
        counted=event.at if any(map(_counts, legs.values())) else None,
        answered=event.at if _answers(record, event) else record.answered,
        trunk=event.trunk if isinstance(event, NetworkReached) else record.trunk,
    )


def _answers(record: CallRecord, event: ConnectionEvent) -> bool:
    """Whether the call is answered with it: one of ours when somebody outside takes it."""
    if not isinstance(event, Established) or record.answered is not None:
        return False
    return record.direction is not Direction.OUTBOUND or event.party is Party.CALLED


def _leg(leg: Leg, event: ConnectionEvent) -> Leg:
    match event:
        case Delivered() if leg.alerting is None:
            return replace(leg, alerting=event.at)
        case Established() | Originated() if leg.answered is None:
            return replace(leg, answered=event.at)
        case Held() if leg.held_since is None:
            return replace(leg, held_since=event.at)
        case Retrieved():
            return _retrieved(leg, event.at)
        case Failed():
            return _ended(leg, event.at, event.cause, None)
        case ConnectionCleared():
            return _ended(leg, event.at, event.cause, event.cleared_by)
    return leg


def _counted(leg: Leg, event: MediaReported) -> Leg:
    return replace(
        leg,
        packets_sent=event.packets_sent,
        packets_received=event.packets_received,
        packets_lost=event.packets_lost,
        jitter=event.jitter,
        round_trip=event.round_trip,
        rating=event.rating,
        codec=event.codec,
    )


def _retrieved(leg: Leg, at: datetime) -> Leg:
    if leg.held_since is None:
        return leg
    held = leg.held + (at - leg.held_since).total_seconds()
    return replace(leg, held=held, held_since=None)


def _ended(leg: Leg, at: datetime, cause: Cause, by: Party | None) -> Leg:
    return replace(_retrieved(leg, at), ended=at, cause=cause, cleared_by=by)


def _queue(
    record: CallRecord, event: CallQueued | CallAnswered | CallAbandoned | CallFlowedOut
) -> CallRecord:
    match event:
        case CallQueued() if record.ended is None:
            return _queued(record, event)
        case CallAnswered():
            answered = replace(record, agent_id=event.agent_id)
            return end_wait(answered, WaitEnd.ANSWERED, event.waited)
        case CallAbandoned():
            return end_wait(record, WaitEnd.ABANDONED, event.waited)
        case CallFlowedOut():
            return end_wait(record, WaitEnd.FLOWED_OUT, event.waited)
    return record


def _queued(record: CallRecord, event: CallQueued) -> CallRecord:
    if (wait := record.waiting) is not None:
        if wait.queue_id == event.queue_id:
            return record
        passed = (event.at - wait.queued).total_seconds()
        record = end_wait(record, WaitEnd.FLOWED_OUT, passed)
    return replace(record, waits=(*record.waits, Wait(event.queue_id, event.at)))


def end_wait(record: CallRecord, end: WaitEnd, seconds: float) -> CallRecord:
    """The record with the wait that lasts ended; the same record when none lasts."""
    if (wait := record.waiting) is None:
        return record
    return replace(record, waits=(*record.waits[:-1], replace(wait, seconds=seconds, end=end)))


def _clear(record: CallRecord, event: CallCleared) -> CallRecord:
    if (wait := record.waiting) is not None:
        by_caller = event.cleared_by is Party.CALLER and event.cause is not Cause.INTERRUPTED
        end = WaitEnd.ABANDONED if by_caller else WaitEnd.FLOWED_OUT
        record = end_wait(record, end, (event.at - wait.queued).total_seconds())
    talked, held = _count(record, event.at)
    return replace(
        record,
        talked=talked,
        held=held,
        counted=None,
        ended=event.at,
        cause=event.cause,
        cleared_by=event.cleared_by,
        legs=tuple(
            leg if leg.ended else _ended(leg, event.at, event.cause, event.cleared_by)
            for leg in record.legs
        ),
        loans=_cut_off(record.loans, event),
    )


def _cut_off(loans: tuple[Loan, ...], event: CallCleared) -> tuple[Loan, ...]:
    """What a server that died could not tell any more: the loan ended with the call."""
    if event.cause is not Cause.INTERRUPTED or not loans or loans[-1].result is not None:
        return loans
    seconds = (event.at - loans[-1].lent).total_seconds()
    return (*loans[:-1], replace(loans[-1], seconds=seconds, result=LoanResult.INTERRUPTED))
