"""Dates, numbers and amounts as each language writes them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from cti.kernel.money import Money
from cti.kernel.vocabulary import Language
from cti.web.formats import Formats

AT = datetime(2026, 11, 22, 5, 46, 1, tzinfo=UTC)


@pytest.mark.parametrize("language", Language)
def test_instants_are_written_at_the_place_s_own_time(language: Language) -> None:
    formats = Formats(language, ZoneInfo("Asia/Shanghai"))
    assert formats.instant(AT) == "2026-11-22 13:46:01"
    assert formats.moment(AT) == "11-22 13:46"
    assert formats.time(AT) == "13:46:01"
    assert formats.day(date(2026, 1, 5)) == "01-05"


def test_days_of_the_week_are_shortened_as_each_language_does() -> None:
    days = [date(2026, 11, day) for day in range(16, 23)]
    chinese, english = (Formats(language, UTC) for language in Language)
    assert "".join(map(chinese.weekday, days)) == "周一周二周三周四周五周六周日"
    assert " ".join(map(english.weekday, days)) == "Mon Tue Wed Thu Fri Sat Sun"


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [(0, 0, "0"), (4.56, 1, "4.6"), (1234567, 0, "1,234,567"), (Decimal("2.5"), 2, "2.50")],
)
def test_numbers(value: float | Decimal, digits: int, written: str) -> None:
    for language in Language:
        assert Formats(language, UTC).number(value, digits) == written


@pytest.mark.parametrize(
    ("money", "chinese", "english"),
    [
        (Money(Decimal("1169281.95")), "¥1,169,281.95", "CN¥1,169,281.95"),
        (Money(Decimal("-0.5"), "USD"), "-US$0.50", "-$0.50"),
        (Money(Decimal("1000"), "JPY"), "JP¥1,000", "¥1,000"),
    ],
)
def test_amounts_have_their_currency_and_its_digits(
    money: Money, chinese: str, english: str
) -> None:
    assert Formats(Language.CHINESE, UTC).money(money) == chinese
    assert Formats(Language.ENGLISH, UTC).money(money) == english
