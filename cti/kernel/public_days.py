"""A country's holidays and make-up workdays, from two sources that check each other.

The library `holidays` knows most countries. For the mainland of China (CN) `chinesecalendar`
knows the State Council's yearly notice as well. Where they say different things of a day the
first one is followed and the day is disputed: a person has to look it up and write it down. That
only the second names the weekends inside a holiday is no dispute; they are days off for a service
that is open at weekends. Names are the second's where it has them: the first tells from which
weekend a day was exchanged, the second of which holiday it is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import chinese_calendar
import holidays

CHINA = "CN"
NAMES = "zh_CN"
"""Language of the holidays' names, where the source has it; else the country's own."""
SATURDAY = 5
CHINESE: Mapping[str, str] = {
    each.value: vars(each)["chinese"] for each in chinese_calendar.Holiday
}
ENGLISH: Mapping[str, str] = {chinese: english for english, chinese in CHINESE.items()} | {
    "清明节": "Tomb-sweeping Day",
    "端午节": "Dragon Boat Festival",
    "中秋节": "Mid-autumn Festival",
    "农历除夕": "Lunar New Year's Eve",
}
"""Holidays of China, by the names that either source gives them."""
IN_LIEU = "（补假）"
"""Follows the name of a holiday that fell on a weekend."""
OFF, ON, ORDINARY = "a holiday", "a make-up workday", "an ordinary day"


@dataclass(frozen=True, slots=True)
class PublicDays:
    """Days off with their names, weekend days that are worked, and the days in dispute."""

    holidays: Mapping[date, str] = field(default_factory=dict)
    workdays: frozenset[date] = frozenset()
    disputed: Mapping[date, str] = field(default_factory=dict)

    english: Mapping[str, str] = field(default_factory=dict)
    """What a name is in English, where a source knows it."""

    @property
    def years(self) -> frozenset[int]:
        """The years whose make-up workdays are published."""
        return frozenset(day.year for day in self.workdays)

    def says(self, day: date) -> str:
        """What the day is, in words."""
        if day in self.workdays:
            return ON
        return OFF if day in self.holidays else ORDINARY


def public_days(country: str, years: Sequence[int]) -> PublicDays:
    """What the sources know of these years; NotImplementedError for an unknown country."""
    first = _of_holidays(country, years)
    return compared(first, _of_chinesecalendar(years)) if country == CHINA else first


def compared(first: PublicDays, second: PublicDays) -> PublicDays:
    """The first source's days, those of the second in years that only it knows, and disputes."""
    alone = second.years - first.years
    both = first.years & second.years
    days = {*first.holidays, *first.workdays, *second.holidays, *second.workdays}
    disputed = {
        day: f"{first.says(day)} by one source, {second.says(day)} by the other"
        for day in sorted(days)
        if day.year in both and _closed(first, day) != _closed(second, day)
    }
    bridged = {
        day: name
        for day, name in second.holidays.items()
        if day.year in alone or (day.weekday() >= SATURDAY and day not in first.workdays)
    }
    followed = {day: name for day, name in first.holidays.items() if day.year not in alone}
    renamed = {day: name for day, name in second.holidays.items() if day in followed}
    return PublicDays(
        bridged | followed | renamed,
        first.workdays | {day for day in second.workdays if day.year in alone},
        disputed,
        {**first.english, **second.english},
    )


def in_english(name: str) -> str:
    """The English name of a holiday of China; any other name as it is."""
    parts = [part.removesuffix(IN_LIEU) for part in re.split("[、，,;；] ?", name)]
    return ", ".join(ENGLISH.get(part, part) for part in parts)


def _closed(source: PublicDays, day: date) -> bool:
    """Whether those who work from Monday to Friday are off that day."""
    if day in source.workdays:
        return False
    return day in source.holidays or day.weekday() >= SATURDAY


def _of_holidays(country: str, years: Sequence[int]) -> PublicDays:
    library = holidays.country_holidays(country, years=years, language=NAMES)
    workdays = frozenset(day for day in library.weekend_workdays if day.year in years)
    names = {day: name for day, name in library.items() if day not in workdays}
    return PublicDays(names, workdays)


def _of_chinesecalendar(years: Sequence[int]) -> PublicDays:
    return PublicDays(
        {
            day: CHINESE[name]
            for day, name in chinese_calendar.holidays.items()
            if day.year in years
        },
        frozenset(day for day in chinese_calendar.workdays if day.year in years),
        english=ENGLISH,
    )
