"""What happens to agents and to the calls that wait for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import ClassVar

from agents.acd.explanation import Explanation
from agents.acd.queue import Wait
from cti.call.events import CallEvent
from cti.kernel.events import Event
from cti.kernel.identifiers import (
    AgentId,
    CallId,
    ConnectionId,
    CustomerId,
    DeviceId,
    OfferId,
    QueueId,
    StaffId,
)
from cti.kernel.loans import LoanPurpose, LoanResult
from cti.kernel.vocabulary import Language, ServiceLevel, Situation, Verification


class CallBackOutcome(Enum):
    """How a promise to call back ended."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    CANCELLED = "cancelled"
    """The customer called again, or took it back."""
    EXPIRED = "expired"


class AgentState(Enum):
    """Agent states after CSTA (ECMA-269, 6.1.4.2); `RESERVED` and `HOLD` refine Busy."""

    LOGGED_OFF = "logged_off"
    NOT_READY = "not_ready"
    READY = "ready"
    RESERVED = "reserved"
    """A call is offered: the phone is about to ring or rings."""
    BUSY = "busy"
    HOLD = "hold"
    WORKING_AFTER_CALL = "working_after_call"


class BusyKind(Enum):
    """What kind of call an agent is in."""

    INBOUND = "inbound"
    """From a queue."""
    OUTBOUND = "outbound"
    CONSULT = "consult"
    """About another of the agent's calls, be it theirs or a colleague's."""
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStateChanged(Event):
    """The agent is in `state` since `at`; `reason` is the not-ready reason's key, else empty.

    `busy` and `call_id` say in which call they are, `forced_by` who put them there if not they.
    """

    kind: ClassVar[str] = "agent.state_changed"
    agent_id: AgentId
    previous: AgentState
    state: AgentState
    reason: str = ""
    device_id: DeviceId | None = None
    busy: BusyKind | None = None
    call_id: CallId | None = None
    forced_by: StaffId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPendingChanged(Event):
    """What the agent will be after this call (CSTA PendingAgentState)."""

    kind: ClassVar[str] = "agent.pending_changed"
    agent_id: AgentId
    state: AgentState
    reason: str = ""
    forced_by: StaffId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReadyOverlong(Event):
    """The agent has been not ready for that reason, `since` then, for longer than it may last."""

    kind: ClassVar[str] = "agent.not_ready_overlong"
    agent_id: AgentId
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskTaken(Event):
    """The agent works at that page from now on; any page of theirs before it looks on."""

    kind: ClassVar[str] = "agent.desk_taken"
    agent_id: AgentId
    page: str


