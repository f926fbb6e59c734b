"""Working time: the hours of a service or a department, with holidays and make-up workdays.

A calendar opens at the spans of its week, except on holidays (closed all day) and on make-up
workdays (调休: open at spans of their own, whatever weekday they fall on). Spans are wall-clock
times in the calendar's zone; every instant that goes in or out is aware, and comes out in UTC.

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

MINUTES_A_DAY = 24 * 60
DAYS_A_WEEK = 7
NOTICE = timedelta(days=31)
"""How long before a year begins its list of holidays is missed."""
NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open from one minute of the day (0 to 1439) to another (1 to 1440), the latter excluded."""

    opens: int
    closes: int

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= MINUTES_A_DAY:
            raise ConfigurationError(f"{self} is no span: it must end after it begins, by 24:00")

    @classmethod
    def parse(cls, text: str) -> "Span":
        """Read ``08:30-12:00``; the last minute of a day is written ``24:00``."""
        opens, separator, closes = text.partition("-")
        if not separator:
            raise ConfigurationError(f"{text!r} is no span: write it as 08:30-17:30")
        return cls(_minutes(opens), _minutes(closes))

    def __str__(self) -> str:
        ends = (f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (self.opens, self.closes))
        return "-".join(ends)


Spans = tuple[Span, ...]


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
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.week) != DAYS_A_WEEK:
            raise ConfigurationError("a week has seven days", key="week")
        if not any(self.week):
            raise ConfigurationError("the week has no open time", key="week")
        for spans in (*self.week, *self.workdays.values()):
            _check_order(spans)
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
        target, OverflowError beyond year 9999.
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

    def holiday(self, at: datetime) -> str | None:
        """The name of the holiday it is at that instant, if it is one."""
        return self.holidays.get(at.astimezone(self.timezone).date())

    def missing_year(self, at: datetime) -> int | None:
        """The year whose list of holidays is missing and needed by now, from a month ahead."""
        day = at.astimezone(self.timezone).date()
        needed = max(day, min(day + NOTICE, date(day.year + 1, 1, 1)))
        return needed.year if needed > self.valid_until else None

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

    def _intervals(self, year: int) -> Iterator[tuple[datetime, datetime]]:
        if year > date.max.year:
            raise OverflowError("the calendar ends with year 9999")
        for ordinal in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1):
            day = date.fromordinal(ordinal)
            for span in self.spans_on(day):
                opens, closes = self._instant(day, span.opens), self._instant(day, span.closes)
                if opens < closes:  # a span inside the hour that summer time skips has no length
                    yield opens, closes

    def _instant(self, day: date, minutes: int) -> datetime:
        wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
        return wall.replace(tzinfo=self.timezone).astimezone(UTC)


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


def _minutes(text: str) -> int:
    hours, _, minutes = text.strip().partition(":")
    if not (hours.isdigit() and minutes.isdigit() and len(minutes) == 2 and int(minutes) < 60):
        raise ConfigurationError(f"{text.strip()!r} is no time of day: write it as 08:30")
    return int(hours) * 60 + int(minutes)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant must be aware of its time zone")
    return at.astimezone(UTC)
