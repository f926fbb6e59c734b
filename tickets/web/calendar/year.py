"""A year of a working calendar as a page shows it: twelve months, and what is special in each."""

from calendar import Calendar as Weeks
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from itertools import groupby

from cti.kernel.calendar import DAYS_A_WEEK, Spans, WorkingCalendar
from cti.kernel.overlay import written
from cti.kernel.public_days import in_english
from cti.kernel.vocabulary import Language

MONTHS = range(1, 13)


class Sort(Enum):
    """What a day is, at a glance."""

    OPEN = "open"
    """At the hours of its weekday."""
    REST = "rest"
    """Closed as on every such weekday."""
    HOLIDAY = "holiday"
    CLOSED = "closed"
    """Closed for once, without a name."""
    MADE_UP = "made_up"
    """调休上班: worked in exchange for another day, at hours of its own."""
    HOURS = "hours"
    """Open at other hours than its weekday's."""


PLAIN = frozenset({Sort.OPEN, Sort.REST})


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be said of a day."""

    sort: Sort
    name: str = ""
    hours: str = ""
    version: int = 0
    """The change that made it so; 0 where it is as written."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A day in its month."""

    day: date
    told: Told


@dataclass(frozen=True, slots=True)
class Note:
    """Special days in a row of which the same is said."""

    first: date
    last: date
    told: Told


@dataclass(frozen=True, slots=True)
class Month:
    """Weeks from Monday to Sunday, with gaps before the first day and after the last."""

    first: date
    weeks: tuple[tuple[Cell | None, ...], ...]
    notes: tuple[Note, ...]
    open_days: int


def year_of(calendar: WorkingCalendar, year: int, language: Language) -> tuple[Month, ...]:
    """The twelve months."""
    return tuple(_month(calendar, year, month, language) for month in MONTHS)


def week_of(calendar: WorkingCalendar) -> tuple[tuple[int, int, Spans], ...]:
    """The weekly hours: days in a row (0 is Monday) that have the same, from the first to last."""
    found = []
    for spans, days in groupby(range(DAYS_A_WEEK), calendar.week.__getitem__):
        own = list(days)
        found.append((own[0], own[-1], spans))
    return tuple(found)


def told(calendar: WorkingCalendar, day: date, language: Language) -> Told:
    """What the calendar says of that day."""
    spans, mark = calendar.spans_on(day), calendar.marks.get(day)
    name = mark.named(language) if mark else _named(calendar.holidays.get(day, ""), language)
    version = mark.version if mark else 0
    if not spans:
        if day not in calendar.holidays:
            return Told(Sort.REST)
        return Told(Sort.HOLIDAY if name else Sort.CLOSED, name, "", version)
    if day not in calendar.workdays:
        return Told(Sort.OPEN, "", written(spans))
    own = Sort.MADE_UP if calendar.made_up(day) else Sort.HOURS
    return Told(own, name, written(spans), version)


def rows(days: Iterable[tuple[date, Told]]) -> Iterator[Note]:
    """The days, those that follow each other and of which the same is said put together."""
    counted = enumerate(days)
    key = groupby(counted, lambda each: (each[1][0].toordinal() - each[0], each[1][1]))
    for (_, said), found in key:
        own = [day for _, (day, _) in found]
        yield Note(own[0], own[-1], said)


def _month(calendar: WorkingCalendar, year: int, month: int, language: Language) -> Month:
    days = [day for day in Weeks().itermonthdates(year, month) if day.month == month]
    said = {day: told(calendar, day, language) for day in days}
    weeks = Weeks().monthdatescalendar(year, month)
    special = ((day, each) for day, each in said.items() if each.sort not in PLAIN)
    return Month(
        days[0],
        tuple(
            tuple(Cell(day, said[day]) if day in said else None for day in week) for week in weeks
        ),
        tuple(rows(special)),
        sum(bool(calendar.spans_on(day)) for day in days),
    )


def _named(name: str, language: Language) -> str:
    return in_english(name) if language is Language.ENGLISH else name