class Disagreement(Enum):
    """Who does not agree about an agent or a call; see `agents.disagreement`."""

    RESERVED_WITHOUT_OFFER = "reserved_without_offer"
    OFFER_WITHOUT_CALL = "offer_without_call"
    """The call that is offered is up no more."""
    OFFER_OVERDUE = "offer_overdue"
    OFFER_WITHOUT_RING = "offer_without_ring"
    """The agent's telephone is not in the call that is offered to them."""
    TALK_WITHOUT_CONNECTION = "talk_without_connection"
    """The agent is taken to talk in a call in which their telephone is not."""
    HOLD_UNNOTICED = "hold_unnoticed"
    """The call is taken to be held, or not, and is otherwise."""
    RING_WITHOUT_CALL = "ring_without_call"
    CONNECTION_UNNOTICED = "connection_unnoticed"
    """The agent's telephone is in a call of which nobody knows."""
    BUSY_WITHOUT_CALL = "busy_without_call"
    CALL_WITHOUT_BUSY_AGENT = "call_without_busy_agent"
    WORK_AFTER_NO_CALL = "work_after_no_call"
    WORK_OVERDUE = "work_overdue"
    """After-call work goes on after its end."""
    READY_WITHOUT_PHONE = "ready_without_phone"
    READY_ON_NO_BENCH = "ready_on_no_bench"
    """The agent is ready, and no queue knows it."""
    ON_BENCH_UNREADY = "on_bench_unready"
    """The agent is not ready, and may be given a call."""
    WAIT_WITHOUT_CALL = "wait_without_call"
    WAIT_IN_NO_LANE = "wait_in_no_lane"
    """The call waits, and can be given to nobody."""
    OFFERED_TO_NOBODY = "offered_to_nobody"
    """The call is taken to be offered, and nobody holds the offer."""
    CALL_WITHOUT_SOUND = "call_without_sound"
    """A connection stood, and no sound came from it any more: call control has cleared it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisagreementHealed(Event):
    """Two did not agree about that agent or call, twice in a row; it was put right."""

    kind: ClassVar[str] = "agent.disagreement"
    what: Disagreement
    agent_id: AgentId | None = None
    about_call: CallId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAcknowledged(Event):
    """A supervisor has seen the alarm, which `agents.floor_log` names."""

    kind: ClassVar[str] = "agent.alarm_acknowledged"
    alarm: str
    by: StaffId


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterCallExtended(Event):
    """The agent took more time for after-call work, which ends at the `deadline` now."""

    kind: ClassVar[str] = "agent.after_call_extended"
    agent_id: AgentId
    deadline: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(CallEvent):
    """The call waits in the queue since `at`."""

    kind: ClassVar[str] = "queue.queued"
    queue_id: QueueId
    service_level: ServiceLevel
    customer_id: CustomerId | None = None
    situation: Situation = Situation.ORDINARY
    head_start: float = 0.0
    """Seconds that it counts as having waited already, such as those in a queue before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOffered(CallEvent):
    """The call is offered to this agent, whose phone is being rung, and why.

    Records from before reasons were kept have none.
    """

    kind: ClassVar[str] = "queue.offered"
    queue_id: QueueId
    agent_id: AgentId
    offer_id: OfferId
    why: Explanation | None = None


class OfferOutcome(Enum):
    """How an offer ended; each ends exactly once."""

    ACCEPTED = "accepted"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    PHONE_UNREACHABLE = "phone_unreachable"
    CALLER_LEFT = "caller_left"
    AGENT_LEFT = "agent_left"
    INTERRUPTED = "interrupted"
    """The server was restarted while the telephone rang."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded(CallEvent):
    """The offer is over; unless accepted, the call waits on at its old place."""

    kind: ClassVar[str] = "queue.offer_ended"
    queue_id: QueueId
    agent_id: AgentId
    offer_id: OfferId
    outcome: OfferOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(CallEvent):
    """The agent answered; `waited` is seconds since CallQueued.

    `forecast` is the wait expected as the call came, None where an agent was free then.
    """

    kind: ClassVar[str] = "queue.answered"
    queue_id: QueueId
    agent_id: AgentId
    waited: float
    forecast: Wait | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAbandoned(CallEvent):
    """The caller hung up while waiting, after `waited` seconds."""

    kind: ClassVar[str] = "queue.abandoned"
    queue_id: QueueId
    waited: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFlowedOut(CallEvent):
    """The call left the queue without answer or hang-up by the caller (`reason` says how).

    `to` is where it went: ``queue:complaints``, ``voicemail:message``, ``number:night_desk``,
    ``call_back``, ``goodbye``, or nothing.
    """

    kind: ClassVar[str] = "queue.flowed_out"
    queue_id: QueueId
    waited: float
    reason: str
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBackPromised(CallEvent):
    """Who waited since `arrived` will be called at the number, in the place they had."""

    kind: ClassVar[str] = "call_back.promised"
    queue_id: QueueId
    number: str
    customer_id: CustomerId | None
    arrived: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBackAttempted(CallEvent):
    """This call is made to keep a promise; the first attempt is 1.

    `agent_id` is reserved for it; None where the customer is rung ahead of an agent.
    """

    kind: ClassVar[str] = "call_back.attempted"
    queue_id: QueueId
    promised_on: CallId
    promised: datetime
    agent_id: AgentId | None
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBackEnded(CallEvent):
    """The promise made on the call `promised_on` is over; `call_id` is the last one made for it."""

    kind: ClassVar[str] = "call_back.ended"
    queue_id: QueueId
    promised_on: CallId
    outcome: CallBackOutcome
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWrappedUp(CallEvent):
    """After-call work is finished. Talking excludes holding; all in seconds.

    `busy` tells what the call was to the agent: a consultation is part of handling somebody else's.
    """

    kind: ClassVar[str] = "agent.wrapped_up"
    agent_id: AgentId
    busy: BusyKind = BusyKind.INBOUND
    talked: float
    held: float
    after_call: float
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLent(CallEvent):
    """The agent lent the caller to the IVR: nobody hears or records them until CallLoanEnded."""

    kind: ClassVar[str] = "call.lent"
    agent_id: AgentId
    connection_id: ConnectionId
    """The agent's."""
    purpose: LoanPurpose
    flow: str = ""
    """Which one, where it is not the usual one of that purpose."""


