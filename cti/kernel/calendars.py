"""Reads ``config/calendars/*.yaml``: each file is one working calendar, named by the file.

Public holidays and make-up workdays (调休) of the country come from `cti.kernel.public_days`. A
year counts as published when a source knows a make-up workday in it, or when the file lists the
year under ``published``; what the file says about a date wins over the sources, and settles what
they do not agree about.
"""

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from cti.kernel.calendar import DAYS_A_WEEK, Span, Spans, WorkingCalendar
from cti.kernel.document import Section, Value, documents_in, read_document
from cti.kernel.errors import ConfigurationError
from cti.kernel.public_days import PublicDays, public_days

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DEFAULT_ZONE = "Asia/Shanghai"


def load_calendars(folder: Path, years: Sequence[int]) -> dict[str, WorkingCalendar]:
    """Every calendar of the folder by name, with the holidays of these years.

    DocumentError with file, line and key.
    """
    return {path.stem: load_calendar(path, years) for path in documents_in(folder, "calendar")}


def load_calendar(path: Path, years: Sequence[int]) -> WorkingCalendar:
    """The calendar of one file, with the holidays of these years."""
    top = read_document(path)
    report = top.value.report
    zone = _zone(top.get("timezone"))
    week_value = top.need("week", "the open spans of each weekday")
    week = _week(week_value.section())
    makeup = _spans(top.get("makeup")) or _first_open(week)
    country = top.get("country")
    off = _public(country, years)
    checked = {item.whole(2000, 2999) for item in _items(top.get("published"))}
    days_off = dict(off.holidays)
    workdays = dict.fromkeys(off.workdays, makeup)
    holidays_value, workdays_value = top.get("holidays"), top.get("workdays")
    _add_days(holidays_value, days_off, workdays)
    own = holidays_value.section().keys if holidays_value else ()
    _add_workdays(workdays_value, days_off, workdays, own)
    written = {*own, *(workdays_value.section().keys if workdays_value else ())}
    top.close()
    report.check()
    try:
        return WorkingCalendar(
            path.stem,
            zone,
            week,
            days_off,
            workdays,
            _through(off.years | checked, years) if country else date.max,
            {
                day: said
                for day, said in off.disputed.items()
                if day.year not in checked and day.isoformat() not in written
            },
            country=country.text() if country else "",
            makeup=makeup,
        )
    except ConfigurationError as error:
        report.add(error.message, week_value.line, error.key)
        report.check()
        raise


def _zone(value: Value | None) -> ZoneInfo:
    name = value.text() if value else DEFAULT_ZONE
    if name in available_timezones():
        return ZoneInfo(name)
    if value and name:
        value.wrong(f"{name!r} is no time zone of the IANA database, such as {DEFAULT_ZONE}")
    return ZoneInfo(DEFAULT_ZONE)


def _week(section: Section) -> tuple[Spans, ...]:
    named = {day: _spans(section.get(day)) for day in WEEKDAYS}
    ordinary = _spans(section.get("weekdays"))
    weekend = _spans(section.get("weekend"))
    section.close()
    shared = (ordinary,) * 5 + (weekend,) * (DAYS_A_WEEK - 5)
    written = section.keys
    return tuple(
        named[day] if day in written else shared[index] for index, day in enumerate(WEEKDAYS)
    )


def _spans(value: Value | None) -> Spans:
    if value is None:
        return ()
    spans: list[Span] = []
    for item in value.items():
        try:
            span = Span.parse(item.text())
        except ConfigurationError as error:
            item.wrong(error.message)
            continue
        if spans and span.opens < spans[-1].closes:
            item.wrong(f"{span} must come after {spans[-1]}")
        else:
            spans.append(span)
    return tuple(spans)


def _first_open(week: tuple[Spans, ...]) -> Spans:
    return next((spans for spans in week if spans), ())


def _public(value: Value | None, years: Sequence[int]) -> PublicDays:
    if value is None:
        return PublicDays()
    country = value.text()
    try:
        return public_days(country, years)
    except NotImplementedError:
        value.wrong(f"no holidays are known for {country!r}; write a code such as CN")
        return PublicDays()


def _through(known: Collection[int], years: Sequence[int]) -> date:
    """The end of the last year before which no list is missing."""
    through = min(years) - 1
    while through + 1 in known:
        through += 1
    return date(through, 12, 31)


def _add_days(value: Value | None, days_off: dict[date, str], workdays: dict[date, Spans]) -> None:
    for text, name in value.section().each() if value else ():
        if day := _date(text, name):
            days_off[day] = name.text()
            workdays.pop(day, None)


def _add_workdays(
    value: Value | None,
    days_off: dict[date, str],
    workdays: dict[date, Spans],
    own: Collection[str],
) -> None:
    for text, spans in value.section().each() if value else ():
        if text in own:
            spans.wrong("is a holiday above; remove it from one of the two")
        elif day := _date(text, spans):
            workdays[day] = _spans(spans)
            days_off.pop(day, None)


def _date(text: str, value: Value) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        value.wrong("is no date: write it as 2026-10-01")
        return None


def _items(value: Value | None) -> list[Value]:
    return value.items() if value else []
