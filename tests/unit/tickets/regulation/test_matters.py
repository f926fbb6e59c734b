"""What tickets are about, and repeats: by keys and words of one customer, never by titles."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.identifiers import TicketNumber
from tests.support.tickets import MONDAY, draft
from tickets.model import Draft, TicketKind
from tickets.regulation.matters import (
    LONGEST_KEY,
    crowds_of,
    likeness,
    normal,
    people_of,
    subjects_of,
)
from tickets.regulation.repeats import Earlier, RepeatRules, repeated, repeats

RULES = RepeatRules()
DAY = timedelta(days=1)


def about(**details: str) -> Draft:
    return replace(draft(), details=details)


def earlier(number: str, what: Draft, days: float, *, still_open: bool = False) -> Earlier:
    return Earlier(TicketNumber(number), what, MONDAY - days * DAY, still_open)


@pytest.mark.parametrize(
    ("contact", "key"),
    [
        ("13800138000", "phone:13800138000"),
        ("+86 138-0013-8000", "phone:13800138000"),
        ("0086 13800138000", "phone:13800138000"),
        ("123", None),
        ("wang13800138000@example.com", None),
    ],
)
def test_a_telephone_is_one_however_it_is_written(contact: str, key: str | None) -> None:
    what = draft()
    keys = people_of(
        replace(what, requester=replace(what.requester, contact=contact, customer_id=None))
    )
    assert keys == ((key,) if key else ())


def test_a_matter_is_what_it_names_and_not_how_it_is_told() -> None:
    assert subjects_of({"business": "B03"}) == {"business:b03"}
    assert subjects_of({"product": "Ａ卡 (金)"}) == subjects_of({"product": "a卡金"})
    assert subjects_of({}) == frozenset()
    assert crowds_of({"business": "B03"}) == frozenset()
    assert crowds_of({"branch": "营业部", "business": "B03", "cause": "C01"}) == {
        "crowd:营业部:business:b03",
        "crowd:营业部:cause:c01",
    }


def test_same_customer_same_business_within_thirty_days_repeats() -> None:
    now = about(business="B03")
    found = repeats(
        now,
        MONDAY,
        [
            earlier("1", replace(about(business="B03"), title="别的话", text="完全不同"), 29),
            earlier("2", replace(about(business="B03"), title="别的话", text="完全不同"), 31),
            earlier("3", replace(about(business="B04"), title="另一事", text="利率"), 1),
            earlier("4", replace(about(business="B03"), kind=TicketKind.ENQUIRY), 1),
        ],
        RULES,
    )
    assert [each.number for each in found] == ["1"]
    assert repeated(found) == "1"


def test_alike_words_are_a_hint_that_decides_nothing() -> None:
    found = repeats(draft(), MONDAY, [earlier("1", draft(), 3)], RULES)
    assert [(each.number, each.same_matter, each.alike) for each in found] == [("1", False, 1.0)]
    assert repeated(found) is None


def test_what_is_still_open_counts_however_old_and_stands_first() -> None:
    what = about(business="B03")
    told = [earlier("1", what, 2), earlier("2", what, 45, still_open=True), earlier("3", what, 1)]
    found = repeats(what, MONDAY, told, RULES)
    assert [each.number for each in found] == ["2", "3", "1"]
    assert repeated(found) == "3"


texts = st.text(alphabet="柜台排队投诉abc １２!，", max_size=60)


@given(texts, texts)
def test_likeness_is_a_measure(one: str, other: str) -> None:
    alike = likeness(one, other)
    assert 0 <= alike <= 1
    assert alike == likeness(other, one)
    assert likeness(one, one) == (1 if normal(one) else 0)


@given(st.text(max_size=300), st.text(max_size=300))
def test_keys_fit_their_column(branch: str, product: str) -> None:
    keys = crowds_of({"branch": branch, "product": product}) | subjects_of({"product": product})
    assert all(0 < len(key) <= LONGEST_KEY for key in keys)
