"""English: numbers, money, dates and times in words, the American way (no "and" in numbers)."""

from datetime import date, datetime, time
from decimal import Decimal

from prompts.spoken.values import MAXIMUM, WaitRange, split_money

SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))
IRREGULAR_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
CURRENCIES = {
    "CNY": ("yuan", "yuan", "fen", "fen"),
    "USD": ("US dollar", "US dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("British pound", "British pounds", "penny", "pence"),
    "JPY": ("Japanese yen", "Japanese yen", "sen", "sen"),
    "HKD": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
    "AUD": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "CAD": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "SGD": ("Singapore dollar", "Singapore dollars", "cent", "cents"),
    "CHF": ("Swiss franc", "Swiss francs", "centime", "centimes"),
    "KRW": ("Korean won", "Korean won", "jeon", "jeon"),
}
KEYED_MARKS = {"*": "star", "#": "pound"}
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
END_OF_DAY = "midnight"


def integer(number: int) -> str:
    """1234 -> one thousand two hundred thirty-four; ValueError beyond 10^15."""
    if abs(number) >= MAXIMUM:
        raise ValueError(f"{number} is too large to be said")
    if number < 0:
        return "minus " + integer(-number)
    words = []
    for size, name in SCALES:
        if number >= size:
            words += [_below_thousand(number // size), name]
            number %= size
    if number or not words:
        words.append(_below_thousand(number))
    return " ".join(words)


def ordinal(number: int) -> str:
    """21 -> twenty-first; for positive numbers."""
    head, hyphen, last = _last_word(integer(number))
    if last in IRREGULAR_ORDINALS:
        return head + hyphen + IRREGULAR_ORDINALS[last]
    return head + hyphen + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def count(number: int, nouns: str = "") -> str:
    """A quantity and its noun, given as singular/plural: 2 of call/calls -> two calls."""
    singular, _, plural = nouns.partition("/")
    noun = singular if number == 1 else plural or singular
    return f"{integer(number)} {noun}".rstrip()


def decimal(number: Decimal) -> str:
    """7.05 -> seven point zero five; trailing zeros are not said."""
    whole, _, fraction = f"{abs(number):f}".partition(".")
    fraction = fraction.rstrip("0")
    words = integer(int(whole))
    if fraction:
        words += " point " + " ".join(SMALL[int(digit)] for digit in fraction)
    return "minus " + words if number < 0 and (int(whole) or fraction) else words


def digits(text: str, group: int = 0) -> str:
    """One by one, a short pause between groups: 8848 -> eight eight four eight."""
    words = [
        KEYED_MARKS.get(mark) or SMALL[int(mark)]
        for mark in text
        if mark.isascii() and (mark.isdigit() or mark in KEYED_MARKS)
    ]
    size = group or len(words) or 1
    return ", ".join(" ".join(words[at : at + size]) for at in range(0, len(words), size))


def money(amount: Decimal, currency: str) -> str:
    """12.05 yuan -> twelve yuan and five fen; nothing is said of missing cents."""
    one, many, cent, cents_name = CURRENCIES.get(currency, _spelt(currency))
    sign, whole, cents = split_money(amount)
    parts = []
    if whole or not cents:
        parts.append(count(whole, f"{one}/{many}"))
    if cents:
        parts.append(count(cents, f"{cent}/{cents_name}"))
    return ("minus " if sign < 0 else "") + " and ".join(parts)


def currency_name(currency: str) -> str:
    """USD -> US dollar; an unknown code is spelt."""
    return CURRENCIES.get(currency, _spelt(currency))[0]


def percent(rate: Decimal) -> str:
    """1.25 -> one point two five percent."""
    return f"{decimal(rate)} percent"


def day(when: date) -> str:
    """November twenty-first."""
    return f"{MONTHS[when.month - 1]} {ordinal(when.day)}"


def full_date(when: date) -> str:
    """November twenty-first, twenty twenty-six."""
    return f"{day(when)}, {year(when.year)}"


def year(number: int) -> str:
    """2026 -> twenty twenty-six, 2005 -> two thousand five, 1900 -> nineteen hundred."""
    century, rest = divmod(number, 100)
    if century % 10 == 0 and rest < 10:
        return integer(number)
    if rest == 0:
        return f"{integer(century)} hundred"
    return f"{integer(century)} {'oh ' if rest < 10 else ''}{integer(rest)}"


def weekday(when: date) -> str:
    """Saturday, November twenty-first: for a day that is not far away."""
    return f"{WEEKDAYS[when.weekday()]}, {day(when)}"


def clock_time(when: time) -> str:
    """Two oh five p.m., in lower case; noon and midnight by their names."""
    if when.hour % 12 == 0 and when.minute == 0:
        return "noon" if when.hour else END_OF_DAY
    return f"{_hour(when)} {_half(when)}"


def moment(when: datetime) -> str:
    """Saturday, November twenty-first, five p.m."""
    return f"{weekday(when)}, {clock_time(when.time())}"


def end_of(when: date) -> str:
    """Saturday, November twenty-first, midnight: the end of that day."""
    return f"{weekday(when)}, {END_OF_DAY}"


def slot(start: datetime, end: datetime) -> str:
    """Monday, December seventh, from ten to eleven a.m.; the half of the day is named once."""
    begins, ends = clock_time(start.time()), clock_time(end.time())
    if begins.endswith(".") and ends.endswith(_half(start.time())):
        begins = _hour(start.time())
    return f"{weekday(start)}, from {begins} to {ends}"


def wait(expected: WaitRange) -> str:
    """Two to four minutes, less than one minute, more than half an hour (in lower case)."""
    low, high = expected.minutes()
    if expected.beyond_announcing():
        return "more than half an hour"
    if high <= 1:
        return "less than one minute"
    if low == high:
        return f"about {integer(high)} minutes"
    if low == 0:
        return f"up to {integer(high)} minutes"
    return f"{integer(low)} to {integer(high)} minutes"


def _hour(when: time) -> str:
    """Nine, nine thirty, nine oh five, in lower case."""
    hour = integer(when.hour % 12 or 12)
    if when.minute == 0:
        return hour
    return f"{hour} {'oh ' if when.minute < 10 else ''}{integer(when.minute)}"


def _half(when: time) -> str:
    return "a.m." if when.hour < 12 else "p.m."


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [f"{SMALL[hundreds]} hundred"] if hundreds else []
    if rest or not hundreds:
        words.append(_below_hundred(rest))
    return " ".join(words)


def _below_hundred(number: int) -> str:
    if number < 20:
        return SMALL[number]
    tens, ones = divmod(number, 10)
    return f"{TENS[tens]}-{SMALL[ones]}" if ones else TENS[tens]


def _last_word(words: str) -> tuple[str, str, str]:
    at = max(words.rfind(" "), words.rfind("-"))
    return words[:at] if at > 0 else "", words[at] if at > 0 else "", words[at + 1 :]


def _spelt(currency: str) -> tuple[str, str, str, str]:
    name = " ".join(currency)
    return name, name, "hundredth", "hundredths"
