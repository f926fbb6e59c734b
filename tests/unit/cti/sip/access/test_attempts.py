"""Guessing is slowed; whoever is at home in an account is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.sip.access import attempts
from cti.sip.access.attempts import AttemptLimits, Attempts

LIMITS = AttemptLimits(per_account=3, per_host=5, period=60.0, hold=30.0)


def test_an_account_is_held_for_everybody_but_those_at_home() -> None:
    seen = Attempts(LIMITS)
    seen.right("1001", "home")
    for number in range(3):
        assert seen.held("1001", "stranger", 0.0) == 0
        seen.wrong("1001", f"bot-{number}", 0.0)
    assert seen.held("1001", "stranger", 0.5) == 30
    assert seen.held("1001", "home", 0.5) == 0
    assert seen.held("1002", "stranger", 0.5) == 0
    assert seen.held("1001", "stranger", 30.0) == 0


def test_a_host_is_held_for_every_account_it_is_not_at_home_in() -> None:
    seen = Attempts(LIMITS)
    seen.right("1001", "office")
    for number in range(5):
        seen.wrong(f"20{number}", "office", 0.0)
    assert seen.held("3000", "office", 1.0) == 29
    assert seen.held("1001", "office", 1.0) == 0
    for _ in range(3):
        seen.wrong("1001", "office", 2.0)
    assert seen.held("1001", "office", 3.0) == 29, "home is no leave to guess"
    seen.right("1001", "office")
    assert seen.held("1001", "office", 3.0) == 0


def test_slow_mistakes_are_no_guessing() -> None:
    seen = Attempts(LIMITS)
    for number in range(10):
        seen.wrong("1001", "host", 40.0 * number)
        assert seen.held("1001", "host", 40.0 * number) == 0


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "REMEMBERED", 4)
    seen = Attempts(LIMITS)
    for number in range(20):
        seen.wrong(f"{number}", f"host-{number}", 0.0)
        seen.right(f"{number}", f"home-{number}")
    assert len(seen._tallies) == 4
    assert len(seen._homes) == 4


@given(st.lists(st.floats(0, 20), min_size=1, max_size=60))
def test_no_more_guesses_get_through_than_allowed(pauses: list[float]) -> None:
    seen, now, tried = Attempts(LIMITS), 0.0, 0
    for pause in pauses:
        now += pause
        if not seen.held("1001", "host", now):
            tried += 1
            seen.wrong("1001", "host", now)
    whole_periods = now // LIMITS.period + 1
    assert tried <= whole_periods * (LIMITS.per_account + LIMITS.period / LIMITS.hold + 1)
