"""Telephone numbers in one form, however a carrier or a person writes them."""

CHINA = "86"
SHORTEST_WITH_COUNTRY = 12
"""Digits of a Chinese number with its country code and no prefix: 86, area code, subscriber."""


def normalise(number: str) -> str:
    """The form numbers are stored and compared in; empty when there is no digit.

    A Chinese number is its digits without country code and trunk prefix (``+86 138-0000-0001``,
    ``0086138...`` and ``0138...`` are ``13800000001``, ``(010) 8888 0001`` is ``1088880001``). A
    foreign one keeps its country code behind a plus, so it never looks like a Chinese one.
    """
    digits = "".join(mark for mark in number if mark.isascii() and mark.isdigit())
    if number.strip().startswith("+"):
        return _international(digits)
    if digits.startswith("00"):
        return _international(digits[2:])
    if digits.startswith(CHINA) and len(digits) >= SHORTEST_WITH_COUNTRY:
        return digits[len(CHINA) :]
    return digits.removeprefix("0")


def _international(digits: str) -> str:
    if digits.startswith(CHINA):
        return digits[len(CHINA) :].removeprefix("0")
    return f"+{digits}" if digits else ""
