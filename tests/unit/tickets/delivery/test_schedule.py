"""Attempts are spread, grow apart, and end."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.support.tickets import MONDAY
from tickets.delivery.schedule import FIRST, LONGEST, Patience, pause_after

CHANCES = st.integers(0, 256**4 - 1)


@given(st.integers(1, 10_000), CHANCES)
def test_the_pause_lies_between_half_and_all_of_the_longest(attempts: int, chance: int) -> None:
    due = Patience().next_attempt(MONDAY, attempts, MONDAY, lambda _: f"{chance:08x}")
    assert due is not None
    assert pause_after(attempts) / 2 <= due - MONDAY <= pause_after(attempts)


def test_pauses_double_up_to_the_longest() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, 10)]
    assert pauses[:3] == [FIRST, 2 * FIRST, 4 * FIRST]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST


@given(st.integers(1, 200), st.timedeltas(timedelta(0), timedelta(days=9)), CHANCES)
def test_no_attempt_comes_after_the_end_of_patience(
    attempts: int, age: timedelta, chance: int
) -> None:
    patience = Patience(timedelta(days=3))
    due = patience.next_attempt(MONDAY, attempts, MONDAY + age, lambda _: f"{chance:08x}")
    assert (due is None) == (
        age + pause_after(attempts) / 2 * (1 + chance / 256**4) > patience.give_up_after
    )
    assert due is None or due - MONDAY <= patience.give_up_after
