"""Reading and writing what is kept; everything here runs in a database thread."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from cti.keeping.schema import KeptBindingsRow, KeptCallRow
from cti.kernel.identifiers import CallId
from cti.kernel.plain import Plain, to_plain


@dataclass(frozen=True, slots=True)
class Batch:
    """What goes into one transaction; None takes the row away."""

    calls: Mapping[CallId, object | None]
    bindings: Mapping[str, object | None]

    def __len__(self) -> int:
        return len(self.calls) + len(self.bindings)


@dataclass(frozen=True, slots=True)
class Row:
    """A state as it was written, and when."""

    key: str
    state: Plain
    written: datetime


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


def calls_txn(session: Session) -> list[Row]:
    """Every call that is kept, in the order of their beginnings."""
    rows = session.scalars(select(KeptCallRow).order_by(KeptCallRow.call_id))
    return [Row(row.call_id, row.state, row.written) for row in rows]


def bindings_txn(session: Session) -> list[Row]:
    """The bindings of every account that are kept."""
    rows = session.scalars(select(KeptBindingsRow).order_by(KeptBindingsRow.account))
    return [Row(row.account, row.state, row.written) for row in rows]
