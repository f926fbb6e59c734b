"""Why a clock is due when it is, in words: a line for each step, to be added up."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from babel.dates import format_date

from cti.kernel.vocabulary import Language
from cti.web.texts import locale_of
from tickets.clocks.explain import Line, Value

DAY = timedelta(days=1)
UNITS = {"h": timedelta(hours=1), "min": timedelta(minutes=1), "s": timedelta(seconds=1)}
BY_LAW = "ticket.why.received_by_law"
BASES = ("version", "calendar")
"""What a step rests on by its own name: told in small print, not among its words."""
ENDS = frozenset({"due", "limit", "ends"})
"""Instants that end something: midnight is the end of the day before, 24:00."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A step in words; `counted` is what it adds, empty for nothing, `total` the sum with it."""

    text: str
    counted: str
    total: str
    basis: str = ""
    """By which version of the time limits, or which calendar: for whoever looks them up."""


@dataclass(frozen=True, slots=True)
class Reasons:
    """Tells the steps in one language, at one place's time."""

    text: Callable[..., str]
    language: Language
    zone: ZoneInfo

    def told(self, lines: Iterable[Line]) -> list[Reason]:
        """The steps in words."""
        steps = list(lines)
        by_law = any(line.key == BY_LAW for line in steps)
        length = self.days if by_law else self.length
        return [
            Reason(
                self._words(line, length),
                length(line.counted) if line.counted else "",
                length(line.total),
                self._basis(line),
            )
            for line in steps
        ]

    def length(self, time: timedelta) -> str:
        """``7 h 30 min``, to the second."""
        left, parts = time, []
        for unit, size in UNITS.items():
            count, left = divmod(left, size)
            if count:
                parts.append(self.text(f"ticket.time.{unit}", count=count))
        return " ".join(parts) or self.text("ticket.time.h", count=0)

    def instant(self, at: datetime, *, ending: bool = False) -> str:
        """``2026-10-08 Thu 10:30``, with seconds where there are any."""
        local = at.astimezone(self.zone)
        if ending and local.time() == time():
            return f"{self.day(local.date() - DAY)} 24:00"
        return f"{self.day(local.date())} {_clock_time(local)}"

    def day(self, day: date) -> str:
        """``2026-10-08 Thu``."""
        return format_date(day, "yyyy-MM-dd EEE", locale=locale_of(self.language))

    def days(self, time: timedelta) -> str:
        """``3 d 7 h``."""
        days, rest = divmod(time, DAY)
        counted = self.text("ticket.time.d", count=days)
        return f"{counted} {self.length(rest)}" if rest else counted

    def _words(self, line: Line, length: Callable[[timedelta], str]) -> str:
        said = {
            key: length(value) if isinstance(value, timedelta) else self._said(key, value)
            for key, value in line.values.items()
        }
        return self.text(line.key, **said)

    def _basis(self, line: Line) -> str:
        names = {name: str(line.values[name]) for name in BASES if line.values.get(name)}
        told = (self.text(f"ticket.why.basis.{key}", name=name) for key, name in names.items())
        return " · ".join(told)

    def _said(self, key: str, value: Value) -> str:
        match value:
            case datetime():
                return self.instant(value, ending=key in ENDS)
            case date():
                return self.day(value)
            case tuple():
                return ", ".join(self._part(each) for each in value)
        return str(value)

    def _part(self, part: object) -> str:
        match part:
            case (datetime() as opens, datetime() as closes):
                begins, ends = opens.astimezone(self.zone), closes.astimezone(self.zone)
                midnight = ends.time() == time()
                return f"{_clock_time(begins)}–{'24:00' if midnight else _clock_time(ends)}"
            case Enum():
                return self.text(f"ticket.ground.{part.value}")
        return str(part)


def _clock_time(at: datetime) -> str:
    return f"{at:%H:%M:%S}" if at.second or at.microsecond else f"{at:%H:%M}"
