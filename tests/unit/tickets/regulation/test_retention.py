"""How long records are kept: the longest rule counts, leap days included."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.document import DocumentError
from cti.kernel.identifiers import TicketNumber
from cti.kernel.vocabulary import Language
from tests.support.tickets import MONDAY, SHANGHAI, local
from tickets.model import CaseState, Source, TicketKind
from tickets.regulation.facts import Fact
from tickets.regulation.reading import read_retention
from tickets.regulation.retention import Retention, Rule, years_after

RULES = Retention(
    (
        Rule("complaints", 3, "PBOC", TicketKind.COMPLAINT),
        Rule("credit", 10, "PBOC", TicketKind.COMPLAINT, "B13"),
    )
)


def ended(business: str = "", kind: TicketKind = TicketKind.COMPLAINT) -> Fact:
    return Fact(
        number=TicketNumber("1"),
        kind=kind,
        received=MONDAY,
        source=Source.CALL,
        state=CaseState.CLOSED,
        changed=MONDAY,
        business=business,
        ended=local("2026-11-23 23:30"),
    )


def due(fact: Fact, when: str, *, on_hold: bool = False) -> bool:
    return RULES.due(fact, SHANGHAI, local(when), on_hold=on_hold)


def test_the_day_after_the_last_day_it_may_go() -> None:
    assert RULES.kept_until(ended(), SHANGHAI) == date(2029, 11, 23)
    assert not due(ended(), "2029-11-23 23:59")
    assert due(ended(), "2029-11-24 00:00")
    assert not due(ended(), "2029-11-24 00:00", on_hold=True)


def test_the_longest_rule_counts_and_no_rule_keeps_for_ever() -> None:
    assert not due(ended("B1301"), "2029-11-24 00:00")
    assert due(ended("B1301"), "2036-11-24 00:00")
    assert not due(ended(kind=TicketKind.ENQUIRY), "2099-01-01 00:00")
    assert Retention().shortest is None
    assert RULES.shortest == 3


def test_letters_have_a_rule_of_their_own() -> None:
    discarded = local("2026-11-23 23:30")
    rules = Retention(letters=Rule("letters", 3, "the bank's own", zh="来信"))
    assert not rules.letter_due(discarded, SHANGHAI, local("2029-11-23 23:59"))
    assert rules.letter_due(discarded, SHANGHAI, local("2029-11-24 00:00"))
    assert not RULES.letter_due(discarded, SHANGHAI, local("2099-11-24 00:00"))
    assert rules.called("letters", Language.CHINESE) == "来信"


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.integers(1, 100))
def test_years_are_never_short(day: date, years: int) -> None:
    later = years_after(day, years)
    assert later >= day + timedelta(days=365 * years)
    assert (later.year - day.year, later >= day) == (years, True)


def test_mistakes_are_named(tmp_path: Path) -> None:
    path = tmp_path / "retention.yaml"
    path.write_text("rules: {a: {years: 0, source: x}, b: {years: 3}}", "utf-8")
    with pytest.raises(DocumentError) as wrong:
        read_retention(path)
    assert "from 1 to 100" in str(wrong.value)
    assert "needs `source`" in str(wrong.value)