class GivenTo(Enum):
    """Whom the IVR gave a caller to."""

    AGENT = "agent"
    QUEUE = "queue"
    """The agent was gone: the caller waits in front of all others."""
    NOBODY = "nobody"
    """The caller was gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLoanEnded(CallEvent):
    """The caller is with the IVR no more, after so many `seconds`; no digit is in any of it.

    `services` names the self-services that were done.
    """

    kind: ClassVar[str] = "call.loan_ended"
    agent_id: AgentId
    purpose: LoanPurpose
    result: LoanResult
    given_to: GivenTo
    seconds: float
    verification: Verification = Verification.NONE
    services: tuple[str, ...] = ()


class Supervising(Enum):
    """What a supervisor does to an agent's call."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"
    INTERCEPT = "intercept"
    """They take the call over from the agent."""
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised(CallEvent):
    """A supervisor is at the agent's call in that mode from now on, or is no more."""

    kind: ClassVar[str] = "call.supervised"
    supervisor_id: StaffId
    agent_id: AgentId
    mode: Supervising
    connection_id: ConnectionId | None = None
    """The supervisor's; None for an interception."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCoded(CallEvent):
    """The agent said what the call was about; with `again` something else than before.

    `names` is the code's name as the agent read it: trees of codes change, journals do not.
    """

    kind: ClassVar[str] = "agent.call_coded"
    agent_id: AgentId
    code: str
    names: Mapping[Language, str]
    follow_up: datetime | None = None
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerIdentified(CallEvent):
    """The agent said who calls; nothing has proved it."""

    kind: ClassVar[str] = "agent.customer_identified"
    agent_id: AgentId
    customer_id: CustomerId


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerNoted(CallEvent):
    """The agent wrote a note about the customer; its words are not told."""

    kind: ClassVar[str] = "agent.customer_noted"
    agent_id: AgentId
    customer_id: CustomerId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductsShown(CallEvent):
    """The agent was shown the accounts and cards of the customer, who had been verified."""

    kind: ClassVar[str] = "agent.products_shown"
    agent_id: AgentId
    customer_id: CustomerId


@dataclass(frozen=True, slots=True, kw_only=True)
class DoNotCallOverridden(CallEvent):
    """The agent called a customer who does not want to be called, and was told so before."""

    kind: ClassVar[str] = "agent.do_not_call_overridden"
    agent_id: AgentId
    customer_id: CustomerId


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMeasured(CallEvent):
    """The worst that an agent's page measured of its line in the call, told as it leaves.

    `round_trip` and `jitter` in milliseconds, `loss` in per cent, `level` of the microphone in
    dBFS, at its loudest; None: not known.
    """

    kind: ClassVar[str] = "agent.line_measured"
    agent_id: AgentId
    round_trip: float | None
    loss: float | None
    jitter: float | None
    level: float | None
