"""Changes of the calendar, and the cases that they concern; all here is in the database thread.

Whoever reckons a deadline to write it down holds the calendar (`hold_txn`), many at a time; whoever
changes it holds it alone. So no clock is begun by a calendar that is changed beside it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId, TicketNumber
from cti.kernel.overlay import read_spans, written
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import ServiceLevel
from tickets.calendar.model import Change, DayKind, Place, Said, Wish
from tickets.calendar.moving import Going
from tickets.calendar.schema import CalendarChangeRow, CalendarDayRow, CalendarYearRow
from tickets.clocks.rows import clocks_of_txn
from tickets.model import TicketKind, Urgency
from tickets.schema import AlarmRow, CaseRow, ClockRow

HELD = 0x_CA1E_0DA2
"""Of PostgreSQL's advisory locks the calendar's (documentation of PostgreSQL, 13.3.5)."""


def hold_txn(session: Session, *, alone: bool = False) -> None:
    """Keep others from changing the calendar until the commit; `alone`: from reckoning by it.

    SQLite lets one transaction write at a time, and needs nothing for it.
    """
    if session.get_bind().dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock if alone else func.pg_advisory_xact_lock_shared
        session.execute(select(lock(HELD)))


def version_txn(session: Session) -> tuple[int, bool]:
    """The version in force (0 where nothing was changed yet), and whether it still moves clocks."""
    newest = (
        select(CalendarChangeRow.version, CalendarChangeRow.reached)
        .order_by(CalendarChangeRow.version.desc())
        .limit(1)
    )
    found = session.execute(newest).first()
    return (found.version, found.reached is not None) if found else (0, False)


def changes_txn(session: Session, through: int | None = None) -> list[Change]:
    """Every change in the order of the versions, up to that one."""
    chosen = select(CalendarChangeRow).order_by(CalendarChangeRow.version)
    if through is not None:
        chosen = chosen.where(CalendarChangeRow.version <= through)
    rows = session.scalars(chosen).all()
    days: dict[int, dict[Place, Said]] = {}
    for row in session.scalars(select(CalendarDayRow).order_by(CalendarDayRow.day)):
        days.setdefault(row.version, {})[row.calendar, row.day] = _said(row)
    years: dict[int, dict[tuple[str, int], bool]] = {}
    for year in session.scalars(select(CalendarYearRow)):
        years.setdefault(year.version, {})[year.calendar, year.year] = year.complete
    return [
        Change(
            version=row.version,
            at=row.at,
            by=StaffId(row.by),
            by_name=row.by_name,
            reason=row.reason,
            days=days.get(row.version, {}),
            years=years.get(row.version, {}),
            undoes=row.undoes,
            moved=row.moved,
            left=row.reached is not None,
        )
        for row in rows
    ]


def of_request_txn(session: Session, request_id: str, by: StaffId) -> int | None:
    """The version that this request made, if it was answered; Refused for another's request."""
    row = session.scalar(
        select(CalendarChangeRow).where(CalendarChangeRow.request_id == request_id)
    )
    if row is not None and row.by != by:
        raise Refused("ticket.request_reused")
    return row.version if row else None


def add_change_txn(
    session: Session,
    version: int,
    wish: Wish,
    by: Principal,
    reason: str,
    request_id: str,
    at: datetime,
) -> None:
    """Write the change, with all its clocks still to be moved."""
    session.add(
        CalendarChangeRow(
            version=version,
            at=at,
            by=by.staff_id,
            by_name=by.name,
            reason=reason,
            undoes=wish.undoes,
            request_id=request_id,
            moved=0,
            reached="",
        )
    )
    session.flush()
    session.add_all(
        CalendarDayRow(
            version=version,
            calendar=name,
            day=day,
            kind=said.kind.value,
            spans=written(said.spans),
            name_zh=said.name_zh,
            name_en=said.name_en,
        )
        for (name, day), said in wish.days.items()
    )
    session.add_all(
        CalendarYearRow(version=version, calendar=name, year=year, complete=complete)
        for (name, year), complete in wish.years.items()
    )
    session.flush()


def concerned_txn(
    session: Session, since: datetime, after: str = "", limit: int | None = None
) -> list[TicketNumber]:
    """The next tickets, by their numbers, with a running clock or an alarm still to come then.

    They are looked for from one number to the next, as clocks are kept, and not among all that
    run: so a change takes twice as long where twice as many tickets are open, and no longer.
    """
    waiting = exists().where(
        AlarmRow.number == ClockRow.number,
        AlarmRow.clock == ClockRow.serial,
        AlarmRow.fired.is_(None),
        AlarmRow.due >= since,
    )
    numbers = session.scalars(
        select(ClockRow.number)
        .where(
            ClockRow.stopped.is_(None),
            ClockRow.number > after,
            or_(ClockRow.due >= since, waiting),
        )
        .group_by(ClockRow.number)
        .order_by(ClockRow.number)
        .limit(limit)
    )
    return [TicketNumber(each) for each in numbers]


def going_txn(session: Session, numbers: Sequence[str]) -> list[Going]:
    """Those tickets as far as their clocks go by them."""
    level = CaseRow.draft["requester"]["service_level"].as_integer()
    rows = session.execute(
        select(CaseRow.number, CaseRow.kind, CaseRow.urgency, level)
        .where(CaseRow.number.in_(numbers))
        .order_by(CaseRow.number)
    ).all()
    clocks = clocks_of_txn(session, numbers)
    return [
        Going(
            TicketNumber(number),
            TicketKind(kind),
            Urgency(urgency),
            ServiceLevel(served),
            clocks.get(number, ()),
        )
        for number, kind, urgency, served in rows
    ]


def left_txn(session: Session) -> CalendarChangeRow | None:
    """The change that still has clocks to move, held so that nobody else moves them."""
    return session.scalar(
        select(CalendarChangeRow)
        .where(CalendarChangeRow.reached.is_not(None))
        .order_by(CalendarChangeRow.version)
        .limit(1)
        .with_for_update()
    )


def _said(row: CalendarDayRow) -> Said:
    spans = read_spans(row.spans) if row.spans else ()
    return Said(DayKind(row.kind), spans, row.name_zh, row.name_en)
