"""Ticket numbers: keyed in, checked, never the same twice."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.numbers import check_digit, parse_number, ticket_number

DAY = date(2026, 11, 21)


def test_the_first_number_of_a_day() -> None:
    assert ticket_number(DAY, 1) == "26112100016"


@pytest.mark.parametrize(
    ("body", "digit"), [("7992739871", "3"), ("411111111111111", "1"), ("0", "0")]
)
def test_published_luhn_digits(body: str, digit: str) -> None:
    assert check_digit(body) == digit


@pytest.mark.parametrize("typed", ["26112100016", "261121 00016", " 261121-0001-6 "])
def test_numbers_are_read_as_people_write_them(typed: str) -> None:
    assert parse_number(typed) == "26112100016"


@pytest.mark.parametrize(
    "typed", ["", "26112100017", "2611210001", "２６１１２１０００１６", "abc", "0"]
)
def test_what_is_no_number(typed: str) -> None:
    assert parse_number(typed) is None


@given(st.integers(1, 99_999), st.integers(0, 9), st.data())
def test_one_wrong_key_is_always_noticed(serial: int, wrong: int, data: st.DataObject) -> None:
    number = ticket_number(DAY, serial)
    place = data.draw(st.integers(0, len(number) - 1))
    keyed = number[:place] + str(wrong) + number[place + 1 :]
    assert (parse_number(keyed) is None) == (keyed != number)
