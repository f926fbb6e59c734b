"""What acts do to clocks: standing still, going on, being extended and begun anew."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cti.kernel.calendar import Span, WorkingCalendar
from cti.kernel.errors import Refused
from cti.kernel.vocabulary import Role, ServiceLevel
from tests.support.tickets import MONDAY, POLICY, SHANGHAI, TIMEKEEPER, local, office
from tickets.clocks.calendars import Calendars
from tickets.clocks.model import (
    AGREED,
    Alarm,
    AlarmKind,
    Clock,
    ClockEnd,
    InternalClock,
    InternalGround,
    Standstill,
    StatutoryClock,
    StatutoryGround,
)
from tickets.clocks.sla import Terms, Timekeeper
from tickets.model import SuspensionGround, TicketKind, Urgency
from tickets.workflow import (
    Cancel,
    CancelAll,
    ClockKind,
    Continue,
    Effect,
    Extend,
    Hasten,
    Pause,
    Restart,
    Resume,
    Start,
    Stop,
)

TERMS = Terms(
    TicketKind.COMPLAINT, Urgency.ORDINARY, ServiceLevel.UNIFORM, {1: "office"}, by="李主管"
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOTHING: tuple[Clock, ...] = ()
CUSTOMER = InternalGround.CUSTOMER.value
RESULT, DECISION = ClockKind.RESULT, ClockKind.DECISION


def after(clocks: tuple[Clock, ...], at: str, *effects: Effect) -> tuple[Clock, ...]:
    return TIMEKEEPER.apply(clocks, effects, TERMS, local(at))


def result(at: str = "2026-11-23 09:00") -> tuple[Clock, ...]:
    return after(NOTHING, at, Start(RESULT, 1))


def decision(at: str = "2026-11-21 10:00") -> tuple[Clock, ...]:
    return after(NOTHING, at, Start(DECISION))


# --- standing still ---------------------------------------------------------------------------


def test_a_clock_that_stands_still_is_due_later_by_the_working_time_it_stood() -> None:
    """Forty hours, but Tuesday from eleven to Thursday at ten does not count."""
    clocks = after(result(), "2026-11-24 11:00", Pause(RESULT, 1, CUSTOMER))
    (clock,) = clocks
    assert clock.halted == local("2026-11-24 11:00")
    assert not clock.overdue(local("2027-11-24 11:00"))
    assert TIMEKEEPER.alarms(clock) == ()
    (clock,) = after(clocks, "2026-11-26 10:00", Continue(RESULT, 1))
    # 31 hours are left: six on Thursday, seven on each of Friday, Monday, Tuesday, four more
    assert (clock.halted, clock.due) == (None, local("2026-12-02 14:30"))
    assert clock.standstills == (
        Standstill(InternalGround.CUSTOMER, local("2026-11-24 11:00"), local("2026-11-26 10:00")),
    )


def test_two_grounds_at_once_count_once() -> None:
    clocks = after(result(), "2026-11-24 11:00", Pause(RESULT, 1, CUSTOMER))
    clocks = after(clocks, "2026-11-24 14:00", Pause(RESULT, 1, "appraisal"))
    again = after(clocks, "2026-11-24 15:00", Pause(RESULT, 1, "appraisal"))
    assert again == clocks
    (clock,) = after(clocks, "2026-11-26 10:00", Continue(RESULT, 1))
    assert len(clock.standstills) == 2
    assert clock.due == local("2026-12-02 14:30")


def test_a_pause_open_at_the_breach_prevents_it_and_one_begun_after_it_does_not() -> None:
    on_time = after(result(), "2026-11-30 15:00", Pause(RESULT, 1, CUSTOMER))
    assert on_time[0].due == local("2026-11-30 15:30")
    assert not on_time[0].overdue(local("2026-12-24 15:00"))
    late = after(result(), "2026-11-30 15:31", Pause(RESULT, 1, CUSTOMER))
    assert late[0].halted is None
    assert late[0].overdue(local("2026-11-30 15:31"))
    (ended,) = after(late, "2026-12-01 09:00", Stop(RESULT, 1))
    assert (ended.end, ended.due) == (ClockEnd.MISSED, local("2026-11-30 15:30"))


def test_work_done_while_a_clock_stands_still_is_in_time() -> None:
    clocks = after(result(), "2026-11-30 15:00", Pause(RESULT, 1, CUSTOMER))
    (clock,) = after(clocks, "2026-12-24 10:00", Stop(RESULT, 1))
    assert (clock.end, clock.halted) == (ClockEnd.MET, None)
    assert clock.standstills[0].ended == local("2026-12-24 10:00")
    (given_up,) = after(clocks, "2026-12-24 10:00", Cancel(RESULT, 1))
    assert given_up.end is ClockEnd.CANCELLED


def test_only_the_clocks_that_the_policy_names_stand_still_on_a_ground() -> None:
    clocks = after(NOTHING, "2026-11-23 09:00", Start(ClockKind.REVIEW, 1))
    assert after(clocks, "2026-11-23 10:00", Pause(ClockKind.REVIEW, 1, CUSTOMER)) == clocks


@pytest.mark.parametrize("ground", ["customer", "appointment", "review", "holiday", ""])
def test_the_statutory_clock_stands_still_for_an_appraisal_only(ground: str) -> None:
    with pytest.raises(Refused, match=r"ticket\.ground_unknown"):
        after(decision(), "2026-11-24 11:00", Pause(DECISION, None, ground))


def test_the_policy_says_of_every_ground_what_it_halts() -> None:
    assert set(POLICY.grounds) == set(InternalGround)
    assert {each.value for each in SuspensionGround} == {
        each.value for each in InternalGround if each is not InternalGround.REVIEW
    }
    assert {each.value for each in StatutoryGround} == {"appraisal"}


def test_an_appraisal_leaves_whole_days_out() -> None:
    clocks = after(decision(), "2026-11-24 16:00", Pause(DECISION, None, "appraisal"))
    assert clocks[0].halted == local("2026-11-24 00:00")
    (clock,) = after(clocks, "2026-11-30 10:00", Continue(DECISION))
    assert clock.due == local("2026-12-13 00:00")  # 7 December, and six days more
    assert TIMEKEEPER.elapsed(clock, local("2026-11-30 12:00")) == 2 * DAY + 12 * HOUR


def test_the_law_knows_no_pause_for_review() -> None:
    (ended,) = after(decision(), "2026-11-24 10:00", Stop(DECISION))
    (again,) = after((ended,), "2026-11-29 10:00", Resume(DECISION))
    assert (again.due, again.stopped) == (ended.due, None)


def test_resuming_after_a_miss_does_not_unmake_it() -> None:
    (ended,) = after(result(), "2026-12-01 09:00", Stop(RESULT, 1))
    (again,) = after((ended,), "2026-12-03 09:00", Resume(RESULT, 1))
    assert again.due == local("2026-11-30 15:30")
    assert again.overdue(local("2026-12-03 09:00"))


# --- extensions -------------------------------------------------------------------------------


def test_the_statutory_period_grows_by_its_steps_and_no_other() -> None:
    first = after(decision(), "2026-12-01 10:00", Extend(DECISION, by=15 * DAY))
    assert (first[0].target, first[0].due) == (30 * DAY, local("2026-12-22 00:00"))
    second = after(first, "2026-12-20 10:00", Extend(DECISION, by=30 * DAY))
    assert (second[0].target, second[0].due) == (60 * DAY, local("2027-01-21 00:00"))
    assert [each.by for each in second[0].extensions] == ["李主管", "李主管"]
    for clocks, days in ((decision(), 45), (decision(), 1), (first, 15), (second, 30)):
        with pytest.raises(Refused, match=r"ticket\.period_unknown"):
            after(clocks, "2026-12-02 10:00", Extend(DECISION, by=days * DAY))


def test_the_steps_are_those_of_the_policy_in_force() -> None:
    keeper = replace(TIMEKEEPER, policy=replace(POLICY, periods=(10, 20, 45), text="other"))
    clocks = keeper.apply(decision(), [Extend(DECISION)], TERMS, local("2026-12-01 10:00"))
    assert [each.target for each in clocks] == [20 * DAY]
    clocks = keeper.apply(clocks, [Extend(DECISION)], TERMS, local("2026-12-02 10:00"))
    assert [each.target for each in clocks] == [45 * DAY]
    with pytest.raises(Refused, match=r"ticket\.period_unknown"):
        keeper.apply(clocks, [Extend(DECISION)], TERMS, local("2026-12-03 10:00"))


def test_nothing_is_extended_after_it_was_due() -> None:
    after(decision(), "2026-12-07 00:00", Extend(DECISION, by=15 * DAY))
    with pytest.raises(Refused, match=r"ticket\.clock_expired"):
        after(decision(), "2026-12-07 00:00:01", Extend(DECISION, by=15 * DAY))
    with pytest.raises(Refused, match=r"ticket\.clock_expired"):
        after(result(), "2026-11-30 15:30:01", Extend(RESULT, 1, by=HOUR))


def test_an_order_is_extended_by_working_time_or_until_an_instant() -> None:
    (clock,) = after(result(), "2026-11-24 10:00", Extend(RESULT, 1, by=7 * HOUR))
    assert (clock.due, clock.target) == (local("2026-12-01 15:30"), 47 * HOUR)
    until = local("2026-12-03 12:00")
    (clock,) = after(result(), "2026-11-24 10:00", Extend(RESULT, 1, to=until))
    assert clock.due == until
    with pytest.raises(Refused, match=r"ticket\.period_unknown"):
        after(result(), "2026-11-24 10:00", Extend(RESULT, 1, to=local("2026-11-25 12:00")))


# --- the reserve ------------------------------------------------------------------------------


def test_the_limit_of_a_result_moves_with_the_decision() -> None:
    clocks = after(decision(), "2026-12-03 09:00", Start(RESULT, 1))
    assert clocks[1].due == local("2026-12-06 16:00")
    clocks = after(clocks, "2026-12-04 09:00", Extend(DECISION, by=15 * DAY))
    assert clocks[1].due == local("2026-12-10 15:30")
    late = after(decision(), "2026-12-03 09:00", Start(RESULT, 1))
    missed = after(late, "2026-12-06 20:00", Extend(DECISION, by=15 * DAY))
    assert missed[1].due == local("2026-12-06 16:00")  # what is missed stays missed


def test_no_result_is_cut_by_a_decision_that_stands_still() -> None:
    clocks = after(decision(), "2026-12-03 09:00", Start(RESULT, 1))
    clocks = after(clocks, "2026-12-04 09:00", Pause(DECISION, ground="appraisal"))
    assert clocks[1].due == local("2026-12-10 15:30")
    clocks = after(clocks, "2026-12-05 09:00", Continue(DECISION))
    assert clocks[1].due == local("2026-12-07 16:00")


@pytest.mark.parametrize(
    ("urgency", "received", "sent", "due"),
    [
        # decided by 16:00, and with the reserve by 08:00: one hour from the opening to accept it
        (Urgency.URGENT, "2026-11-23 04:00", "2026-11-23 04:00", "2026-11-23 10:00"),
        # decided on Sunday, when nobody works there: two hours of Monday
        (Urgency.IMPORTANT, "2026-11-28 03:00", "2026-11-28 03:00", "2026-11-30 11:00"),
        # what is sent late on the last day is due with the decision, not on the next morning
        (Urgency.IMPORTANT, "2026-11-23 12:00", "2026-11-24 15:00", "2026-11-24 16:00"),
        # and what is sent after it has all its own time
        (Urgency.IMPORTANT, "2026-11-23 12:00", "2026-11-24 16:30", "2026-11-25 17:30"),
        # there was time enough: with the reserve before the decision, as ever
        (Urgency.ORDINARY, "2026-11-23 08:00", "2026-11-23 09:00", "2026-11-24 12:00"),
    ],
)
def test_no_result_is_due_before_its_order_could_be_accepted(
    urgency: Urgency, received: str, sent: str, due: str
) -> None:
    week = (*((Span.parse("08:00-20:00"),),) * 5, *((Span.parse("09:00-17:00"),),) * 2)
    hours = Calendars(WorkingCalendar("service", SHANGHAI, week), [office()])
    keeper = Timekeeper(POLICY, hours)
    terms = replace(TERMS, kind=TicketKind.ENQUIRY, urgency=urgency)
    clocks = keeper.apply((), [Start(DECISION)], terms, local(received))
    starts = [Start(ClockKind.ACCEPT, 1), Start(RESULT, 1)]
    *_, clock = keeper.apply(clocks, starts, terms, local(sent))
    assert clock.due == local(due)


# --- beginning anew ---------------------------------------------------------------------------


def test_new_facts_begin_the_period_anew() -> None:
    clocks = after(decision(), "2026-11-30 11:00", Restart(DECISION))
    assert [(each.serial, each.end) for each in clocks] == [(1, ClockEnd.CANCELLED), (2, None)]
    assert clocks[1].due == local("2026-12-16 00:00")


def test_a_merged_ticket_keeps_the_earlier_receipt() -> None:
    earlier = local("2026-11-10 11:00")
    clocks = after(decision(), "2026-11-22 11:00", Restart(DECISION, since=earlier))
    assert (clocks[1].started, clocks[1].due) == (earlier, local("2026-11-26 00:00"))


@pytest.mark.parametrize(
    ("since", "end"),
    [("2026-11-10 11:00", ClockEnd.CANCELLED), ("2026-12-12 11:00", ClockEnd.MISSED)],
)
def test_only_a_clock_that_takes_a_whole_wait_over_takes_its_miss(
    since: str, end: ClockEnd
) -> None:
    late = "2026-12-20 11:00"
    (old, _) = after(decision(), late, Restart(DECISION, since=local(since)))
    assert old.due < local(late)
    assert old.end is end


def test_a_wait_that_goes_on_elsewhere_is_missed_there() -> None:
    late = "2026-12-20 11:00"
    (gone,) = after(decision(), late, Cancel(DECISION, carried=True))
    (missed,) = after(decision(), late, Cancel(DECISION))
    assert (gone.end, missed.end) == (ClockEnd.CANCELLED, ClockEnd.MISSED)
    assert gone.stopped == missed.stopped == local(late)


def test_what_halts_a_clock_halts_the_one_begun_in_its_place() -> None:
    clocks = after(decision(), "2026-11-24 16:00", Pause(DECISION, None, "appraisal"))
    clocks = after(clocks, "2026-11-26 11:00", Restart(DECISION))
    assert clocks[1].halted is not None
    (_, clock) = after(clocks, "2026-11-30 10:00", Continue(DECISION))
    # from 27 November, which is left out with those to the 29th: 30 November is the first day
    assert clock.due == local("2026-12-15 00:00")


def test_a_changed_policy_holds_for_clocks_that_start_after_it() -> None:
    clocks = after(result(), "2026-11-24 11:00", Pause(RESULT, 1, CUSTOMER))
    stricter = replace(POLICY, text="stricter", shares=dict.fromkeys(ServiceLevel, 0.5))
    keeper = replace(TIMEKEEPER, policy=stricter)
    effects: list[Effect] = [Continue(RESULT, 1), Start(ClockKind.ACCEPT, 1)]
    clocks = keeper.apply(clocks, effects, TERMS, local("2026-11-26 10:00"))
    assert clocks[0].due == local("2026-12-02 14:30")
    assert [each.policy for each in clocks] == [POLICY.version, stricter.version]
    assert clocks[1].target == 2 * HOUR


# --- the others -------------------------------------------------------------------------------


def test_an_appointment_is_due_when_its_slot_begins() -> None:
    slot = local("2026-11-28 10:00")
    terms = replace(TERMS, kind=TicketKind.APPOINTMENT, slot=slot)
    (clock,) = TIMEKEEPER.apply((), [Start(ClockKind.APPOINTMENT)], terms, MONDAY)
    assert (clock.calendar, clock.due) == (AGREED, slot)
    lead = Alarm(AlarmKind.WARNING, 2, slot - 2 * HOUR, Role.DISPATCHER)
    assert TIMEKEEPER.alarms(clock)[1] == lead
    past = replace(terms, slot=local("2026-11-20 10:00"))
    (clock,) = TIMEKEEPER.apply((), [Start(ClockKind.APPOINTMENT)], past, MONDAY)
    assert clock.due == MONDAY
    (clock,) = TIMEKEEPER.apply((), [Start(ClockKind.APPOINTMENT)], TERMS, MONDAY)
    assert clock.calendar == "hotline"


@pytest.mark.parametrize("kind", ClockKind)
def test_every_clock_starts_is_explained_and_tells_its_handler(kind: ClockKind) -> None:
    dispatch = 1 if POLICY.clocks[kind].departmental else None
    (clock,) = TIMEKEEPER.apply((), [Start(kind, dispatch)], TERMS, MONDAY)
    statutory = kind is DECISION
    assert isinstance(clock, StatutoryClock if statutory else InternalClock)
    assert clock.policy == POLICY.version
    lines = TIMEKEEPER.explain(clock, MONDAY)
    assert sum((line.counted for line in lines), timedelta(0)) == clock.target
    breach = [each for each in TIMEKEEPER.alarms(clock) if each.kind is AlarmKind.BREACH]
    assert [each.due for each in breach] == [clock.due]


# --- becoming more urgent ---------------------------------------------------------------------

URGENT = replace(TERMS, urgency=Urgency.URGENT)


def hastened(clocks: tuple[Clock, ...], at: str) -> tuple[Clock, ...]:
    return TIMEKEEPER.apply(clocks, [Hasten()], URGENT, local(at))


def test_what_is_made_more_urgent_has_the_urgent_limit_from_then_on() -> None:
    before = after(result(), "2026-11-23 11:00", Pause(RESULT, 1, CUSTOMER))
    before = after(before, "2026-11-23 13:30", Continue(RESULT, 1))
    (clock,) = hastened(before, "2026-11-23 15:30")
    assert clock.target == 12 * HOUR  # four that were used, and the eight of an urgent complaint
    assert clock.due == local("2026-11-24 16:30")
    assert clock.standstills == before[0].standstills
    lines = {line.key: line.values for line in TIMEKEEPER.explain(clock, MONDAY)}
    assert 40 * HOUR in [line.get("target") for line in lines.values()]
    assert lines["ticket.why.hastened"] == {
        "at": local("2026-11-23 15:30"),
        "by": "李主管",
        "less": 28 * HOUR,
        "target": 12 * HOUR,
    }
    alarms = {each.kind: each.due for each in TIMEKEEPER.alarms(clock)}
    assert alarms[AlarmKind.BREACH] == clock.due


def test_nobody_gains_time_by_urgency() -> None:
    late = "2026-11-27 16:30"  # 33 of 40 hours are used
    assert hastened(result(), late) == result()
    (clock,) = hastened(result(), "2026-11-23 10:00")
    (less,) = TIMEKEEPER.apply((clock,), [Hasten()], TERMS, local("2026-11-23 11:00"))
    assert less == clock


def test_what_becomes_more_urgent_step_by_step_is_as_urgent_in_the_end() -> None:
    important = replace(TERMS, urgency=Urgency.IMPORTANT)
    at = local("2026-11-23 10:00")
    (first,) = TIMEKEEPER.apply(result(), [Hasten()], important, at)
    (then,) = TIMEKEEPER.apply((first,), [Hasten()], URGENT, at)
    (at_once,) = TIMEKEEPER.apply(result(), [Hasten()], URGENT, at)
    assert first.due > then.due == at_once.due
    lines = TIMEKEEPER.explain(then, at)
    assert sum((line.counted for line in lines), timedelta(0)) == then.target


def test_the_law_what_was_agreed_extended_or_missed_is_not_hastened() -> None:
    extended = after(result(), "2026-11-23 10:00", Extend(RESULT, 1, by=HOUR))
    stopped = after(result(), "2026-11-23 10:00", Stop(RESULT, 1))
    slot = replace(TERMS, kind=TicketKind.APPOINTMENT, slot=local("2026-12-23 10:00"))
    agreed = TIMEKEEPER.apply((), [Start(ClockKind.APPOINTMENT)], slot, MONDAY)
    for clocks in (decision(), extended, stopped, agreed):
        assert hastened(clocks, "2026-11-23 11:00") == clocks
    assert hastened(result(), "2026-12-23 11:00") == result()


# --- random histories -------------------------------------------------------------------------


class History(RuleBasedStateMachine):
    """Anything may happen to a result and a decision, at any time."""

    at: datetime
    clocks: tuple[Clock, ...]

    @initialize()
    def begin(self) -> None:
        self.at = MONDAY
        self.clocks = TIMEKEEPER.apply((), [Start(DECISION), Start(RESULT, 1)], TERMS, self.at)
        self.missed: set[int] = set()

    @rule(minutes=st.integers(0, 60 * 24 * 6))
    def time_passes(self, minutes: int) -> None:
        before = [TIMEKEEPER.elapsed(clock, self.at) for clock in self.clocks]
        self.at += timedelta(minutes=minutes)
        used = [TIMEKEEPER.elapsed(clock, self.at) for clock in self.clocks]
        assert all(now >= then for then, now in zip(before, used, strict=True))

    @rule(
        effect=st.sampled_from(
            [
                Pause(RESULT, 1, "customer"),
                Pause(RESULT, 1, "appraisal"),
                Continue(RESULT, 1),
                Stop(RESULT, 1),
                Resume(RESULT, 1),
                Restart(RESULT, 1),
                Pause(DECISION, None, "appraisal"),
                Continue(DECISION),
                Restart(DECISION),
            ]
        )
    )
    def act(self, effect: Effect) -> None:
        frozen = {each.serial: each for each in self.clocks if each.stopped}
        self.clocks = TIMEKEEPER.apply(self.clocks, [effect], TERMS, self.at)
        if not isinstance(effect, Resume):
            assert all(each == frozen.get(each.serial, each) for each in self.clocks)

    @rule(effect=st.sampled_from([Extend(RESULT, 1, by=5 * HOUR), Extend(DECISION, by=15 * DAY)]))
    def extend(self, effect: Effect) -> None:
        dues = [each.due for each in self.clocks]
        try:
            self.clocks = TIMEKEEPER.apply(self.clocks, [effect], TERMS, self.at)
        except Refused:
            return
        assert all(new.due >= old for new, old in zip(self.clocks, dues, strict=True))

    @rule()
    def become_urgent(self) -> None:
        dues = [each.due for each in self.clocks]
        self.clocks = TIMEKEEPER.apply(self.clocks, [Hasten()], URGENT, self.at)
        assert all(new.due <= old for new, old in zip(self.clocks, dues, strict=True))

    @precondition(lambda self: any(not each.stopped for each in self.clocks))
    @rule()
    def end(self) -> None:
        self.clocks = TIMEKEEPER.apply(self.clocks, [CancelAll()], TERMS, self.at)
        assert all(each.stopped for each in self.clocks)
        self.clocks = TIMEKEEPER.apply(
            self.clocks, [Start(DECISION), Start(RESULT, 1)], TERMS, self.at
        )

    @invariant()
    def clocks_hold(self) -> None:
        for clock in self.clocks:
            used = TIMEKEEPER.elapsed(clock, self.at)
            assert used >= timedelta(0)
            assert clock.due >= clock.started
            assert not (clock.stopped and clock.halted)
            if clock.overdue(self.at):
                self.missed.add(clock.serial)
            elif clock.stopped is None:
                assert clock.serial not in self.missed, "a miss was unmade"
                assert used <= TIMEKEEPER.allowed(clock)
            alarms = [each.due for each in TIMEKEEPER.alarms(clock)]
            assert alarms == sorted(alarms)

    @invariant()
    def reckonings_add_up(self) -> None:
        for clock in self.clocks:
            lines = TIMEKEEPER.explain(clock, self.at)
            total = sum((line.counted for line in lines), timedelta(0))
            if clock.halted is None:
                assert total == TIMEKEEPER.allowed(clock)
                assert {"due": clock.due} in [line.values for line in lines]
            assert total <= clock.target


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)


def test_a_period_begun_anew_keeps_the_appraisals_and_no_more() -> None:
    """New facts of the 23rd, judged on the 3rd: what was appraised in between stays left out."""
    clocks = after(decision(), "2026-11-25 10:00", Pause(DECISION, ground="appraisal"))
    clocks = after(clocks, "2026-11-27 10:00", Continue(DECISION))
    clocks = after(clocks, "2026-12-01 10:00", Pause(DECISION, ground="appraisal"))
    facts = local("2026-11-23 09:00")
    clocks = after(clocks, "2026-12-03 10:00", Restart(DECISION, since=facts))
    new = clocks[-1]
    assert [(each.started, each.ended) for each in new.standstills] == [
        (local("2026-11-25 10:00"), local("2026-11-27 10:00")),
        (local("2026-12-01 10:00"), None),
    ]
    (*_, done) = after(clocks, "2026-12-05 10:00", Continue(DECISION))
    # fifteen days after the 23rd, and the six days that were left out
    assert done.due == local("2026-12-15 00:00")


def test_a_period_begun_within_an_appraisal_stands_still_from_then() -> None:
    clocks = after(decision(), "2026-11-25 10:00", Pause(DECISION, ground="appraisal"))
    since = local("2026-11-28 09:00")
    clocks = after(clocks, "2026-12-03 10:00", Restart(DECISION, since=since))
    assert [(each.started, each.ended) for each in clocks[-1].standstills] == [(since, None)]
