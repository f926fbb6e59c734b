"""A call-back: promised to who waited, and made in the place they had. Pure.

    PAUSED --due--> WAITING --an agent is theirs--> DIALLING --answered--> ENDED (reached)
      ^               |  |                             ^
      |            closing +- an agent is soon         | one is theirs
      |               |  +--------------------------> AHEAD --answered--> ENDED (reached)
      |               |                                |
      +---------------+--not answered, agent lost------+---once too often--> ENDED (not reached)
                         (AHEAD and DIALLING)

While `WAITING` it waits in its queue like a caller, with the arrival of the call on which it was
promised; while `DIALLING` one agent is reserved for it. While `AHEAD` none is yet, but one of those
about to be free is counted for it (`agents.acd.leading`), so no call-back goes out without an agent
who is free or about to be. Whoever calls again ends it from any state but the last, and so does
time from the first two.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import Enum

from agents.acd.call_back_rules import CallBackRules
from agents.events import CallBackOutcome
from cti.kernel.identifiers import AgentId, CallId, CustomerId, QueueId
from cti.kernel.vocabulary import Language, ServiceLevel, Situation, Verification


class State(Enum):
    """Where a call-back stands."""

    PAUSED = "paused"
    """Not before `due`: the window is closed, or nobody answered a moment ago."""
    WAITING = "waiting"
    AHEAD = "ahead"
    """The customer's telephone rings, and an agent very probably comes free by the answer."""
    DIALLING = "dialling"
    ENDED = "ended"


OUT = State.AHEAD, State.DIALLING
"""While the customer is being called."""


@dataclass(frozen=True, slots=True)
class CallBack:
    """A promise to call; `call_id` is the call on which it was made, and its name in the queue."""

    call_id: CallId
    queue_id: QueueId
    number: str
    language: Language
    service_level: ServiceLevel
    situation: Situation
    verification: Verification
    arrived: datetime
    promised: datetime
    customer_id: CustomerId | None = None
    customer_name: str = ""
    state: State = State.PAUSED
    due: datetime | None = None
    attempts: int = 0
    attempt: CallId | None = None
    """The call by which it is tried, or was tried last."""
    agent_id: AgentId | None = None
    outcome: CallBackOutcome | None = None

    @property
    def waiting_id(self) -> CallId:
        """What the queue calls it: nobody's call, for the caller has hung up."""
        return CallId(f"call-back-{self.call_id}")


@dataclass(frozen=True, slots=True)
class TimePassed:
    """It is `at` by now."""

    at: datetime


@dataclass(frozen=True, slots=True)
class RungAhead:
    """It will be its turn at once: the customer is called by that call."""

    attempt: CallId


@dataclass(frozen=True, slots=True)
class Assigned:
    """It is its turn: that agent is reserved, and the customer called by that call."""

    agent_id: AgentId
    attempt: CallId


@dataclass(frozen=True, slots=True)
class Reached:
    """The customer answered."""


@dataclass(frozen=True, slots=True)
class NotReached:
    """The customer did not answer."""

    at: datetime


@dataclass(frozen=True, slots=True)
class AgentLost:
    """The agent, or the server, was gone before the customer answered: nobody's attempt."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The customer is served, or wants it no more."""


Event = TimePassed | RungAhead | Assigned | Reached | NotReached | AgentLost | Cancelled


def step(call_back: CallBack, event: Event, rules: CallBackRules, zone: tzinfo) -> CallBack:
    """The call-back after the event; what means nothing to its state changes nothing."""
    match call_back.state, event:
        case State.ENDED, _:
            return call_back
        case _, Cancelled():
            return _ended(call_back, CallBackOutcome.CANCELLED)
        case State.PAUSED | State.WAITING, TimePassed(at):
            return _passed(call_back, at, rules, zone)
        case State.WAITING, RungAhead(attempt):
            tried = call_back.attempts + 1
            return replace(call_back, state=State.AHEAD, attempt=attempt, attempts=tried)
        case State.WAITING, Assigned(agent_id, attempt):
            rung = step(call_back, RungAhead(attempt), rules, zone)
            return replace(rung, state=State.DIALLING, agent_id=agent_id)
        case State.AHEAD, Assigned(agent_id, attempt) if attempt == call_back.attempt:
            return replace(call_back, state=State.DIALLING, agent_id=agent_id)
        case State.AHEAD | State.DIALLING, Reached() | NotReached() | AgentLost():
            return _rung(call_back, event, rules, zone)
    return call_back


def wake(call_back: CallBack, rules: CallBackRules, zone: tzinfo) -> datetime | None:
    """The instant by which `TimePassed` is wanted, None when it changes nothing."""
    expiry = call_back.promised + timedelta(seconds=rules.keep)
    match call_back.state:
        case State.PAUSED:
            return min(expiry, call_back.due or call_back.promised)
        case State.WAITING:
            closing = rules.window.closing(call_back.due or call_back.promised, zone)
            return min(expiry, closing) if closing is not None else expiry
    return None


def _rung(
    call_back: CallBack, event: Reached | NotReached | AgentLost, rules: CallBackRules, zone: tzinfo
) -> CallBack:
    """What came of calling the customer."""
    match event:
        case Reached():
            return _ended(call_back, CallBackOutcome.REACHED)
        case NotReached() if call_back.attempts >= rules.attempts:
            return _ended(call_back, CallBackOutcome.NOT_REACHED)
        case NotReached(at):
            again = at + timedelta(seconds=rules.pause)
            paused = replace(call_back, state=State.PAUSED, due=again, agent_id=None)
            return _passed(paused, at, rules, zone)
        case AgentLost(at):
            tried = call_back.attempts - 1
            freed = replace(call_back, state=State.PAUSED, due=at, agent_id=None, attempts=tried)
            return _passed(freed, at, rules, zone)


def _passed(call_back: CallBack, at: datetime, rules: CallBackRules, zone: tzinfo) -> CallBack:
    if at >= call_back.promised + timedelta(seconds=rules.keep):
        return _ended(call_back, CallBackOutcome.EXPIRED)
    earliest = max(at, call_back.due or call_back.promised)
    opening = rules.window.opening(earliest, zone)
    state = State.WAITING if opening <= at else State.PAUSED
    return replace(call_back, state=state, due=opening)


def _ended(call_back: CallBack, outcome: CallBackOutcome) -> CallBack:
    return replace(call_back, state=State.ENDED, outcome=outcome, due=None)
