"""The quarterly table reconciles: with its lists, and across its columns."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.identifiers import TicketNumber
from tests.support.tickets import MONDAY, SHANGHAI, local
from tickets.model import CaseState, Source, TicketKind
from tickets.regulation.codes import BUSINESS, Code, CodeBook
from tickets.regulation.facts import Fact
from tickets.regulation.fault import Party, Shares
from tickets.regulation.quarter import (
    OUTCOMES,
    PERIODS,
    TIMELINESS,
    By,
    Count,
    Quarter,
    counted,
    key_of,
    table,
)

DAY = timedelta(days=1)
CODES = CodeBook({BUSINESS: {"B1": Code("B1", "", ""), "B11": Code("B11", "", "", "B1")}})


def test_a_quarter_begins_at_midnight_of_the_hotline() -> None:
    quarter = Quarter.of(local("2026-12-31 23:59"), SHANGHAI)
    assert str(quarter) == "2026Q4"
    assert Quarter.of(local("2027-01-01 00:00"), SHANGHAI) == quarter.after == Quarter(2027, 1)
    assert quarter.after.before == quarter == Quarter.parse("2026q4")
    first, after = quarter.span(SHANGHAI)
    assert (first, after) == (local("2026-10-01 00:00"), local("2027-01-01 00:00"))


@pytest.mark.parametrize("text", ["", "2026", "2026Q5", "2026Q0", "Q4", "99999Q1", "2026Q4x"])
def test_what_is_no_quarter(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (int and Quarter both raise it plainly)
        Quarter.parse(text)


def fact(**fields: object) -> Fact:
    usual: dict[str, object] = {
        "number": TicketNumber("202611230001"),
        "kind": TicketKind.COMPLAINT,
        "received": MONDAY,
        "source": Source.CALL,
        "state": CaseState.IN_PROGRESS,
        "changed": MONDAY,
        "due": MONDAY + 15 * DAY,
    }
    return Fact(**usual | fields)  # type: ignore[arg-type]  # fields of any type


def row_of(one: Fact, now: datetime) -> set[Count]:
    counts = table([one], By.BUSINESS, CODES, now).total.counts
    return {count for count, number in counts.items() if number}


def test_in_time_late_and_pending() -> None:
    now = MONDAY + 20 * DAY
    told = fact(told=MONDAY + 3 * DAY, days=3, state=CaseState.CLOSED)
    assert row_of(told, now) == {
        Count.RECEIVED,
        Count.IN_TIME,
        Count.WITHIN_15,
        Count.RESOLVED,
    }
    assert Count.LATE in row_of(fact(), now)
    assert Count.PENDING in row_of(fact(), MONDAY + DAY)
    late = fact(told=MONDAY + 16 * DAY, days=16, missed=True, state=CaseState.CLOSED)
    assert {Count.LATE, Count.WITHIN_30} < row_of(late, now)
    withdrawn = fact(state=CaseState.WITHDRAWN, ended=MONDAY + DAY)
    assert {Count.OTHERWISE, Count.WITHDRAWN, Count.UNTOLD} < row_of(withdrawn, now)
    assert Count.REPEATED in row_of(fact(repeats=TicketNumber("1")), MONDAY)


def test_codes_count_below_the_first_level() -> None:
    assert key_of(fact(business="B11"), By.BUSINESS, CODES) == "B1"
    assert key_of(fact(business="B9"), By.BUSINESS, CODES) == "B9"
    assert key_of(fact(), By.CAUSE, CODES) == ""
    assert key_of(fact(branch="营业部"), By.BRANCH, CODES) == "营业部"


instants = st.integers(-60, 40).map(lambda days: MONDAY + days * DAY)
facts = st.builds(
    fact,
    received=instants,
    business=st.sampled_from(["", "B1", "B11", "B2"]),
    due=instants,
    told=st.none() | instants,
    missed=st.booleans(),
    days=st.none() | st.integers(0, 90),
    repeats=st.none() | st.just(TicketNumber("1")),
    state=st.sampled_from(CaseState),
    channel_assumed=st.booleans(),
    shares=st.builds(lambda hours: Shares({Party.HOTLINE: hours}), st.timedeltas(0 * DAY, DAY)),
)


@given(st.lists(facts, max_size=30), instants, st.sampled_from(By))
def test_every_number_is_the_length_of_its_list(told: list[Fact], now: datetime, by: By) -> None:
    made = table(told, by, CODES, now)
    for row in made.rows:
        for count, number in row.counts.items():
            assert len(list(counted(told, by, CODES, now, row.key, count))) == number
    for count, number in made.total.counts.items():
        assert len(list(counted(told, by, CODES, now, None, count))) == number
    assert made.total.counts[Count.RECEIVED] == len(told)
    assert made.total.shares == sum((each.shares for each in told), Shares())


@given(st.lists(facts, max_size=30), instants)
def test_each_complaint_stands_in_one_column_of_each_sort(told: list[Fact], now: datetime) -> None:
    for row in table(told, By.BUSINESS, CODES, now).rows:
        for sort in (TIMELINESS, PERIODS, OUTCOMES):
            assert sum(row.counts[each] for each in sort) == row.counts[Count.RECEIVED]
