"""The columns of an exported list: each with its name, its width and what stands in it.

There is one list of them for every format. What identifies a customer is masked as on the screens
of whoever exports; each code has its word beside it: the one is reported, the other is read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cti.kernel.identifiers import StaffId
from tickets.masking import Mask, Sight
from tickets.regulation import codes
from tickets.regulation.fault import Party
from tickets.search.records import Record
from tickets.web.shown import Words

Cell = str | int | float | datetime
Cells = tuple[Cell, ...]
NARROW, USUAL, MOMENT, WIDE = 10, 14, 18, 48
HOUR = timedelta(hours=1)
CODED = {
    "channel": codes.CHANNEL,
    "business": codes.BUSINESS,
    "product": codes.PRODUCT,
    "cause": codes.CAUSE,
    "region": codes.REGION,
}
"""What a ticket is reported by, and the field that holds its code."""
ANSWERS = ("reached", "told", "solved", "satisfied")
"""What is asked when a customer is called back."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the list: in which words, how much of a customer, and at which instant."""

    words: Words
    sight: Sight
    name_of: Callable[[StaffId], str]
    now: datetime

    def word(self, group: str, value: str) -> str:
        """The word for a value of that group; nothing for none."""
        return self.words.text(f"ticket.{group}.{value}") if value else ""

    def yes(self, *, holds: bool) -> str:
        """Yes, or nothing."""
        return self.words.text("ticket.yes") if holds else ""

    def person(self, staff_id: str, name: str = "") -> str:
        """A member of staff, the house or the customer."""
        return self.words.by(staff_id, name or self.name_of(StaffId(staff_id)))

    def matter(self, text: str) -> str:
        """What was told, with the numbers masked that are in it."""
        return self.sight.shown(Mask.TEXT, text)


Made = Callable[[Record, Reader], Cell | None]


@dataclass(frozen=True, slots=True)
class Column:
    """A column; its heading is the text ``ticket.export.<name>``."""

    name: str
    made: Made
    width: int = NARROW


def cells(record: Record, reader: Reader) -> Cells:
    """The ticket as a row."""
    made = (column.made(record, reader) for column in COLUMNS)
    return tuple("" if cell is None else cell for cell in made)


def headings(words: Words) -> list[str]:
    """The columns' names in the reader's language."""
    return [words.text(f"ticket.export.{column.name}") for column in COLUMNS]


def _matter() -> Iterator[Column]:
    yield Column("number", lambda r, _: r.line.number, USUAL)
    yield Column("kind", lambda r, by: by.word("kind", r.line.kind.value))
    yield Column("title", lambda r, by: by.matter(r.line.title), WIDE)
    yield Column("requester", lambda r, by: by.sight.name(r.line.requester))
    yield Column("service_level", lambda r, by: by.word("level", _level(r)))
    yield Column("source", lambda r, by: by.word("source", r.case.draft.source.value))
    yield Column("received", lambda r, _: r.case.received, MOMENT)
    yield Column("opened", lambda r, _: r.line.opened, MOMENT)
    yield Column("opened_by", lambda r, by: by.person(r.line.opened_by))
    yield Column("state", lambda r, by: by.word("state", r.line.state.value))
    yield Column("urgency", lambda r, by: by.word("urgency", r.line.urgency.value))


def _work() -> Iterator[Column]:
    yield Column("department", _leading, USUAL)
    yield Column("assisting", _assisting, USUAL)
    yield Column("refusals", lambda r, _: sum(each.refusals for each in r.case.dispatches))
    yield Column("urges", lambda r, _: sum(each.urges for each in r.case.dispatches))
    yield Column("level", lambda r, _: r.line.level)
    yield Column("supervised", lambda r, by: by.yes(holds=r.line.supervised))
    yield Column("due", lambda r, _: r.line.due, MOMENT)
    yield Column(
        "clock", lambda r, by: by.word("clock", r.line.clock.value if r.line.clock else "")
    )
    yield Column("overdue", lambda r, by: by.yes(holds=r.line.overdue))


def _reported() -> Iterator[Column]:
    for name, field in CODED.items():
        yield Column(f"{name}_code", _code(name))
        yield Column(name, _named(name, field), USUAL)
    yield Column("branch", lambda r, by: by.matter(r.case.draft.details.get("branch", "")), USUAL)
    yield Column("amount", lambda r, _: r.case.draft.details.get("amount", ""))
    yield Column("decision_due", lambda r, _: r.fact.due if r.fact else None, MOMENT)
    yield Column("told", lambda r, _: r.fact.told if r.fact else None, MOMENT)
    yield Column("days", lambda r, _: r.fact.days if r.fact else None)
    yield Column("late", lambda r, by: by.yes(holds=r.fact is not None and r.fact.late(by.now)))
    yield Column("extensions", lambda r, _: r.fact.extensions if r.fact else r.case.extensions)
    yield Column("repeats", lambda r, _: r.fact.repeats if r.fact else None, USUAL)
    for party in Party:
        yield Column(f"hours_{party.value}", _hours(party))


def _ended() -> Iterator[Column]:
    yield Column("reply_by", lambda r, by: by.word("channel", r.case.draft.reply_by.value))
    yield Column("reopened", lambda r, _: r.case.cycle - 1)
    for name in ANSWERS:
        yield Column(f"customer_{name}", _answered(name))
    yield Column("rating", lambda r, _: r.case.rating)
    yield Column("ended", lambda r, _: r.case.ended, MOMENT)
    yield Column("ending", _ending, MOMENT)
    yield Column("ended_by", _ended_by)
    yield Column("merged_into", lambda r, _: r.case.merged_into, USUAL)


def _level(record: Record) -> str:
    return str(record.case.draft.requester.service_level.value)


def _leading(record: Record, by: Reader) -> str:
    """The department that leads, or did last."""
    leads = [each for each in record.case.dispatches if each.lead]
    return by.words.department(leads[-1].department_id) if leads else ""


def _assisting(record: Record, by: Reader) -> str:
    helped = (each.department_id for each in record.case.dispatches if not each.lead)
    return by.words.text("ticket.search.between").join(
        map(by.words.department, dict.fromkeys(helped))
    )


def _code(name: str) -> Made:
    return lambda r, _: getattr(r.fact, name) if r.fact else None


def _named(name: str, field: str) -> Made:
    def made(record: Record, by: Reader) -> str:
        code = getattr(record.fact, name) if record.fact else ""
        return by.words.codes.name(field, code, by.words.language) if code else ""

    return made


def _hours(party: Party) -> Made:
    return lambda r, _: round(r.shares.time(party) / HOUR, 2)


def _answered(name: str) -> Made:
    def made(record: Record, by: Reader) -> str:
        said = record.asked.get(name, "")
        return by.words.text(f"ticket.{said}") if said in ("yes", "no") else ""

    return made


def _ending(record: Record, by: Reader) -> str:
    """By which act it ended."""
    return by.word("act", record.ending.action) if record.ending else ""


def _ended_by(record: Record, by: Reader) -> str:
    return by.person(record.ending.by, record.ending.by_name) if record.ending else ""


COLUMNS: tuple[Column, ...] = (*_matter(), *_work(), *_reported(), *_ended())
"""Every column, in the order of a ticket's life."""
WIDTHS = tuple(column.width for column in COLUMNS)
"""Of each column, in characters."""
