import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.acd.demand import (
    AllOf,
    AnyOf,
    Demand,
    DemandError,
    Skilled,
    all_of,
    any_of,
    parse,
    skills_in,
)

SKILLS = {"loans": 7, "cards": 2, "general": 4}


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("loans", 7),
        ("loans >= 7", 7),
        ("loans >= 8", 0),
        ("funds", 0),
        ("loans and general", 4),
        ("loans and funds", 0),
        ("cards or general", 4),
        ("loans >= 5 and (cards >= 3 or general)", 4),
        ("loans >= 5 and cards >= 3 or general", 4),
        ("funds or loans >= 5 and cards", 2),
        ("LOANS or cards>=2", 2),
        ("(((loans)))", 7),
        ("贷款 or loans", 7),
        ("loans OR funds", 7),
    ],
)
def test_how_well_skills_meet_a_demand(text: str, level: int) -> None:
    assert parse(text).level_in(SKILLS) == level


@pytest.mark.parametrize(
    ("text", "column", "what"),
    [
        ("", 1, "write a skill here, where the demand ends"),
        ("loans >=", 9, "write a level from 1 to 10 after >="),
        ("loans >= 11", 10, "write a level from 1 to 10"),
        ("loans >= 0", 10, "write a level from 1 to 10"),
        ("loans >= high", 10, "write a level from 1 to 10"),
        ("loans cards", 7, 'write "and" or "or" before "cards"'),
        ("loans and", 10, "write a skill here"),
        ("and loans", 1, 'write a skill here, not "and"'),
        ("(loans or cards", 16, 'write ")" for the "(" in column 1'),
        ("loans)", 6, 'write "and" or "or" before ")"'),
        ("loans > 5", 7, '">" has no meaning here; compare levels with ">="'),
        ("()", 2, 'write a skill here, not ")"'),
        ("5 >= loans", 1, 'write a skill here, not "5"'),
    ],
)
def test_a_wrong_demand_says_where_and_what_to_write(text: str, column: int, what: str) -> None:
    with pytest.raises(DemandError) as caught:
        parse(text)
    assert caught.value.column == column
    assert what in str(caught.value)
    assert str(caught.value).startswith(f"column {column}: ")


def test_no_more_parentheses_than_needed() -> None:
    assert str(parse("(loans >= 1) and ((cards>=3) or general)")) == (
        "loans and (cards >= 3 or general)"
    )
    assert str(parse("(a and b) or (c and d)")) == "a and b or c and d"


def test_parts_are_written_flat_and_once() -> None:
    a, b, c = Skilled("a"), Skilled("b"), Skilled("c")
    assert any_of(a, any_of(b, a), c) == AnyOf((a, b, c))
    assert all_of(a, a) == a
    assert parse("a and (b and c)") == AllOf((a, b, c))


def test_skills_are_told_in_the_order_they_are_written() -> None:
    assert list(skills_in(parse("loans >= 5 and (cards or loans)"))) == ["loans", "cards", "loans"]


demands: st.SearchStrategy[Demand] = st.recursive(
    st.builds(Skilled, st.sampled_from(["loans", "cards", "general"]), st.integers(1, 10)),
    lambda parts: st.one_of(
        st.lists(parts, min_size=2, max_size=3).map(lambda each: all_of(*each)),
        st.lists(parts, min_size=2, max_size=3).map(lambda each: any_of(*each)),
    ),
)


@given(demands)
def test_what_is_printed_reads_back(demand: Demand) -> None:
    assert parse(str(demand)) == demand


@given(st.text(alphabet="ab ()>=0159 andor", max_size=30))
def test_whatever_is_written_is_a_demand_or_told_wrong(text: str) -> None:
    column = wrong_at(text)
    if column is None:
        assert parse(str(parse(text))) == parse(text)
    else:
        assert 1 <= column <= len(text) + 1


def wrong_at(text: str) -> int | None:
    try:
        parse(text)
    except DemandError as wrong:
        return wrong.column
    return None
