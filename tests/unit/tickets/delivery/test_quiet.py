"""Nobody is told in their quiet hours, and what can be told together is."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.calendar import WorkingCalendar
from tests.support.tickets import ALL_DAY, MONDAY, SHANGHAI, local, national_day_2026, office
from tickets.delivery.quiet import is_pressing, release
from tickets.model import MessageKind, TicketKind, Urgency

HOUR = timedelta(hours=1)
NEVER = timedelta(0)
ALWAYS = WorkingCalendar("always", SHANGHAI, (ALL_DAY,) * 7)
OFFICE, AUTUMN = office(), national_day_2026()
CALENDARS = st.sampled_from([OFFICE, AUTUMN, ALWAYS])
INSTANTS = st.timedeltas(timedelta(days=-70), timedelta(days=40)).map(lambda age: MONDAY + age)
EVERY = st.sampled_from([NEVER, timedelta(minutes=30), HOUR, 2 * HOUR, 5 * HOUR, 24 * HOUR])


@pytest.mark.parametrize(
    ("at", "every", "told"),
    [
        ("2026-11-23 02:00", 2 * HOUR, "2026-11-23 09:00"),
        ("2026-11-23 09:00", 2 * HOUR, "2026-11-23 09:00"),
        ("2026-11-23 09:01", 2 * HOUR, "2026-11-23 11:00"),
        ("2026-11-23 11:30", 2 * HOUR, "2026-11-23 14:30"),
        ("2026-11-23 12:30", HOUR, "2026-11-23 13:30"),
        ("2026-11-23 17:00", 2 * HOUR, "2026-11-23 17:30"),
        ("2026-11-23 17:30", 2 * HOUR, "2026-11-24 09:00"),
        ("2026-11-27 18:00", 2 * HOUR, "2026-11-30 09:00"),
        ("2026-11-23 10:10", NEVER, "2026-11-23 10:10"),
        ("2026-11-23 12:10", NEVER, "2026-11-23 13:30"),
        ("2026-11-23 09:01", 24 * HOUR, "2026-11-23 17:30"),
    ],
)
def test_by_the_office(at: str, every: timedelta, told: str) -> None:
    assert release(local(at), OFFICE, every) == local(told)


def test_make_up_days_are_working_days_and_holidays_are_not() -> None:
    assert release(local("2026-09-30 18:00"), AUTUMN, HOUR) == local("2026-10-08 09:00")
    assert release(local("2026-10-09 18:00"), AUTUMN, HOUR) == local("2026-10-10 09:00")


@given(INSTANTS, CALENDARS, EVERY)
def test_never_in_quiet_hours_and_never_before(
    at: datetime, calendar: WorkingCalendar, every: timedelta
) -> None:
    told = release(at, calendar, every)
    assert told >= at
    assert calendar.is_open(told) or calendar.is_open(told - timedelta(microseconds=1))


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(days=3)), CALENDARS, EVERY)
def test_what_came_earlier_is_not_told_later(
    at: datetime, later: timedelta, calendar: WorkingCalendar, every: timedelta
) -> None:
    first = release(at, calendar, every)
    second = release(at + later, calendar, every)
    assert first <= second


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=1)), min_size=50, max_size=80))
def test_a_day_has_few_instants(ages: list[timedelta]) -> None:
    told = {release(local("2026-11-23 00:00") + age, OFFICE, 2 * HOUR) for age in ages}
    assert told <= {
        local(f"2026-11-23 {at}") for at in ("09:00", "11:00", "14:30", "16:30", "17:30")
    } | {local("2026-11-24 09:00")}


@pytest.mark.parametrize(
    ("kind", "subject", "ticket", "urgency", "at_once"),
    [
        (MessageKind.BREACH, "decision", TicketKind.COMPLAINT, Urgency.ORDINARY, True),
        (MessageKind.BREACH, "decision", TicketKind.SUGGESTION, Urgency.ORDINARY, False),
        (MessageKind.BREACH, "accept", TicketKind.COMPLAINT, Urgency.ORDINARY, False),
        (MessageKind.BREACH, "accept", TicketKind.COMPLAINT, Urgency.URGENT, True),
        (MessageKind.ESCALATION, "supervision", TicketKind.ENQUIRY, Urgency.ORDINARY, True),
        (MessageKind.WARNING, "decision", TicketKind.COMPLAINT, Urgency.URGENT, False),
        (MessageKind.WORK, "dispatch", TicketKind.COMPLAINT, Urgency.URGENT, False),
        (MessageKind.UNDELIVERED, "reply", None, None, False),
    ],
)
def test_what_cannot_wait(
    kind: MessageKind,
    subject: str,
    ticket: TicketKind | None,
    urgency: Urgency | None,
    at_once: bool,
) -> None:
    assert is_pressing(kind, subject, ticket, urgency) is at_once
