"""Collecting digits: every kind of key and every way an entry ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.grammar import Rule, Verdict, expire, press

RULE = Rule(minimum=4, maximum=6)


@pytest.mark.parametrize(
    ("digits", "key", "after", "verdict"),
    [
        ("", "1", "1", Verdict.MORE),
        ("1234", "5", "12345", Verdict.MORE),
        ("12345", "6", "123456", Verdict.FULL),
        ("1234", "#", "1234", Verdict.COMPLETE),
        ("123", "#", "123", Verdict.UNFIT),
        ("", "#", "", Verdict.EMPTY),
        ("123", "*", "", Verdict.CLEARED),
        ("12", "A", "12", Verdict.UNFIT),
    ],
)
def test_keys(digits: str, key: str, after: str, verdict: Verdict) -> None:
    assert press(RULE, digits, key) == (after, verdict)


def test_without_a_terminator_pound_only_leads_back() -> None:
    rule = Rule(minimum=4, maximum=6, terminator="")
    assert press(rule, "", "#") == ("", Verdict.EMPTY)
    assert press(rule, "12345", "#") == ("12345", Verdict.UNFIT)


@pytest.mark.parametrize(
    ("digits", "verdict"),
    [("", Verdict.EMPTY), ("123", Verdict.UNFIT), ("1234", Verdict.COMPLETE)],
)
def test_silence_between_keys(digits: str, verdict: Verdict) -> None:
    assert expire(RULE, digits) is verdict


@given(st.text("0123456789*#ABCD", max_size=60))
def test_an_entry_never_outgrows_its_rule(keys: str) -> None:
    digits = ""
    for key in keys:
        digits, verdict = press(RULE, digits, key)
        assert digits.isdigit() or not digits
        assert (verdict is Verdict.FULL) <= (len(digits) == RULE.maximum)
        if verdict in (Verdict.COMPLETE, Verdict.FULL, Verdict.UNFIT):
            digits = ""
        assert len(digits) < RULE.maximum
