"""Ticket numbers that a caller can key in: digits only, with a check digit.

Six digits of the day (YYMMDD), the day's serial (at least four digits) and a check digit by the
Luhn algorithm (ISO/IEC 7812-1, annex B), which catches every single wrong key and almost every
swap of neighbours: ``26112100016`` is the first ticket of 21 November 2026.
"""

from datetime import date

from cti.kernel.identifiers import TicketNumber

SHORTEST = 11
SERIAL_DIGITS = 4


def ticket_number(day: date, serial: int) -> TicketNumber:
    """The number of the day's `serial`-th ticket (from 1)."""
    body = f"{day:%y%m%d}{serial:0{SERIAL_DIGITS}d}"
    return TicketNumber(body + check_digit(body))


def parse_number(text: str) -> TicketNumber | None:
    """The number keyed in or typed (spaces and hyphens forgiven), or None if it cannot be one."""
    digits = "".join(text.split()).replace("-", "")
    if len(digits) < SHORTEST or not digits.isascii() or not digits.isdigit():
        return None
    return TicketNumber(digits) if check_digit(digits[:-1]) == digits[-1] else None


def check_digit(body: str) -> str:
    """The Luhn check digit of a string of digits."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
