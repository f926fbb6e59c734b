"""Readings: how the value in a blank of an announcement is said.

A blank is ``{name:reading}`` or ``{name:reading argument}``. The readings:

========== ============================ =========================================
number     int or Decimal               twelve; seven point zero five
count      int                          before the argument's noun or measure word
digits     str                          one by one, in fours when long
money      Money                        one thousand yuan and fifty fen
currency   str (ISO 4217)               US dollar
percent    Decimal                      one point two five percent
date       date or datetime             with the year
day        date or datetime             without the year
weekday    date or datetime             the day with its weekday, without the year
last_day   datetime                     the last day before a deadline, with its weekday
deadline   datetime                     day and time; midnight ends the day before
slot       (datetime, datetime)         the day, and from when to when
time       datetime or time             two oh five p.m.
duration   WaitRange or seconds         two to four minutes
text       str                          as it stands
written    str                          as a person reads it out, figures and all
slowly     str                          digits one by one, in threes
========== ============================ =========================================

``phrase`` (the id of another text without blanks) is read by the catalogue itself.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from types import ModuleType
from typing import Protocol, cast

from cti.kernel.errors import LocalError
from cti.kernel.money import Money
from cti.kernel.vocabulary import Language
from prompts.spoken import en, zh
from prompts.spoken.values import WaitRange
from prompts.written import said

LONG_DIGITS = 6
DIGIT_GROUP = 4
SLOW_GROUP = 3
LONGEST_TEXT = 300
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)


class Speaker(Protocol):
    """What a language's module offers."""

    def integer(self, number: int) -> str: ...

    def count(self, number: int, nouns: str = "") -> str: ...

    def decimal(self, number: Decimal) -> str: ...

    def digits(self, text: str, group: int = 0) -> str: ...

    def money(self, amount: Decimal, currency: str) -> str: ...

    def currency_name(self, currency: str) -> str: ...

    def percent(self, rate: Decimal) -> str: ...

    def day(self, when: date) -> str: ...

    def full_date(self, when: date) -> str: ...

    def weekday(self, when: date) -> str: ...

    def clock_time(self, when: time) -> str: ...

    def moment(self, when: datetime) -> str: ...

    def end_of(self, when: date) -> str: ...

    def slot(self, start: datetime, end: datetime) -> str: ...

    def wait(self, expected: WaitRange) -> str: ...


SPEAKERS: dict[Language, ModuleType] = {Language.CHINESE: zh, Language.ENGLISH: en}

Reading = Callable[[Speaker, object, str, tzinfo], str]


def read(
    reading: str, value: object, *, language: Language, zone: tzinfo, argument: str = ""
) -> str:
    """The value in words of the language; LocalError when the value is not of the reading's kind.

    `zone` is where aware instants are turned into dates and times. The error names types only,
    never the value.
    """
    speaker = cast(Speaker, SPEAKERS[language])
    try:
        return READINGS[reading](speaker, value, argument, zone)
    except (TypeError, ValueError, ArithmeticError) as error:
        what = type(value).__name__
        raise LocalError(f"a {what} cannot be read as {reading}") from error


def speak_digits(text: str, language: Language) -> str:
    """Digits one by one in words of the language."""
    return cast(Speaker, SPEAKERS[language]).digits(text)


def _number(speaker: Speaker, value: object, _argument: str, _zone: tzinfo) -> str:
    match value:
        case int():
            return speaker.integer(value)
        case Decimal():
            return speaker.decimal(value)
    raise TypeError


def _count(speaker: Speaker, value: object, argument: str, _zone: tzinfo) -> str:
    if not isinstance(value, int):
        raise TypeError
    return speaker.count(value, argument)


def _digits(speaker: Speaker, value: object, _argument: str, _zone: tzinfo) -> str:
    if not isinstance(value, str):
        raise TypeError
    return speaker.digits(value, DIGIT_GROUP if len(value) > LONG_DIGITS else 0)


def _money(speaker: Speaker, value: object, _argument: str, _zone: tzinfo) -> str:
    if not isinstance(value, Money):
        raise TypeError
    return speaker.money(value.amount, value.currency)


def _currency(speaker: Speaker, value: object, _argument: str, _zone: tzinfo) -> str:
    return speaker.currency_name(_text_of(value))


def _percent(speaker: Speaker, value: object, _argument: str, _zone: tzinfo) -> str:
    if not isinstance(value, Decimal):
        raise TypeError
    return speaker.percent(value)


def _date(speaker: Speaker, value: object, _argument: str, zone: tzinfo) -> str:
    return speaker.full_date(_local_date(value, zone))


def _day(speaker: Speaker, value: object, _argument: str, zone: tzinfo) -> str:
    return speaker.day(_local_date(value, zone))


def _weekday(speaker: Speaker, value: object, _argument: str, zone: tzinfo) -> str:
    return speaker.weekday(_local_date(value, zone))


def _last_day(speaker: Speaker, value: object, _argument: str, zone: tzinfo) -> str:
    return speaker.weekday((_instant(value) - INSTANT).astimezone(zone).date())


def _deadline(speaker: Speaker, value: object, _argument: str, zone: tzinfo) -> str:
    local = _instant(value).astimezone(zone)
    if (local.hour, local.minute) == (0, 0):
        return speaker.end_of(local.date() - DAY)
    return speaker.moment(local)


def _slot(speaker: Speaker, value: object, _argument: str, zone: tzinfo) -> str:
    if not isinstance(value, tuple):
        raise TypeError
    start, end = map(_instant, value)
    return speaker.slot(start.astimezone(zone), end.astimezone(zone))


def _time(speaker: Speaker, value: object, _argument: str, zone: tzinfo) -> str:
    match value:
        case datetime():
            return speaker.clock_time(value.astimezone(zone).time())
        case time():
            return speaker.clock_time(value)
    raise TypeError


def _duration(speaker: Speaker, value: object, _argument: str, _zone: tzinfo) -> str:
    match value:
        case WaitRange():
            return speaker.wait(value)
        case int() | float():
            minutes = max(60.0, round(value / 60) * 60.0)
            return speaker.wait(WaitRange(minutes, minutes))
    raise TypeError


def _text(_speaker: Speaker, value: object, _argument: str, _zone: tzinfo) -> str:
    words = "".join(mark if mark.isprintable() else " " for mark in _text_of(value))
    return words[:LONGEST_TEXT]


def _written(speaker: Speaker, value: object, _argument: str, _zone: tzinfo) -> str:
    language = next(each for each, module in SPEAKERS.items() if module is speaker)
    return said(_text_of(value), language)


def _slowly(speaker: Speaker, value: object, _argument: str, _zone: tzinfo) -> str:
    return speaker.digits(_text_of(value), SLOW_GROUP)


def _text_of(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _instant(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError
    return value


def _local_date(value: object, zone: tzinfo) -> date:
    match value:
        case datetime():
            return value.astimezone(zone).date()
        case date():
            return value
    raise TypeError


READINGS: dict[str, Reading] = {
    "number": _number,
    "count": _count,
    "digits": _digits,
    "money": _money,
    "currency": _currency,
    "percent": _percent,
    "date": _date,
    "day": _day,
    "weekday": _weekday,
    "last_day": _last_day,
    "deadline": _deadline,
    "slot": _slot,
    "time": _time,
    "duration": _duration,
    "text": _text,
    "written": _written,
    "slowly": _slowly,
}
