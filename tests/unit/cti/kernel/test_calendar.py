"""Working time against hand-counted cases, and the laws that tie its operations together."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.calendar import Span, WorkingCalendar
from cti.kernel.errors import ConfigurationError

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = (Span.parse("09:00-12:00"), Span.parse("13:00-17:00"))
CALENDAR = WorkingCalendar(
    name="office",
    timezone=SHANGHAI,
    week=(OFFICE,) * 5 + ((), ()),
    holidays={date(2026, 10, day): "国庆节" for day in range(1, 8)},
    workdays={date(2026, 9, 20): OFFICE, date(2026, 10, 10): (Span.parse("09:00-12:00"),)},
    valid_until=date(2026, 12, 31),
)
ROUND_THE_CLOCK = WorkingCalendar("always", SHANGHAI, ((Span(0, 1440),),) * 7)
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


START_OF_2024 = datetime(2024, 1, 1, tzinfo=UTC)
instants = st.timedeltas(timedelta(0), timedelta(days=2000)).map(lambda age: START_OF_2024 + age)
amounts = st.timedeltas(timedelta(0), timedelta(days=400))


@pytest.mark.parametrize(
    ("instant", "is_open"),
    [
        ("2026-09-30 08:59:59", False),
        ("2026-09-30 09:00", True),
        ("2026-09-30 12:00", False),
        ("2026-09-30 16:59:59.999999", True),
        ("2026-09-30 17:00", False),
        ("2026-10-01 10:00", False),
        ("2026-10-03 10:00", False),
        ("2026-09-20 10:00", True),
        ("2026-10-10 11:59", True),
        ("2026-10-10 13:30", False),
    ],
)
def test_open_hours(instant: str, is_open: bool) -> None:
    assert CALENDAR.is_open(at(instant)) is is_open


@pytest.mark.parametrize(
    ("start", "working", "end"),
    [
        ("2026-09-30 09:00", 3 * HOUR, "2026-09-30 12:00"),
        ("2026-09-30 09:00", 7 * HOUR, "2026-09-30 17:00"),
        ("2026-09-30 17:00", HOUR, "2026-10-08 10:00"),
        ("2026-09-30 12:30", HOUR, "2026-09-30 14:00"),
        ("2026-09-30 16:00", 8 * HOUR, "2026-10-08 17:00"),
        ("2026-10-09 16:00", 5 * HOUR, "2026-10-12 10:00"),
        ("2026-10-04 03:00", timedelta(0), "2026-10-04 03:00"),
    ],
)
def test_adding_working_time(start: str, working: timedelta, end: str) -> None:
    assert CALENDAR.add(at(start), working) == at(end)


def test_working_time_over_the_national_day_week() -> None:
    assert CALENDAR.between(at("2026-09-30 16:00"), at("2026-10-08 10:00")) == 2 * HOUR
    assert CALENDAR.between(at("2026-10-01 00:00"), at("2026-10-08 09:00")) == 0 * HOUR


def test_next_opening() -> None:
    assert CALENDAR.next_open(at("2026-09-30 17:00")) == at("2026-10-08 09:00")
    assert CALENDAR.next_open(at("2026-09-30 10:15")) == at("2026-09-30 10:15")


def test_holiday_has_its_name_by_local_date() -> None:
    assert CALENDAR.holiday(datetime(2026, 9, 30, 16, 30, tzinfo=UTC)) == "国庆节"
    assert CALENDAR.holiday(datetime(2026, 9, 30, 15, 30, tzinfo=UTC)) is None


def test_missing_list_is_noticed_a_month_ahead() -> None:
    assert CALENDAR.missing_year(at("2026-11-21 12:00")) is None
    assert CALENDAR.missing_year(at("2026-11-30 23:59")) is None
    assert CALENDAR.missing_year(at("2026-12-01 00:00")) == 2027
    assert CALENDAR.missing_year(at("2027-03-01 12:00")) == 2027


def test_summer_time_counts_real_hours() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = WorkingCalendar("night", berlin, ((Span.parse("00:00-06:00"),),) * 7)
    shortened = datetime(2026, 3, 29, tzinfo=berlin)
    assert night.between(shortened, shortened + timedelta(days=1)) == 5 * HOUR


NIGHT = WorkingCalendar(
    "night",
    SHANGHAI,
    ((Span.parse("22:00-06:00"),),) * 5 + ((), ()),
    holidays={date(2027, 1, 1): "元旦"},
)


@pytest.mark.parametrize(
    ("start", "working", "end"),
    [
        ("2026-11-23 20:00", 4 * HOUR, "2026-11-24 02:00"),
        ("2026-11-23 23:00", 7 * HOUR, "2026-11-24 06:00"),
        ("2026-11-24 03:00", 4 * HOUR, "2026-11-24 23:00"),
        # Friday's night is worked to its end on Saturday; the next one is Monday's
        ("2026-11-27 22:00", 9 * HOUR, "2026-11-30 23:00"),
        # the night before New Year runs into it, and over the year; the holiday's own is closed
        ("2026-12-31 22:00", 2 * HOUR, "2027-01-01 00:00"),
        ("2026-12-31 22:00", 8 * HOUR, "2027-01-01 06:00"),
        ("2026-12-31 22:00", 9 * HOUR, "2027-01-04 23:00"),
    ],
)
def test_spans_over_midnight_belong_to_the_day_they_open_on(
    start: str, working: timedelta, end: str
) -> None:
    assert NIGHT.add(at(start), working) == at(end)
    assert NIGHT.between(at(start), at(end)) == working


def test_a_night_that_runs_into_the_next_days_hours_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="05:00-09:00 must come after 22:00-06:00"):
        WorkingCalendar(
            "bad", SHANGHAI, ((Span.parse("05:00-09:00"), Span.parse("22:00-06:00")),) * 7
        )


def test_hours_that_a_make_up_day_and_a_night_share_count_once() -> None:
    both = WorkingCalendar(
        "both",
        SHANGHAI,
        ((Span.parse("22:00-06:00"),),) * 5 + ((), ()),
        workdays={date(2026, 11, 28): (Span.parse("04:00-08:00"),)},
    )
    assert both.between(at("2026-11-27 22:00"), at("2026-11-28 12:00")) == 10 * HOUR


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("span", "day", "hours"),
    [
        # the clocks go from 02:00 to 03:00
        ("00:00-06:00", "2026-03-29", 5.0),
        ("02:30-04:00", "2026-03-29", 1.0),
        ("01:00-02:30", "2026-03-29", 1.0),
        ("02:00-03:00", "2026-03-29", 0.0),
        # the clocks go from 03:00 back to 02:00
        ("00:00-06:00", "2026-10-25", 7.0),
        ("02:30-04:00", "2026-10-25", 2.5),
        ("01:00-02:30", "2026-10-25", 1.5),
    ],
)
def test_wall_clock_times_that_are_skipped_or_come_twice(span: str, day: str, hours: float) -> None:
    calendar = WorkingCalendar("turn", BERLIN, ((Span.parse(span),),) * 7)
    midnight = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
    assert calendar.between(midnight, midnight + timedelta(days=1)) == hours * HOUR


@given(instants, amounts.filter(bool))
def test_counting_back_gives_the_last_instant_with_that_much_left(
    end: datetime, working: timedelta
) -> None:
    start = CALENDAR.back(end, working)
    assert CALENDAR.between(start, end) == working
    assert CALENDAR.between(start + timedelta(microseconds=1), end) < working


def test_the_last_span_of_a_day_closes_it() -> None:
    assert CALENDAR.closing(date(2026, 9, 30)) == at("2026-09-30 17:00")
    assert CALENDAR.closing(date(2026, 10, 10)) == at("2026-10-10 12:00")
    assert NIGHT.closing(date(2026, 11, 27)) == at("2026-11-28 06:00")
    with pytest.raises(ValueError, match="closed on 2026-10-01"):
        CALENDAR.closing(date(2026, 10, 1))


@given(instants, amounts)
def test_open_stretches_add_up_to_the_working_time(start: datetime, later: timedelta) -> None:
    stretches = list(CALENDAR.open_between(start, start + later))
    assert sum((b - a for a, b in stretches), timedelta(0)) == CALENDAR.between(
        start, start + later
    )
    assert stretches == sorted(stretches)


@given(instants, amounts)
def test_between_measures_what_add_added(start: datetime, working: timedelta) -> None:
    assert CALENDAR.between(start, CALENDAR.add(start, working)) == working


@given(instants, amounts.filter(bool))
def test_add_gives_the_first_such_instant(start: datetime, working: timedelta) -> None:
    end = CALENDAR.add(start, working)
    assert CALENDAR.between(start, end - timedelta(microseconds=1)) < working


@given(instants, instants, instants)
def test_working_time_adds_up(one: datetime, two: datetime, three: datetime) -> None:
    assert CALENDAR.between(one, two) + CALENDAR.between(two, three) == CALENDAR.between(one, three)


@given(instants, amounts, amounts)
def test_more_working_time_never_ends_earlier(
    start: datetime, less: timedelta, more: timedelta
) -> None:
    less, more = sorted((less, more))
    assert CALENDAR.add(start, less) <= CALENDAR.add(start, more)


@given(instants)
def test_next_opening_is_open_and_nothing_is_worked_before(start: datetime) -> None:
    opening = CALENDAR.next_open(start)
    assert CALENDAR.is_open(opening)
    assert CALENDAR.between(start, opening) == timedelta(0)


@given(instants, amounts)
def test_round_the_clock_is_plain_time(start: datetime, working: timedelta) -> None:
    assert ROUND_THE_CLOCK.add(start, working) == start + working
    assert ROUND_THE_CLOCK.is_open(start)


@pytest.mark.parametrize(
    ("week", "complaint"),
    [
        (((),) * 7, "no open time"),
        ((OFFICE,) * 6, "seven days"),
        (((*OFFICE, Span.parse("16:00-18:00")),) * 7, "must come after"),
    ],
)
def test_impossible_weeks_are_refused(week: tuple[tuple[Span, ...], ...], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        WorkingCalendar("bad", SHANGHAI, week)


@pytest.mark.parametrize(
    "text", ["9-17", "09:00", "09:00-09:00", "09:00-25:00", "25:00-26:00", "09:60-10:00"]
)
def test_impossible_spans_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        Span.parse(text)


def test_span_prints_as_it_is_read() -> None:
    for text in ("08:30-24:00", "22:00-06:00", "00:00-24:00", "18:00-00:30"):
        assert str(Span.parse(text)) == text


def test_a_day_cannot_be_holiday_and_workday() -> None:
    with pytest.raises(ConfigurationError, match="2026-10-01"):
        WorkingCalendar(
            "both",
            SHANGHAI,
            (OFFICE,) * 7,
            holidays={date(2026, 10, 1): "国庆节"},
            workdays={date(2026, 10, 1): OFFICE},
        )


def test_naive_instants_and_negative_targets_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        CALENDAR.is_open(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.add(at("2026-01-05 09:00"), -HOUR)
