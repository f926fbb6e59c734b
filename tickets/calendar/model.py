"""What people make of working calendars, as values: days closed or opened, kept as changes.

The calendar's file is the base. A change says of some dates, in one calendar or several, that they
are closed, open at hours of their own, or again as written in the file; it may also say that a
year's list of holidays is complete. Changes are only ever added: to undo one is a change that puts
each of its days where it was before. Of a date the last change decides.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TypeVar

from cti.kernel.calendar import Mark, Spans, WorkingCalendar
from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId
from cti.kernel.overlay import open_days, overlaid
from cti.kernel.public_days import PublicDays

LONGEST_NAME = 40
LONGEST_REASON = 200
FIRST_YEAR, LAST_YEAR = 2000, 2999

K = TypeVar("K")
Place = tuple[str, date]
"""A calendar by its name, and a date in it."""


class DayKind(Enum):
    """What is said of a day."""

    CLOSED = "closed"
    OPEN = "open"
    WRITTEN = "written"
    """As the calendar's file has it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a change says of one day."""

    kind: DayKind
    spans: Spans = ()
    name_zh: str = ""
    name_en: str = ""


AS_WRITTEN = Said(DayKind.WRITTEN)


@dataclass(frozen=True, slots=True)
class Change:
    """A change as it was made: by whom, when, why, and what it says."""

    version: int
    at: datetime
    by: StaffId
    by_name: str
    reason: str
    days: Mapping[Place, Said]
    years: Mapping[tuple[str, int], bool] = field(default_factory=dict)
    """Whether the calendar's list of that year is complete; only where it says so."""
    undoes: int | None = None
    moved: int = 0
    """How many deadlines it moved."""
    left: bool = False
    """Whether there are deadlines that it has not moved yet."""

    @property
    def calendars(self) -> tuple[str, ...]:
        """The names of the calendars that it is about."""
        return tuple(dict.fromkeys(name for name, _ in (*self.days, *self.years)))

    @property
    def first(self) -> date | None:
        """The first of its days."""
        return min((day for _, day in self.days), default=None)

    @property
    def last(self) -> date | None:
        """The last of its days."""
        return max((day for _, day in self.days), default=None)


@dataclass(frozen=True, slots=True)
class Wish:
    """A change as somebody asks for it, before it has a version."""

    days: Mapping[Place, Said]
    years: Mapping[tuple[str, int], bool] = field(default_factory=dict)
    undoes: int | None = None


def days_of(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last.

    Refused (``calendar.range_backwards``, ``calendar.range_across_years``).
    """
    if last < first:
        raise Refused("calendar.range_backwards", first=first, last=last)
    if first.year != last.year:
        raise Refused("calendar.range_across_years", first=first.year, last=last.year)
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)


def in_force(
    base: Mapping[str, WorkingCalendar], changes: Iterable[Change]
) -> dict[str, WorkingCalendar]:
    """The calendars with all that these changes (in the order of their versions) say."""
    marks: dict[str, dict[date, Mark]] = {name: {} for name in base}
    complete: dict[str, set[int]] = {name: set() for name in base}
    for change in changes:
        for (name, day), said in change.days.items():
            if name in base:
                _put(marks[name], day, said, change)
        for (name, year), known in change.years.items():
            if name in base:
                (complete[name].add if known else complete[name].discard)(year)
    return {
        name: overlaid(each, marks[name], complete[name]) if marks[name] or complete[name] else each
        for name, each in base.items()
    }


def _put(marks: dict[date, Mark], day: date, said: Said, change: Change) -> None:
    if said.kind is DayKind.WRITTEN:
        marks.pop(day, None)
        return
    marks[day] = Mark(
        said.spans,
        said.name_zh,
        said.name_en,
        change.version,
        change.by_name,
        change.at,
        change.reason,
    )


def undoing(version: int, changes: Iterable[Change]) -> Wish:
    """What takes that change back: each of its days as it was before.

    Refused (``calendar.no_change``) where there is none of that version, and
    (``calendar.changed_since``) where a later one, which is to be undone first, says otherwise.
    """
    known = list(changes)
    found = next((each for each in known if each.version == version), None)
    if found is None:
        raise Refused("calendar.no_change", version=version)
    days: dict[Place, Said] = dict.fromkeys(found.days, AS_WRITTEN)
    years: dict[tuple[str, int], bool] = dict.fromkeys(found.years, False)
    for change in known:
        if change.version < version:
            days.update((place, said) for place, said in change.days.items() if place in days)
            years.update((year, full) for year, full in change.years.items() if year in years)
    _check_still(found, [each for each in known if each.version > version])
    return Wish(days, years, undoes=version)


def _check_still(found: Change, later: Iterable[Change]) -> None:
    """Refused where what the change said holds no more."""
    days: dict[Place, int] = {}
    years: dict[tuple[str, int], int] = {}
    for change in later:
        _note_differing(days, found.days, change.days, change.version)
        _note_differing(years, found.years, change.years, change.version)
    if since := [*days.values(), *years.values()]:
        raise Refused("calendar.changed_since", version=max(since))


def _note_differing(
    differing: dict[K, int], mine: Mapping[K, object], theirs: Mapping[K, object], version: int
) -> None:
    for place, said in theirs.items():
        if place in mine and said != mine[place]:
            differing[place] = version
        else:
            differing.pop(place, None)


def checked(wish: Wish, calendars: Mapping[str, WorkingCalendar]) -> Wish:
    """The wish as it may be fulfilled, on these calendars in force.

    Refused: ``calendar.unknown``, ``calendar.year_out_of_range``, ``calendar.name_too_long``,
    ``calendar.nothing``.
    """
    for name in {name for name, _ in (*wish.days, *wish.years)}:
        if name not in calendars:
            raise Refused("calendar.unknown", name=name)
    years = {*(day.year for _, day in wish.days), *(year for _, year in wish.years)}
    for year in years:
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise Refused("calendar.year_out_of_range", first=FIRST_YEAR, last=LAST_YEAR)
    for said in wish.days.values():
        if max(len(said.name_zh), len(said.name_en)) > LONGEST_NAME:
            raise Refused("calendar.name_too_long", limit=LONGEST_NAME)
    if not wish.days and not wish.years:
        raise Refused("calendar.nothing")
    return wish


def check_open(calendars: Mapping[str, WorkingCalendar], places: Collection[Place]) -> None:
    """Refused (``calendar.never_open``) where a calendar has a year without any open time."""
    for name, year in sorted({(name, day.year) for name, day in places}):
        if not open_days(calendars[name], year):
            raise Refused("calendar.never_open", name=name, year=year)


def proposed(calendar: WorkingCalendar, public: PublicDays, year: int) -> dict[Place, Said]:
    """The country's days of that year that the calendar does not have as they are published.

    A day that somebody marked is theirs, and stays.
    """
    found: dict[Place, Said] = {}
    for day in sorted({*public.holidays, *public.workdays}):
        if day.year != year or day in calendar.marks:
            continue
        spans = calendar.makeup if day in public.workdays else ()
        if tuple(calendar.spans_on(day)) == spans and (
            day in calendar.workdays if spans else day in calendar.holidays
        ):
            continue
        name = public.holidays.get(day, "")
        kind = DayKind.OPEN if spans else DayKind.CLOSED
        found[calendar.name, day] = Said(kind, spans, name, public.english.get(name, ""))
    return found
