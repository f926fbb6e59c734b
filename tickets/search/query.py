"""What people type to find tickets: words, phrases and filters, read into values.

    柜台 排队 "无人办理" kind:complaint state:in_progress dept:cards due:<2026-11-30 opened:2026-11

Everything must hold; ``order:changed`` says only how the list is read. Words and phrases stand
anywhere in a ticket, or with ``from:`` in who asks.
Days are those of the hotline's zone: ``today``, ``2026-11-30``, ``2026-11`` or ``2026``, alone,
behind ``<``, ``<=``, ``>``, ``>=``, or two of them around ``..``. Whatever is not understood is
refused with its own words; nothing is guessed.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from cti.kernel.errors import Refused
from tickets.search.terms import folded, needed

LONGEST = 500
"""Characters of a query."""
MOST_WORDS = 16
"""Words, phrases and filters of a query."""
DAY = timedelta(days=1)


class Order(Enum):
    """In which order a list is read."""

    NEWEST = "newest"
    OLDEST = "oldest"
    DUE = "due"
    """The earliest deadline first; what has none any more is not in it."""
    URGENCY = "urgency"
    """The most urgent first, of these the earliest deadline; of what is open."""
    CHANGED = "changed"
    """What somebody acted on last."""

    @property
    def rising(self) -> bool:
        """Whether what it goes by grows from line to line."""
        return self in (Order.OLDEST, Order.DUE, Order.URGENCY)

    @property
    def of_work(self) -> bool:
        """Whether it is one of what is still to be done."""
        return self in (Order.DUE, Order.URGENCY)


_PART = re.compile(
    r'(?:(?P<key>[^\s:："“”]+)[:：])?(?:["“”](?P<phrase>[^"“”]*)["“”]|(?P<word>[^\s"“”]+))'
)
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


@dataclass(frozen=True, slots=True)
class Span:
    """From that instant (or ever) to before that one (or for ever)."""

    start: datetime | None = None
    end: datetime | None = None


EVER = Span()
SIGNS: Mapping[str, Callable[[datetime, datetime], Span]] = {
    "<=": lambda _first, after: Span(end=after),
    ">=": lambda first, _after: Span(start=first),
    "<": lambda first, _after: Span(end=first),
    ">": lambda _first, after: Span(start=after),
    "": Span,
}
"""What a sign before a day, or none, makes of its first instant and the first one after it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it was understood; empty asks for everything."""

    words: tuple[str, ...] = ()
    requester: tuple[str, ...] = ()
    """Words that stand in who asks."""
    facets: tuple[str, ...] = ()
    """Such as ``kind:complaint``."""
    opened: Span = EVER
    due: Span = EVER
    order: Order | None = None
    """None: as the list is read where nobody says."""


EVERYTHING = Asked()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of filters: each key's facet, and the values it knows by any of their names.

    Keys and values have names in every language; those of a value that is open (a code, a person)
    are any, and are taken as they are.
    """

    zone: ZoneInfo
    keys: Mapping[str, str] = field(default_factory=dict)
    """The facet, or ``opened``, ``due``, ``order`` or ``from``, that a key's name means."""
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Of a facet that has a list of values: what each name means."""


def parsed(text: str, vocabulary: Vocabulary, now: datetime) -> Asked:
    """The query; Refused (``ticket.search.*``) with what is not understood."""
    if len(text) > LONGEST:
        raise Refused("ticket.search.too_long", most=LONGEST)
    parts = list(_parts(text))
    if len(parts) > MOST_WORDS:
        raise Refused("ticket.search.too_many", most=MOST_WORDS)
    asked = EVERYTHING
    for key, value in parts:
        asked = _with(asked, key, value, vocabulary, now)
    return asked


def _parts(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    for part in _PART.finditer(text):
        _only_blank(text[place : part.start()])
        place = part.end()
        value = part["word"] if part["phrase"] is None else part["phrase"]
        key = part["key"] or ""
        if not key and part["phrase"] is None and value.endswith((":", "：")):
            key, value = value[:-1], ""
        yield key, value.strip()
    _only_blank(text[place:])


def _only_blank(between: str) -> None:
    if between.strip():
        raise Refused("ticket.search.quote", part=between.strip())


def _with(asked: Asked, key: str, value: str, vocabulary: Vocabulary, now: datetime) -> Asked:
    if not key:
        return replace(asked, words=(*asked.words, _word(value)))
    meant = vocabulary.keys.get(folded(key))
    match meant:
        case None:
            raise Refused("ticket.search.key", name=key)
        case _ if not value:
            raise Refused("ticket.search.empty", name=key)
        case "from":
            return replace(asked, requester=(*asked.requester, _word(value)))
        case "order":
            return replace(asked, order=Order(_value(key, meant, value, vocabulary)))
        case "opened":
            return replace(asked, opened=_span(key, value, vocabulary.zone, now))
        case "due":
            return replace(asked, due=_span(key, value, vocabulary.zone, now))
    return replace(asked, facets=(*asked.facets, _facet(key, meant, value, vocabulary)))


def _word(value: str) -> str:
    if not needed(value):
        raise Refused("ticket.search.no_word", part=value)
    return value


def _facet(key: str, meant: str, value: str, vocabulary: Vocabulary) -> str:
    return f"{meant}:{_value(key, meant, value, vocabulary)}"


def _value(key: str, meant: str, value: str, vocabulary: Vocabulary) -> str:
    known = vocabulary.values.get(meant)
    if known is None:
        return value
    found = known.get(folded(value))
    if found is None:
        names = ", ".join(dict.fromkeys(known.values()))
        raise Refused("ticket.search.value", name=key, value=value, known=names, meant=meant)
    return found


def _span(key: str, value: str, zone: ZoneInfo, now: datetime) -> Span:
    today = now.astimezone(zone).date()

    def instants(text: str) -> tuple[datetime, datetime]:
        days = _days(folded(text), today)
        if days is None:
            raise Refused("ticket.search.day", name=key, value=text)
        first, after = (datetime.combine(day, time(), zone).astimezone(UTC) for day in days)
        return first, after

    first, dots, last = value.partition("..")
    if dots:
        start = instants(first)[0] if first else None
        end = instants(last)[1] if last else None
        if start and end and start >= end:
            raise Refused("ticket.search.day", name=key, value=value)
        return Span(start, end)
    sign = next((each for each in SIGNS if value.startswith(each)), "")
    return SIGNS[sign](*instants(value.removeprefix(sign)))


def _days(text: str, today: date) -> tuple[date, date] | None:
    """The first day that is meant, and the first one after; None for what is no day."""
    if text in ("today", "今天"):
        return today, today + DAY
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    assert year is not None
    try:
        if month is None:
            return date(year, 1, 1), date(year + 1, 1, 1)
        if day is None:
            return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
        return date(year, month, day), date(year, month, day) + DAY
    except (ValueError, OverflowError):
        return None
