"""A caller lent to the IVR: a machine for each loan, which gives back exactly what there was. Pure.

::

    begun    --> LENT      told, secluded, marked, lent: in this order, in one step

    LENT     TakeBack               the IVR is asked for the caller, and gives them back when
                                    nothing more can be keyed in
             AgentLeft              the loan goes on; supervisors have nobody to listen to
             AgentCame              somebody is there to give the caller back to
             LoanOver   --> OVER    opened and told; the agent has the caller back
             LoanOver   --> KEPT    no agent is there: the caller waits in front of all others,
                                    and counts as signed in for a while
             CallOver   --> OVER    told
             Resumed                after a restart: secluded once more, until the IVR says that
                                    nothing is keyed in any more
    KEPT     AgentCame  --> OVER    the next agent has a caller who is signed in
             TimerFired --> OVER    too late: they are not any more
             CallOver   --> OVER

Nothing opens a call but `LoanOver`, so no digit can be heard or recorded; and nothing is put back
that was not changed, because seclusion leaves every connection as it is (`CallControl.seclude`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from agents.events import CallLent, CallLoanEnded, GivenTo
from cti.call.events import CallCleared, Established
from cti.call.model import Party
from cti.kernel.events import Event as HouseEvent
from cti.kernel.identifiers import AgentId, CallId, ConnectionId
from cti.kernel.loans import LoanEnded, LoanPurpose, LoanResult
from cti.kernel.vocabulary import Verification


class Stage(Enum):
    """Where a loan stands."""

    LENT = "lent"
    KEPT = "kept"
    """The caller waits for another agent, and counts as signed in for a while."""
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Loan:
    """A caller lent by that agent; `since` when they were lent, or kept."""

    call_id: CallId
    agent_id: AgentId
    connection_id: ConnectionId
    purpose: LoanPurpose
    since: datetime
    flow: str = ""
    stage: Stage = Stage.LENT
    agent_there: bool = True

    @property
    def lasts(self) -> bool:
        """Whether the caller is with the IVR."""
        return self.stage is Stage.LENT


# --- events -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TakeBack:
    """The agent wants the caller back."""


@dataclass(frozen=True, slots=True)
class AgentLeft:
    """Nobody but the caller is in the conversation any more."""


@dataclass(frozen=True, slots=True)
class AgentCame:
    """Somebody takes part in the conversation again."""


@dataclass(frozen=True, slots=True)
class LoanOver:
    """The IVR has let go of the caller, who is there unless they hung up."""

    ended: LoanEnded
    caller_there: bool


@dataclass(frozen=True, slots=True)
class CallOver:
    """The call is no more."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The time is over for which a caller without an agent counts as signed in."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The server was restarted in the loan; whether an agent is there, and what is left of time."""

    agent_there: bool
    seconds_left: float


Event = TakeBack | AgentLeft | AgentCame | LoanOver | CallOver | TimerFired | Resumed


# --- actions ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TellLent:
    """Publish CallLent."""


@dataclass(frozen=True, slots=True)
class Seclude:
    """Leave the caller alone with the IVR, or open the call again."""

    secluded: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """Note in the recording what the silence is."""


@dataclass(frozen=True, slots=True)
class Lend:
    """Let the IVR serve the caller; LoanOver follows."""


@dataclass(frozen=True, slots=True)
class AskBack:
    """Let the IVR give the caller back before its time; LoanOver follows."""


@dataclass(frozen=True, slots=True)
class Recover:
    """Let the IVR wait until nothing more is keyed in; LoanOver follows."""


@dataclass(frozen=True, slots=True)
class DismissSupervisors:
    """Take supervisors out of a call that has no agent."""


@dataclass(frozen=True, slots=True)
class TellEnded:
    """Publish CallLoanEnded."""

    ended: LoanEnded
    given_to: GivenTo


@dataclass(frozen=True, slots=True)
class Requeue:
    """Put the caller in front of the queue they came from."""


@dataclass(frozen=True, slots=True)
class StartTimer:
    """TimerFired follows after so many seconds; None: as many as the settings say."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Forget the timer."""


