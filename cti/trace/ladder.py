"""A call as a ladder: a column for every party, an arrow for every message.

::

                caller 1380013800       hotline             agent 1001
                  192.0.2.1:5060     192.0.2.9:5060      192.0.2.7:5062
       0.000            │── INVITE (1) ────>│                   │
                        │ PCMA keys         │                   │
       0.004            │                   │── INVITE (1) ────>│

A message that was repeated stands where it came first, with how often it came.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import Enum
from textwrap import wrap

from cti.sip.events import Endpoint
from cti.sip.outgoing import hostport
from cti.trace.finding import Traced
from cti.trace.records import Direction, Fact
from cti.trace.summary import Summary
from cti.trace.words import Words

TIME = 11
"""Columns that the time takes."""
NARROWEST, WIDEST = 16, 36
"""Columns from one party to the next."""
MARGIN = 12
"""Columns kept free for what stands around the first and the last party."""

_LINE, _DASH, _RIGHT, _LEFT, _DOT = "│", "─", ">", "<", "·"


class Style(Enum):
    """What a line is, so that it can be coloured."""

    HEAD = "head"
    REQUEST = "request"
    PROGRESS = "progress"
    SUCCESS = "success"
    FAILURE = "failure"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ladder."""

    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class _Lane:
    """A party: the leg's, or whoever is at the far end."""

    name: str
    address: str


def ladder(
    call: Traced, words: Words, width: int, zone: tzinfo | None, *, collapse: bool = True
) -> list[Line]:
    """The lines of a call, as wide as they may be (columns of the terminal) where that suffices."""
    return list(_Drawing(call, words, width).lines(zone, collapse=collapse))


