from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.spoken import zh
from prompts.spoken.values import MAXIMUM, WaitRange

VALUE = {mark: value for value, mark in enumerate("零一二三四五六七八九")} | {"两": 2}
UNIT = {"十": 10, "百": 100, "千": 1000}


def understood(words: str) -> int:
    """The number as a listener understands it."""
    for name, size in (("亿", 10**8), ("万", 10**4)):
        head, found, tail = words.rpartition(name)
        if found:
            return understood(head) * size + understood(tail)
    total, digit = 0, 0
    for mark in words:
        if mark in UNIT:
            total += (digit or 1) * UNIT[mark]
            digit = 0
        else:
            digit = VALUE[mark]
    return total + digit


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "零"),
        (1, "一"),
        (2, "二"),
        (10, "十"),
        (12, "十二"),
        (20, "二十"),
        (22, "二十二"),
        (100, "一百"),
        (101, "一百零一"),
        (110, "一百一十"),
        (112, "一百一十二"),
        (200, "两百"),
        (222, "两百二十二"),
        (1000, "一千"),
        (1001, "一千零一"),
        (1010, "一千零一十"),
        (1100, "一千一百"),
        (2002, "两千零二"),
        (2222, "两千二百二十二"),
        (10_000, "一万"),
        (10_010, "一万零一十"),
        (10_500, "一万零五百"),
        (12_345, "一万二千三百四十五".replace("二千", "两千")),
        (20_000, "两万"),
        (22_222, "两万两千二百二十二"),
        (100_000, "十万"),
        (120_000, "十二万"),
        (200_000, "二十万"),
        (1_010_000, "一百零一万"),
        (2_000_000, "两百万"),
        (100_000_000, "一亿"),
        (100_010_000, "一亿零一万"),
        (200_000_000, "两亿"),
        (1_000_000_001, "十亿零一"),
        (1_500_000_000_000, "一万五千亿"),
        (-5, "负五"),
    ],
)
def test_integers(number: int, words: str) -> None:
    assert zh.integer(number) == words


@given(st.integers(0, MAXIMUM - 1))
def test_integers_are_understood(number: int) -> None:
    words = zh.integer(number)
    assert understood(words) == number
    assert "零零" not in words
    assert not words.endswith("零") or number == 0


def test_too_large_is_not_said() -> None:
    with pytest.raises(ValueError, match="too large"):
        zh.integer(MAXIMUM)


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("0", "CNY", "零元"),
        ("0.05", "CNY", "五分"),
        ("0.02", "CNY", "两分"),
        ("0.2", "CNY", "两角"),
        ("0.22", "CNY", "两角二分"),
        ("2", "CNY", "两元"),
        ("2.20", "CNY", "两元二角"),
        ("12", "CNY", "十二元"),
        ("100.05", "CNY", "一百元零五分"),
        ("100.50", "CNY", "一百元五角"),
        ("1234.56", "CNY", "一千二百三十四元五角六分"),
        ("20000.00", "CNY", "两万元"),
        ("-12.01", "CNY", "负十二元零一分"),
        ("0.005", "CNY", "零元"),
        ("1.5", "USD", "一点五美元"),
        ("2", "EUR", "两欧元"),
        ("1000.05", "GBP", "一千点零五英镑"),
        ("-0.01", "HKD", "负零点零一港元"),
    ],
)
def test_money(amount: str, currency: str, words: str) -> None:
    assert zh.money(Decimal(amount), currency) == words


@given(st.decimals("-1e9", "1e9", places=2), st.sampled_from(["CNY", "USD", "JPY", "XXX"]))
def test_money_has_no_digit_left(amount: Decimal, currency: str) -> None:
    assert not any(mark.isdigit() and mark.isascii() for mark in zh.money(amount, currency))


@pytest.mark.parametrize(
    ("digits", "group", "words"),
    [
        ("8848", 0, "八八四八"),
        ("1001", 0, "幺零零幺"),
        ("26112100015", 4, "二六幺幺，二幺零零，零幺五"),
        ("12*#", 0, "幺二星号井号"),
        ("", 0, ""),
    ],
)
def test_digits(digits: str, group: int, words: str) -> None:
    assert zh.digits(digits, group) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("7.05", "七点零五"),
        ("12.10", "十二点一"),
        ("100", "一百"),
        ("0.95", "零点九五"),
        ("-1.2", "负一点二"),
        ("1E+3", "一千"),
    ],
)
def test_decimals(number: str, words: str) -> None:
    assert zh.decimal(Decimal(number)) == words


def test_percent() -> None:
    assert zh.percent(Decimal("1.25")) == "百分之一点二五"
    assert zh.percent(Decimal("-0.1")) == "负百分之零点一"


def test_counts() -> None:
    assert [zh.count(n, "笔") for n in (1, 2, 12, 22)] == ["一笔", "两笔", "十二笔", "二十二笔"]


def test_dates() -> None:
    assert zh.full_date(date(2026, 11, 21)) == "二零二六年十一月二十一日"
    assert zh.day(date(2026, 2, 2)) == "二月二日"


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (time(0, 5), "凌晨零点零五分"),
        (time(2, 0), "凌晨两点"),
        (time(9, 30), "上午九点半"),
        (time(12, 15), "中午十二点十五分"),
        (time(14, 2), "下午两点零二分"),
        (time(21, 0), "晚上九点"),
    ],
)
def test_times(at: time, words: str) -> None:
    assert zh.clock_time(at) == words


def test_days_near_by_have_their_weekday() -> None:
    assert zh.weekday(date(2026, 11, 22)) == "十一月二十二日，星期日"
    assert zh.moment(datetime(2026, 11, 25, 17, tzinfo=UTC)) == "十一月二十五日，星期三，下午五点"
    assert zh.end_of(date(2026, 12, 8)) == "十二月八日，星期二，夜里十二点"


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (10, 11, "十二月七日，星期一，上午十点到十一点"),
        (11, 12, "十二月七日，星期一，上午十一点到中午十二点"),
        (13, 14, "十二月七日，星期一，下午一点到两点"),
        (11, 14, "十二月七日，星期一，上午十一点到下午两点"),
    ],
)
def test_slots(start: int, end: int, words: str) -> None:
    assert (
        zh.slot(datetime(2026, 12, 7, start, tzinfo=UTC), datetime(2026, 12, 7, end, tzinfo=UTC))
        == words
    )


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, 20, "不到一分钟"),
        (10, 100, "不超过两分钟"),
        (120, 240, "两到四分钟"),
        (119, 240, "一到四分钟"),
        (180, 180, "大约三分钟"),
        (240, 120, "两到四分钟"),
        (-5, 30, "不到一分钟"),
        (1800, 3000, "超过半小时"),
    ],
)
def test_waits(low: float, high: float, words: str) -> None:
    assert zh.wait(WaitRange(low, high)) == words
