"""Reading and writing what is kept; everything here runs in a database thread."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select
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
    if batch.calls:
        session.execute(delete(KeptCallRow).where(KeptCallRow.call_id.in_(batch.calls)))
    if batch.bindings:
        session.execute(delete(KeptBindingsRow).where(KeptBindingsRow.account.in_(batch.bindings)))
    calls = [
        {"call_id": call_id, "state": to_plain(state), "written": at}
        for call_id, state in batch.calls.items()
        if state is not None
    ]
    if calls:
        session.execute(insert(KeptCallRow), calls)
    bindings = [
        {"account": account, "state": to_plain(state), "written": at}
        for account, state in batch.bindings.items()
        if state is not None
    ]
    if bindings:
        session.execute(insert(KeptBindingsRow), bindings)


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
