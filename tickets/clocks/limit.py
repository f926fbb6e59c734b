"""How long something may take, as people write it: ``8h``, ``1h 30min``, ``3 working-days``."""

import re
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from tickets.clocks.model import NO_TIME

UNITS = {"h": timedelta(hours=1), "min": timedelta(minutes=1), "s": timedelta(seconds=1)}
DAYS = re.compile(r"(\d{1,4}) ?(working|calendar)-days?")
PART = re.compile(r"(\d{1,6})(h|min|s)")
HOW = "write it as 8h, 1h 30min, 3 working-days or 15 calendar-days"


@dataclass(frozen=True, slots=True)
class Limit:
    """Working time, or so many working days or calendar days."""

    time: timedelta = NO_TIME
    working_days: int = 0
    calendar_days: int = 0

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Read it; ValueError that says how to write one."""
        days = DAYS.fullmatch(text.strip())
        if days and int(days[1]):
            count = int(days[1])
            working = days[2] == "working"
            return cls(working_days=count) if working else cls(calendar_days=count)
        return cls(duration(text))

    def scaled(self, share: float) -> "Limit":
        """That share of the bank's own time, days rounded up; calendar days are left alone."""
        return Limit(self.time * share, ceil(self.working_days * share), self.calendar_days)

    def __str__(self) -> str:
        if self.calendar_days:
            return f"{self.calendar_days} calendar-days"
        if self.working_days:
            return f"{self.working_days} working-days"
        return written(self.time)


def duration(text: str) -> timedelta:
    """The time of ``8h``, ``1h 30min`` or ``90s``; ValueError that says how to write one."""
    parts = [PART.fullmatch(part) for part in text.split()]
    found = [part for part in parts if part]
    if not found or len(found) < len(parts) or len({part[2] for part in found}) < len(found):
        raise ValueError(f"{text.strip()!r} is no time; {HOW}")
    return sum((int(part[1]) * UNITS[part[2]] for part in found), NO_TIME)


def written(time: timedelta) -> str:
    """``1h 30min``."""
    left, words = time, []
    for unit, length in UNITS.items():
        count, left = divmod(left, length)
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words) or "0min"
