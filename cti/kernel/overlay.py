"""A working calendar with what people made of its days since it was written.

What was written (a file, the country's holidays) is the base; a mark says of one date that it is
closed, or open at spans of its own, and wins over the base. What nobody marked stays as written.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise

from cti.kernel.calendar import MINUTES_A_DAY, Mark, Span, Spans, WorkingCalendar
from cti.kernel.errors import ConfigurationError, Refused

SEPARATORS = str.maketrans(dict.fromkeys("，、；;", ",") | {"：": ":"})
DASHES = ("–", "—", "－", "−", "~", "～", "至")


def overlaid(
    base: WorkingCalendar, marks: Mapping[date, Mark], years: Collection[int] = ()
) -> WorkingCalendar:
    """The calendar with these marks; the holidays of these years are known to be complete."""
    holidays = {day: name for day, name in base.holidays.items() if day not in marks}
    workdays = {day: spans for day, spans in base.workdays.items() if day not in marks}
    for day, mark in marks.items():
        if mark.spans:
            workdays[day] = mark.spans
        else:
            holidays[day] = mark.name_zh or mark.name_en
    through = base.valid_until
    while through < date.max and through.year + 1 in years:
        through = date(through.year + 1, 12, 31)
    return replace(
        base,
        holidays=holidays,
        workdays=workdays,
        valid_until=through,
        disputed={
            day: said
            for day, said in base.disputed.items()
            if day not in marks and day.year not in years
        },
        marks=dict(marks),
    )


def open_days(calendar: WorkingCalendar, year: int) -> int:
    """On how many days of that year the calendar is open."""
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    days = map(date.fromordinal, range(first, last + 1))
    return sum(bool(calendar.spans_on(day)) for day in days)


def read_spans(text: str) -> Spans:
    """Read ``08:30-12:00, 13:00-17:30`` as people type it.

    Refused (``calendar.no_spans``, ``calendar.span_wrong``, ``calendar.spans_overlap``) with the
    part that is wrong.
    """
    parts = [part.strip() for part in _plain(text).split(",")]
    spans = [_span(part) for part in parts if part]
    if not spans:
        raise Refused("calendar.no_spans")
    for earlier, later in pairwise(spans):
        if later.opens < earlier.closes:
            raise Refused("calendar.spans_overlap", earlier=str(earlier), later=str(later))
    if spans[-1].closes - spans[0].opens > MINUTES_A_DAY:
        raise Refused("calendar.spans_overlap", earlier=str(spans[-1]), later=str(spans[0]))
    return tuple(spans)


def written(spans: Spans) -> str:
    """The spans as `read_spans` reads them."""
    return ", ".join(map(str, spans))


def _plain(text: str) -> str:
    plain = text.translate(SEPARATORS)
    for dash in DASHES:
        plain = plain.replace(dash, "-")
    return plain


def _span(part: str) -> Span:
    try:
        return Span.parse(part)
    except ConfigurationError:
        raise Refused("calendar.span_wrong", text=part) from None
