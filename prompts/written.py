"""Written words as a person says them: a letter, an answer, a name, with its figures read out.

A figure is an amount, a date, a time or a share where it is written like one; four digits or fewer
are a number, longer runs and those after a word such as 尾号 are read digit by digit, as telephone,
ticket and card numbers are. What no voice can say is left out. Pure.
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
FIGURE = re.compile(
    rf"(?P<sign>[¥￥$€£]|\b(?:{CODES})\s?)(?P<signed>{AMOUNT})"
    rf"|(?P<yuan>{AMOUNT})\s?(?:元|(?P<code>\b(?:{CODES})\b))"
    r"|(?P<year>(?:19|20)\d\d)(?:[-/.](?P<month>[01]?\d)[-/.](?P<day>[0-3]?\d)(?!\d)"
    r"|\s?年\s?(?P<zh_month>[01]?\d)\s?月\s?(?P<zh_day>[0-3]?\d)\s?日)"
    r"|(?P<only_year>(?:19|20)\d\d)\s?年"
    r"|(?P<hour>[0-2]?\d)[:：](?P<minute>[0-5]\d)(?::[0-5]\d)?(?!\d)"
    r"|(?P<percent>\d{1,9}(?:\.\d{1,6})?)\s?%"
    r"|(?P<keyed>(?:尾号|末四位|卡号|账号|ending(?: in)?)(?:为|是)?\s?)(?P<ending>\d+)"
    r"|(?P<phone>\+?\d{2,}(?:-\d{2,})+)"
    r"|(?P<grouped>\d{1,3}(?:,\d{3})+(?:\.\d+)?)"
    r"|(?P<decimal>\d{1,9}\.\d{1,6})(?![.\d])"
    r"|(?P<digits>\d+)",
    re.IGNORECASE,
)
MEASURES = "个笔次天张位份件户名家种条周年倍"
SENTENCE = re.compile(r"[^。！？!?；;\n]*?(?:[。！？!?；;]+|\.(?=\s|$)|\n|$)")
SPACED = re.compile(r" ([,.;:!?])")
CHINESE = re.compile(r"[\u3400-\u9fff]")
MOBILE = re.compile(r"1[3-9]\d{9}")
CLAUSE = re.compile(r"[，,、：:\s]")
LONGEST_SENTENCE = 100
"""Characters that are spoken at once: what takes longer to speak makes the caller wait."""


def said(text: str, language: Language) -> str:
    """The words to be spoken for what was written."""
    words = "".join(mark if mark.isprintable() else " " for mark in text)

    def figure(found: re.Match[str]) -> str:
        following = words[found.end() : found.end() + 1]
        spoken = _figure(found, language, following)
        return f" {spoken} " if language is Language.ENGLISH else spoken

    return SPACED.sub(r"\1", " ".join(FIGURE.sub(figure, words).split()))


def language_of(text: str) -> Language:
    """The language whose voice can say it: Chinese as soon as one of its characters is in it."""
    return Language.CHINESE if CHINESE.search(text) else Language.ENGLISH


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


def _figure(found: re.Match[str], language: Language, following: str) -> str:
    kind = next(name for name in _READERS if found[name])
    try:
        return _READERS[kind](found, SPEAKERS[language], following)
    except (ValueError, ArithmeticError):  # such as the 31st of February
        return str(SPEAKERS[language].digits("".join(filter(str.isdigit, found.group()))))


def _plain(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _signed(found: re.Match[str], speaker: ModuleType, _following: str) -> str:
    sign = found["sign"].strip().upper()
    currency = SIGNS.get(sign, "CNY" if sign == "RMB" else sign)
    return str(speaker.money(_plain(found["signed"]), currency))


def _yuan(found: re.Match[str], speaker: ModuleType, _following: str) -> str:
    code = (found["code"] or "CNY").upper()
    return str(speaker.money(_plain(found["yuan"]), "CNY" if code == "RMB" else code))


def _date(found: re.Match[str], speaker: ModuleType, _following: str) -> str:
    month, day = found["month"] or found["zh_month"], found["day"] or found["zh_day"]
    return str(speaker.full_date(date(int(found["year"]), int(month), int(day))))


def _only_year(found: re.Match[str], speaker: ModuleType, _following: str) -> str:
    whole = str(speaker.full_date(date(int(found["only_year"]), 1, 1)))
    return whole.partition("年")[0] + "年" if "年" in whole else whole.rpartition(", ")[2]


def _time(found: re.Match[str], speaker: ModuleType, _following: str) -> str:
    return str(speaker.clock_time(time(int(found["hour"]), int(found["minute"]))))


def _percent(found: re.Match[str], speaker: ModuleType, _following: str) -> str:
    return str(speaker.percent(_plain(found["percent"])))


def _ending(found: re.Match[str], speaker: ModuleType, _following: str) -> str:
    return found["keyed"] + _one_by_one(found["ending"], speaker)


def _phone(found: re.Match[str], speaker: ModuleType, _following: str) -> str:
    parts = (speaker.digits(each) for each in re.findall(r"\d+", found["phone"]))
    return ("，" if speaker is zh else ", ").join(parts)


def _decimal(found: re.Match[str], speaker: ModuleType, _following: str) -> str:
    return str(speaker.decimal(_plain(found["grouped"] or found["decimal"])))


def _digits(found: re.Match[str], speaker: ModuleType, following: str) -> str:
    digits = found["digits"]
    if len(digits) > LONGEST_NUMBER or (digits[0] == "0" and len(digits) > 1):
        return _one_by_one(digits, speaker)
    if speaker is zh and following and following in MEASURES:
        return zh.count(int(digits))
    return str(speaker.integer(int(digits)))


def _one_by_one(digits: str, speaker: ModuleType) -> str:
    if MOBILE.fullmatch(digits):
        parts = (speaker.digits(each) for each in (digits[:3], digits[3:7], digits[7:]))
        return ("，" if speaker is zh else ", ").join(parts)
    group = DIGIT_GROUP if len(digits) > LONGEST_NUMBER + 2 else 0
    return str(speaker.digits(digits, group))


Reader = Callable[[re.Match[str], ModuleType, str], str]

_READERS: Mapping[str, Reader] = {
    "signed": _signed,
    "yuan": _yuan,
    "year": _date,
    "only_year": _only_year,
    "hour": _time,
    "percent": _percent,
    "ending": _ending,
    "phone": _phone,
    "grouped": _decimal,
    "decimal": _decimal,
    "digits": _digits,
}
