"""A caller's place in a flow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language
from ivr.effects import Line, ServiceDone, Timer
from ivr.flow import Values

NOTHING = Secret("")


class Phase(Enum):
    """Where the interpreter waits."""

    NEW = "new"
    MENU = "menu"
    ASK = "ask"
    SERVING = "serving"
    CHECKING = "checking"
    PASSING = "passing"
    """The caller is told that they are passed on, or somebody is called for them."""
    INVITED = "invited"
    """The caller is told to leave a message; a key brings the tone at once."""
    TONE = "tone"
    SPEAKING = "speaking"
    """What the caller says is their message."""
    CLOSING = "closing"
    DONE = "done"


LISTENING = (Phase.MENU, Phase.ASK)


@dataclass(frozen=True, slots=True)
class State:
    """A caller's place in the flow.

    `queued` waits to be said with the next question, `heard` is what `*` says again, `trail` are
    the menus that led here, `ahead` the keys typed ahead, `entry` the digits collected so far.
    """

    node: str = ""
    phase: Phase = Phase.NEW
    language: Language = Language.CHINESE
    playing: bool = False
    queued: tuple[Line, ...] = ()
    heard: tuple[Line, ...] = ()
    unasked: tuple[Line, ...] = ()
    """A question that waits for what is heard out before it."""
    trail: tuple[str, ...] = ()
    failures: int = 0
    facts: Values = field(default_factory=dict)
    fields: Values = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    entry: Secret = NOTHING
    ahead: Secret = NOTHING
    waiting: Timer | None = None
    """The timer that runs while a key is waited for."""
    brief: bool = False
    """Whether what was said after the tone is too short to be a message."""
    expects_terminator: bool = False
    masked: bool = False
    answer: ServiceDone | None = None
    """A service's answer that waits for the prompt to end."""
