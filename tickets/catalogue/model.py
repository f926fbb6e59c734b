"""A catalogue as values: lines that say which department answers for which matter.

Everything that a line names must hold; what it leaves empty, it does not ask. Of the lines that
fit, the one that asks most precisely speaks first: a branch before a product, a product before a
business code (the longer one first), a topic before words of the text, anything before nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from cti.kernel.errors import Refused
from cti.kernel.identifiers import DepartmentId, StaffId
from tickets.model import TicketKind

LONGEST = 200
LONGEST_ID = 32
MOST_LINES = 2000
ASKED = ("branch", "product", "business", "topic", "keyword")
"""What a line may ask, the most precise first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry; `line_id` stays the same through all versions."""

    line_id: str
    department_id: DepartmentId
    kind: TicketKind | None = None
    business: str = ""
    """A business code, with all below it."""
    topic: str = ""
    product: str = ""
    branch: str = ""
    keyword: str = ""
    """Words, any of which stands in title or text, separated by commas."""
    assist: tuple[DepartmentId, ...] = ()
    limit: str = ""
    """What the bank promises for such matters, in words; the policy's clocks are what counts."""
    since: date | None = None
    until: date | None = None
    """The last day it holds."""
    source: str = ""
    """Where the duty is written down."""

    @property
    def words(self) -> tuple[str, ...]:
        """The words, any of which will do."""
        parts = self.keyword.replace("，", ",").replace("、", ",").split(",")
        return tuple(filter(None, (part.strip() for part in parts)))

    def holds_on(self, day: date) -> bool:
        """Whether the line is in force on that day."""
        return (self.since is None or self.since <= day) and (
            self.until is None or day <= self.until
        )


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A version of the catalogue."""

    version: int = 0
    lines: tuple[Line, ...] = ()

    def find(self, line_id: str) -> Line | None:
        """The line of that id."""
        return next((each for each in self.lines if each.line_id == line_id), None)

    def changed(self, line: Line) -> tuple[Line, ...]:
        """The lines with this one in its place, or after all others."""
        if self.find(line.line_id) is None:
            return (*self.lines, line)
        return tuple(line if each.line_id == line.line_id else each for each in self.lines)

    def without(self, line_id: str) -> tuple[Line, ...]:
        """The lines but that one."""
        return tuple(each for each in self.lines if each.line_id != line_id)


EMPTY = Catalogue()


@dataclass(frozen=True, slots=True)
class Author:
    """Who changed the catalogue, and why."""

    staff_id: StaffId
    name: str
    note: str


def checked(
    line: Line, departments: Mapping[DepartmentId, object], businesses: Mapping[str, object]
) -> Line:
    """The line as it may be kept; Refused (``ticket.catalogue.*``) with what is wrong in it."""
    for name, text in _texts(line):
        if len(text) > LONGEST:
            raise Refused("ticket.field_too_long", field=name, limit=LONGEST)
    if len(line.line_id) > LONGEST_ID:
        raise Refused("ticket.field_too_long", field="id", limit=LONGEST_ID)
    for department in (line.department_id, *line.assist):
        if department not in departments:
            raise Refused("ticket.department_unknown", department=department)
    if line.department_id in line.assist:
        raise Refused("ticket.catalogue.assists_itself", department=line.department_id)
    if businesses and line.business and line.business not in businesses:
        raise Refused("ticket.field_code", field="business")
    if line.since and line.until and line.until < line.since:
        raise Refused("ticket.catalogue.days")
    if not (line.kind or line.words or any(getattr(line, name) for name in ASKED[:-1])):
        raise Refused("ticket.catalogue.asks_nothing")
    return replace(line, keyword=", ".join(line.words))


def _texts(line: Line) -> Iterator[tuple[str, str]]:
    for name in (*ASKED, "limit", "source"):
        yield name, getattr(line, name)
