"""A calendar in force as a file, which `hotline due --calendar` and a new house read as their own.

Everything is written out, so that what packages know later changes nothing of the years written.
"""

from collections.abc import Collection, Mapping
from datetime import date

from cti.kernel.calendar import Spans, WorkingCalendar
from cti.kernel.calendars import WEEKDAYS

AROUND = 2
"""Years before and after that are written out."""


def exported(calendar: WorkingCalendar, year: int) -> str:
    """The file's text, with the days of these years around that one."""
    years = range(year - AROUND, year + AROUND + 1)
    known = [each for each in years if each <= calendar.valid_until.year]
    lines = [
        f"# The working calendar {calendar.name} as it is in force.",
        f"timezone: {calendar.timezone.key}",
        "week:",
        *(f"  {name}: {_list(spans)}" for name, spans in zip(WEEKDAYS, calendar.week, strict=True)),
    ]
    if calendar.country:
        lines.append(f"country: {calendar.country}")
        lines.append(f"makeup: {_list(calendar.makeup)}")
        lines.append(f"published: [{', '.join(map(str, known))}]")
    holidays = {day: _quoted(name) for day, name in calendar.holidays.items()}
    workdays = {day: _list(spans) for day, spans in calendar.workdays.items()}
    lines += _section("holidays", holidays, years)
    lines += _section("workdays", workdays, years)
    return "\n".join(lines) + "\n"


def _section(key: str, days: Mapping[date, str], years: Collection[int]) -> list[str]:
    lines = [f"  {day}: {said}" for day, said in sorted(days.items()) if day.year in years]
    return [f"{key}:", *lines] if lines else [f"{key}: {{}}"]


def _list(spans: Spans) -> str:
    return "[" + ", ".join(f'"{span}"' for span in spans) + "]"


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
