"""Many tickets whose deadlines fall due, made quickly: copies of one that was registered."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Table, func, insert, select
from sqlalchemy.orm import Session

from tests.support.databases import DirectDatabase
from tests.support.tickets import TicketDesk
from tickets.clocks.sla import AlarmKind
from tickets.schema import AlarmRow, CaseRow, ClockRow, HistoryRow, MessageRow

AT_ONCE = 1000
"""Rows of one insertion."""


def fill(url: str, dues: Sequence[datetime]) -> None:
    """An empty database with a ticket for each of these instants, its one alarm due then."""
    database = DirectDatabase(url)
    desk = TicketDesk(database, start=min(dues) - timedelta(hours=2))
    number = desk.register().number
    engine = database.engine
    with Session(engine) as session, session.begin():
        case, clock, alarm = (
            _row(session, table, number)
            for table in (CaseRow.__table__, ClockRow.__table__, AlarmRow.__table__)
        )
        session.query(AlarmRow).delete()
        session.query(MessageRow).delete()
    alarm.pop("id")
    copies = [(f"C{index:09}", due) for index, due in enumerate(dues)]
    with engine.begin() as connection:
        for begin in range(0, len(copies), AT_ONCE):
            some = copies[begin : begin + AT_ONCE]
            connection.execute(insert(CaseRow), [case | {"number": each} for each, _ in some])
            connection.execute(
                insert(ClockRow), [clock | {"number": each, "due": due} for each, due in some]
            )
            connection.execute(
                insert(AlarmRow),
                [
                    alarm | {"number": each, "due": due, "kind": AlarmKind.BREACH.value, "level": 0}
                    for each, due in some
                ],
            )
    database.stop()


def fired(engine: Engine) -> int:
    """How many alarms have."""
    with Session(engine) as session:
        count = select(func.count()).select_from(AlarmRow).where(AlarmRow.fired.is_not(None))
        return session.execute(count).scalar_one()


def told(engine: Engine) -> Counter[int]:
    """How many tickets have so many lines of history and messages about their deadline."""
    with Session(engine) as session:
        lines = Counter(
            session.scalars(
                select(HistoryRow.number).where(HistoryRow.action == AlarmKind.BREACH.value)
            )
        )
        messages = Counter(session.scalars(select(MessageRow.number)))
    assert lines == messages
    return Counter(lines.values())


def _row(session: Session, table: Any, number: str) -> dict[str, Any]:
    assert isinstance(table, Table)
    row = session.execute(select(table).where(table.c.number == number).limit(1)).mappings().one()
    return dict(row)
