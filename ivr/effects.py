"""What goes into the interpreter, and what it asks for.

Keys and typed digits never show in a `repr`: an event may hold a digit of a PIN.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from cti.kernel.loans import LoanResult
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language, Situation
from ivr.flow import Passing, Values
from prompts.catalogue import Announcement


class Timer(Enum):
    """The interpreter's timers, at most one of each."""

    NOINPUT = "noinput"
    """The caller has not pressed a key since the prompt ended."""
    BETWEEN_KEYS = "between_keys"
    TERMINATOR = "terminator"
    """How long a terminator after a full entry is taken for habit and forgotten."""
    UNMASK = "unmask"
    """How long the recording stays masked after the last key of a secret."""
    LONGEST = "longest"
    """How long the caller may speak."""
    SHORTEST = "shortest"
    """Until what the caller says is long enough to be a message."""


class Hours(Enum):
    """What a working calendar says of a moment."""

    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"


# --- events ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """The call is answered; `facts` is what is known of the caller.

    `chosen` is what they chose in the first menu, where they come back to the flow.
    """

    facts: Values = field(default_factory=dict)
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class Speaking:
    """The caller has been speaking at that node for so many seconds, as after a restart."""

    node: str
    seconds: float
    facts: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Played:
    """What was to be played has been played to its end.

    Of what must be heard whole nothing was played where some of it could not be spoken.
    """

    whole: bool = True


@dataclass(frozen=True, slots=True)
class Key:
    """The caller pressed a key (``0-9*#A-D``)."""

    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The timer has run out."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class ServiceDone:
    """The self-service has answered.

    `announcements` are said next, then the `choices` a question is about to offer; `values` become
    fields, `facts` become known of the caller.
    After a failure (`succeeded` false) keys typed ahead are forgotten.
    """

    outcome: str
    announcements: tuple[Announcement, ...] = ()
    choices: tuple[Announcement, ...] = ()
    values: Values = field(default_factory=dict)
    facts: Values = field(default_factory=dict)
    succeeded: bool = True


@dataclass(frozen=True, slots=True)
class CalendarChecked:
    """The calendar's answer."""

    hours: Hours


@dataclass(frozen=True, slots=True)
class PassedOn:
    """Somebody answered who the caller was passed on to, or nobody did and the caller is back."""

    outcome: Passing


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """The caller hung up."""


Event = (
    Started
    | Speaking
    | Played
    | Key
    | TimerFired
    | ServiceDone
    | CalendarChecked
    | PassedOn
    | CallerLeft
)


# --- effects --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """An announcement and the language it is said in.

    One that `asks` is part of a question, and said again whenever that is asked again.
    """

    announcement: Announcement
    language: Language
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Play:
    """Play these in place of what plays now; `Played` follows unless a key cuts them short.

    What must be heard `whole` is waited for longer, and not played in part.
    """

    lines: tuple[Line, ...]
    barge_in: bool
    whole: bool = False


@dataclass(frozen=True, slots=True)
class StopPlaying:
    """Be silent at once; no `Played` follows."""


@dataclass(frozen=True, slots=True)
class StartTimer:
    """`TimerFired` follows after so many seconds; replaces a running timer of that name."""

    timer: Timer
    seconds: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Forget the timer."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class CallService:
    """Run the self-service; `ServiceDone` follows."""

    name: str
    arguments: Mapping[str, str | Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckCalendar:
    """Ask that calendar; `CalendarChecked` follows."""

    calendar: str


@dataclass(frozen=True, slots=True)
class Mask:
    """Write silence into the recording, or sound again."""

    masked: bool


@dataclass(frozen=True, slots=True)
class SetLanguage:
    """The caller's language is known."""

    language: Language


@dataclass(frozen=True, slots=True)
class Choose:
    """The caller chose an item of a menu."""

    menu: str
    choice: str


@dataclass(frozen=True, slots=True)
class Entered:
    """The caller keyed something in openly."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Put the caller into the queue, where they hear the lines first; the flow is over."""

    queue: str
    situation: Situation
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class PassOn:
    """Call that number, or the one behind that name, for the caller; `PassedOn` follows."""

    number: str
    name: str


@dataclass(frozen=True, slots=True)
class SoundTone:
    """Play the tone after which the caller speaks; `Played` follows."""


@dataclass(frozen=True, slots=True)
class BeginMessage:
    """What the caller says from now on is their message."""


@dataclass(frozen=True, slots=True)
class EndMessage:
    """The message is over, whoever ended it."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """End the call; the flow is over."""


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Give the caller back to the agent who lent them; the flow is over."""

    result: LoanResult


Effect = (
    Play
    | StopPlaying
    | StartTimer
    | StopTimer
    | CallService
    | CheckCalendar
    | Mask
    | SetLanguage
    | Choose
    | Entered
    | HandOver
    | PassOn
    | SoundTone
    | BeginMessage
    | EndMessage
    | Disconnect
    | GiveBack
)
