"""Reading and writing what is kept; everything here runs in a database thread."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import FromClause, Insert, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cti.call.kept import KeptCall
from cti.keeping.schema import KeptBindingsRow, KeptCallRow
from cti.kernel.identifiers import CallId
from cti.kernel.plain import from_plain, to_plain
from cti.sip.access.kept import KeptBinding

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Batch:
    """What goes into one transaction; None takes the row away."""

    calls: Mapping[CallId, object | None]
    bindings: Mapping[str, object | None]

    def __len__(self) -> int:
        return len(self.calls) + len(self.bindings)


@dataclass(frozen=True, slots=True)
class Found:
    """What the process before us kept."""

    calls: tuple[KeptCall, ...] = ()
    """In the order of their beginnings."""
    bindings: Mapping[str, tuple[KeptBinding, ...]] = field(default_factory=dict)
    """By account."""
    unreadable: Sequence[str] = ()
    """Calls and accounts whose rows another version wrote, which nobody can read here."""


def write_txn(session: Session, batch: Batch, at: datetime) -> None:
    """Write the batch; rows that are there already are replaced."""
    _write(session, KeptCallRow.__table__, "call_id", batch.calls, at)
    _write(session, KeptBindingsRow.__table__, "account", batch.bindings, at)


def _write(
    session: Session,
    table: FromClause,
    key: str,
    states: Mapping[Any, object | None],
    at: datetime,
) -> None:
    connection = session.connection()
    gone = [name for name, state in states.items() if state is None]
    if gone:
        connection.execute(delete(cast(Table, table)).where(table.c[key].in_(gone)))
    rows = [
        {key: name, "state": to_plain(state), "written": at}
        for name, state in states.items()
        if state is not None
    ]
    if rows:
        connection.execute(_replacing(connection.dialect.name, cast(Table, table), key), rows)


@cache
def _replacing(dialect: str, table: Table, key: str) -> Insert:
    """Past the object mapper, which costs four times as much; both databases spell it alike."""
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    new = {name: statement.excluded[name] for name in ("state", "written")}
    replacing: Insert = statement.on_conflict_do_update(index_elements=[key], set_=new)
    return replacing


def read_txn(session: Session) -> Found:
    """All that is kept."""
    unreadable: list[str] = []
    calls = select(KeptCallRow.call_id, KeptCallRow.state).order_by(KeptCallRow.call_id)
    bindings = select(KeptBindingsRow.account, KeptBindingsRow.state)
    return Found(
        tuple(_readable(KeptCall, session.execute(calls), unreadable).values()),
        _readable(tuple[KeptBinding, ...], session.execute(bindings), unreadable),
        unreadable,
    )


def _readable(kind: type[T], rows: Iterable[Any], unreadable: list[str]) -> dict[str, T]:
    found: dict[str, T] = {}
    for key, state in rows:
        try:
            found[key] = from_plain(kind, state)
        except ValueError:
            unreadable.append(key)
    return found
