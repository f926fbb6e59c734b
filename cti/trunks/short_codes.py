"""Short codes: numbers that are dialled as they are and have no place in E.164.

What `phonenumbers` knows of them (its short-number metadata) is not whole, so a country's ranges
stand here beside it. China's are those of the numbering plan of its ministry (电信网编号计划) and
of its opinion on the length of short codes (关于规范管理短号码位长的意见): one that begins with 1
has 3 or 5 digits, one that begins with 95 or 96 has 5 or 6; those with 96 are of a province.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import phonenumbers
from phonenumbers import shortnumberinfo

LONGEST = 6
"""Digits of a short code; more are a subscriber's number."""


class Code(Enum):
    """What calling a short code means."""

    EMERGENCY = "emergency"
    SERVICE = "service"
    PREMIUM = "premium"


@dataclass(frozen=True, slots=True)
class Ranges:
    """A country's codes beyond the library's: those for help in need, and services."""

    emergency: frozenset[str]
    service: re.Pattern[str]


NO_RANGES = Ranges(frozenset(), re.compile(r"(?!)"))
RANGES: Mapping[str, Ranges] = {
    "CN": Ranges(
        # Police, fire, ambulance, traffic accidents.
        frozenset({"110", "119", "120", "122"}),
        # The directory 114, carriers such as 10086, authorities such as 12345, the post's 11185,
        # banks and others who serve the whole country such as 95588, a province's services.
        re.compile(r"1[12]\d|1[012]\d{3}|9[56]\d{3,4}"),
    ),
}


def code_of(digits: str, country: str) -> Code | None:
    """What the digits are as a short code of that country (ISO 3166-1); None: they are none."""
    if not digits.isdecimal() or not digits.isascii() or len(digits) > LONGEST:
        return None
    ranges = RANGES.get(country, NO_RANGES)
    if digits in ranges.emergency or shortnumberinfo.is_emergency_number(digits, country):
        return Code.EMERGENCY
    number = phonenumbers.PhoneNumber(
        country_code=phonenumbers.country_code_for_region(country),
        national_number=int(digits),
        number_of_leading_zeros=len(digits) - len(digits.lstrip("0")),
    )
    cost = shortnumberinfo.expected_cost_for_region(number, country)
    if cost == shortnumberinfo.ShortNumberCost.PREMIUM_RATE:
        return Code.PREMIUM
    known = shortnumberinfo.is_valid_short_number_for_region(number, country)
    return Code.SERVICE if known or ranges.service.fullmatch(digits) else None
