"""The quarterly table of complaints, and the tickets behind each of its numbers.

A complaint is counted in the quarter in which it was received (by the hotline's calendar),
whatever happened since. Each column is one question about one complaint; a number of the table is
how many complaints answer it with yes, and the list behind the number is those complaints: both
come from `counted`, so they cannot differ.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from zoneinfo import ZoneInfo

from tickets.model import CaseState
from tickets.regulation.codes import BUSINESS, CAUSE, CHANNEL, REGION, CodeBook
from tickets.regulation.facts import Fact
from tickets.regulation.fault import NO_SHARES, Shares

MONTHS = 3
QUARTERS = 4
FIRST_YEAR, LAST_YEAR = 2000, 2999


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A quarter of a year, written ``2026Q4``."""

    year: int
    quarter: int

    @classmethod
    def parse(cls, text: str) -> "Quarter":
        """The quarter of ``2026Q4``; ValueError for anything else."""
        year, _, quarter = text.upper().partition("Q")
        found = cls(int(year), int(quarter))
        if not (FIRST_YEAR <= found.year <= LAST_YEAR and 1 <= found.quarter <= QUARTERS):
            raise ValueError(f"{text!r} is no quarter")
        return found

    @classmethod
    def of(cls, at: datetime, zone: ZoneInfo) -> "Quarter":
        """The quarter that the instant lies in."""
        local = at.astimezone(zone)
        return cls(local.year, (local.month - 1) // MONTHS + 1)

    def __str__(self) -> str:
        return f"{self.year}Q{self.quarter}"

    @property
    def before(self) -> "Quarter":
        """The quarter before it."""
        return Quarter(self.year - (self.quarter == 1), (self.quarter - 2) % QUARTERS + 1)

    @property
    def after(self) -> "Quarter":
        """The next one."""
        return Quarter(self.year + (self.quarter == QUARTERS), self.quarter % QUARTERS + 1)

    @property
    def first_day(self) -> date:
        """The day it begins."""
        return date(self.year, MONTHS * (self.quarter - 1) + 1, 1)

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Its first instant, and the first one after it."""
        first, after = (
            datetime.combine(day, time(), zone) for day in (self.first_day, self.after.first_day)
        )
        return first, after


class By(Enum):
    """What the table's rows stand for."""

    CHANNEL = "channel"
    BUSINESS = "business"
    CAUSE = "cause"
    REGION = "region"
    BRANCH = "branch"


class Count(Enum):
    """A column: which complaints it counts."""

    RECEIVED = "received"
    IN_TIME = "in_time"
    """Told, and no period ended before."""
    LATE = "late"
    """A period ended before the customer was told."""
    PENDING = "pending"
    """Neither told nor late yet."""
    OTHERWISE = "otherwise"
    """Ended without a decision, in time: withdrawn, merged or void."""
    WITHIN_15 = "within_15"
    WITHIN_30 = "within_30"
    WITHIN_60 = "within_60"
    BEYOND_60 = "beyond_60"
    UNTOLD = "untold"
    """No decision was told, or not yet."""
    REPEATED = "repeated"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    VOID = "void"
    OPEN = "open"


OUTCOMES = (Count.RESOLVED, Count.WITHDRAWN, Count.MERGED, Count.VOID, Count.OPEN)
TIMELINESS = (Count.IN_TIME, Count.LATE, Count.PENDING, Count.OTHERWISE)
PERIODS = (Count.WITHIN_15, Count.WITHIN_30, Count.WITHIN_60, Count.BEYOND_60, Count.UNTOLD)
"""Each complaint is counted in exactly one column of each of these three."""
Question = Callable[[Fact, datetime], bool]


def _told_within(least: int, most: int) -> Question:
    return lambda fact, _now: fact.days is not None and least <= fact.days <= most


def _is(state: CaseState) -> Question:
    return lambda fact, _now: fact.state is state


_OTHER_ENDS = frozenset({CaseState.WITHDRAWN, CaseState.MERGED, CaseState.VOID})
_ENDS = _OTHER_ENDS | {CaseState.CLOSED}
_QUESTIONS: Mapping[Count, Question] = {
    Count.RECEIVED: lambda _fact, _now: True,
    Count.IN_TIME: lambda fact, now: fact.told is not None and not fact.late(now),
    Count.LATE: Fact.late,
    Count.PENDING: lambda fact, now: (
        fact.told is None and not fact.late(now) and fact.state not in _ENDS
    ),
    Count.OTHERWISE: lambda fact, now: (
        fact.told is None and not fact.late(now) and fact.state in _ENDS
    ),
    Count.WITHIN_15: _told_within(0, 15),
    Count.WITHIN_30: _told_within(16, 30),
    Count.WITHIN_60: _told_within(31, 60),
    Count.BEYOND_60: lambda fact, _now: fact.days is not None and fact.days > 60,
    Count.UNTOLD: lambda fact, _now: fact.days is None,
    Count.REPEATED: lambda fact, _now: fact.repeats is not None,
    Count.RESOLVED: _is(CaseState.CLOSED),
    Count.WITHDRAWN: _is(CaseState.WITHDRAWN),
    Count.MERGED: _is(CaseState.MERGED),
    Count.VOID: _is(CaseState.VOID),
    Count.OPEN: lambda fact, _now: fact.state not in _ENDS,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; the key is empty for complaints without such a code."""

    key: str
    counts: Mapping[Count, int]
    shares: Shares = NO_SHARES


@dataclass(frozen=True, slots=True)
class Table:
    """The table: its rows by size, and what they add up to."""

    by: By
    rows: tuple[Row, ...]
    total: Row
    assumed: int
    """Complaints whose channel only follows from how they came in."""


def key_of(fact: Fact, by: By, codes: CodeBook) -> str:
    """The row the complaint belongs to: codes count below the first level they belong to."""
    match by:
        case By.CHANNEL:
            return fact.channel and codes.top(CHANNEL, fact.channel)
        case By.BUSINESS:
            return fact.business and codes.top(BUSINESS, fact.business)
        case By.CAUSE:
            return fact.cause and codes.top(CAUSE, fact.cause)
        case By.REGION:
            return fact.region and codes.top(REGION, fact.region)
        case By.BRANCH:
            return fact.branch


def counted(
    facts: Iterable[Fact], by: By, codes: CodeBook, now: datetime, key: str | None, count: Count
) -> Iterator[Fact]:
    """The complaints behind a number; `key` is None for the line of totals."""
    asks = _QUESTIONS[count]
    return (
        fact
        for fact in facts
        if (key is None or key_of(fact, by, codes) == key) and asks(fact, now)
    )


def answers(fact: Fact, now: datetime) -> frozenset[Count]:
    """The columns that count the complaint."""
    return frozenset(count for count, asks in _QUESTIONS.items() if asks(fact, now))


def table(facts: Iterable[Fact], by: By, codes: CodeBook, now: datetime) -> Table:
    """The table of these complaints as things are now."""
    adding: dict[str, _Adding] = {}
    assumed = 0
    for fact in facts:
        adding.setdefault(key_of(fact, by, codes), _Adding()).add(fact, now)
        assumed += fact.channel_assumed
    rows = sorted(
        (Row(key, each.counts, each.shares) for key, each in adding.items()),
        key=lambda row: (not row.key, -row.counts[Count.RECEIVED], row.key),
    )
    total = Row("", {each: sum(row.counts[each] for row in rows) for each in Count})
    shares = sum((row.shares for row in rows), NO_SHARES)
    return Table(by, tuple(rows), Row("", total.counts, shares), assumed)


class _Adding:
    """A row that is being added up."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(Count, 0)
        self.shares = NO_SHARES

    def add(self, fact: Fact, now: datetime) -> None:
        for count, asks in _QUESTIONS.items():
            self.counts[count] += asks(fact, now)
        self.shares += fact.shares
