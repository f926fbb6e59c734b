"""Reading and writing the journal and the call records; everything here runs in a database thread.

A call record is never written by hand: the transaction that adds events to the journal folds the
records of the calls they concern from the journal itself, so both are always of one mind. Rows are
written a batch at a time, a statement for each table, however many calls the batch is about.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Select, Table, bindparam, delete, func, insert, or_, select, tuple_
from sqlalchemy.orm import Session

from agents.events import CallWrappedUp  # noqa: F401  (registers its kinds for decode)
from cti.call.events import CallCleared, CallEvent, CallStarted
from cti.kernel.errors import LocalError
from cti.kernel.events import Event, decode, encode, type_of_kind
from cti.kernel.identifiers import AgentId, CallId, CustomerId, QueueId
from ivr.events import FlowEntered  # noqa: F401  (registers its kinds for decode)
from monitoring.cdr import CallRecord, Outcome, record_of
from monitoring.rows import call_values, leg_values, record_from, wait_values
from monitoring.schema import CallRow, JournalRow, LegRow, WaitRow
from tickets.events import TicketEvent  # noqa: F401  (registers its kinds for decode)

_EVENTS, _CALLS, _LEGS, _WAITS = (
    cast(Table, row.__table__) for row in (JournalRow, CallRow, LegRow, WaitRow)
)
"""Written past the object mapper, which costs more than the database."""
_STANDS = select(_EVENTS.c.kind, _EVENTS.c.record).where(
    _EVENTS.c.sequence == bindparam("sequence")
)
_ADD = {table: insert(table) for table in (_EVENTS, _CALLS, _LEGS, _WAITS)}
_ENDED = select(_CALLS.c.call_id).where(
    _CALLS.c.call_id.in_(bindparam("calls", expanding=True)), _CALLS.c.ended.is_not(None)
)
_REMOVE = delete(_CALLS).where(_CALLS.c.call_id.in_(bindparam("calls", expanding=True)))
_TOLD = (
    select(_EVENTS.c.kind, _EVENTS.c.record)
    .where(_EVENTS.c.call_id.in_(bindparam("calls", expanding=True)))
    .order_by(_EVENTS.c.sequence)
)
"""What every batch needs, composed once: that takes longer than having it carried out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event with its place in the journal."""

    sequence: int
    event: Event


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which call records; None and empty mean any. One of `numbers` is part of either number."""

    since: datetime | None = None
    until: datetime | None = None
    outcome: Outcome | None = None
    queue_id: QueueId | None = None
    agent_id: AgentId | None = None
    customer_id: CustomerId | None = None
    numbers: tuple[str, ...] = ()
    recorded: bool = False
    """Only calls with a recording."""


Cursor = tuple[datetime, CallId]
"""Start and id of the last call of a page; the next page goes on after it."""


@dataclass(frozen=True, slots=True)
class CallPage:
    """A page of call records, the newest first, and where the next one begins."""

    records: list[CallRecord]
    next: Cursor | None


class ForeignWriterError(LocalError):
    """Another server on the same database was quicker: these numbers are taken."""


# --- journal --------------------------------------------------------------------------------


def last_sequence_txn(session: Session) -> int:
    """The number of the newest event, 0 in an empty journal."""
    return session.scalar(select(func.max(JournalRow.sequence))) or 0


def append_events_txn(session: Session, first: int, events: Sequence[Event]) -> None:
    """Add the events as numbers `first` and following, and fold the calls they concern.

    Safe to repeat when a commit's success did not reach us: a batch that stands there already is
    left alone. ForeignWriterError when something else stands there.
    """
    if (there := session.execute(_STANDS, {"sequence": first}).one_or_none()) is not None:
        kind, record = there
        if (kind, record) != (events[0].kind, encode(events[0])):
            raise ForeignWriterError(f"journal {first} is {kind}, not {events[0].kind}")
        return
    rows = [_row(first + offset, event) for offset, event in enumerate(events)]
    _insert(session, _EVENTS, rows)
    _store_records(session, [event for event in events if isinstance(event, CallEvent)])


def read_journal_txn(
    session: Session,
    after: int = 0,
    *,
    since: datetime | None = None,
    call_id: CallId | None = None,
    kinds: Collection[str] = (),
    limit: int | None = None,
) -> list[Entry]:
    """Events numbered above `after` in their order; kinds nobody defines any more are left out."""
    query = select(JournalRow.sequence, JournalRow.kind, JournalRow.record)
    query = query.where(JournalRow.sequence > after).order_by(JournalRow.sequence).limit(limit)
    if since is not None:
        query = query.where(JournalRow.at >= since)
    if call_id is not None:
        query = query.where(JournalRow.call_id == call_id)
    if kinds:
        query = query.where(JournalRow.kind.in_(kinds))
    return [
        Entry(sequence, decode(kind, record))
        for sequence, kind, record in session.execute(query)
        if kind in type_of_kind
    ]


def last_instant_txn(session: Session) -> datetime | None:
    """When the newest event of the journal happened."""
    newest = select(JournalRow.at).order_by(JournalRow.sequence.desc()).limit(1)
    return session.scalar(newest)


