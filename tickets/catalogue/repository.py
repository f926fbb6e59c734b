"""Versions of the catalogue, and the orders that it spoke for, in the database.

Everything here runs in the database thread. A version is written whole and never changed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cti.kernel.errors import Refused
from cti.kernel.identifiers import DepartmentId, TicketNumber
from tickets.catalogue.model import EMPTY, MOST_LINES, Author, Catalogue, Line
from tickets.catalogue.returns import Route
from tickets.model import TicketKind
from tickets.regulation.schema import CatalogueRow, RouteRow

VERSIONS_SHOWN = 100
MOST_ROUTES = 200_000


@dataclass(frozen=True, slots=True)
class Version:
    """A version as its history shows it."""

    version: int
    at: datetime
    by_name: str
    note: str
    lines: int


def catalogue_txn(session: Session, version: int | None = None) -> Catalogue:
    """That version of the catalogue, or the one in force; empty where there is none."""
    if version is None:
        version = session.scalar(select(func.max(CatalogueRow.version)))
    row = session.get(CatalogueRow, version) if version is not None else None
    return Catalogue(row.version, tuple(map(line_from, row.lines))) if row else EMPTY


def save_txn(
    session: Session, lines: Collection[Line], base: int, author: Author, at: datetime
) -> Catalogue:
    """A new version with these lines, made from version `base`.

    Refused when somebody else changed it since (``ticket.catalogue.stale``), or when it would be
    too long (``ticket.catalogue.too_many``).
    """
    last = session.scalar(select(func.max(CatalogueRow.version))) or 0
    if last != base:
        raise Refused("ticket.catalogue.stale")
    if len(lines) > MOST_LINES:
        raise Refused("ticket.catalogue.too_many", most=MOST_LINES)
    session.add(
        CatalogueRow(
            version=last + 1,
            at=at,
            by=author.staff_id,
            by_name=author.name,
            note=author.note,
            lines=[line_record(each) for each in lines],
        )
    )
    session.flush()
    return Catalogue(last + 1, tuple(lines))


def versions_txn(session: Session) -> list[Version]:
    """The latest versions, the latest first."""
    rows = session.scalars(
        select(CatalogueRow).order_by(CatalogueRow.version.desc()).limit(VERSIONS_SHOWN)
    )
    return [Version(row.version, row.at, row.by_name, row.note, len(row.lines)) for row in rows]


def routes_txn(session: Session, since: datetime, until: datetime) -> list[Route]:
    """The orders sent in that time, of whole tickets' worth at most `MOST_ROUTES`."""
    rows = session.scalars(
        select(RouteRow)
        .where(RouteRow.sent >= since, RouteRow.sent < until)
        .order_by(RouteRow.sent)
        .limit(MOST_ROUTES)
    )
    return [
        Route(
            number=TicketNumber(row.number),
            dispatch=row.dispatch,
            department_id=DepartmentId(row.department_id),
            line_id=row.line,
            proposed=DepartmentId(row.proposed),
            refusals=row.refusals,
            refused=row.refused,
        )
        for row in rows
    ]


def line_record(line: Line) -> dict[str, Any]:
    """The line as a JSON object."""
    return {
        "line_id": line.line_id,
        "department_id": line.department_id,
        "kind": line.kind.value if line.kind else None,
        "business": line.business,
        "topic": line.topic,
        "product": line.product,
        "branch": line.branch,
        "keyword": line.keyword,
        "assist": list(line.assist),
        "limit": line.limit,
        "since": line.since.isoformat() if line.since else None,
        "until": line.until.isoformat() if line.until else None,
        "source": line.source,
    }


def line_from(record: Mapping[str, Any]) -> Line:
    """The line that such an object holds."""
    plain = {
        name: record[name]
        for name in ("business", "topic", "product", "branch", "keyword", "limit", "source")
    }
    return Line(
        line_id=record["line_id"],
        department_id=DepartmentId(record["department_id"]),
        kind=TicketKind(record["kind"]) if record["kind"] else None,
        assist=_departments(record["assist"]),
        since=_day(record["since"]),
        until=_day(record["until"]),
        **plain,
    )


def _departments(names: Iterable[str]) -> tuple[DepartmentId, ...]:
    return tuple(DepartmentId(each) for each in names)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
