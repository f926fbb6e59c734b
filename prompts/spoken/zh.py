"""Mandarin: numbers, money, dates and times in words.

Telephone and account digits say 幺 for one; quantities say 两 for a leading two; amounts are never
read digit by digit.
"""

from datetime import date, datetime, time
from decimal import Decimal

from prompts.spoken.values import MAXIMUM, WaitRange, split_money

DIGITS = "零一二三四五六七八九"
KEYED_DIGITS = "零幺二三四五六七八九"
UNITS = ((10**8, "亿", 10**7), (10**4, "万", 10**3))
"""Size, name, and the rest below which 零 is said after it."""
CURRENCIES = {
    "CNY": "元",
    "USD": "美元",
    "EUR": "欧元",
    "GBP": "英镑",
    "JPY": "日元",
    "HKD": "港元",
    "AUD": "澳元",
    "CAD": "加元",
    "SGD": "新加坡元",
    "CHF": "瑞士法郎",
    "KRW": "韩元",
}
KEYED_MARKS = {"*": "星号", "#": "井号"}
WEEKDAYS = "一二三四五六日"
END_OF_DAY = "夜里十二点"
HALF_HOUR = 30


def integer(number: int) -> str:
    """12 -> 十二, 2002 -> 两千零二, 20000 -> 两万; ValueError beyond 10^15."""
    if abs(number) >= MAXIMUM:
        raise ValueError(f"{number} is too large to be said")
    if number < 0:
        return "负" + integer(-number)
    if number == 0:
        return "零"
    for size, unit, lead_below in UNITS:
        if number >= size:
            above, rest = divmod(number, size)
            words = ("两" if above == 2 else integer(above)) + unit
            gap = "零" if 0 < rest < lead_below else ""
            return words + gap + (_rest(rest) if rest else "")
    return _group(number, leading=True)


def count(number: int, measure: str = "") -> str:
    """A quantity before its measure word: 2 -> 两笔, 12 -> 十二笔."""
    return ("两" if number == 2 else integer(number)) + measure


def decimal(number: Decimal) -> str:
    """7.05 -> 七点零五; trailing zeros are not said."""
    whole, _, fraction = f"{abs(number):f}".partition(".")
    fraction = fraction.rstrip("0")
    words = integer(int(whole))
    if fraction:
        words += "点" + "".join(DIGITS[int(digit)] for digit in fraction)
    return "负" + words if number < 0 and (int(whole) or fraction) else words


def digits(text: str, group: int = 0) -> str:
    """One by one, 幺 for 1, a short pause between groups: 13801 -> 幺三八零幺; a lone 1 is 一."""
    names = KEYED_DIGITS if len(text) > 1 else DIGITS
    words = [
        KEYED_MARKS.get(mark) or names[int(mark)]
        for mark in text
        if mark.isascii() and (mark.isdigit() or mark in KEYED_MARKS)
    ]
    size = group or len(words) or 1
    return "，".join("".join(words[at : at + size]) for at in range(0, len(words), size))


def money(amount: Decimal, currency: str) -> str:
    """Yuan by 元角分 (100.05 -> 一百元零五分), other currencies by 点 (1.5 -> 一点五美元)."""
    unit = currency_name(currency)
    sign, whole, cents = split_money(amount)
    lead = "负" if sign < 0 else ""
    if currency != "CNY":
        return lead + (
            decimal(Decimal(whole) + Decimal(cents) / 100) + unit if cents else count(whole, unit)
        )
    jiao, fen = divmod(cents, 10)
    words = count(whole, unit) if whole or not cents else ""
    if jiao:
        words += (count(jiao) if not words else DIGITS[jiao]) + "角"
    elif fen and words:
        words += "零"
    if fen:
        words += (count(fen) if not words else DIGITS[fen]) + "分"
    return lead + words


def currency_name(currency: str) -> str:
    """USD -> 美元; an unknown code is spelt."""
    return CURRENCIES.get(currency, " ".join(currency))


def percent(rate: Decimal) -> str:
    """1.25 -> 百分之一点二五."""
    lead = "负" if rate < 0 else ""
    return f"{lead}百分之{decimal(abs(rate))}"


def day(when: date) -> str:
    """十一月二十一日."""
    return f"{integer(when.month)}月{integer(when.day)}日"


def full_date(when: date) -> str:
    """二零二六年十一月二十一日."""
    return "".join(DIGITS[int(digit)] for digit in f"{when.year}") + "年" + day(when)


def weekday(when: date) -> str:
    """十一月二十一日，星期六: for a day that is not far away."""
    return f"{day(when)}，星期{WEEKDAYS[when.weekday()]}"


def clock_time(when: time) -> str:
    """下午两点零五分, 上午九点半, by the part of the day people name."""
    return _day_part(when.hour) + _hour(when)


def moment(when: datetime) -> str:
    """十一月二十一日，星期六，下午五点."""
    return f"{weekday(when)}，{clock_time(when.time())}"


def end_of(when: date) -> str:
    """十一月二十一日，星期六，夜里十二点: the end of that day."""
    return f"{weekday(when)}，{END_OF_DAY}"


def slot(start: datetime, end: datetime) -> str:
    """十二月七日，星期一，上午十点到十一点; a part of the day is named once."""
    same = _day_part(start.hour) == _day_part(end.hour)
    until = _hour(end.time()) if same else clock_time(end.time())
    return f"{moment(start)}到{until}"


def wait(expected: WaitRange) -> str:
    """两到四分钟, 不到一分钟, 超过半小时."""
    low, high = expected.minutes()
    if expected.beyond_announcing():
        return "超过半小时"
    if high <= 1:
        return "不到一分钟"
    if low == high:
        return f"大约{count(high)}分钟"
    if low == 0:
        return f"不超过{count(high)}分钟"
    return f"{count(low)}到{count(high)}分钟"


def _hour(when: time) -> str:
    """九点, 九点半, 九点零五分."""
    words = count(when.hour % 12 or (12 if when.hour else 0), "点")
    if when.minute == 0:
        return words
    if when.minute == HALF_HOUR and when.hour:
        return words + "半"
    lead = "零" if when.minute < 10 else ""
    return f"{words}{lead}{integer(when.minute)}分"


def _rest(number: int) -> str:
    return integer(number) if number >= 10**4 else _group(number, leading=False)


def _group(number: int, *, leading: bool) -> str:
    words, gap = "", False
    for size, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // size % 10
        if digit == 0:
            gap = bool(words)
            continue
        words += ("零" if gap else "") + _digit(digit, name, first=leading and not words) + name
        gap = False
    return words


def _digit(digit: int, name: str, *, first: bool) -> str:
    if digit == 1 and name == "十" and first:
        return ""
    if digit == 2 and (name == "千" or (name == "百" and first)):
        return "两"
    return DIGITS[digit]


def _day_part(hour: int) -> str:
    for until, name in ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午")):
        if hour < until:
            return name
    return "晚上"
