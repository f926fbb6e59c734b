"""Quiet hours: when somebody is told, and what cannot wait for it.

People are told in the working hours of their department's calendar, of several things at once:
at its opening, and then each time so much of its day is over (`every`). What comes after the last
of these instants is told when the day closes, which for this purpose still belongs to it. The
instants depend on the calendar alone, so all that falls due in between is told together.
"""

from datetime import datetime, time, timedelta

from cti.kernel.calendar import WorkingCalendar
from tickets.model import MessageKind, TicketKind, Urgency
from tickets.workflow import ClockKind

NO_TIME = timedelta(0)
DAY = timedelta(days=1)
MISSED = frozenset({MessageKind.BREACH, MessageKind.ESCALATION})


def is_pressing(
    kind: MessageKind, subject: str, ticket: TicketKind | None, urgency: Urgency | None
) -> bool:
    """Whether it is told at once, whatever the hour: a missed deadline that is urgent or the law's.

    Or that somebody guesses, or the house fails at what it does by itself. `subject` is the clock
    of a deadline.
    """
    if kind in (MessageKind.GUESSING, MessageKind.STUCK):
        return True
    if kind not in MISSED:
        return False
    by_law = subject == ClockKind.DECISION.value and ticket is TicketKind.COMPLAINT
    return by_law or urgency is Urgency.URGENT or subject == ClockKind.SUPERVISION.value


def release(at: datetime, calendar: WorkingCalendar, every: timedelta) -> datetime:
    """When what happened at that instant is told; `every` 0: as soon as the calendar is open."""
    opened = calendar.next_open(at)
    if every <= NO_TIME:
        return opened
    midnight = _midnight(opened, calendar, NO_TIME)
    worked = calendar.between(midnight, opened)
    wanted = -(-worked // every) * every
    if not wanted:
        return opened
    whole = calendar.between(midnight, _midnight(opened, calendar, DAY))
    return max(opened, calendar.add(midnight, min(wanted, whole)))


def _midnight(at: datetime, calendar: WorkingCalendar, later: timedelta) -> datetime:
    """The beginning of that instant's day in the calendar's zone, or of a later one."""
    day = at.astimezone(calendar.timezone).date() + later
    return datetime.combine(day, time(), calendar.timezone)