def call_events_txn(session: Session, call_id: CallId) -> list[CallEvent]:
    """Everything that happened to the call."""
    entries = read_journal_txn(session, call_id=call_id)
    return [entry.event for entry in entries if isinstance(entry.event, CallEvent)]


def _row(sequence: int, event: Event) -> dict[str, object]:
    return {
        "sequence": sequence,
        "at": event.at,
        "kind": event.kind,
        "call_id": event.call_id if isinstance(event, CallEvent) else None,
        "record": encode(event),
    }


# --- call records ---------------------------------------------------------------------------


def find_record_txn(session: Session, call_id: CallId) -> CallRecord | None:
    """The call's record; one of a call that is up is as far as it has come."""
    row = session.get(CallRow, call_id)
    if row is None:
        return None
    return record_from(row) if row.ended else record_of(call_events_txn(session, call_id))


def find_calls_txn(
    session: Session, wanted: CallFilter, before: Cursor | None = None, limit: int = 50
) -> CallPage:
    """Call records, the newest first, after the `before` of an earlier page."""
    query = _filtered(select(CallRow), wanted)
    if before is not None:
        query = query.where(tuple_(CallRow.started, CallRow.call_id) < tuple_(*before))
    newest = query.order_by(CallRow.started.desc(), CallRow.call_id.desc()).limit(limit + 1)
    rows = list(session.scalars(newest))
    more = len(rows) > limit
    records = [record_from(row) for row in rows[:limit]]
    return CallPage(records, (records[-1].started, records[-1].call_id) if more else None)


def last_calls_txn(session: Session, customer_id: CustomerId, limit: int) -> list[CallRecord]:
    """The customer's newest calls that are over."""
    query = (
        select(CallRow)
        .where(CallRow.customer_id == customer_id, CallRow.ended.is_not(None))
        .order_by(CallRow.started.desc())
        .limit(limit)
    )
    return [record_from(row) for row in session.scalars(query)]


def open_calls_txn(session: Session) -> list[list[CallEvent]]:
    """The events of each call that has no end, or whose recording has none."""
    ids = session.scalars(select(CallRow.call_id).where(CallRow.open.is_(True)))
    return [call_events_txn(session, CallId(call_id)) for call_id in ids]


def _filtered(query: Select[CallRow], wanted: CallFilter) -> Select[CallRow]:
    equal = {
        CallRow.outcome: wanted.outcome and wanted.outcome.value,
        CallRow.queue_id: wanted.queue_id,
        CallRow.agent_id: wanted.agent_id,
        CallRow.customer_id: wanted.customer_id,
    }
    query = query.where(*(column == value for column, value in equal.items() if value))
    if wanted.since is not None:
        query = query.where(CallRow.started >= wanted.since)
    if wanted.until is not None:
        query = query.where(CallRow.started < wanted.until)
    if wanted.recorded:
        query = query.where(CallRow.recording.is_not(None))
    if wanted.numbers:
        columns = CallRow.calling, CallRow.called
        parts = [
            column.contains(number, autoescape=True)
            for number in wanted.numbers
            for column in columns
        ]
        query = query.where(or_(*parts))
    return query


def _store_records(session: Session, events: Iterable[CallEvent]) -> None:
    """Fold the calls that began or ended in these events, or ended before and had more to tell."""
    told: dict[CallId, list[CallEvent]] = {}
    for event in events:
        told.setdefault(event.call_id, []).append(event)
    # Of a call that began here all is known: what comes before its beginning is nobody's.
    begun = {call_id: each for call_id, each in told.items() if _any(each, CallStarted)}
    others = {call_id: each for call_id, each in told.items() if call_id not in begun}
    ended = _over(session, others)
    if ended:
        # Their legs and waits go with them.
        session.connection().execute(_REMOVE, {"calls": ended})
    folded = map(record_of, (*begun.values(), *_events_of(session, ended).values()))
    records = [record for record in folded if record is not None]
    _insert(session, _CALLS, [call_values(record) for record in records])
    _insert(session, _LEGS, [row for record in records for row in leg_values(record)])
    _insert(session, _WAITS, [row for record in records for row in wait_values(record)])


def _over(session: Session, told: Mapping[CallId, Iterable[CallEvent]]) -> list[CallId]:
    """Of calls that began before these events, those that end in them or had ended already."""
    ending = [call_id for call_id, events in told.items() if _any(events, CallCleared)]
    if len(ending) == len(told):
        return ending
    rest = told.keys() - ending
    return [*ending, *map(CallId, session.scalars(_ENDED, {"calls": list(rest)}))]


def _events_of(session: Session, calls: Collection[CallId]) -> dict[CallId, list[CallEvent]]:
    """Everything that happened to these calls."""
    if not calls:
        return {}
    found: dict[CallId, list[CallEvent]] = {}
    for kind, record in session.execute(_TOLD, {"calls": list(calls)}):
        event = decode(kind, record) if kind in type_of_kind else None
        if isinstance(event, CallEvent):
            found.setdefault(event.call_id, []).append(event)
    return found


def _any(events: Iterable[CallEvent], kind: type[CallEvent]) -> bool:
    return any(isinstance(event, kind) for event in events)


def _insert(session: Session, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        session.connection().execute(_ADD[table], rows)
