"""Where a number is at home: an area of mainland China, or a territory of the world. Pure.

`areas.tsv` (area code, Chinese, English) is what libphonenumber's geocoding data (Apache License
2.0) say of mainland China's area codes: 320 lines, where `phonenumbers.geocoder` loads the whole
world's 98 MB. Of a mobile number no area is told: whoever has it may live anywhere, and keeps it
when they change carriers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import phonenumbers
from babel import Locale
from phonenumbers import PhoneNumber, PhoneNumberType

from cti.kernel.vocabulary import Language

MAINLAND = "CN"
NOWHERE = "001"
"""What libphonenumber calls numbers of the whole world, such as +800."""
AREAS = Path(__file__).with_name("areas.tsv")

_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.PAGER)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number is at home, by language; without names where only `mobile` is known of it."""

    names: Mapping[str, str] = field(default_factory=dict)
    mobile: bool = False


def place_of(text: str) -> Place | None:
    """The place of an E.164 number; None for any other, and for those that are at home nowhere.

    Numbers that may be fixed or mobile, as in North America, are not called mobile.
    """
    parsed = _parsed(text)
    if parsed is None:
        return None
    mobile = phonenumbers.number_type(parsed) in _MOBILE
    region = phonenumbers.region_code_for_number(parsed)
    if region is None or region == NOWHERE:
        return None
    if region != MAINLAND:
        return Place(_territory(region), mobile)
    names = _areas().get(_area_code(parsed))
    return Place(names or {}, mobile) if names or mobile else None


def _parsed(text: str) -> PhoneNumber | None:
    if not text.startswith("+"):
        return None
    try:
        return phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None


def _area_code(parsed: PhoneNumber) -> str:
    length = phonenumbers.length_of_geographical_area_code(parsed)
    return phonenumbers.national_significant_number(parsed)[:length]


@lru_cache(maxsize=1)
def _areas() -> Mapping[str, Mapping[str, str]]:
    lines = (line.split("\t") for line in AREAS.read_text("utf-8").splitlines())
    chinese, english = Language.CHINESE.value, Language.ENGLISH.value
    return {code: {chinese: zh, english: en} for code, zh, en in lines}


@lru_cache(maxsize=300)
def _territory(region: str) -> Mapping[str, str]:
    return {
        language.value: Locale(language.value).territories.get(region, region)
        for language in Language
    }