@dataclass(frozen=True, slots=True)
class ForgetVerification:
    """The caller is no longer taken for signed in."""


Action = (
    TellLent
    | Seclude
    | Mark
    | Lend
    | AskBack
    | Recover
    | DismissSupervisors
    | TellEnded
    | Requeue
    | StartTimer
    | StopTimer
    | ForgetVerification
)
Step = tuple[Loan, tuple[Action, ...]]

BEGINNING: tuple[Action, ...] = (TellLent(), Seclude(True), Mark(), Lend())
"""What begins a loan, in one step: nobody hears the caller before the IVR says a word."""


def step(loan: Loan, event: Event) -> Step:
    """The loan after the event, and what to do in this order. Never raises."""
    match loan.stage:
        case Stage.LENT:
            return _lent(loan, event)
        case Stage.KEPT:
            return _kept(loan, event)
    return loan, ()


def _lent(loan: Loan, event: Event) -> Step:
    match event:
        case TakeBack():
            return loan, (AskBack(),)
        case AgentLeft():
            return replace(loan, agent_there=False), (DismissSupervisors(),)
        case AgentCame():
            return replace(loan, agent_there=True), ()
        case Resumed(agent_there=there):
            return replace(loan, agent_there=there), (Seclude(True), Recover())
        case LoanOver(ended=ended, caller_there=True):
            return _given_back(loan, ended)
        case LoanOver(ended=ended):
            return _over(loan), (TellEnded(ended, GivenTo.NOBODY),)
        case CallOver():
            left = LoanEnded(LoanResult.CALLER_LEFT)
            return _over(loan), (TellEnded(left, GivenTo.NOBODY),)
    return loan, ()


def _given_back(loan: Loan, ended: LoanEnded) -> Step:
    if loan.agent_there:
        return _over(loan), (Seclude(False), TellEnded(ended, GivenTo.AGENT))
    back = (Seclude(False), TellEnded(ended, GivenTo.QUEUE), Requeue())
    if ended.verification is not Verification.SIGNED_IN:
        return _over(loan), back
    return replace(loan, stage=Stage.KEPT), (*back, StartTimer())


def _kept(loan: Loan, event: Event) -> Step:
    match event:
        case AgentCame() | CallOver() | Resumed(agent_there=True):
            return _over(loan), (StopTimer(),)
        case TimerFired():
            return _over(loan), (ForgetVerification(),)
        case Resumed(seconds_left=left):
            return loan, (StartTimer(max(0.0, left)),)
    return loan, ()


def _over(loan: Loan) -> Loan:
    return replace(loan, stage=Stage.OVER)


def loans_left(events: Iterable[HouseEvent]) -> dict[CallId, Loan]:
    """The loans that last after these events, oldest first; whoever is there is for the switch."""
    loans: dict[CallId, Loan] = {}
    for event in events:
        match event:
            case CallLent():
                loans[event.call_id] = Loan(
                    event.call_id,
                    event.agent_id,
                    event.connection_id,
                    event.purpose,
                    event.at,
                    event.flow,
                )
            case CallLoanEnded() if event.call_id in loans:
                loan = loans.pop(event.call_id)
                if _is_kept(event):
                    kept = replace(loan, stage=Stage.KEPT, since=event.at, agent_there=False)
                    loans[event.call_id] = kept
            case Established() if event.party is Party.AGENT:
                if (found := loans.get(event.call_id)) and found.stage is Stage.KEPT:
                    del loans[event.call_id]
            case CallCleared():
                loans.pop(event.call_id, None)
    return loans


def _is_kept(event: CallLoanEnded) -> bool:
    signed_in = event.verification is Verification.SIGNED_IN
    return event.given_to is GivenTo.QUEUE and signed_in
