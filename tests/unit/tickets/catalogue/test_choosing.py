"""Which department the catalogue proposes, and why; what it refuses to hold."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.errors import Refused
from cti.kernel.identifiers import DepartmentId, TicketNumber
from tests.support.tickets import CARDS, LENDING, draft
from tickets.catalogue.choosing import best, choices
from tickets.catalogue.model import Catalogue, Line, checked
from tickets.catalogue.proposing import proposal
from tickets.catalogue.repository import line_from, line_record
from tickets.catalogue.returns import Route, returns
from tickets.model import Draft, TicketKind
from tickets.regulation.codes import BUSINESS, Code, CodeBook

DAY = date(2026, 11, 23)
KNOWN = {CARDS: None, LENDING: None}


def line(line_id: str, department: DepartmentId = CARDS, **asks: object) -> Line:
    return replace(Line(line_id=line_id, department_id=department), **asks)  # type: ignore[arg-type]  # fields of any type


def about(**details: str) -> Draft:
    return replace(draft(), details=details)


def chosen(what: Draft, *lines: Line, day: date = DAY) -> str | None:
    found = best(Catalogue(1, lines), what, day)
    return found.line.line_id if found else None


def test_all_that_a_line_names_must_hold() -> None:
    both = line("1", business="B03", branch="营业部")
    assert chosen(about(business="B03", branch="营业部"), both) == "1"
    assert chosen(about(business="B03"), both) is None
    assert chosen(about(branch="营业部"), both) is None


def test_a_longer_code_is_more_precise_and_a_code_holds_for_all_below_it() -> None:
    lines = line("1", business="B03"), line("2", business="B0301")
    assert chosen(about(business="B030101"), *lines) == "2"
    assert chosen(about(business="B0302"), *lines) == "1"


def test_the_most_precise_line_speaks_first_in_whatever_order_they_stand() -> None:
    lines = (
        line("kind", kind=TicketKind.COMPLAINT),
        line("word", keyword="排队，等候"),
        line("business", business="B03"),
        line("product", product="金卡"),
        line("branch", branch="营业部"),
    )
    what = about(business="B03", product="金卡", branch="营业部")
    for told in (lines, tuple(reversed(lines))):
        found = choices(Catalogue(1, told), what, DAY)
        assert [each.line.line_id for each in found] == [
            "branch",
            "product",
            "business",
            "word",
            "kind",
        ]


def test_it_says_by_which_words_it_went() -> None:
    found = best(Catalogue(1, (line("7", keyword="排队, 利率", limit="3 天"),)), draft(), DAY)
    assert found is not None
    assert found.reasons == (("keyword", "排队"),)
    proposed = proposal(found, CARDS)
    assert (proposed.line_id, proposed.lead, proposed.limit) == ("7", True, "3 天")
    assert not proposal(found, LENDING).lead


@pytest.mark.parametrize(
    ("text", "words", "hits"),
    [
        ("What happened at the counter", "app, counter", "counter"),
        ("The treatment was unfriendly", "ATM", None),
        ("用ATM取款时吞卡", "atm, 存折", "atm"),
        ("Your ＡＰＰ crashes", "app", "app"),
        ("Two ATMs and long queues", "ATM, queue", "ATM, queue"),
        ("手机银行转账失败", "银行转账", "银行转账"),
        ("C++ (beta) fails", "(beta)", "(beta)"),
    ],
)
def test_words_of_letters_stand_by_themselves(text: str, words: str, hits: str | None) -> None:
    what = replace(draft(title=text), text="")
    found = best(Catalogue(1, (line("1", keyword=words),)), what, DAY)
    assert (dict(found.reasons)["keyword"] if found else None) == hits


def test_what_a_code_is_below_is_what_the_codes_say() -> None:
    """One that merely begins alike is another matter."""
    codes = CodeBook(
        {
            BUSINESS: {
                "B1": Code("B1", "", ""),
                "B11": Code("B11", "", ""),
                "X7": Code("X7", "", "", "B1"),
            }
        }
    )
    lines = Catalogue(1, (line("1", business="B1"),))
    assert best(lines, about(business="X7"), DAY, codes) is not None
    assert best(lines, about(business="B11"), DAY, codes) is None


@pytest.mark.parametrize(
    ("day", "holds"),
    [
        (DAY - timedelta(days=1), False),
        (DAY, True),
        (DAY + timedelta(days=7), True),
        (DAY + timedelta(days=8), False),
    ],
)
def test_a_line_holds_from_its_first_day_to_its_last(day: date, *, holds: bool) -> None:
    limited = line("1", keyword="排队", since=DAY, until=DAY + timedelta(days=7))
    assert (chosen(draft(), limited, day=day) == "1") is holds


@pytest.mark.parametrize(
    ("wrong", "error_id"),
    [
        (line("1"), "ticket.catalogue.asks_nothing"),
        (line("1", keyword=" , ，"), "ticket.catalogue.asks_nothing"),
        (line("1", DepartmentId("gone"), keyword="x"), "ticket.department_unknown"),
        (line("1", keyword="x", assist=(DepartmentId("gone"),)), "ticket.department_unknown"),
        (line("1", keyword="x", assist=(CARDS,)), "ticket.catalogue.assists_itself"),
        (line("1", business="B77"), "ticket.field_code"),
        (line("1", keyword="x" * 201), "ticket.field_too_long"),
        (line("1" * 33, keyword="x"), "ticket.field_too_long"),
        (line("1", keyword="x", since=DAY, until=date(2026, 1, 1)), "ticket.catalogue.days"),
    ],
)
def test_what_it_refuses(wrong: Line, error_id: str) -> None:
    with pytest.raises(Refused) as refused:
        checked(wrong, KNOWN, {"B03": None})
    assert refused.value.error_id == error_id


def test_a_changed_line_keeps_its_place_and_a_new_one_stands_last() -> None:
    catalogue = Catalogue(3, (line("1", keyword="a"), line("2", keyword="b")))
    changed = line("1", keyword="c")
    assert catalogue.changed(changed) == (changed, catalogue.lines[1])
    assert [each.line_id for each in catalogue.changed(line("9"))] == ["1", "2", "9"]
    assert catalogue.without("1") == (catalogue.lines[1],)


texts = st.text(max_size=20)
lines = st.builds(
    Line,
    line_id=st.integers(1, 99).map(str),
    department_id=st.sampled_from([CARDS, LENDING]),
    kind=st.none() | st.sampled_from(TicketKind),
    business=st.sampled_from(["", "B03", "B0301"]),
    topic=texts,
    product=texts,
    branch=texts,
    keyword=texts,
    assist=st.lists(st.sampled_from([CARDS, LENDING])).map(tuple),
    limit=texts,
    since=st.none() | st.dates(),
    until=st.none() | st.dates(),
    source=texts,
)


@given(lines)
def test_a_line_comes_back_as_it_was(one: Line) -> None:
    assert line_from(line_record(one)) == one


@given(st.lists(lines, max_size=8), st.sampled_from(["", "B03", "B0301"]))
def test_whatever_speaks_fits(told: list[Line], business: str) -> None:
    what = about(business=business)
    for choice in choices(Catalogue(1, tuple(told)), what, DAY):
        assert choice.line.holds_on(DAY)
        assert choice.line.kind in (None, what.kind)
        assert business.startswith(choice.line.business)


def route(number: str, dispatch: int, department: DepartmentId, **more: object) -> Route:
    usual = Route(TicketNumber(number), dispatch, department, "1", CARDS, 0, refused=False)
    return replace(usual, **more)  # type: ignore[arg-type]  # fields of any type


def test_refusals_are_counted_by_the_line_that_orders_followed() -> None:
    fared = returns(
        [
            route("1", 1, CARDS, refusals=1, refused=True),
            route("1", 2, LENDING),
            route("2", 1, CARDS, refusals=2),
            route("3", 1, CARDS),
            route("4", 1, LENDING, refusals=1, refused=True),
            route("5", 1, CARDS, line_id="", proposed=DepartmentId("")),
        ]
    )
    first = fared[0]
    assert (first.line_id, first.sent, first.followed) == ("1", 5, 3)
    assert (first.asked, first.wrong, first.to_and_fro) == (2, 1, 1)
    assert first.went_to == ((LENDING, 1),)
    assert (fared[1].line_id, fared[1].sent, fared[1].followed) == ("", 1, 0)
