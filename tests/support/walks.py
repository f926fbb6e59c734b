"""A caller's way through a flow, event by event, with what it does to the world."""

from ivr.effects import (
    CalendarChecked,
    CallService,
    Effect,
    Event,
    HandOver,
    Hours,
    Key,
    Mask,
    Play,
    Played,
    ServiceDone,
    Started,
    StartTimer,
    StopPlaying,
    StopTimer,
    Timer,
    TimerFired,
)
from ivr.flow import Flow
from ivr.interpreter import step
from ivr.state import State
from prompts.catalogue import Announcement


class Walk:
    """A caller's way through a flow, with what it does to the world."""

    def __init__(self, flow: Flow) -> None:
        self.flow, self.state = flow, State()
        self.effects: list[Effect] = []
        self.timers: dict[Timer, float] = {}
        self.playing: Play | None = None
        self.masked = False

    def send(self, *events: Event) -> list[Effect]:
        """What these events do."""
        new: list[Effect] = []
        for event in events:
            if isinstance(event, TimerFired):
                self.timers.pop(event.timer, None)
            if isinstance(event, Played):
                self.playing = None
            self.state, effects = step(self.flow, self.state, event)
            for effect in effects:
                self._note(effect)
            new += effects
        self.effects += new
        return new

    def press(self, keys: str) -> list[Effect]:
        """The caller presses keys."""
        return self.send(*(Key(key) for key in keys))

    def hear(self, *events: Event) -> list[str]:
        """The ids of what is said after these events."""
        return ids(self.send(*events))

    def begin(self, keys: str = "1", hours: Hours = Hours.OPEN, level: str = "") -> list[Effect]:
        """Choose the language, and reach the menu of the hour."""
        self.send(Started({"level": level}))
        return [*self.press(keys), *self.send(CalendarChecked(hours))]

    def _note(self, effect: Effect) -> None:
        match effect:
            case StartTimer():
                self.timers[effect.timer] = effect.seconds
            case StopTimer():
                self.timers.pop(effect.timer, None)
            case Play():
                self.playing = effect
            case StopPlaying():
                self.playing = None
            case Mask():
                self.masked = effect.masked


def ids(effects: list[Effect]) -> list[str]:
    """What is said because of these effects, by us or by the queue."""
    said = (effect for effect in effects if isinstance(effect, Play | HandOver))
    return [line.announcement.id for effect in said for line in effect.lines]


def signed_in(walk: Walk, choice: str = "2") -> CallService:
    """Up to the service call of a sign-in."""
    walk.begin()
    walk.press(choice)
    effects = walk.press("6001010101#135790" + "80000101#246801")
    return next(effect for effect in effects if isinstance(effect, CallService))


VERIFIED = ServiceDone(
    "verified", (Announcement("sign_in.verified"),), facts={"verification": "signed_in"}
)
WRONG = ServiceDone("wrong", (Announcement("sign_in.wrong"),), succeeded=False)
