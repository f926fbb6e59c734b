"""What the board asks of the index: where changed tickets lie now, and how many lie in a list."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from tickets.schema import CaseRow
from tickets.search import places
from tickets.search.finding import count_places_txn
from tickets.search.schema import EntryRow

PLACE = "place:"
DEPARTMENT = "dept:"


@dataclass(frozen=True, slots=True)
class Changed:
    """A ticket after a change, and whom it concerns."""

    number: TicketNumber
    version: int
    places: frozenset[str]
    might: frozenset[str]
    """Every list in which it can have lain before."""
    departments: tuple[DepartmentId, ...]
    about_staff: StaffId | None
    about_unit: DepartmentId | None


def changes_txn(session: Session, numbers: Collection[TicketNumber]) -> list[Changed]:
    """These tickets as they are now."""
    rows = session.execute(
        select(EntryRow, CaseRow.version, CaseRow.opened_by)
        .join(CaseRow, CaseRow.number == EntryRow.number)
        .where(EntryRow.number.in_(numbers))
        .order_by(EntryRow.id)
    )
    return [_changed(entry, version, StaffId(opened_by)) for entry, version, opened_by in rows]


def counts_txn(session: Session, keys: Collection[str], now: datetime, most: int) -> dict[str, int]:
    """How many lie in each list (``count/open``), or are overdue there (``late/open``)."""
    keys = sorted(keys)
    parts = (key.partition("/") for key in keys)
    asked = [(place, what == "late") for what, _, place in parts]
    return dict(zip(keys, count_places_txn(session, asked, now, most), strict=True))


def _changed(entry: EntryRow, version: int, opened_by: StaffId) -> Changed:
    facets = entry.facets.split("\n")
    departments = tuple(
        DepartmentId(each.removeprefix(DEPARTMENT))
        for each in facets
        if each.startswith(DEPARTMENT)
    )
    of_departments = {
        places.department(each, part) for each in departments for part in ("", *places.PARTS)
    }
    return Changed(
        number=TicketNumber(entry.number),
        version=version,
        places=frozenset(each.removeprefix(PLACE) for each in facets if each.startswith(PLACE)),
        might=frozenset({*places.SHARED, places.mine(opened_by), *of_departments}),
        departments=departments,
        about_staff=StaffId(entry.about_staff) if entry.about_staff else None,
        about_unit=DepartmentId(entry.about_unit) if entry.about_unit else None,
    )
