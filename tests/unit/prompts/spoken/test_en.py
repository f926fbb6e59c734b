from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.spoken import en
from prompts.spoken.values import MAXIMUM, WaitRange

SIZES = {name: size for size, name in en.SCALES} | {"hundred": 100}
SMALL = {word: value for value, word in enumerate(en.SMALL)}
TENS = {word: 10 * value for value, word in enumerate(en.TENS)}


def understood(words: str) -> int:
    """The number as a listener understands it."""
    total, part = 0, 0
    for word in words.replace("-", " ").split():
        if word == "hundred":
            part *= 100
        elif word in SIZES:
            total, part = total + part * SIZES[word], 0
        else:
            part += SMALL.get(word, TENS.get(word, 0))
    return total + part


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (20, "twenty"),
        (21, "twenty-one"),
        (100, "one hundred"),
        (115, "one hundred fifteen"),
        (1000, "one thousand"),
        (1234, "one thousand two hundred thirty-four"),
        (1_000_001, "one million one"),
        (-40, "minus forty"),
    ],
)
def test_integers(number: int, words: str) -> None:
    assert en.integer(number) == words


@given(st.integers(0, MAXIMUM - 1))
def test_integers_are_understood(number: int) -> None:
    assert understood(en.integer(number)) == number


def test_too_large_is_not_said() -> None:
    with pytest.raises(ValueError, match="too large"):
        en.integer(-MAXIMUM)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "first"),
        (2, "second"),
        (5, "fifth"),
        (9, "ninth"),
        (12, "twelfth"),
        (20, "twentieth"),
        (21, "twenty-first"),
        (30, "thirtieth"),
        (100, "one hundredth"),
        (103, "one hundred third"),
    ],
)
def test_ordinals(number: int, words: str) -> None:
    assert en.ordinal(number) == words


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("0", "CNY", "zero yuan"),
        ("1", "USD", "one US dollar"),
        ("2", "USD", "two US dollars"),
        ("0.01", "GBP", "one penny"),
        ("12.05", "CNY", "twelve yuan and five fen"),
        ("-3.50", "EUR", "minus three euros and fifty cents"),
        ("1.01", "XAG", "one X A G and one hundredth"),
    ],
)
def test_money(amount: str, currency: str, words: str) -> None:
    assert en.money(Decimal(amount), currency) == words


def test_digits() -> None:
    assert en.digits("8848") == "eight eight four eight"
    assert en.digits("123456789", 4) == "one two three four, five six seven eight, nine"
    assert en.digits("1#") == "one pound"


def test_counts() -> None:
    assert en.count(1, "call/calls") == "one call"
    assert en.count(2, "call/calls") == "two calls"
    assert en.count(2) == "two"


@pytest.mark.parametrize(
    ("number", "words"),
    [("0.95", "zero point nine five"), ("7.050", "seven point zero five"), ("-2", "minus two")],
)
def test_decimals(number: str, words: str) -> None:
    assert en.decimal(Decimal(number)) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1900, "nineteen hundred"),
        (1905, "nineteen oh five"),
        (2000, "two thousand"),
        (2005, "two thousand five"),
        (2026, "twenty twenty-six"),
    ],
)
def test_years(number: int, words: str) -> None:
    assert en.year(number) == words


def test_dates_and_times() -> None:
    assert en.full_date(date(2026, 11, 21)) == "November twenty-first, twenty twenty-six"
    assert en.clock_time(time(0, 0)) == "midnight"
    assert en.clock_time(time(0, 30)) == "twelve thirty a.m."
    assert en.clock_time(time(12, 0)) == "noon"
    assert en.clock_time(time(14, 5)) == "two oh five p.m."
    assert en.clock_time(time(12, 30)) == "twelve thirty p.m."


def test_days_near_by_have_their_weekday() -> None:
    assert en.weekday(date(2026, 11, 22)) == "Sunday, November twenty-second"
    assert (
        en.moment(datetime(2026, 11, 25, 17, tzinfo=UTC))
        == "Wednesday, November twenty-fifth, five p.m."
    )
    assert en.end_of(date(2026, 12, 8)) == "Tuesday, December eighth, midnight"


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (10, 11, "from ten to eleven a.m."),
        (11, 12, "from eleven a.m. to noon"),
        (13, 14, "from one to two p.m."),
        (11, 14, "from eleven a.m. to two p.m."),
    ],
)
def test_slots(start: int, end: int, words: str) -> None:
    slot = en.slot(datetime(2026, 12, 7, start, tzinfo=UTC), datetime(2026, 12, 7, end, tzinfo=UTC))
    assert slot == f"Monday, December seventh, {words}"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, 59, "less than one minute"),
        (30, 100, "up to two minutes"),
        (120, 240, "two to four minutes"),
        (300, 300, "about five minutes"),
        (1900, 1900, "more than half an hour"),
    ],
)
def test_waits(low: float, high: float, words: str) -> None:
    assert en.wait(WaitRange(low, high)) == words


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_waits_never_promise_less_than_expected(low: float, high: float) -> None:
    shortest, longest = WaitRange(low, high).minutes()
    assert shortest * 60 <= min(low, high)
    assert longest * 60 >= max(low, high)
