"""What callers hear in a queue, how many may wait there how long, and where they go then.

The rules of waiting are frozen values read from plain data::

    place: true                   # say the place in the queue
    expected: true                # say the expected wait, as a range
    first: 8                      # music before the first announcement
    every: 30                     # and between two of them; 0 for none at all
    comfort: [queue.stay]         # said in turn, one with each announcement
    music: ""                     # a file of one's own, in place of the house's music
    most: {calls: 50, then: {to: queue, queue: general}}
    longest: {after: 10 min, then: {to: voicemail, flow: voicemail}}
    expect: {above: 15 min, then: {to: number, number: night_desk}}
    empty: {then: {to: goodbye, prompt: queue.nobody}}
    call_back: {key: "9", offer_after: 60}

A limit that is left out never takes anybody away. Each acts on an event: `most` and `expect` as
a caller comes who finds nobody free, `empty` then and as the last agent leaves who could serve,
`longest` when the caller has been in this queue for so long. All times in seconds. Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from agents.acd.call_back_rules import CallBackRules, call_back_from, call_back_to
from agents.acd.reading import Part, RulesError, items, seconds, text, truth, whole
from cti.kernel.identifiers import QueueId

LONGEST_PAUSE = 3600.0


@dataclass(frozen=True, slots=True)
class ToQueue:
    """To another queue, where the caller keeps the arrival they had."""

    queue_id: QueueId

    def __str__(self) -> str:
        return f"queue:{self.queue_id}"


@dataclass(frozen=True, slots=True)
class ToFlow:
    """To a flow that takes a message."""

    flow: str

    def __str__(self) -> str:
        return f"voicemail:{self.flow}"


@dataclass(frozen=True, slots=True)
class ToCallBack:
    """The caller is offered to be called back; who declines waits on."""

    def __str__(self) -> str:
        return "call_back"


@dataclass(frozen=True, slots=True)
class ToNumber:
    """To a number, or the one behind that name of a transfer; unanswered, the caller is back."""

    number: str

    def __str__(self) -> str:
        return f"number:{self.number}"


@dataclass(frozen=True, slots=True)
class ToGoodbye:
    """A last announcement, and the end of the call."""

    prompt: str = "queue.goodbye"

    def __str__(self) -> str:
        return "goodbye"


Destination = ToQueue | ToFlow | ToCallBack | ToNumber | ToGoodbye


class Limit(Enum):
    """Why a caller flows out; the value is the reason that the journal tells."""

    MOST = "full"
    LONGEST = "too_long"
    EXPECT = "expected_wait"
    EMPTY = "nobody_staffed"


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit of that many calls or seconds, and where callers go who meet it."""

    limit: float
    then: Destination


@dataclass(frozen=True, slots=True)
class WaitingRules:
    """How callers wait in one queue."""

    place: bool = True
    expected: bool = True
    first: float = 8.0
    every: float = 30.0
    comfort: tuple[str, ...] = ("queue.stay",)
    music: str = ""
    bounds: dict[Limit, Bound] = field(default_factory=dict)
    call_back: CallBackRules | None = None

    def destination(self, limit: Limit, figure: float) -> Destination | None:
        """Where a caller goes who meets that limit, None while the figure is below it."""
        bound = self.bounds.get(limit)
        return bound.then if bound is not None and figure >= bound.limit else None

    @property
    def longest(self) -> float | None:
        """The seconds after which a caller flows out."""
        bound = self.bounds.get(Limit.LONGEST)
        return bound.limit if bound is not None else None

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Everywhere a caller can go from here."""
        return tuple(bound.then for bound in self.bounds.values())


KEYS = {
    Limit.MOST: ("most", "calls"),
    Limit.LONGEST: ("longest", "after"),
    Limit.EXPECT: ("expect", "above"),
    Limit.EMPTY: ("empty", ""),
}
"""What each limit is called in plain data, and its figure there."""


def waiting_from(plain: object) -> WaitingRules:
    """The rules that such data describes; RulesError names the wrong key and what to write."""
    part, usual = Part(plain), WaitingRules()
    found = {limit: part.get(key, None, _reader(limit)) for limit, (key, _) in KEYS.items()}
    rules = WaitingRules(
        place=part.get("place", usual.place, truth),
        expected=part.get("expected", usual.expected, truth),
        first=part.get("first", usual.first, _pause),
        every=part.get("every", usual.every, _pause),
        comfort=part.get("comfort", usual.comfort, _texts),
        music=part.get("music", usual.music, text),
        bounds={limit: bound for limit, bound in found.items() if bound is not None},
        call_back=part.get("call_back", None, call_back_from),
    )
    part.close()
    for limit, bound in rules.bounds.items():
        if isinstance(bound.then, ToCallBack) and rules.call_back is None:
            raise RulesError(f"{KEYS[limit][0]}.then", "write `call_back`, too: how it is made")
    return rules


def waiting_to(rules: WaitingRules) -> dict[str, Any]:
    """The plain data that reads back as these rules."""
    plain: dict[str, Any] = {
        "place": rules.place,
        "expected": rules.expected,
        "first": rules.first,
        "every": rules.every,
        "comfort": list(rules.comfort),
    }
    if rules.music:
        plain["music"] = rules.music
    for limit, bound in rules.bounds.items():
        key, figure = KEYS[limit]
        value = int(bound.limit) if limit is Limit.MOST else bound.limit
        plain[key] = {"then": _destination_to(bound.then)} | ({figure: value} if figure else {})
    if rules.call_back is not None:
        plain["call_back"] = call_back_to(rules.call_back)
    return plain


def _reader(limit: Limit) -> Callable[[object, str], Bound | None]:
    return lambda value, key: _bound(value, key, limit)


def _bound(value: object, key: str, limit: Limit) -> Bound:
    part = Part(value, key)
    figure = KEYS[limit][1]
    if not figure:
        most = 0.0
    elif limit is Limit.MOST:
        most = part.need(figure, whole)
    else:
        most = part.need(figure, seconds)
    bound = Bound(float(most), part.need("then", _destination))
    part.close()
    return bound


def _destination(value: object, key: str) -> Destination:
    part = Part(value, key)
    found: Destination
    match part.need("to", text):
        case "queue":
            found = ToQueue(QueueId(part.need("queue", text)))
        case "voicemail":
            found = ToFlow(part.need("flow", text))
        case "call_back":
            found = ToCallBack()
        case "number":
            found = ToNumber(part.need("number", text))
        case "goodbye":
            found = ToGoodbye(part.get("prompt", ToGoodbye().prompt, text))
        case other:
            raise RulesError(
                part.path("to"),
                f"write queue, voicemail, call_back, number or goodbye, not {other!r}",
            )
    part.close()
    return found


def _destination_to(destination: Destination) -> dict[str, str]:
    match destination:
        case ToQueue(queue_id):
            return {"to": "queue", "queue": queue_id}
        case ToFlow(flow):
            return {"to": "voicemail", "flow": flow}
        case ToCallBack():
            return {"to": "call_back"}
        case ToNumber(number):
            return {"to": "number", "number": number}
        case ToGoodbye(prompt):
            return {"to": "goodbye", "prompt": prompt}


def _pause(value: object, key: str) -> float:
    return seconds(value, key, LONGEST_PAUSE)


def _texts(value: object, key: str) -> tuple[str, ...]:
    return tuple(text(each, path) for each, path in items(value, key))
