"""A telephone that is gone in mid-call, and whose place is kept until it is back: pure.

A page that is loaded again, or whose network went, takes its telephone with it for a moment. The
conversation waits: whoever talked with it hears music.

    here     --Lost-->        away      the others are told, the time to come back begins
    away     --Registered--> Rings --> ringing   it is there again, and answers by itself
    ringing  --Answered-->    here      in the same call, on another leg
    ringing  --NotAnswered--> away      rung again after a moment
    away, ringing --TimeUp--> here no more: its place is given up
    away, ringing --Left-->   over      there is no call left to come back to
"""

from dataclasses import dataclass
from enum import Enum

RING_AGAIN = 2.0
"""Seconds after a ring that failed."""


class Stage(Enum):
    """Where a telephone that is gone stands."""

    AWAY = "away"
    RINGING = "ringing"


class Event(Enum):
    """What happens to it."""

    LOST = "lost"
    REGISTERED = "registered"
    RING_DUE = "ring_due"
    RINGS = "rings"
    ANSWERED = "answered"
    NOT_ANSWERED = "not_answered"
    NEXT = "next"
    """The call that it was rung for is over, another waits."""
    TIME_UP = "time_up"
    LEFT = "left"


class Act(Enum):
    """What is to be done for it."""

    TELL_AWAY = "tell_away"
    START_TIME = "start_time"
    """The time within which it must be back."""
    RING = "ring"
    """Where it can be rung; nothing where it cannot."""
    STOP_RINGING = "stop_ringing"
    RING_LATER = "ring_later"
    STOP_TIMERS = "stop_timers"
    TELL_BACK = "tell_back"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True)
class Step:
    """Where it stands now, None when the absence is over, and what to do."""

    stage: Stage | None
    acts: tuple[Act, ...] = ()


def advance(stage: Stage | None, event: Event) -> Step:
    """What follows of the event; what comes too late changes nothing."""
    match stage, event:
        case None, Event.LOST:
            return Step(Stage.AWAY, (Act.TELL_AWAY, Act.START_TIME, Act.RING))
        case Stage.AWAY, Event.RINGS:
            return Step(Stage.RINGING)
        case Stage.AWAY, Event.REGISTERED | Event.RING_DUE:
            return Step(Stage.AWAY, (Act.RING,))
        case Stage.RINGING, Event.REGISTERED:
            return Step(Stage.AWAY, (Act.STOP_RINGING, Act.RING))
        case Stage.RINGING, Event.ANSWERED:
            return Step(None, (Act.STOP_TIMERS, Act.TELL_BACK))
        case Stage.RINGING, Event.NOT_ANSWERED | Event.NEXT:
            return Step(Stage.AWAY, (Act.RING_LATER,))
        case Stage.AWAY, Event.TIME_UP:
            return Step(None, (Act.STOP_TIMERS, Act.GIVE_UP))
        case Stage.RINGING, Event.TIME_UP:
            return Step(None, (Act.STOP_TIMERS, Act.STOP_RINGING, Act.GIVE_UP))
        case Stage.AWAY | Stage.RINGING, Event.LEFT:
            return Step(None, (Act.STOP_TIMERS,))
    return Step(stage)
