"""Reads a catalogue to begin with; every mistake is named by file, line and key."""

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

from cti.kernel.document import Section, Value, read_document
from cti.kernel.errors import Refused
from cti.kernel.identifiers import DepartmentId
from tickets.catalogue.model import Line, checked
from tickets.model import TicketKind
from tickets.regulation.codes import BUSINESS, NO_CODES, CodeBook


def read_catalogue(
    path: Path, departments: Collection[DepartmentId], codes: CodeBook = NO_CODES
) -> tuple[Line, ...]:
    """The lines of the file; DocumentError with everything that is wrong."""
    top = read_document(path)
    lines = tuple(_lines(top, departments, codes))
    top.close()
    top.value.report.check()
    return lines


def _lines(top: Section, departments: Collection[DepartmentId], codes: CodeBook) -> Iterator[Line]:
    seen: set[str] = set()
    known = dict.fromkeys(departments)
    businesses = {each.code: each for each in codes.codes(BUSINESS)}
    for value in top.need("lines", "each with id, lead and what it asks").items():
        line = _line(value)
        if line.line_id in seen:
            value.wrong(f"there are two lines of the id {line.line_id!r}")
        seen.add(line.line_id)
        try:
            yield checked(line, known, businesses)
        except Refused as refused:
            value.wrong(_why(refused, departments))


def _why(refused: Refused, departments: Collection[DepartmentId]) -> str:
    """What is wrong with a line, and what to do about it."""
    said = {name: str(each) for name, each in refused.details.items()}
    known = ", ".join(sorted(departments))
    return {
        "ticket.department_unknown": (
            f"there is no department {said.get('department')!r}; there are {known}"
        ),
        "ticket.catalogue.assists_itself": (
            f"{said.get('department')!r} leads and assists: leave it out of `assist`"
        ),
        "ticket.field_code": "there is no such business code: take one of the file of codes",
        "ticket.field_too_long": (
            f"`{said.get('field')}` is too long: at most {said.get('limit')} characters"
        ),
        "ticket.catalogue.days": "`until` is before `since`",
        "ticket.catalogue.asks_nothing": (
            "the line asks nothing: say a kind, branch, product, business, topic or words"
        ),
    }.get(refused.error_id, str(refused))


def _day(value: Value) -> date | None:
    text = value.text()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        value.wrong(f"{text!r} is no day: write it as 2026-11-23")
        return None


def _line(value: Value) -> Line:
    section = value.section()
    kind, assist = section.get("kind"), section.get("assist")

    def said(name: str) -> str:
        each = section.get(name)
        return each.text() if each else ""

    line = Line(
        line_id=section.need("id", "what the line is known by").text(),
        department_id=DepartmentId(section.need("lead", "the department that leads").text()),
        kind=TicketKind(kind.one_of([each.value for each in TicketKind])) if kind else None,
        assist=tuple(DepartmentId(each.text()) for each in assist.items()) if assist else (),
        business=said("business"),
        topic=said("topic"),
        product=said("product"),
        branch=said("branch"),
        keyword=said("words"),
        limit=said("limit"),
        source=said("source"),
        since=section.read("since", None, _day),
        until=section.read("until", None, _day),
    )
    section.close()
    return line