class _Drawing:
    """The parties of one call and where they stand."""

    def __init__(self, call: Traced, words: Words, width: int) -> None:
        self._call, self._words = call, words
        self._house = _Lane(words.house, _own_address(call))
        lanes = self._parties()
        self._lanes = [*lanes[:1], self._house, *lanes[1:]]
        gap = (width - TIME - MARGIN) // max(1, len(self._lanes) - 1)
        self._gap = max(NARROWEST, min(WIDEST, gap))
        self._width = max(width, self._place(len(self._lanes) - 1) + 2)

    def lines(self, zone: tzinfo | None, *, collapse: bool) -> Iterator[Line]:
        """Head, parties, and what happened, in order."""
        began = self._call.began
        when = datetime.fromtimestamp(began, zone)
        title = f"{self._words.call} {self._call.name}  {when:%Y-%m-%d %H:%M:%S %z}"
        yield Line(title.rstrip(), Style.HEAD)
        yield Line("")
        yield Line(self._centred([lane.name for lane in self._lanes]), Style.HEAD)
        yield Line(self._centred([lane.address for lane in self._lanes]))
        for at, _, item in self._items(collapse=collapse):
            if isinstance(item, Fact):
                yield from self._fact(item, at - began)
            else:
                yield from self._message(*item, at - began)

    def _items(self, *, collapse: bool) -> list[tuple[float, int, "_Item"]]:
        """Messages with how often each came, and facts, in the order of time."""
        seen: dict[object, int] = {}
        counted: list[tuple[Summary, int]] = []
        for each in self._call.messages:
            message = each.message
            same = message.direction, message.remote, message.data
            if collapse and same in seen:
                first, times = counted[seen[same]]
                counted[seen[same]] = first, times + 1
            else:
                seen[same] = len(counted)
                counted.append((each, 1))
        items: list[tuple[float, int, _Item]] = [
            (one.message.at, 0, (one, times)) for one, times in counted
        ]
        items += [(each.at, 1, each) for each in self._call.facts]
        return sorted(items, key=lambda each: each[:2])

    # --- lines ------------------------------------------------------------------------------

    def _message(self, summary: Summary, times: int, passed: float) -> Iterator[Line]:
        ours, theirs = self._lanes.index(self._house), self._lane_of(summary)
        out = summary.message.direction is Direction.OUT
        begin, end = sorted((self._place(ours), self._place(theirs)))
        rightwards = out == (theirs > ours)
        often = f" x{times}" if times > 1 else ""
        arrow = _arrow(summary.label, often, end - begin - 1, rightwards=rightwards)
        yield Line(_put(self._ropes(passed), begin + 1, arrow), _style(summary))
        for said in wrap(summary.media, end - begin - 3):
            yield Line(_put(self._ropes(), begin + 2, _cut(said, end - begin - 3)))

    def _fact(self, fact: Fact, passed: float) -> Iterator[Line]:
        said = self._words.fact(fact.what, fact.detail)
        leg = next(
            (leg for leg in self._call.legs.values() if leg.connection_id == fact.connection_id),
            None,
        )
        ours = self._lanes.index(self._house)
        theirs = self._lane_named(self._name(leg.party, leg.device)) if leg else None
        begin = self._place(ours if theirs is None else min(theirs, max(ours, theirs - 1)))
        room = self._width - begin - 4 if theirs is None else self._gap - 4
        for number, part in enumerate(wrap(said, room)):
            ropes = self._ropes(None if number else passed)
            yield Line(_put(ropes, begin + 2, f"{' ' if number else _DOT} {_cut(part, room)}"))

    def _ropes(self, passed: float | None = None) -> str:
        """A line with nothing on it but the time."""
        text = "" if passed is None else f"{passed:{TIME - 2}.3f}"
        line = text.ljust(self._place(len(self._lanes) - 1) + 1)
        for number in range(len(self._lanes)):
            line = _put(line, self._place(number), _LINE)
        return line

    def _centred(self, texts: Sequence[str]) -> str:
        line = ""
        for number, text in enumerate(texts):
            said = _cut(text, self._gap - 1)
            wide, used = columns(said), columns(line)
            begin = min(self._place(number) - wide // 2, self._width - wide)
            line += " " * max(begin - used, min(used, 1)) + said
        return line

    # --- parties ----------------------------------------------------------------------------

    def _parties(self) -> list[_Lane]:
        lanes: dict[str, _Lane] = {}
        for each in self._call.messages:
            name = self._name_of(each)
            lanes.setdefault(name, _Lane(name, _address(each.message.remote)))
        return list(lanes.values())

    def _name_of(self, summary: Summary) -> str:
        leg = self._call.legs.get(summary.call_id)
        if leg is not None:
            return self._name(leg.party, leg.device)
        first = next(each for each in self._call.messages if each.call_id == summary.call_id)
        comes = first.message.direction is Direction.IN
        if first.status:
            comes = not comes
        return self._name("", first.calling if comes else first.recipient)

    def _name(self, party: str, device: str) -> str:
        return f"{self._words.parties.get(party, party)} {device}".strip()

    def _lane_of(self, summary: Summary) -> int:
        found = self._lane_named(self._name_of(summary))
        assert found is not None
        return found

    def _lane_named(self, name: str) -> int | None:
        names = [lane.name for lane in self._lanes]
        places = [place for place, each in enumerate(names) if each == name]
        others = [place for place in places if self._lanes[place] is not self._house]
        return others[0] if others else None

    def _place(self, number: int) -> int:
        return TIME + MARGIN // 2 + self._gap * number


_Item = Fact | tuple[Summary, int]


def columns(text: str) -> int:
    """How many columns of a terminal the text takes (Unicode Standard Annex 11)."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _put(line: str, at: int, text: str) -> str:
    """The line with the text written over what stands at that column."""
    return line[:at].ljust(at) + text + line[at + columns(text) :]


def _arrow(label: str, often: str, room: int, *, rightwards: bool) -> str:
    said = f" {_cut(label, room - 6 - len(often))}{often} "
    dashes = room - columns(said) - 1
    if rightwards:
        return _DASH * 2 + said + _DASH * (dashes - 2) + _RIGHT
    return _LEFT + _DASH * 2 + said + _DASH * (dashes - 2)


def _cut(text: str, room: int) -> str:
    """The text as far as there is room for it, without what a terminal would obey."""
    clean = "".join(each if each.isprintable() else "?" for each in text)
    if columns(clean) <= room:
        return clean
    kept = ""
    for each in clean:
        if columns(kept + each) > room - 1:
            break
        kept += each
    return f"{kept}…"


def _own_address(call: Traced) -> str:
    return _address(call.messages[0].message.local) if call.messages else ""


def _address(endpoint: Endpoint) -> str:
    over = "" if endpoint.transport.value == "UDP" else f" {endpoint.transport.value}"
    return f"{hostport(endpoint.host, endpoint.port)}{over}"


def _style(summary: Summary) -> Style:
    if not summary.status:
        return Style.REQUEST
    if summary.status < 200:
        return Style.PROGRESS
    return Style.SUCCESS if summary.status < 300 else Style.FAILURE
