"""A reckoning in words, as the page and the command line tell it."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from cti.kernel.vocabulary import Language, ServiceLevel
from tests.support.catalogues import all_texts
from tests.support.tickets import SHANGHAI, TIMEKEEPER, local, national_day_2026
from tickets.clocks.explain import Line
from tickets.clocks.sla import Calendars, Clock, Terms
from tickets.clocks.statutory import midnight
from tickets.model import TicketKind, Urgency
from tickets.web.reasons import Reason, Reasons
from tickets.workflow import ClockKind, Continue, Effect, Extend, Pause, Start, Stop

CALENDARS = Calendars(TIMEKEEPER.calendars.hotline, [national_day_2026()])
KEEPER = replace(TIMEKEEPER, calendars=CALENDARS)
TERMS = Terms(
    TicketKind.COMPLAINT, Urgency.ORDINARY, ServiceLevel.UNIFORM, {1: "office"}, by="李主管"
)
RESULT, DECISION = ClockKind.RESULT, ClockKind.DECISION
WAITED = (
    "2026-09-28 Mon 10:00 to 2026-09-30 Wed 16:00 standing still "
    "(waiting for the customer), not counted"
)


def told(lines: tuple[Line, ...], language: Language = Language.ENGLISH) -> list[Reason]:
    return Reasons(partial(all_texts().text, language), language, SHANGHAI).told(lines)


def order() -> Clock:
    """Forty hours over National Day, with a pause and an extension."""
    clocks = KEEPER.apply((), [Start(RESULT, 1)], TERMS, local("2026-09-26 10:00"))
    pause = [Pause(RESULT, 1, "customer")]
    clocks = KEEPER.apply(clocks, pause, TERMS, local("2026-09-28 10:00"))
    effects: list[Effect] = [Continue(RESULT, 1), Extend(RESULT, 1, by=timedelta(hours=7))]
    return KEEPER.apply(clocks, effects, TERMS, local("2026-09-30 16:00"))[0]


def test_the_reckoning_of_an_order_in_english() -> None:
    lines = told(KEEPER.explain(order(), local("2026-10-08 12:00")))[1:]
    assert [(line.text, line.counted, line.total) for line in lines] == [
        (
            "Received 2026-09-26 Sat 10:00; 40 h in the department's working hours",
            "",
            "0 h",
        ),
        ("Extended 2026-09-30 Wed 16:00 by 7 h, approved by 李主管: 47 h in all", "", "0 h"),
        ("Received outside working hours; counted from 2026-09-28 Mon 09:00", "", "0 h"),
        ("2026-09-26 Sat to 2026-09-27 Sun closed, not counted", "", "0 h"),
        ("2026-09-28 Mon 09:00–10:00", "1 h", "1 h"),
        (
            WAITED,
            "",
            "1 h",
        ),
        ("2026-09-30 Wed 16:00–17:30", "1 h 30 min", "2 h 30 min"),
        ("2026-10-01 Thu to 2026-10-07 Wed public holiday (国庆节), not counted", "", "2 h 30 min"),
        ("2026-10-08 Thu 09:00–12:00, 13:30–17:30", "7 h", "9 h 30 min"),
        ("2026-10-09 Fri 09:00–12:00, 13:30–17:30", "7 h", "16 h 30 min"),
        ("2026-10-10 Sat make-up workday 09:00–12:00, 13:30–17:30", "7 h", "23 h 30 min"),
        ("2026-10-11 Sun closed, not counted", "", "23 h 30 min"),
        ("2026-10-12 Mon 09:00–12:00, 13:30–17:30", "7 h", "30 h 30 min"),
        ("2026-10-13 Tue 09:00–12:00, 13:30–17:30", "7 h", "37 h 30 min"),
        ("2026-10-14 Wed 09:00–12:00, 13:30–17:30", "7 h", "44 h 30 min"),
        ("2026-10-15 Thu 09:00–11:30", "2 h 30 min", "47 h"),
        ("Due 2026-10-15 Thu 11:30", "", "47 h"),
        ("By 2026-10-08 Thu 12:00: used 5 h 30 min, left 41 h 30 min", "", "5 h 30 min"),
    ]


def test_a_complaints_period_in_chinese() -> None:
    (clock,) = KEEPER.apply((), [Start(DECISION)], TERMS, local("2026-09-20 10:00"))
    lines = told(KEEPER.explain(clock, local("2026-09-22 12:00")), Language.CHINESE)
    assert [(line.text, line.total) for line in lines[1:]] == [
        ("2026-09-20 周日 10:00 收到，法定期限 15 个自然日", "0 天"),
        ("2026-09-20 周日 收到当日，不计", "0 天"),
        ("2026-09-21 周一 至 2026-10-05 周一，自然日 15 天", "15 天"),
        ("到期 2026-10-05 周一 24:00", "15 天"),
        ("截至 2026-09-22 周二 12:00 已用 1 天 12 小时，还剩 13 天 12 小时", "1 天 12 小时"),
    ]
    assert lines[0].text.startswith("时限依据：投诉")
    assert clock.policy not in lines[0].text
    assert lines[0].basis == f"时限规则版本 {clock.policy}"


def test_what_a_step_rests_on_is_small_print() -> None:
    lines = told(KEEPER.explain(order(), local("2026-10-08 12:00")))
    assert [line.basis for line in lines if line.basis] == [
        f"time limits, version {KEEPER.policy.version}",
        "working calendar office",
    ]
    (contact,) = KEEPER.apply(
        (), [Start(ClockKind.FIRST_CONTACT)], TERMS, local("2026-09-28 09:00")
    )
    received = told(KEEPER.explain(contact, contact.started))[1]
    assert received.text.endswith("in the hotline's hours")
    assert received.basis == f"working calendar {CALENDARS.hotline.name}"


def test_a_holiday_counts_by_law_and_moves_nothing() -> None:
    calendars = Calendars(national_day_2026())
    keeper = replace(TIMEKEEPER, calendars=calendars)
    (clock,) = keeper.apply((), [Start(DECISION)], TERMS, local("2026-09-20 10:00"))
    assert clock.due == midnight(local("2026-10-06 12:00").date(), SHANGHAI)
    texts = [line.text for line in told(keeper.explain(clock, clock.started))]
    assert (
        "Of these 2026-10-01 Thu to 2026-10-05 Mon are a public holiday (国庆节); by law they count"
    ) in texts
    assert (
        "The last day, 2026-10-05 Mon, is a public holiday (国庆节); the strict date stands"
    ) in texts


def test_long_rows_of_ordinary_days_are_folded() -> None:
    (clock,) = TIMEKEEPER.apply((), [Start(RESULT, 1)], TERMS, local("2026-11-23 15:00"))
    texts = [line.text for line in told(TIMEKEEPER.explain(clock, clock.started))]
    assert texts[2:-1] == [
        "2026-11-23 Mon 15:00–17:30",
        "2026-11-24 Tue to 2026-11-30 Mon, 5 working days",
        "2026-12-01 Tue 09:00–11:30",
        "Due 2026-12-01 Tue 11:30",
    ]


def test_a_limit_a_standstill_and_the_end_are_told() -> None:
    late = local("2026-12-03 09:00")
    clocks = KEEPER.apply((), [Start(DECISION)], TERMS, local("2026-11-21 10:00"))
    clocks = KEEPER.apply(clocks, [Start(RESULT, 1)], TERMS, late)
    limited = [line.text for line in told(KEEPER.explain(clocks[1], late))]
    assert (
        "By its own limit 2026-12-10 Thu 15:30; but not after 2026-12-06 Sun 16:00, "
        "so that the customer is answered in time"
    ) in limited
    halted = KEEPER.apply(clocks, [Pause(RESULT, 1, "appraisal")], TERMS, local("2026-12-04 09:00"))
    texts = [line.text for line in told(KEEPER.explain(halted[1], local("2026-12-04 10:00")))]
    assert "Standing still since 2026-12-04 Fri 09:00 (Appraisal from outside)" in texts
    assert any(text.startswith("If it went on at") for text in texts)
    done = KEEPER.apply(clocks, [Stop(RESULT, 1)], TERMS, local("2026-12-04 10:30"))
    assert told(KEEPER.explain(done[1], late))[-1].text == "Done 2026-12-04 Fri 10:30, in time"
    missed = KEEPER.apply(clocks, [Stop(RESULT, 1)], TERMS, local("2026-12-07 10:30"))
    assert told(KEEPER.explain(missed[1], late))[-1].text.endswith("too late")
    over = told(KEEPER.explain(clocks[1], local("2026-12-07 10:30")))[-1].text
    assert over == "By 2026-12-07 Mon 10:30 it is overdue"


def test_a_calendar_that_was_changed_since_is_admitted() -> None:
    (clock,) = TIMEKEEPER.apply((), [Start(RESULT, 1)], TERMS, local("2026-09-28 09:00"))
    texts = [line.text for line in told(KEEPER.explain(clock, clock.started))]
    assert any(text.startswith("The calendar was changed since") for text in texts)
    old = replace(clock, policy="0123456789ab")
    first = told(KEEPER.explain(old, clock.started))[0]
    assert first.text == "The time limit was set by rules that have been changed since"
    assert first.basis == "time limits, version 0123456789ab"


def test_an_agreed_slot_is_told_as_it_is() -> None:
    terms = replace(TERMS, kind=TicketKind.APPOINTMENT, slot=local("2026-09-29 10:00"))
    begins = local("2026-09-28 09:00:30")
    (clock,) = KEEPER.apply((), [Start(ClockKind.APPOINTMENT)], terms, begins)
    pause = [Pause(ClockKind.APPOINTMENT, None, "customer")]
    (clock,) = KEEPER.apply((clock,), pause, terms, local("2026-09-28 10:00"))
    (clock,) = KEEPER.apply(
        (clock,), [Continue(ClockKind.APPOINTMENT)], terms, local("2026-09-28 11:00")
    )
    lines = told(KEEPER.explain(clock, begins))[1:]
    assert lines[0].text == (
        "Agreed with the customer 2026-09-28 Mon 09:00:30, for 2026-09-29 Tue 10:00"
    )
    assert lines[-2].total == "24 h 59 min 30 s"
