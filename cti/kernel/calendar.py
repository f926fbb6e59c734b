"""Working time: the hours of a service or a department, with holidays and make-up workdays.

A calendar opens at the spans of its week, except on holidays (closed all day) and on make-up
workdays (调休: open at spans of their own, whatever weekday they fall on). Spans are wall-clock
times in the calendar's zone; every instant that goes in or out is aware, and comes out in UTC.

Four rules decide the rare cases:

- The closing instant is outside, and a target met exactly at closing time is met at the closing
  instant, not at the next opening.
- A span over midnight (22:00-06:00) belongs to the day on which it opens: the night before a
  holiday is worked to its end, and on the holiday's own evening nobody comes.
- A wall-clock time that summer time skips is the instant of the change; of one that comes twice,
  the first is meant. Hours are real hours: a night may have 23 or 25 of them.
- What two spans have in common counts once.

Working time is measured against a table of each year's open intervals with running totals, built
once a year of the calendar is first touched: a span of ten years costs ten look-ups.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from cti.kernel.errors import ConfigurationError
from cti.kernel.vocabulary import Language

MINUTES_A_DAY = 24 * 60
DAYS_A_WEEK = 7
SATURDAY = 5
NOTICE = timedelta(days=31)
"""How long before a year begins its list of holidays is missed."""
NO_TIME = timedelta(0)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open from one minute of the day (0 to 1439) to a later one, the latter excluded.

    What closes after 1440 closes on the day after, at most 24 hours later.
    """

    opens: int
    closes: int

    def __post_init__(self) -> None:
        in_day = 0 <= self.opens < MINUTES_A_DAY
        if not in_day or not self.opens < self.closes <= self.opens + MINUTES_A_DAY:
            raise ConfigurationError(
                f"{self} is no span: it must open before 24:00 and close within a day"
            )

    @classmethod
    def parse(cls, text: str) -> "Span":
        """Read ``08:30-12:00``, or ``22:00-06:00`` over midnight; a day ends at ``24:00``."""
        opens, separator, closes = text.partition("-")
        if not separator:
            raise ConfigurationError(f"{text!r} is no span: write it as 08:30-17:30")
        first, last = _minutes(opens), _minutes(closes)
        if first == last:
            raise ConfigurationError(f"{text.strip()!r} is no span: it has no length")
        if last > MINUTES_A_DAY:
            raise ConfigurationError(f"{closes.strip()!r} is no time of day: it ends with 24:00")
        return cls(first, last if first < last else last + MINUTES_A_DAY)

    def __str__(self) -> str:
        return f"{_written(self.opens)}-{_written(self.closes)}"


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person made of a day: open at `spans`, or closed where there are none; and why."""

    spans: Spans
    name_zh: str
    name_en: str
    version: int
    """The change by which it holds."""
    by: str
    """The name of who said so."""
    at: datetime
    reason: str

    def named(self, language: Language) -> str:
        """What the day is called, in that language if it has a name there."""
        first, second = self.name_zh, self.name_en
        return first or second if language is Language.CHINESE else second or first


Stretch = tuple[datetime, datetime]
"""From an instant to another, the latter excluded."""


@dataclass(frozen=True, slots=True)
class _Year:
    """A year's open intervals in UTC; `worked[i]` is the year's open time before `opens[i]`."""

    opens: tuple[datetime, ...]
    closes: tuple[datetime, ...]
    worked: tuple[timedelta, ...]
    total: timedelta

    def worked_until(self, at: datetime) -> timedelta:
        index = bisect_right(self.opens, at) - 1
        if index < 0:
            return NO_TIME
        return self.worked[index] + min(at, self.closes[index]) - self.opens[index]

    def reached(self, target: timedelta) -> datetime:
        """The first instant at which `target` (above zero, at most `total`) is worked."""
        index = bisect_left(self.worked, target) - 1
        return self.opens[index] + target - self.worked[index]

    def left_at(self, target: timedelta) -> datetime:
        """The last instant at which no more than `target` (below `total`) is worked."""
        index = bisect_right(self.worked, target) - 1
        return self.opens[index] + target - self.worked[index]


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """When a service is open; refuses a week without any open time (ConfigurationError).

    `week` holds the spans of Monday to Sunday; `holidays` maps dates to names; `workdays` maps
    make-up days to their spans; the lists of both are known to be complete through `valid_until`.
    """

    name: str
    timezone: ZoneInfo
    week: tuple[Spans, ...]
    holidays: Mapping[date, str] = field(default_factory=dict)
    workdays: Mapping[date, Spans] = field(default_factory=dict)
    valid_until: date = date.max
    disputed: Mapping[date, str] = field(default_factory=dict)
    """Days of which the sources say different things, and what each says."""
    country: str = ""
    """Whose public holidays it has; empty for none."""
    makeup: Spans = ()
    """The hours of make-up workdays that have none of their own."""
    marks: Mapping[date, Mark] = field(default_factory=dict)
    """Days that a person changed, beside what was written; `holidays` and `workdays` know them."""
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.week) != DAYS_A_WEEK:
            raise ConfigurationError("a week has seven days", key="week")
        if not any(self.week):
            raise ConfigurationError("the week has no open time", key="week")
        for spans in (*self.week, *self.workdays.values()):
            _check_order(spans)
        _check_nights(self.week)
        for day in sorted(self.holidays.keys() & self.workdays.keys()):
            raise ConfigurationError(f"{day} is a holiday and a make-up workday", key="workdays")

    def is_open(self, at: datetime) -> bool:
        """Whether the service is open at that instant; the closing instant is outside."""
        return self.next_open(at) == at

    def next_open(self, at: datetime) -> datetime:
        """That instant if the service is open, else the next one at which it opens."""
        at = _utc(at)
        year = self._year_of(at)
        while True:
            intervals = self._table(year)
            index = bisect_right(intervals.closes, at)
            if index < len(intervals.opens):
                return max(at, intervals.opens[index])
            year += 1

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`; negative when `end` is the earlier."""
        start, end = _utc(start), _utc(end)
        if end < start:
            return -self.between(end, start)
        first, last = self._year_of(start), self._year_of(end)
        whole = sum((self._table(year).total for year in range(first, last)), NO_TIME)
        return whole + self._table(last).worked_until(end) - self._table(first).worked_until(start)

    def add(self, start: datetime, working: timedelta) -> datetime:
        """The first instant at which that much working time has passed since `start`.

        A target met exactly at closing time gives the closing instant. ValueError for a negative
        target, OverflowError beyond year 9998.
        """
        start = _utc(start)
        if working < NO_TIME:
            raise ValueError("working time to add cannot be negative")
        if not working:
            return start
        year = self._year_of(start)
        target = working + self._table(year).worked_until(start)
        while target > self._table(year).total:
            target -= self._table(year).total
            year += 1
        return self._table(year).reached(target)

    def back(self, end: datetime, working: timedelta) -> datetime:
        """The last instant from which that much working time is left before `end`."""
        end = _utc(end)
        year = self._year_of(end)
        target = self._table(year).worked_until(end) - working
        while target < NO_TIME:
            year -= 1
            target += self._table(year).total
        return self._table(year).left_at(target)

    def closing(self, day: date) -> datetime:
        """When the last span of that date closes; ValueError for a date without any."""
        spans = self.spans_on(day)
        if not spans:
            raise ValueError(f"{self.name} is closed on {day}")
        return self._instant(day, spans[-1].closes)

    def open_between(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        """The stretches of working time between two instants, in order and cut to them."""
        start, end = _utc(start), _utc(end)
        for year in range(self._year_of(start), self._year_of(end) + 1):
            table = self._table(year)
            first, last = bisect_right(table.closes, start), bisect_left(table.opens, end)
            for index in range(first, last):
                yield max(start, table.opens[index]), min(end, table.closes[index])

    def holiday(self, at: datetime) -> str | None:
        """The name of the holiday it is at that instant, if it is one."""
        return self.holidays.get(at.astimezone(self.timezone).date())

    def missing_year(self, at: datetime) -> int | None:
        """The year whose list of holidays is missing and needed by now, from a month ahead."""
        day = at.astimezone(self.timezone).date()
        needed = max(day, min(day + NOTICE, date(day.year + 1, 1, 1)))
        return needed.year if needed > self.valid_until else None

    def made_up(self, day: date) -> bool:
        """Whether that date is worked in exchange for another one (调休)."""
        return day in self.workdays and (day not in self.marks or day.weekday() >= SATURDAY)

    def spans_on(self, day: date) -> Spans:
        """The open spans of that date."""
        if day in self.workdays:
            return self.workdays[day]
        return () if day in self.holidays else self.week[day.weekday()]

    def _year_of(self, at: datetime) -> int:
        return at.astimezone(self.timezone).year

    def _table(self, year: int) -> _Year:
        table = self._years.get(year)
        if table is None:
            table = self._years[year] = _tabulate(list(self._intervals(year)))
        return table

    def _intervals(self, year: int) -> Iterator[Stretch]:
        """The year's open stretches, those over its first and last midnight cut there."""
        if year >= date.max.year:
            raise OverflowError("the calendar ends before year 9999")
        begins, ends = self._instant(date(year, 1, 1), 0), self._instant(date(year + 1, 1, 1), 0)
        earliest = date(year, 1, 1).toordinal() - 1
        for ordinal in range(max(1, earliest), date(year, 12, 31).toordinal() + 1):
            day = date.fromordinal(ordinal)
            for span in self.spans_on(day):
                opens = max(begins, self._instant(day, span.opens))
                closes = min(ends, self._instant(day, span.closes))
                if opens < closes:  # a span inside the hour that summer time skips has no length
                    yield opens, closes
                    begins = closes

    def _instant(self, day: date, minutes: int) -> datetime:
        wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
        instant = wall.replace(tzinfo=self.timezone).astimezone(UTC)
        if instant.astimezone(self.timezone).replace(tzinfo=None) == wall:
            return instant
        return self._change(wall)

    def _change(self, skipped: datetime) -> datetime:
        """The instant at which the clocks were put forward over that wall-clock time."""
        zone = self.timezone
        after = skipped.replace(tzinfo=zone, fold=1).utcoffset()
        changed = skipped.replace(tzinfo=zone, fold=1).astimezone(UTC)
        while changed.astimezone(zone).utcoffset() != after:
            changed += MINUTE
        return changed


def _tabulate(intervals: list[tuple[datetime, datetime]]) -> _Year:
    worked, total = [], NO_TIME
    for opens, closes in intervals:
        worked.append(total)
        total += closes - opens
    return _Year(
        opens=tuple(opens for opens, _ in intervals),
        closes=tuple(closes for _, closes in intervals),
        worked=tuple(worked),
        total=total,
    )


def _check_order(spans: Spans) -> None:
    for earlier, later in pairwise(spans):
        if later.opens < earlier.closes:
            raise ConfigurationError(f"{later} must come after {earlier}", key="week")


def _check_nights(week: tuple[Spans, ...]) -> None:
    for spans, following in pairwise((*week, week[0])):
        if spans and following and spans[-1].closes - MINUTES_A_DAY > following[0].opens:
            raise ConfigurationError(
                f"{following[0]} must come after {spans[-1]} of the day before", key="week"
            )


def _written(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours if minutes <= MINUTES_A_DAY else hours - 24:02}:{rest:02}"


def _minutes(text: str) -> int:
    hours, _, minutes = text.strip().partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2 and int(minutes) < 60):
        raise ConfigurationError(f"{text.strip()!r} is no time of day: write it as 08:30")
    return int(hours) * 60 + int(minutes)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant must be aware of its time zone")
    return at.astimezone(UTC)
