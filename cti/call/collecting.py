"""Collecting keys as planned (ECMA-269, Collect Digits; VoiceXML 2.0, 6.3.3 timing properties).

    WAITING --key--> TAKING --key--> TAKING ... --last key, terminator or silence--> DONE
       |                                           the prompt's end arms the first-key limit
       +--------silence--> DONE

A prompt that may be cut short lets keys count from its beginning; one that may not swallows the
keys pressed over it. Nothing here knows a clock: limits are actions (`StartLimit`) and events
(`LimitPassed`).
"""

from dataclasses import dataclass, field, replace
from enum import Enum

from cti.kernel.secret import Secret

KEYS = frozenset("0123456789*#ABCD")


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """What to take; limits in seconds."""

    length: int
    """As many keys and no more."""
    terminator: str = "#"
    """Ends the entry early and is no part of it; empty: every key counts."""
    first: float = 5.0
    """How long to wait for the first key once the prompt is over."""
    between: float = 3.0
    """How long to wait for each key after it."""
    barge_in: bool = True
    """Whether keys count while a prompt plays, which they cut short."""

    def __post_init__(self) -> None:
        if self.length < 1 or len(self.terminator) > 1 or self.first <= 0 or self.between <= 0:
            raise ValueError(f"a plan that cannot be met: {self}")


class Why(Enum):
    """Why a collection ended."""

    LENGTH = "length"
    TERMINATOR = "terminator"
    NO_KEY = "no_key"
    """Nothing came within the first-key limit."""
    SILENCE = "silence"
    """No further key came within the limit between two."""
    REPLACED = "replaced"
    """Another collection began, or this one was given up."""
    CLEARED = "cleared"
    """The call ended."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What came of it. The keys are secret: they may be a PIN."""

    keys: Secret
    why: Why


# --- events and actions -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begun:
    """The collection begins, over a prompt or in silence."""

    prompted: bool


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key was pressed."""

    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PromptOver:
    """What played is over, whyever."""


@dataclass(frozen=True, slots=True)
class LimitPassed:
    """The limit started last has run out."""


@dataclass(frozen=True, slots=True)
class StartLimit:
    """Tell in that many seconds (`LimitPassed`), in place of any limit started before."""

    seconds: float


@dataclass(frozen=True, slots=True)
class StopLimit:
    """Forget the limit."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The collection is over."""

    collected: Collected


class Phase(Enum):
    """Where a collection stands."""

    WAITING = "waiting"
    TAKING = "taking"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection under way; `keys` are those taken so far."""

    plan: KeyPlan
    phase: Phase = Phase.WAITING
    prompted: bool = False
    keys: Secret = field(default_factory=lambda: Secret(""))


Event = Begun | Pressed | PromptOver | LimitPassed
Action = StartLimit | StopLimit | Finish


def step(collection: Collection, event: Event) -> tuple[Collection, list[Action]]:
    """The collection after the event, and what to do."""
    match collection.phase, event:
        case Phase.WAITING, Begun(prompted=prompted):
            limits: list[Action] = [] if prompted else [StartLimit(collection.plan.first)]
            return replace(collection, prompted=prompted), limits
        case Phase.WAITING, PromptOver() if collection.prompted:
            return replace(collection, prompted=False), [StartLimit(collection.plan.first)]
        case Phase.WAITING | Phase.TAKING, Pressed(key=key):
            return _pressed(collection, key)
        case Phase.WAITING, LimitPassed():
            return finish(collection, Why.NO_KEY)
        case Phase.TAKING, LimitPassed():
            return finish(collection, Why.SILENCE)
    return collection, []


def finish(collection: Collection, why: Why) -> tuple[Collection, list[Action]]:
    """The collection ended for that reason; nothing when it had ended before."""
    if collection.phase is Phase.DONE:
        return collection, []
    done = replace(collection, phase=Phase.DONE)
    return done, [StopLimit(), Finish(Collected(collection.keys, why))]


def _pressed(collection: Collection, key: str) -> tuple[Collection, list[Action]]:
    plan = collection.plan
    if collection.prompted and not plan.barge_in:
        return collection, []
    if key == plan.terminator:
        return finish(collection, Why.TERMINATOR)
    keys = Secret(collection.keys.reveal() + key)
    taken = replace(collection, phase=Phase.TAKING, keys=keys)
    if len(keys) >= plan.length:
        return finish(taken, Why.LENGTH)
    return taken, [StartLimit(plan.between)]
