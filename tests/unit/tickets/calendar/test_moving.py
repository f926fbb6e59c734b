"""What a change moves: reckoned by a slow reference, and put back by taking the change back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.calendar import Span, Spans
from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId, TicketNumber
from cti.kernel.vocabulary import ServiceLevel
from tests.support.tickets import OFFICE_HOURS, POLICY, SHANGHAI, local, office
from tickets.calendar.model import Change, DayKind, Place, Said, in_force, undoing
from tickets.calendar.moving import Going, moved, moves
from tickets.clocks.calendars import Calendars
from tickets.clocks.limit import Limit
from tickets.clocks.model import (
    ClockEnd,
    InternalClock,
    InternalGround,
    Standstill,
    StatutoryClock,
)
from tickets.clocks.sla import Timekeeper
from tickets.model import TicketKind, Urgency
from tickets.workflow import ClockKind

BEGINNING = datetime(2026, 9, 28, tzinfo=SHANGHAI).astimezone(UTC)
DAYS = 30
MINUTE = timedelta(minutes=1)
BASE = office(
    holidays={date(2026, 10, day): "国庆节" for day in range(1, 8)},
    workdays={date(2026, 10, 10): (Span.parse("10:00-11:00"),)},
)
SERVICE = replace(BASE, name="service", week=((Span.parse("08:00-20:00"),),) * 7)
FILES = {"service": SERVICE, "office": BASE}

dates = st.dates(date(2026, 9, 28), date(2026, 10, 20))
sayings = st.sampled_from(
    [
        Said(DayKind.CLOSED),
        Said(DayKind.OPEN, (Span.parse("09:00-12:00"),)),
        Said(DayKind.OPEN, OFFICE_HOURS),
        Said(DayKind.OPEN, (Span.parse("22:00-02:00"),)),
        Said(DayKind.WRITTEN),
    ]
)
places = st.tuples(st.sampled_from(["office", "service"]), dates)
says = st.dictionaries(places, sayings, min_size=1, max_size=6)
instants = st.integers(0, 14 * 24 * 60).map(lambda each: BEGINNING + each * MINUTE)


def change(version: int, days: Mapping[Place, Said], undoes: int | None = None) -> Change:
    return Change(version, BEGINNING, StaffId("s"), "张三", "通知", days, undoes=undoes)


def calendars(*changes: Change) -> Calendars:
    named = in_force(FILES, changes)
    return Calendars(named["service"], named.values())


def clock(kind: ClockKind, started: datetime, target: timedelta, name: str) -> InternalClock:
    return InternalClock(
        serial=1,
        kind=kind,
        dispatch=None if kind is ClockKind.DECISION else 1,
        calendar=name,
        target=target,
        started=started,
        due=started,
        policy=POLICY.version,
    )


def case(*clocks: InternalClock | StatutoryClock) -> Going:
    return Going(
        TicketNumber("T1"),
        TicketKind.COMPLAINT,
        Urgency.ORDINARY,
        ServiceLevel.UNIFORM,
        tuple(replace(each, serial=place) for place, each in enumerate(clocks, 1)),
    )


def reckoned(going: Going, by: Calendars) -> Going:
    return replace(going, clocks=moved(going, Timekeeper(POLICY, by), by))


def counted(days: Mapping[Place, Said], name: str, start: datetime, minutes: int) -> datetime:
    """The instant by which so many minutes are worked, told by the clock on the wall alone."""

    def spans(day: date) -> Spans:
        said = days.get((name, day))
        if said is None or said.kind is DayKind.WRITTEN:
            return FILES[name].spans_on(day)
        return said.spans

    at = start
    while minutes:
        wall = at.astimezone(SHANGHAI)
        minute, day = wall.hour * 60 + wall.minute, wall.date()
        before = day - timedelta(days=1)
        worked = any(each.opens <= minute < each.closes for each in spans(day))
        over = any(each.opens <= minute + 1440 < each.closes for each in spans(before))
        minutes -= worked or over
        at += MINUTE
    return at


@given(says, instants, st.integers(1, 25 * 60), st.sampled_from(["office", "hotline"]))
def test_a_reference_that_counts_minutes_agrees(
    days: dict[Place, Said], started: datetime, minutes: int, name: str
) -> None:
    before, after = calendars(), calendars(change(1, days))
    going = reckoned(case(clock(ClockKind.ACCEPT, started, minutes * MINUTE, name)), before)
    file = "service" if name == "hotline" else name
    assert going.clocks[0].due == counted({}, file, started, minutes)
    (new,) = moved(going, Timekeeper(POLICY, before), after)
    assert new.due == counted(days, file, started, minutes)
    assert new.target == going.clocks[0].target


limits = st.sampled_from([ClockKind.ACCEPT, ClockKind.RESULT, ClockKind.DECISION])


@given(
    earlier=says,
    later=says,
    started=instants,
    kinds=st.lists(st.tuples(limits, st.integers(1, 30 * 60)), min_size=1, max_size=4),
    stood=st.integers(0, 600),
)
def test_to_take_a_change_back_puts_every_deadline_where_it_was(
    earlier: dict[Place, Said],
    later: dict[Place, Said],
    started: datetime,
    kinds: list[tuple[ClockKind, int]],
    stood: int,
) -> None:
    one, two = change(1, earlier), change(2, later)
    wish = undoing(2, [one, two])
    three = change(3, wish.days, undoes=2)
    first, second, third = calendars(one), calendars(one, two), calendars(one, two, three)
    pause = Standstill(InternalGround.CUSTOMER, started + 10 * MINUTE, started + stood * MINUTE)
    clocks = [
        replace(clock(kind, started, target * MINUTE, "office"), standstills=(pause,))
        for kind, target in kinds
    ]
    going = reckoned(case(*clocks), first)
    keeper = Timekeeper(POLICY, first)
    there = replace(going, clocks=moved(going, keeper, second))
    back = moved(there, Timekeeper(POLICY, second), third)
    assert back == going.clocks
    assert list(moves(going, back)) == []
    assert [third.named("office").spans_on(day) for _, day in later] == [
        first.named("office").spans_on(day) for _, day in later
    ]


def limited(by: Calendars) -> Going:
    """A complaint whose order is due a reserve before its decision is."""
    decision = StatutoryClock(
        serial=1,
        kind=ClockKind.DECISION,
        dispatch=None,
        target=timedelta(days=15),
        started=local("2026-09-28 09:00"),
        due=local("2026-10-14 00:00"),
        policy=POLICY.version,
    )
    latest = by.hotline.back(decision.due, POLICY.reserve)
    result = clock(ClockKind.RESULT, local("2026-09-28 10:00"), timedelta(hours=90), "office")
    return reckoned(case(decision, replace(result, not_after=latest)), by)


def test_what_leaves_time_for_the_decision_moves_with_the_hotlines_hours() -> None:
    before = calendars()
    going = limited(before)
    assert going.clocks[1].due == local("2026-10-13 12:00")
    after = calendars(change(1, {("service", date(2026, 10, 13)): Said(DayKind.CLOSED)}))
    decision, result = moved(going, Timekeeper(POLICY, before), after)
    assert decision == going.clocks[0]
    assert result.due == local("2026-10-12 12:00")


def test_what_stands_stays_as_it_was_judged() -> None:
    before = calendars()
    ended = replace(
        clock(ClockKind.ACCEPT, local("2026-09-28 09:00"), timedelta(hours=20), "office"),
        due=local("2026-09-30 16:30"),
        stopped=local("2026-09-30 17:00"),
        end=ClockEnd.MISSED,
    )
    after = calendars(change(1, {("office", date(2026, 9, 29)): Said(DayKind.CLOSED)}))
    assert moved(case(ended), Timekeeper(POLICY, before), after) == (ended,)


def test_a_limit_in_working_days_keeps_its_days() -> None:
    before = calendars()
    rules = POLICY.clocks[ClockKind.RESULT]
    limits = dict.fromkeys(rules.limits, Limit(working_days=2))
    clocks = {**POLICY.clocks, ClockKind.RESULT: replace(rules, limits=limits)}
    keeper = Timekeeper(replace(POLICY, clocks=clocks), before)
    started = local("2026-10-12 10:00")
    target = before.working_days("office", started, 2)
    going = reckoned(case(clock(ClockKind.RESULT, started, target, "office")), before)
    assert going.clocks[0].due == local("2026-10-14 17:30")
    short = Said(DayKind.OPEN, (Span.parse("09:00-10:00"),))
    after = calendars(change(1, {("office", date(2026, 10, 14)): short}))
    (new,) = moved(going, keeper, after)
    assert new.due == local("2026-10-14 10:00")
    earlier = calendars(change(1, {("office", date(2026, 10, 13)): Said(DayKind.CLOSED)}))
    (new,) = moved(going, keeper, earlier)
    assert new.due == local("2026-10-15 17:30")


def test_only_what_still_holds_can_be_taken_back() -> None:
    day: Place = ("office", date(2026, 10, 9))
    closed, opened = Said(DayKind.CLOSED), Said(DayKind.OPEN, OFFICE_HOURS)
    one, two = change(1, {day: closed}), change(2, {day: opened})
    with pytest.raises(Refused) as refused:
        undoing(1, [one, two])
    assert refused.value.error_id == "calendar.changed_since"
    assert refused.value.details == {"version": 2}
    back = undoing(2, [one, two])
    three = change(3, back.days, undoes=2)
    assert back.days == {day: closed}
    assert undoing(1, [one, two, three]).days == {day: Said(DayKind.WRITTEN)}


def test_without_changes_everything_is_as_written() -> None:
    assert in_force(FILES, []) == FILES
