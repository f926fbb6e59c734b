"""A reply by automatic call as a machine. Pure.

::

    WAITING --Claimed--> CALLING --Told--> ENDED (told)
       ^                    |
       +--NotTold, another half-day--+--NotTold, once too often--> ENDED (given_up)
       +--Interrupted, at once-------+

    WAITING, CALLING --Withdrawn--> ENDED (withdrawn)

An attempt that was cut off by the house is nobody's attempt. A server that died in the middle
leaves it CALLING: as it starts again it goes on with the call where that is still up, else has it
interrupted. The lease is for one that never comes again, and whose calls another takes over.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from cti.kernel.identifiers import CallId, StaffId, TicketNumber
from cti.kernel.vocabulary import Language
from tickets.reply_calls.hours import CallingHours


class State(Enum):
    """Where it stands."""

    WAITING = "waiting"
    CALLING = "calling"
    ENDED = "ended"


class Outcome(Enum):
    """How it ended."""

    TOLD = "told"
    GIVEN_UP = "given_up"
    WITHDRAWN = "withdrawn"
    """The customer was told by another way, or something else is to be told."""


class Why(Enum):
    """Why an attempt told the customer nothing."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    """No line led there, or there is no such number."""
    NO_KEY = "no_key"
    """Something answered and pressed nothing, as a mailbox does."""
    ELSEWHERE = "elsewhere"
    """Somebody else answered."""
    UNPROVEN = "unproven"
    """Whoever answered could not say what proves who they are."""
    UNSPOKEN = "unspoken"
    """Some of the answer could not be made sound."""
    HUNG_UP = "hung_up"
    """Or pressed nothing, before they had confirmed that they heard the answer."""
    NOT_CALLED = "not_called"
    """The ticket has no number any more that may be called, or the customer wants no calls."""
    REPLACED = "replaced"
    """What they heard to its end was not the answer any more."""


@dataclass(frozen=True, slots=True)
class ReplyCall:
    """An answer to be read to the customer on the telephone; `due` is when to call, or the lease.

    `tried` are the instants of attempts that reached nobody, `wrong` those of digits that proved
    nothing.
    """

    reply_id: int
    number: TicketNumber
    to: str
    text: str
    language: Language
    by: StaffId
    queued: datetime
    due: datetime
    state: State = State.WAITING
    tried: tuple[datetime, ...] = ()
    wrong: tuple[datetime, ...] = ()
    call_id: CallId | None = None
    """The call under way, or the last one; with it when the customer `answered`."""
    answered: datetime | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A server calls now, and has it until `lease` is over."""

    lease: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """The customer heard the answer to its end."""


@dataclass(frozen=True, slots=True)
class NotTold:
    """The attempt told them nothing; with all digits `tried_out` the next one is another day."""

    at: datetime
    tried_out: bool = False


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The house itself broke off: nobody's attempt, and the next one not before that instant."""

    at: datetime


@dataclass(frozen=True, slots=True)
class WrongDigits:
    """Whoever answered keyed in what proves nothing."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Nothing is to be told this way any more."""


Event = Claimed | Told | NotTold | Interrupted | WrongDigits | Withdrawn


def step(reply: ReplyCall, event: Event, hours: CallingHours, attempts: int) -> ReplyCall:
    """The reply after the event; what means nothing to its state changes nothing."""
    match reply.state, event:
        case State.ENDED, _:
            return reply
        case _, Withdrawn():
            return _ended(reply, Outcome.WITHDRAWN)
        case _, Told():
            return _ended(reply, Outcome.TOLD)
        case State.WAITING, Claimed(lease):
            return replace(reply, state=State.CALLING, due=lease, call_id=None, answered=None)
        case State.CALLING, Interrupted(at):
            return replace(reply, state=State.WAITING, due=hours.opening(at))
        case State.CALLING, WrongDigits(at):
            return replace(reply, wrong=(*reply.wrong, at))
        case State.CALLING, NotTold(at, tried_out):
            tried = replace(reply, tried=(*reply.tried, at))
            if len(tried.tried) >= attempts:
                return _ended(tried, Outcome.GIVEN_UP)
            due = hours.another_day(at) if tried_out else hours.another_half_day(at)
            return replace(tried, state=State.WAITING, due=due)
    return reply


def _ended(reply: ReplyCall, outcome: Outcome) -> ReplyCall:
    return replace(reply, state=State.ENDED, outcome=outcome)
