"""Why a clock is due when it is, line by line, so that anybody can add it up.

A line has the key of its words (``ticket.why.day``), the values that fill their blanks, how much
of the clock's time it adds and the total so far. The totals grow to what the clock allows; the
last line is the deadline. Weekends and long stretches of ordinary days are folded into a line
each; holidays, standstills, extensions and a limit always have their own.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from cti.kernel.calendar import Stretch, WorkingCalendar
from cti.kernel.overlay import written
from tickets.clocks.calendars import Calendars
from tickets.clocks.days import Closed, Day, Days, Holiday, folded, holidays_in, worked
from tickets.clocks.model import (
    AGREED,
    CALENDAR_DAYS,
    HOTLINE,
    NO_TIME,
    Clock,
    InternalClock,
    InternalGround,
    StatutoryClock,
    StatutoryGround,
)
from tickets.clocks.running import due_of, runs, used_until
from tickets.clocks.statutory import Break, first_counted, last_day

DAY = timedelta(days=1)
Grounds = tuple[InternalGround | StatutoryGround, ...]
Value = datetime | date | timedelta | int | str | tuple[Stretch, ...] | Grounds


@dataclass(frozen=True, slots=True)
class Line:
    """A step of the reckoning: its words, what it adds, and the total with it."""

    key: str
    values: Mapping[str, Value]
    counted: timedelta = NO_TIME
    total: timedelta = NO_TIME


def explain(clock: Clock, calendars: Calendars) -> tuple[Line, ...]:
    """The whole reckoning, from receipt to deadline."""
    found = due_of(clock, calendars)
    until = found.halted or found.at
    lines = [
        *_given(clock, calendars),
        *_reckoned(clock, until, calendars),
        *_limits(clock, calendars),
        *_unpublished(clock, until, calendars),
    ]
    if found.halted is not None:
        lines.append(_line("halted", since=found.halted, due=found.at))
    else:
        lines.append(_line("due", due=found.at))
    if found.at != clock.due:
        lines.append(_line("changed", due=clock.due))
    return tuple(_totalled(lines))


def by_policy(clock: Clock, source: str) -> Line:
    """Which version of the policy set the clock, and on what that rests where it is in force."""
    if source:
        return _line("policy", version=clock.policy, source=source)
    return _line("old_policy", version=clock.policy)


def standing(clock: Clock, now: datetime, calendars: Calendars) -> Line:
    """How the clock stands: what is used and left of a running one, how another came to an end."""
    total = used_until(clock, clock.stopped or now, calendars)
    match clock.end:
        case None if clock.overdue(now):
            return Line("ticket.why.over", {"at": now}, total=total)
        case None:
            allowed = used_until(clock, clock.due, calendars)
            left = clock.target - total if clock.halted else allowed - total
            return Line("ticket.why.used", {"at": now, "used": total, "left": left}, total=total)
        case end:
            at = clock.stopped or now
            return Line(f"ticket.why.{end.value}", {"at": at}, total=total)


def _line(key: str, counted: timedelta = NO_TIME, /, **values: Value) -> Line:
    return Line(f"ticket.why.{key}", values, counted)


def _totalled(lines: Iterable[Line]) -> Iterator[Line]:
    total = NO_TIME
    for line in lines:
        total += line.counted
        yield replace(line, total=total)


def _given(clock: Clock, calendars: Calendars) -> Iterator[Line]:
    """What was allowed at first, and what was added."""
    target = clock.target - sum((each.added for each in clock.extensions), NO_TIME)
    match clock.calendar:
        case str(name) if name == CALENDAR_DAYS:
            yield _line("received_by_law", at=clock.started, days=target // DAY)
        case str(name) if name == AGREED:
            yield _line("agreed", at=clock.started, slot=clock.started + target)
        case name:
            hours = calendars.named(name).name
            yield _line(_received(clock), at=clock.started, calendar=hours, target=target)
    for each in clock.extensions:
        target += each.added
        if clock.calendar == CALENDAR_DAYS:
            yield _line("extended_days", at=each.at, by=each.by, days=target // DAY)
        elif each.added < NO_TIME:
            yield _line("hastened", at=each.at, by=each.by, less=-each.added, target=target)
        else:
            yield _line("extended", at=each.at, by=each.by, added=each.added, target=target)


def _received(clock: Clock) -> str:
    """Whose hours count; a clock of no policy was reckoned by a calendar that somebody named."""
    if not clock.policy:
        return "received"
    return "received_hotline" if clock.calendar == HOTLINE else "received_department"


def _reckoned(clock: Clock, until: datetime, calendars: Calendars) -> Iterator[Line]:
    match clock:
        case StatutoryClock():
            yield from _statutory(clock, until, calendars)
        case _ if clock.calendar == AGREED:
            for begins, ends in _runs_until(clock, until, calendars):
                yield _line("plain", ends - begins, begins=begins, ends=ends)
            yield from _stood_in(clock, clock.started, until)
        case _:
            yield from _working(clock, until, calendars)


def _runs_until(clock: Clock, until: datetime, calendars: Calendars) -> Iterator[Stretch]:
    for begins, ends in runs(clock, calendars):
        if begins < until:
            yield begins, min(ends or until, until)


def _working(clock: Clock, until: datetime, calendars: Calendars) -> Iterator[Line]:
    calendar = calendars.named(clock.calendar)
    at = clock.started
    for begins, ends in _runs_until(clock, until, calendars):
        yield from _stood_in(clock, at, begins)
        opens = calendar.next_open(begins)
        if at == clock.started and opens > begins and not calendar.between(at, opens):
            yield _line("outside", opens=opens)
        for days in folded(worked(calendar, begins, ends)):
            yield _day_line(days)
            yield from _by_hand(calendar, days)
        at = ends
    yield from _stood_in(clock, at, until)


def _day_line(days: Days) -> Line:
    match days:
        case Day(day, stretches, counted, made_up):
            return _line("made_up" if made_up else "day", counted, day=day, hours=stretches)
        case Closed(first, last) if first == last:
            return _line("closed_day", day=first)
        case Closed(first, last):
            return _line("closed", first=first, last=last)
        case Holiday(first, last, name) if first == last:
            return _line("holiday_day", day=first, name=name)
        case Holiday(first, last, name):
            return _line("holiday", first=first, last=last, name=name)
        case _:
            return _line("days", days.counted, first=days.first, last=days.last, days=days.days)


def _by_hand(calendar: WorkingCalendar, days: Days) -> Iterator[Line]:
    """Who made any of these days what it is, when and why."""
    first, last = (days.day, days.day) if isinstance(days, Day) else (days.first, days.last)
    for day in sorted(each for each in calendar.marks if first <= each <= last):
        mark = calendar.marks[day]
        said: dict[str, Value] = {"day": day, "by": mark.by, "at": mark.at, "reason": mark.reason}
        if mark.spans:
            yield _line("by_hand_open", hours=written(mark.spans), **said)
        else:
            yield _line("by_hand_closed", **said)


def _stood_in(clock: Clock, begins: datetime, until: datetime) -> Iterator[Line]:
    """The standstills between two instants; those that overlap are one, with all their grounds."""
    for started, ended, grounds in _merged(clock):
        if ended is not None and begins <= started < until:
            yield _line("stood", begins=started, ends=ended, grounds=grounds)
        elif ended is None and begins <= started <= until:
            yield _line("stands", begins=started, grounds=grounds)


def _merged(clock: Clock) -> list[tuple[datetime, datetime | None, Grounds]]:
    merged: list[tuple[datetime, datetime | None, Grounds]] = []
    for each in sorted(clock.standstills, key=lambda each: each.started):
        started, ended, grounds = merged[-1] if merged else (each.started, each.started, ())
        if merged and (ended is None or each.started <= ended):
            later = None if ended is None or each.ended is None else max(ended, each.ended)
            known = grounds if each.ground in grounds else (*grounds, each.ground)
            merged[-1] = (started, later, known)
        else:
            merged.append((each.started, each.ended, (each.ground,)))
    return merged


def _statutory(clock: StatutoryClock, until: datetime, calendars: Calendars) -> Iterator[Line]:
    zone = calendars.zone
    yield _line("receipt_day", day=clock.started.astimezone(zone).date())
    at = first_counted(clock.started, zone)
    for begins, ends in _runs_until(clock, until, calendars):
        if begins > at:
            yield _left_out(clock, (at, begins), calendars)
        first, last = begins.astimezone(zone).date(), last_day(ends, zone)
        days = (last - first).days + 1
        yield _line("calendar_days", days * DAY, first=first, last=last, days=days)
        for holiday in holidays_in(calendars.hotline, first, last):
            yield _line("counts", first=holiday.first, last=holiday.last, name=holiday.name)
        at = ends
    last = last_day(at, zone)
    name = calendars.hotline.holidays.get(last)
    if name:
        yield _line("strict", day=last, name=name)


def _left_out(clock: StatutoryClock, out: Break, calendars: Calendars) -> Line:
    begins, ends = out
    assert ends is not None, "only what has ended is followed by a run"
    first, last = begins.astimezone(calendars.zone).date(), last_day(ends, calendars.zone)
    grounds = tuple(dict.fromkeys(each.ground for each in clock.standstills))
    return _line("left_out", first=first, last=last, days=(last - first).days + 1, grounds=grounds)


def _limits(clock: Clock, calendars: Calendars) -> Iterator[Line]:
    if not isinstance(clock, InternalClock) or clock.not_after is None:
        return
    alone = due_of(replace(clock, not_after=None), calendars)
    if due_of(clock, calendars).at != alone.at:
        yield _line("limit", limit=clock.not_after, due=alone.at)


def _unpublished(clock: Clock, until: datetime, calendars: Calendars) -> Iterator[Line]:
    """Says that nobody knows yet which days of that year are holidays."""
    if clock.calendar in (CALENDAR_DAYS, AGREED):
        return
    calendar = calendars.named(clock.calendar)
    if until.astimezone(calendar.timezone).date() > calendar.valid_until:
        yield _line("unpublished", year=calendar.valid_until.year + 1)
