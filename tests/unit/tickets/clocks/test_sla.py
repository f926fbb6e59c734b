"""Clocks against deadlines worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.calendar import WorkingCalendar
from cti.kernel.errors import ConfigurationError
from cti.kernel.vocabulary import Role, ServiceLevel
from tests.support.tickets import (
    ALL_DAY,
    MONDAY,
    POLICY,
    SHANGHAI,
    TIMEKEEPER,
    local,
    national_day_2026,
)
from tickets.clocks.model import InternalGround, Standstill
from tickets.clocks.sla import (
    CALENDAR_DAYS,
    AlarmKind,
    Calendars,
    Clock,
    ClockEnd,
    Terms,
    Timekeeper,
)
from tickets.model import TicketKind, Urgency
from tickets.workflow import CancelAll, ClockKind, Resume, Start, Stop

TERMS = Terms(TicketKind.COMPLAINT, Urgency.ORDINARY, ServiceLevel.UNIFORM, {1: "office"})
HOUR = timedelta(hours=1)


def started(
    kind: ClockKind, at: datetime = MONDAY, terms: Terms = TERMS, keeper: Timekeeper = TIMEKEEPER
) -> Clock:
    dispatch = 1 if kind in (ClockKind.ACCEPT, ClockKind.RESULT, ClockKind.REVIEW) else None
    return keeper.apply((), [Start(kind, dispatch)], terms, at)[0]


@pytest.mark.parametrize(
    ("kind", "at", "due"),
    [
        # four hours of the department: the noon break and the night do not count
        (ClockKind.ACCEPT, "2026-11-23 09:00", "2026-11-23 14:30"),
        (ClockKind.ACCEPT, "2026-11-23 15:00", "2026-11-24 10:30"),
        (ClockKind.ACCEPT, "2026-11-27 16:30", "2026-11-30 12:00"),
        (ClockKind.ACCEPT, "2026-11-28 11:00", "2026-11-30 14:30"),
        # forty hours at seven a day
        (ClockKind.RESULT, "2026-11-23 09:00", "2026-11-30 15:30"),
        # the hotline never closes
        (ClockKind.DISPATCH, "2026-11-28 23:00", "2026-11-29 01:00"),
        (ClockKind.FIRST_CONTACT, "2026-11-23 20:00", "2026-11-24 04:00"),
        # fifteen whole days after the day of receipt, whenever on that day it came
        (ClockKind.DECISION, "2026-11-21 00:00", "2026-12-07 00:00"),
        (ClockKind.DECISION, "2026-11-21 23:59", "2026-12-07 00:00"),
    ],
)
def test_when_a_clock_is_due(kind: ClockKind, at: str, due: str) -> None:
    assert started(kind, local(at)).due == local(due)


def test_holidays_and_make_up_workdays() -> None:
    keeper = Timekeeper(POLICY, Calendars(TIMEKEEPER.calendars.hotline, [national_day_2026()]))
    eve = local("2026-09-30 16:30")
    # one hour on the eve, seven days off, three hours on Thursday the 8th before noon
    assert started(ClockKind.ACCEPT, eve, keeper=keeper).due == local("2026-10-08 12:00")
    # Friday the 9th from 14:30 has three hours; the fourth is worked on make-up Saturday
    friday = local("2026-10-09 14:30")
    assert started(ClockKind.ACCEPT, friday, keeper=keeper).due == local("2026-10-10 10:00")
    # the statutory period knows no holiday
    assert started(ClockKind.DECISION, eve, keeper=keeper).due == local("2026-10-16 00:00")


@pytest.mark.parametrize(
    ("level", "due"),
    [
        (ServiceLevel.SPECIAL, "2026-11-23 11:00"),
        (ServiceLevel.PRIORITY, "2026-11-23 12:00"),
        (ServiceLevel.UNIFORM, "2026-11-23 14:30"),
    ],
)
def test_the_service_level_shortens_our_own_limits(level: ServiceLevel, due: str) -> None:
    terms = replace(TERMS, service_level=level)
    assert started(ClockKind.ACCEPT, terms=terms).due == local(due)
    assert started(ClockKind.DECISION, terms=terms).target == timedelta(days=15)


def test_only_a_complaint_has_the_statutory_period() -> None:
    terms = replace(TERMS, kind=TicketKind.SUGGESTION)
    clock = started(ClockKind.DECISION, terms=terms)
    assert (clock.calendar, clock.target) == ("hotline", 120 * HOUR)
    assert started(ClockKind.DECISION).calendar == CALENDAR_DAYS


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-23 00:00:00", "2026-12-09 00:00"),
        ("2026-11-23 23:59:59", "2026-12-09 00:00"),
        ("2026-11-24 00:00:00", "2026-12-10 00:00"),
        ("2028-02-14 23:59:59.999999", "2028-03-01 00:00"),
    ],
)
def test_a_day_is_a_day_of_the_bank_s_zone(received: str, due: str) -> None:
    clocks = TIMEKEEPER.apply((), [Start(ClockKind.DECISION)], TERMS, local(received))
    assert clocks[0].due == local(due)


@pytest.mark.parametrize("received", ["2026-03-13 10:00", "2026-03-14 10:00", "2026-03-28 10:00"])
def test_a_midnight_that_summer_time_skips_is_a_midnight(received: str) -> None:
    """In Beirut clocks go forward at 00:00 on 29 March 2026: that day begins at 01:00."""
    zone = ZoneInfo("Asia/Beirut")
    hours = Calendars(WorkingCalendar("service", zone, (ALL_DAY,) * 7))
    keeper = replace(TIMEKEEPER, calendars=hours)
    at = datetime.fromisoformat(received).replace(tzinfo=zone)
    (clock,) = keeper.apply((), [Start(ClockKind.DECISION)], TERMS, at.astimezone(UTC))
    last = at.date() + timedelta(days=16)
    first_instant = datetime.combine(last, time(), zone).astimezone(UTC)
    assert clock.due == first_instant
    assert keeper.elapsed(clock, clock.due) == timedelta(days=15)
    lines = keeper.explain(clock, clock.due)
    assert sum((line.counted for line in lines), timedelta(0)) == timedelta(days=15)


def test_every_kind_and_urgency_has_every_limit() -> None:
    pairs = {(kind, urgency) for kind in TicketKind for urgency in Urgency}
    assert set(POLICY.clocks) == set(ClockKind)
    assert all(clock.limits.keys() == pairs for clock in POLICY.clocks.values())
    assert set(POLICY.shares) == set(ServiceLevel)


def test_a_department_leaves_time_to_answer_the_customer() -> None:
    """Its result is due eight hours before the decision, however much its own limit allows."""
    late = local("2026-12-04 09:00")
    clocks = TIMEKEEPER.apply((), [Start(ClockKind.DECISION)], TERMS, local("2026-11-21 10:00"))
    clocks = TIMEKEEPER.apply(clocks, [Start(ClockKind.RESULT, 1)], TERMS, late)
    assert clocks[1].due == local("2026-12-06 16:00")
    after_all = TIMEKEEPER.apply(
        clocks, [Start(ClockKind.RESULT, 1)], TERMS, local("2026-12-06 17:00")
    )
    assert after_all[2].due == clocks[0].due == local("2026-12-07 00:00")
    over = TIMEKEEPER.apply(clocks, [Start(ClockKind.RESULT, 1)], TERMS, local("2026-12-07 09:00"))
    assert over[2].due == local("2026-12-14 15:30"), "its own limit, where the law's is over"


def test_met_missed_and_cancelled_are_facts_about_instants() -> None:
    clock = started(ClockKind.ACCEPT)
    assert TIMEKEEPER.stopped(clock, clock.due).end is ClockEnd.MET
    assert TIMEKEEPER.stopped(clock, clock.due + timedelta(seconds=1)).end is ClockEnd.MISSED
    assert TIMEKEEPER.cancelled(clock, clock.due).end is ClockEnd.CANCELLED
    assert TIMEKEEPER.cancelled(clock, clock.due + timedelta(seconds=1)).end is ClockEnd.MISSED
    assert clock.overdue(clock.due)
    assert not clock.overdue(clock.due - timedelta(seconds=1))
    assert not TIMEKEEPER.stopped(clock, clock.due).overdue(clock.due)


def test_a_resumed_clock_keeps_what_was_used_and_no_more() -> None:
    """Returned after three of forty hours, sent back next morning: 37 hours are left."""
    clock = TIMEKEEPER.stopped(started(ClockKind.RESULT), local("2026-11-23 12:00"))
    back = local("2026-11-24 09:00")
    (clock,) = TIMEKEEPER.apply((clock,), [Resume(ClockKind.RESULT, 1)], TERMS, back)
    assert clock.standstills == (
        Standstill(InternalGround.REVIEW, local("2026-11-23 12:00"), back),
    )
    assert TIMEKEEPER.elapsed(clock, back) == 3 * HOUR
    assert clock.due == TIMEKEEPER.calendars.named("office").add(back, 37 * HOUR)


def test_an_effect_moves_its_own_clock_only() -> None:
    terms = replace(TERMS, department_calendars={1: "office", 2: "office"})
    clocks = TIMEKEEPER.apply(
        (), [Start(ClockKind.RESULT, 1), Start(ClockKind.RESULT, 2)], terms, MONDAY
    )
    clocks = TIMEKEEPER.apply(clocks, [Stop(ClockKind.RESULT, 2)], terms, MONDAY + HOUR)
    assert [clock.stopped for clock in clocks] == [None, MONDAY + HOUR]
    clocks = TIMEKEEPER.apply(clocks, [CancelAll()], terms, MONDAY + 2 * HOUR)
    assert [clock.end for clock in clocks] == [ClockEnd.CANCELLED, ClockEnd.MET]


def test_warnings_before_the_breach_and_the_ladder_after() -> None:
    alarms = TIMEKEEPER.alarms(started(ClockKind.ACCEPT))
    assert [(alarm.kind, alarm.level, alarm.to, alarm.due) for alarm in alarms] == [
        (AlarmKind.WARNING, 1, Role.OFFICER, local("2026-11-23 12:00")),
        (AlarmKind.BREACH, 0, Role.OFFICER, local("2026-11-23 14:30")),
        (AlarmKind.ESCALATION, 1, Role.HEAD, local("2026-11-23 15:30")),
        (AlarmKind.ESCALATION, 2, Role.SUPERVISOR, local("2026-11-24 10:00")),
    ]


def test_a_stopped_clock_alarms_nobody() -> None:
    assert TIMEKEEPER.alarms(TIMEKEEPER.stopped(started(ClockKind.ACCEPT), MONDAY)) == ()


def test_an_unknown_calendar_is_named() -> None:
    with pytest.raises(ConfigurationError, match="no calendar 'moon'; there are hotline, office"):
        TIMEKEEPER.calendars.named("moon")


@given(
    kind=st.sampled_from(ClockKind),
    minutes=st.integers(0, 60 * 24 * 40),
    later=st.lists(st.integers(0, 60 * 24 * 20), max_size=6),
)
def test_clocks_hold_whatever_happens_to_them(
    kind: ClockKind, minutes: int, later: list[int]
) -> None:
    """Stopped and resumed at random: never negative, due never before start, alarms in order."""
    at = MONDAY + timedelta(minutes=minutes)
    clock = started(kind, at)
    for step in later:
        at += timedelta(minutes=step)
        used = TIMEKEEPER.elapsed(clock, at)
        clock = TIMEKEEPER.resumed(clock, at) if clock.stopped else TIMEKEEPER.stopped(clock, at)
        now_used = TIMEKEEPER.elapsed(clock, at)
        assert now_used >= used if clock.calendar == CALENDAR_DAYS else now_used == used
        assert used >= timedelta(0)
        assert clock.due >= clock.started
    dues = [alarm.due for alarm in TIMEKEEPER.alarms(clock)]
    assert dues == sorted(dues)
    assert all(due >= clock.started for due in dues)


def test_the_hotline_calendar_is_known_by_both_its_names() -> None:
    hotline = WorkingCalendar("service", SHANGHAI, (ALL_DAY,) * 7)
    assert Calendars(hotline, [hotline]).named("service") is Calendars(hotline).named("hotline")
