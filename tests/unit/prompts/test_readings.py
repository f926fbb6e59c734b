from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from cti.kernel.errors import LocalError
from cti.kernel.money import Money
from cti.kernel.vocabulary import Language
from prompts.readings import LONGEST_TEXT, READINGS, read
from prompts.spoken.values import WaitRange

ZONE = ZoneInfo("Asia/Shanghai")
EVENING = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)
"""Half past midnight of the next day in Shanghai."""
MIDNIGHT = datetime(2026, 12, 8, 16, 0, tzinfo=UTC)
"""Where the eighth of December ends there."""
MORNING = datetime(2026, 12, 9, 2, 0, tzinfo=UTC)

EXAMPLES = [
    ("number", 12, "十二", "twelve"),
    ("number", Decimal("7.5"), "七点五", "seven point five"),
    ("digits", "8848", "八八四八", "eight eight four eight"),
    ("digits", "1234567", "幺二三四，五六七", "one two three four, five six seven"),
    ("money", Money(Decimal("2.00")), "两元", "two yuan"),
    ("currency", "USD", "美元", "US dollar"),
    ("percent", Decimal("0.95"), "百分之零点九五", "zero point nine five percent"),
    ("date", date(2026, 1, 2), "二零二六年一月二日", "January second, twenty twenty-six"),
    ("day", EVENING, "十一月二十二日", "November twenty-second"),
    ("time", EVENING, "凌晨零点三十分", "twelve thirty a.m."),
    ("time", time(9), "上午九点", "nine a.m."),
    ("weekday", EVENING, "十一月二十二日，星期日", "Sunday, November twenty-second"),
    ("last_day", MIDNIGHT, "十二月八日，星期二", "Tuesday, December eighth"),
    ("last_day", EVENING, "十一月二十二日，星期日", "Sunday, November twenty-second"),
    ("deadline", MIDNIGHT, "十二月八日，星期二，夜里十二点", "Tuesday, December eighth, midnight"),
    (
        "deadline",
        EVENING,
        "十一月二十二日，星期日，凌晨零点三十分",
        "Sunday, November twenty-second, twelve thirty a.m.",
    ),
    (
        "slot",
        (MORNING, MORNING + timedelta(hours=1)),
        "十二月九日，星期三，上午十点到十一点",
        "Wednesday, December ninth, from ten to eleven a.m.",
    ),
    ("duration", WaitRange(120, 200), "两到四分钟", "two to four minutes"),
    ("duration", 170.0, "大约三分钟", "about three minutes"),
    ("duration", 5, "不到一分钟", "less than one minute"),
    ("text", "王\n先生", "王 先生", "王 先生"),
    ("written", "共3笔", "共三笔", "共 three 笔"),
    ("slowly", "26112", "二六幺，幺二", "two six one, one two"),
]


@pytest.mark.parametrize(("reading", "value", "chinese", "english"), EXAMPLES)
def test_reads(reading: str, value: object, chinese: str, english: str) -> None:
    assert read(reading, value, language=Language.CHINESE, zone=ZONE) == chinese
    assert read(reading, value, language=Language.ENGLISH, zone=ZONE) == english


def test_count_takes_its_noun() -> None:
    assert read("count", 2, language=Language.CHINESE, zone=ZONE, argument="笔") == "两笔"
    nouns = "call/calls"
    assert read("count", 1, language=Language.ENGLISH, zone=ZONE, argument=nouns) == "one call"


@pytest.mark.parametrize("reading", READINGS)
def test_unfit_value_is_our_mistake_and_not_told(reading: str) -> None:
    with pytest.raises(LocalError) as raised:
        read(reading, ["6222020037000018475"], language=Language.CHINESE, zone=ZONE)
    assert "6222" not in str(raised.value)


def test_long_text_is_cut() -> None:
    words = read("text", "长" * 1000, language=Language.CHINESE, zone=ZONE)
    assert len(words) == LONGEST_TEXT
