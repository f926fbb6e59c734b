"""What the calendar's forms ask for: days, an undoing, the packages' year, a year that is complete.

The same fields go through every step, so that what was typed comes back with a refusal, and what
was looked at is what is saved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from cti.kernel.errors import Refused
from cti.kernel.overlay import read_spans, written
from cti.web.requests import BadRequest, Form
from tickets.calendar.model import DayKind, Said, Wish, days_of
from tickets.calendar.service import CalendarService
from tickets.web.reading import whole

DAYS, UNDO, PACKAGES, COMPLETE = "days", "undo", "packages", "complete"
WHATS = (DAYS, UNDO, PACKAGES, COMPLETE)
FIELDS = ("what", "from", "to", "kind", "hours", "name_zh", "name_en", "change", "of_year")
"""What the forms carry from step to step, but for the calendars that are ticked."""
FIELD_OF = {
    "calendar.no_date": "from",
    "calendar.range_backwards": "to",
    "calendar.range_across_years": "to",
    "calendar.year_out_of_range": "from",
    "calendar.no_kind": "kind",
    "calendar.no_calendar": "in",
    "calendar.no_spans": "hours",
    "calendar.span_wrong": "hours",
    "calendar.spans_overlap": "hours",
    "calendar.name_too_long": "name_zh",
    "calendar.no_reason": "reason",
    "calendar.reason_too_long": "reason",
}
"""Where a refusal belongs in the form."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, ticked and chosen."""

    fields: Mapping[str, str]
    calendars: tuple[str, ...]
    reason: str = ""

    @classmethod
    def of(cls, form: Form) -> "Typed":
        """The fields of a form."""
        return cls(
            {name: form[name] for name in FIELDS if form[name]},
            tuple(dict.fromkeys(filter(None, form.all("in")))),
            form["reason"],
        )

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")


async def wish_of(typed: Typed, service: CalendarService) -> Wish:
    """What the form asks for; Refused with what is wrong in it, BadRequest for no form of ours."""
    if not typed.calendars and typed["what"] != UNDO:
        raise Refused("calendar.no_calendar")
    match typed["what"]:
        case "days":
            return _days(typed)
        case "undo":
            return await service.undoing(whole(typed["change"]))
        case "packages":
            return await _packages(typed, service)
        case "complete":
            year = whole(typed["of_year"])
            return Wish({}, {(name, year): True for name in typed.calendars})
    raise BadRequest("there is no such change of the calendar")


def seal(wish: Wish) -> str:
    """By which it is known that what is saved is what was looked at."""
    days = sorted(
        (name, day.isoformat(), said.kind.value, written(said.spans), said.name_zh, said.name_en)
        for (name, day), said in wish.days.items()
    )
    return sha256(repr((days, sorted(wish.years.items()), wish.undoes)).encode()).hexdigest()[:16]


def _days(typed: Typed) -> Wish:
    first = _date(typed["from"])
    last = _date(typed["to"]) if typed["to"] else first
    days = list(days_of(first, last))
    try:
        kind = DayKind(typed["kind"])
    except ValueError:
        raise Refused("calendar.no_kind") from None
    if kind is DayKind.WRITTEN:
        said = Said(kind)
    else:
        spans = read_spans(typed["hours"]) if kind is DayKind.OPEN else ()
        said = Said(kind, spans, typed["name_zh"], typed["name_en"])
    return Wish({(name, day): said for name in typed.calendars for day in days})


async def _packages(typed: Typed, service: CalendarService) -> Wish:
    year = whole(typed["of_year"])
    days = {}
    for name in typed.calendars:
        found = await service.proposal(name, year)
        if found is None:
            raise Refused("calendar.not_published", year=year)
        days.update(found)
    return Wish(days, {(name, year): True for name in typed.calendars})


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("calendar.no_date", field=text) from None
