"""A deadline reckoned by itself, without a ticket: a limit, a start, what does not count."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tickets.clocks.calendars import Calendars
from tickets.clocks.limit import Limit
from tickets.clocks.model import (
    HOTLINE,
    Clock,
    InternalClock,
    InternalGround,
    Standstill,
    StatutoryClock,
    StatutoryGround,
)
from tickets.clocks.running import due_of
from tickets.clocks.statutory import Break
from tickets.workflow import ClockKind

DAY = timedelta(days=1)


def reckoned(
    limit: Limit, started: datetime, pauses: Sequence[Break], calendars: Calendars
) -> Clock:
    """The clock of that limit in the hotline's calendar; calendar days are reckoned as by law."""
    clock = _clock(limit, started, pauses, calendars)
    found = due_of(clock, calendars)
    return replace(clock, due=found.at, halted=found.halted)


def _clock(limit: Limit, started: datetime, pauses: Sequence[Break], calendars: Calendars) -> Clock:
    if limit.calendar_days:
        return StatutoryClock(
            serial=1,
            kind=ClockKind.DECISION,
            dispatch=None,
            target=limit.calendar_days * DAY,
            started=started,
            due=started,
            standstills=tuple(Standstill(StatutoryGround.APPRAISAL, *each) for each in pauses),
        )
    days = limit.working_days
    return InternalClock(
        serial=1,
        kind=ClockKind.RESULT,
        dispatch=None,
        calendar=HOTLINE,
        target=calendars.working_days(HOTLINE, started, days) if days else limit.time,
        started=started,
        due=started,
        standstills=tuple(Standstill(InternalGround.CUSTOMER, *each) for each in pauses),
    )
