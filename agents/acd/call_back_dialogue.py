r"""What is said to a caller who wants to be called back, key by key. Pure.

    CONFIRMING --1--> promised        ENTERING --number #--> CONFIRMING
      |  ^   \--2--> ENTERING            |
      *  +--another key, silence--+      *
      v                                  v
    stays in the queue                 stays in the queue

Whoever has a promise already is asked whether to keep it (`KEEPING`). After three mistakes or
silences the caller simply stays where they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from agents.acd.call_back_rules import CallBackRules
from prompts.catalogue import Announcement

MOST_TRIES = 3
LONGEST_NUMBER = 15
"""Digits, E.164, 6."""


class Phase(Enum):
    """What the caller is asked."""

    CONFIRMING = "confirming"
    ENTERING = "entering"
    KEEPING = "keeping"


MayCall = Callable[[str], bool]
"""Whether the house calls a customer at that number, whatever a queue's rules say."""


def anybody(_number: str) -> bool:
    """Nobody is kept from being called."""
    return True


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A dialogue under way; `digits` are those keyed in so far."""

    rules: CallBackRules
    number: str
    may_call: MayCall = anybody
    phase: Phase = Phase.CONFIRMING
    digits: str = ""
    tries: int = 0

    def callable(self, number: str) -> bool:
        """Whether the caller can be called there."""
        return self.rules.callable(number) and self.may_call(number)


@dataclass(frozen=True, slots=True)
class Say:
    """Say that, which a key cuts short, and wait for keys."""

    words: tuple[Announcement, ...]


@dataclass(frozen=True, slots=True)
class GoOn:
    """Say nothing and wait for the next key."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Call back at that number."""

    number: str


@dataclass(frozen=True, slots=True)
class Keep:
    """The promise there is holds; the caller hangs up."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """The promise there is holds no more; the caller waits."""


@dataclass(frozen=True, slots=True)
class Stay:
    """The caller waits on as they did."""


Action = Say | GoOn | Promise | Keep | Cancel | Stay


def begin(
    rules: CallBackRules, number: str, *, promised: bool = False, may_call: MayCall = anybody
) -> tuple[Dialogue, Action]:
    """The dialogue with a caller of that number, who has a promise already or not."""
    dialogue = Dialogue(rules, number, may_call)
    if promised:
        return _ask(replace(dialogue, phase=Phase.KEEPING))
    if not dialogue.callable(number):
        return _ask(replace(dialogue, number="", phase=Phase.ENTERING))
    return _ask(dialogue) if rules.confirm_number else (dialogue, Promise(number))


def pressed(dialogue: Dialogue, key: str) -> tuple[Dialogue, Action]:
    """The caller pressed a key."""
    match dialogue.phase, key:
        case ((Phase.CONFIRMING | Phase.ENTERING), "*"):
            return dialogue, Stay()
        case Phase.CONFIRMING, "1":
            return dialogue, Promise(dialogue.number)
        case Phase.CONFIRMING, "2":
            return _ask(replace(dialogue, phase=Phase.ENTERING, digits=""))
        case Phase.KEEPING, "1":
            return dialogue, Keep()
        case Phase.KEEPING, "2":
            return dialogue, Cancel()
        case Phase.ENTERING, "#":
            return _entered(dialogue)
        case Phase.ENTERING, _ if key.isdecimal() and len(dialogue.digits) < LONGEST_NUMBER:
            return replace(dialogue, digits=dialogue.digits + key), GoOn()
    return _again(dialogue)


def silent(dialogue: Dialogue) -> tuple[Dialogue, Action]:
    """The caller has not pressed a key for a while."""
    if dialogue.phase is Phase.ENTERING and dialogue.digits:
        return _entered(dialogue)
    return _again(dialogue)


def _entered(dialogue: Dialogue) -> tuple[Dialogue, Action]:
    number, emptied = dialogue.digits, replace(dialogue, digits="")
    if not dialogue.callable(number):
        return _again(emptied, Announcement("call_back.wrong"))
    return _ask(replace(emptied, phase=Phase.CONFIRMING, number=number))


def _again(dialogue: Dialogue, *first: Announcement) -> tuple[Dialogue, Action]:
    tried = replace(dialogue, tries=dialogue.tries + 1, digits="")
    return _ask(tried, *first) if tried.tries < MOST_TRIES else (tried, Stay())


def _ask(dialogue: Dialogue, *first: Announcement) -> tuple[Dialogue, Action]:
    match dialogue.phase:
        case Phase.CONFIRMING:
            question = Announcement("call_back.confirm", {"number": dialogue.number})
        case Phase.ENTERING:
            question = Announcement("call_back.enter")
        case Phase.KEEPING:
            question = Announcement("call_back.open")
    return dialogue, Say((*first, question))
