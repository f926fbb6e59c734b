"""Written words as a person says them: a letter, an answer, a name, with its figures read out.

A figure is an amount, a date, a time or a share where it is written like one; four digits or fewer
are a number, longer runs and those after a word such as 尾号 are read digit by digit, as telephone,
ticket and card numbers are. What no voice can say is left out; marks of a screen, addresses and
abbreviations are `prompts.plain`'s. Pure.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from types import ModuleType

from cti.kernel.vocabulary import Language
from prompts.spoken import en, zh

SPEAKERS: Mapping[Language, ModuleType] = {Language.CHINESE: zh, Language.ENGLISH: en}
LONGEST_NUMBER = 4
"""Digits; a longer run without commas is no quantity."""
DIGIT_GROUP = 4
SIGNS = {"¥": "CNY", "￥": "CNY", "$": "USD", "€": "EUR", "£": "GBP", "元": "CNY"}
AMOUNT = r"(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d{1,2})?"
CODES = "CNY|RMB|USD|EUR|GBP|JPY|HKD|AUD|CAD|SGD|CHF|KRW"
MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
HALF = r"[ap]\.?m\b\.?"
FIGURE = re.compile(
    rf"(?P<sign>[¥￥$€£]|(?<![A-Za-z])(?:{CODES})\s?)(?P<signed>{AMOUNT})(?P<scale>[万亿])?(?:\s?元)?"
    rf"|(?P<yuan>{AMOUNT})\s?(?:元|(?P<code>\b(?:{CODES})\b))"
    r"|(?P<year>(?:19|20)\d\d)(?:[-/.](?P<month>[01]?\d)[-/.](?P<day>[0-3]?\d)(?!\d)"
    r"|\s?年\s?(?P<zh_month>[01]?\d)\s?月\s?(?P<zh_day>[0-3]?\d)\s?日)"
    rf"|\b(?:(?P<en_month>{MONTH})\.?\s(?P<en_day>[0-3]?\d)(?:st|nd|rd|th)?"
    rf"|(?P<day_first>[0-3]?\d)(?:st|nd|rd|th)?\s(?P<month_last>{MONTH})\b\.?)"
    r"(?:,?\s(?P<en_year>(?:19|20)\d\d))?(?!\d)"
    r"|(?P<only_year>(?:19|20)\d\d)\s?年"
    rf"|(?P<hour>[0-2]?\d)[:：](?P<minute>[0-5]\d)(?::[0-5]\d)?(?!\d)(?:\s?(?P<half>{HALF}))?"
    rf"|\b(?P<whole_hour>[01]?\d)\s?(?P<whole_half>{HALF})"
    r"|(?P<percent>\d{1,9}(?:\.\d{1,6})?)\s?%"
    r"|(?P<keyed>(?:尾号|末四位|卡号|账号|ending(?: in)?)(?:为|是)?[\s:：(（]*)(?P<ending>\d+)"
    r"|(?P<phone>\+?\d{2,}(?:-\d{2,})+|\+?\d{2,4}(?: \d{3,4}){2,}|\d{4} \d{4})(?!\d)"
    r"|(?P<grouped>\d{1,3}(?:,\d{3})+(?:\.\d+)?)"
    r"|(?P<decimal>\d{1,9}\.\d{1,6})(?![.\d])"
    r"|\b(?P<nth>\d{1,3})(?:st|nd|rd|th)\b"
    r"|(?P<digits>\d+)",
    re.IGNORECASE,
)
MEASURES = (
    *"个笔次天张位份件户名家种条周年倍万千百点项人岁块套部台",
    *("小时", "分钟", "秒", "日内", "日之内", "美元", "欧元", "港元", "日元", "英镑", "澳元"),
)
"""Before which two is 两, where no 第 makes it the second."""
SENTENCE = re.compile(r"[^。！？!?；;\n]*?(?:[。！？!?；;]+|\.(?=\s|$)|\n|$)")
SPACED = re.compile(r" ([,.;:!?])")
CHINESE = re.compile(r"[\u3400-\u9fff]")
WORDS = re.compile(r"[A-Za-z]{2,}")
ENOUGH_WORDS = 2
MOBILE = re.compile(r"1[3-9]\d{9}")
CLAUSE = re.compile(r"[，,、：:\s]")
LEAP_YEAR = 2024
"""For days of which no year is told."""
NOON, HOURS = 12, 24
LONGEST_SENTENCE = 100
"""Characters that are spoken at once: what takes longer to speak makes the caller wait."""


def said(text: str, language: Language) -> str:
    """The words to be spoken for what was written."""
    words = "".join(mark if mark.isprintable() else " " for mark in text)

    def figure(found: re.Match[str]) -> str:
        spoken = _figure(found, language)
        return f" {spoken} " if language is Language.ENGLISH else spoken

    return SPACED.sub(r"\1", " ".join(FIGURE.sub(figure, words).split()))


def language_of(text: str) -> Language:
    """The language whose voice can say it: Chinese as soon as one of its characters is in it."""
    return Language.CHINESE if CHINESE.search(text) else Language.ENGLISH


def language_within(sentence: str, whole: Language) -> Language:
    """The language of a sentence in a text of that language: another one has words of its own."""
    if CHINESE.search(sentence):
        return Language.CHINESE
    return Language.ENGLISH if len(WORDS.findall(sentence)) >= ENOUGH_WORDS else whole


def sentences(text: str, longest: int = LONGEST_SENTENCE) -> list[str]:
    """The text in its sentences, none longer than that many characters; empty for an empty text."""
    found = (each.group().strip() for each in SENTENCE.finditer(text))
    return [part for each in found if each for part in _parts(each, longest)]


def _parts(sentence: str, longest: int) -> list[str]:
    """The sentence, cut after a comma or a word where it is too long, else anywhere."""
    parts = []
    while len(sentence) > longest:
        commas = [each.end() for each in CLAUSE.finditer(sentence, 0, longest)]
        end = commas[-1] if commas else longest
        parts.append(sentence[:end].strip())
        sentence = sentence[end:].strip()
    return [each for each in (*parts, sentence) if each]


def _figure(found: re.Match[str], language: Language) -> str:
    kind = next(name for name in _READERS if found[name])
    try:
        return _READERS[kind](found, SPEAKERS[language])
    except (ValueError, ArithmeticError):  # such as the 31st of February
        return str(SPEAKERS[language].digits("".join(filter(str.isdigit, found.group()))))


def _plain(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _signed(found: re.Match[str], speaker: ModuleType) -> str:
    sign = found["sign"].strip().upper()
    currency = SIGNS.get(sign, "CNY" if sign == "RMB" else sign)
    amount = _plain(found["signed"])
    if found["scale"]:
        return f"{_quantity(amount)}{found['scale']}{zh.currency_name(currency)}"
    return str(speaker.money(amount, currency))


def _yuan(found: re.Match[str], speaker: ModuleType) -> str:
    code = (found["code"] or "CNY").upper()
    return str(speaker.money(_plain(found["yuan"]), "CNY" if code == "RMB" else code))


def _date(found: re.Match[str], speaker: ModuleType) -> str:
    month, day = found["month"] or found["zh_month"], found["day"] or found["zh_day"]
    return str(speaker.full_date(date(int(found["year"]), int(month), int(day))))


def _english_date(found: re.Match[str], speaker: ModuleType) -> str:
    name = (found["en_month"] or found["month_last"])[:3].capitalize()
    month = next(number for number, each in enumerate(en.MONTHS, 1) if each.startswith(name))
    day = int(found["en_day"] or found["day_first"])
    if found["en_year"]:
        return str(speaker.full_date(date(int(found["en_year"]), month, day)))
    return str(speaker.day(date(LEAP_YEAR, month, day)))


def _only_year(found: re.Match[str], speaker: ModuleType) -> str:
    whole = str(speaker.full_date(date(int(found["only_year"]), 1, 1)))
    return whole.partition("年")[0] + "年" if "年" in whole else whole.rpartition(", ")[2]


def _time(found: re.Match[str], speaker: ModuleType) -> str:
    hour, minute = int(found["hour"]), int(found["minute"])
    if (hour, minute) == (HOURS, 0):
        return str(speaker.END_OF_DAY)
    return str(speaker.clock_time(time(_of_day(hour, found["half"]), minute)))


def _whole_hour(found: re.Match[str], speaker: ModuleType) -> str:
    hour = _of_day(int(found["whole_hour"]), found["whole_half"])
    return str(speaker.clock_time(time(hour)))


def _of_day(hour: int, half: str | None) -> int:
    """The hour of the day: 12 a.m. is midnight, 1 p.m. is 13."""
    if half is None or hour > NOON:
        return hour
    return hour % NOON + (NOON if half[0] in "pP" else 0)


def _percent(found: re.Match[str], speaker: ModuleType) -> str:
    return str(speaker.percent(_plain(found["percent"])))


def _ending(found: re.Match[str], speaker: ModuleType) -> str:
    return found["keyed"] + _one_by_one(found["ending"], speaker)


def _phone(found: re.Match[str], speaker: ModuleType) -> str:
    parts = (speaker.digits(each) for each in re.findall(r"\d+", found["phone"]))
    return ("，" if speaker is zh else ", ").join(parts)


def _decimal(found: re.Match[str], speaker: ModuleType) -> str:
    return str(speaker.decimal(_plain(found["grouped"] or found["decimal"])))


def _nth(found: re.Match[str], speaker: ModuleType) -> str:
    number = int(found["nth"])
    return en.ordinal(number) if speaker is en else zh.integer(number)


def _digits(found: re.Match[str], speaker: ModuleType) -> str:
    digits, before = found["digits"], found.string[: found.start()]
    if len(digits) > LONGEST_NUMBER or (digits[0] == "0" and len(digits) > 1):
        return _one_by_one(digits, speaker)
    counted = found.string.startswith(MEASURES, found.end()) and not before.endswith("第")
    if speaker is zh and counted:
        return zh.count(int(digits))
    return str(speaker.integer(int(digits)))


def _quantity(number: Decimal) -> str:
    return zh.count(int(number)) if number == number.to_integral_value() else zh.decimal(number)


def _one_by_one(digits: str, speaker: ModuleType) -> str:
    if MOBILE.fullmatch(digits):
        parts = (speaker.digits(each) for each in (digits[:3], digits[3:7], digits[7:]))
        return ("，" if speaker is zh else ", ").join(parts)
    group = DIGIT_GROUP if len(digits) > LONGEST_NUMBER + 2 else 0
    return str(speaker.digits(digits, group))


Reader = Callable[[re.Match[str], ModuleType], str]

_READERS: Mapping[str, Reader] = {
    "signed": _signed,
    "yuan": _yuan,
    "year": _date,
    "en_month": _english_date,
    "month_last": _english_date,
    "only_year": _only_year,
    "hour": _time,
    "whole_hour": _whole_hour,
    "percent": _percent,
    "ending": _ending,
    "phone": _phone,
    "grouped": _decimal,
    "decimal": _decimal,
    "nth": _nth,
    "digits": _digits,
}
