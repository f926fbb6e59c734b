"""Lists that people saved under a name, and the record of what was taken out of the house.

Everything here runs in the database thread.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId
from cti.kernel.principal import Principal
from tickets.search.query import LONGEST
from tickets.search.schema import ExportRow, ViewOrderRow, ViewRow

MOST_VIEWS = 30
"""Of one person."""
LONGEST_NAME = 60
EXPORTS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class SavedView:
    """A list under a name: which tab, and what is asked there."""

    view_id: int
    staff_id: StaffId
    name: str
    tab: str
    asked: str
    shared: bool
    """Everybody has it."""


@dataclass(frozen=True, slots=True)
class Export:
    """What somebody took out; `lines` is None while it is under way or when it broke off."""

    at: datetime
    by_name: str
    kind: str
    tab: str
    asked: str
    lines: int | None


def views_txn(session: Session, staff_id: StaffId) -> list[SavedView]:
    """The person's views and those that are shared, as they arranged them, others by name."""
    rows = session.scalars(
        select(ViewRow)
        .where(or_(ViewRow.staff_id == staff_id, ViewRow.shared))
        .order_by(ViewRow.name, ViewRow.id)
    )
    views = [
        SavedView(row.id, StaffId(row.staff_id), row.name, row.tab, row.asked, row.shared)
        for row in rows
    ]
    order = session.get(ViewOrderRow, staff_id)
    return arranged(views, order.views, shared_last=order.shared_last) if order else views


def arranged(
    views: Iterable[SavedView], order: Sequence[int], *, shared_last: bool
) -> list[SavedView]:
    """The views in that order, others after them; the shared ones first, or last."""
    place = {view_id: at for at, view_id in enumerate(order)}
    return sorted(
        views,
        key=lambda each: (each.shared is shared_last, place.get(each.view_id, len(place))),
    )


def move_view_txn(session: Session, staff_id: StaffId, view_id: int, *, up: bool) -> None:
    """Let the person have that view before its neighbour, or after it; nothing at an end."""
    views = views_txn(session, staff_id)
    ids = [each.view_id for each in views]
    if view_id not in ids:
        return
    at = ids.index(view_id)
    other = at - 1 if up else at + 1
    if not 0 <= other < len(ids) or views[at].shared is not views[other].shared:
        return
    ids[at], ids[other] = ids[other], ids[at]
    row = _order(session, staff_id)
    row.views = ids


def place_shared_txn(session: Session, staff_id: StaffId, *, last: bool) -> None:
    """Let the person have shared views after their own, or before."""
    _order(session, staff_id).shared_last = last


def _order(session: Session, staff_id: StaffId) -> ViewOrderRow:
    row = session.get(ViewOrderRow, staff_id)
    if row is None:
        row = ViewOrderRow(staff_id=staff_id, views=[], shared_last=True)
        session.add(row)
    return row


def save_view_txn(session: Session, view: SavedView) -> None:
    """Keep the view; one of the person's with that name is replaced.

    Refused (``ticket.view.name``, ``ticket.view.too_many``).
    """
    if not 0 < len(view.name) <= LONGEST_NAME or len(view.asked) > LONGEST:
        raise Refused("ticket.view.name", most=LONGEST_NAME)
    mine = ViewRow.staff_id == view.staff_id
    row = session.scalar(select(ViewRow).where(mine, ViewRow.name == view.name))
    if row is None:
        if (session.scalar(select(func.count(ViewRow.id)).where(mine)) or 0) >= MOST_VIEWS:
            raise Refused("ticket.view.too_many", most=MOST_VIEWS)
        row = ViewRow(staff_id=view.staff_id, name=view.name)
        session.add(row)
    row.tab, row.asked, row.shared = view.tab, view.asked, view.shared


def drop_view_txn(session: Session, staff_id: StaffId, view_id: int) -> None:
    """Forget the view if it is that person's."""
    row = session.get(ViewRow, view_id)
    if row is not None and row.staff_id == staff_id:
        session.delete(row)


def begin_export_txn(
    session: Session, principal: Principal, kind: str, tab: str, asked: str, at: datetime
) -> int:
    """Write down that the person takes this list out, before they have any of it."""
    row = ExportRow(
        at=at,
        staff_id=principal.staff_id,
        by_name=principal.name,
        kind=kind,
        tab=tab,
        asked=asked,
    )
    session.add(row)
    session.flush()
    return row.id


def end_export_txn(session: Session, export_id: int, lines: int) -> None:
    """It was sent whole."""
    session.execute(update(ExportRow).where(ExportRow.id == export_id).values(lines=lines))


def exports_txn(session: Session) -> list[Export]:
    """The latest exports, the latest first."""
    rows = session.scalars(select(ExportRow).order_by(ExportRow.id.desc()).limit(EXPORTS_SHOWN))
    return [Export(row.at, row.by_name, row.kind, row.tab, row.asked, row.lines) for row in rows]
