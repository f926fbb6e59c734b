"""What a running house has written of a case, in the form of tables a person could read."""

from collections.abc import Sequence

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from tests.support.leaping_house import LeapingHouse, minute
from tickets import repository
from tickets.model import Case, HistoryEntry

Table = list[list[str]]


def table(text: str) -> Table:
    """The words of each line."""
    return [line.split() for line in text.strip().splitlines()]


def clocks_of(house: LeapingHouse, number: str) -> Table:
    """Serial, kind, order, started, due, stopped and end of each clock."""
    rows = house.rows("SELECT * FROM ticket_clocks WHERE number = ? ORDER BY serial", number)
    return [
        _line(
            row["serial"],
            row["kind"],
            row["dispatch"] or "-",
            minute(row["started"]),
            minute(row["due"]),
            minute(row["stopped"]) if row["stopped"] else "runs",
            row["end"],
        )
        for row in rows
    ]


def messages_of(house: LeapingHouse, number: str) -> Table:
    """When, why, about what and to whom of each message."""
    rows = house.rows("SELECT * FROM ticket_messages WHERE number = ? ORDER BY id", number)
    return [
        _line(
            minute(row["at"]),
            row["kind"],
            row["subject"],
            row["role"],
            row["department_id"],
            row["staff_id"],
        )
        for row in rows
    ]


def case_of(house: LeapingHouse, number: str) -> tuple[Case, Sequence[HistoryEntry]]:
    """The case as it is kept, with its history."""
    engine = create_engine(f"sqlite:///{house.var / 'hotline.sqlite'}")
    try:
        with Session(engine) as session:
            stored = repository.load_case_txn(session, number)
            assert stored is not None
            return stored.case, repository.history_txn(session, number)
    finally:
        engine.dispose()


def history_of(house: LeapingHouse, number: str) -> Table:
    """When, what, who, and where case and order stood after it."""
    _, history = case_of(house, number)
    return [
        _line(minute(each.at), each.action, each.by, each.state, each.order_state)
        for each in history
    ]


def _line(*values: object) -> list[str]:
    return " ".join(str(value) for value in values if value not in (None, "")).split()
