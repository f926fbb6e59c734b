"""Replies by automatic call in the database; everything here runs in the database thread."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from cti.kernel.identifiers import CallId, StaffId, TicketNumber
from cti.kernel.vocabulary import Language, Role
from tickets.messages import add_message_txn
from tickets.model import Audience, CaseState, MessageKind
from tickets.reply_calls.heard import Heard
from tickets.reply_calls.hours import CallingHours
from tickets.reply_calls.model import (
    Claimed,
    Event,
    Interrupted,
    Outcome,
    ReplyCall,
    State,
    Withdrawn,
    step,
)
from tickets.reply_calls.schema import ReplyCallRow
from tickets.schema import CaseRow, HistoryRow

PURPOSE = "reply_call"
"""What a message about one that was given up names."""


def add_txn(session: Session, reply: ReplyCall) -> None:
    """Write a new one, in place of any that the ticket has and that is not over."""
    open_ones = select(ReplyCallRow).where(
        ReplyCallRow.number == reply.number, ReplyCallRow.state != State.ENDED.value
    )
    for row in session.scalars(open_ones):
        row.state, row.outcome = State.ENDED.value, Outcome.WITHDRAWN.value
    session.add(
        ReplyCallRow(
            number=reply.number,
            to=reply.to,
            text=reply.text,
            language=reply.language.value,
            by=reply.by,
            queued=reply.queued,
            **_changing(reply),
        )
    )


def next_due_txn(session: Session) -> datetime | None:
    """When the next one is due, or its lease over; None where none is open."""
    return session.scalar(
        select(ReplyCallRow.due)
        .where(ReplyCallRow.state != State.ENDED.value)
        .order_by(ReplyCallRow.due)
        .limit(1)
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """A server that calls: its name, the length of its leases, and the replies it is calling."""

    server: str
    lease: timedelta
    calling: frozenset[int] = frozenset()


def claim_txn(
    session: Session, now: datetime, holder: Holder, limit: int, hours: CallingHours
) -> list[ReplyCall]:
    """Take up to `limit` that are due, the oldest first; nobody else has them meanwhile.

    Those of a server that died are interrupted, those with nothing left to tell are withdrawn.
    What the holder is calling is its own, whatever time it is.
    """
    due = (
        select(ReplyCallRow)
        .where(ReplyCallRow.state != State.ENDED.value, ReplyCallRow.due <= now)
        .where(ReplyCallRow.id.not_in(holder.calling))
        .order_by(ReplyCallRow.due, ReplyCallRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = []
    for row in session.scalars(due).all():
        reply = step(_reply(row), Interrupted(now), hours, 0)
        if not _awaited_txn(session, row):
            _keep(row, step(reply, Withdrawn(), hours, 0))
        elif reply.due <= now and hours.opening(now) == now:
            reply = step(reply, Claimed(now + holder.lease), hours, 0)
            claimed.append(reply)
            _keep(row, reply)
            row.server = holder.server
        else:
            _keep(row, replace(reply, due=hours.opening(now)))
    return claimed


def happened_txn(
    session: Session, reply: ReplyCall, event: Event, hours: CallingHours, attempts: int
) -> ReplyCall | None:
    """What it is after that; None where it is not ours any more.

    Where that was the last attempt, people are told in the same transaction.
    """
    row = session.get(ReplyCallRow, reply.reply_id, with_for_update=True)
    if row is None or row.state != State.CALLING.value or row.due != reply.due:
        return None
    after = step(_reply(row), event, hours, attempts)
    _keep(row, after)
    if after.outcome is Outcome.GIVEN_UP:
        _give_up_txn(session, after, after.tried[-1])
    return after


def withdrawn_txn(session: Session, reply_id: int) -> bool:
    """Whether another answer took its place, or the customer was told by another way."""
    row = session.get(ReplyCallRow, reply_id)
    return row is None or row.outcome == Outcome.WITHDRAWN.value or _overtaken_txn(session, row)


def wrong_since_txn(session: Session, number: TicketNumber, since: datetime) -> int:
    """How many digits were wrong since then in calls about that ticket, whatever the answer."""
    rows = session.scalars(select(ReplyCallRow.wrong).where(ReplyCallRow.number == number))
    return sum(datetime.fromisoformat(each) >= since for wrong in rows for each in wrong)


def under_way_txn(
    session: Session, reply: ReplyCall, call_id: CallId, answered: datetime | None
) -> None:
    """Keep by which call it is told, for a server that comes after this one."""
    row = session.get(ReplyCallRow, reply.reply_id, with_for_update=True)
    if row is not None and row.state == State.CALLING.value and row.due == reply.due:
        row.call_id, row.answered = call_id, answered


def left_open_txn(
    session: Session, calls: Collection[CallId], server: str
) -> list[tuple[ReplyCall, bool]]:
    """What these calls tell, all else that server had under way, and whether it is waited for."""
    under_way = ReplyCallRow.state == State.CALLING.value
    ours = or_(ReplyCallRow.server == server, ReplyCallRow.server.is_(None))
    rows = session.scalars(
        select(ReplyCallRow).where((under_way & ours) | ReplyCallRow.call_id.in_(calls))
    )
    return [
        (
            _reply(row),
            row.state != State.ENDED.value and _awaited_txn(session, row),
        )
        for row in rows
    ]


def heard_txn(session: Session, heard: Heard) -> ReplyCall | None:
    """The reply that was heard; None where the database knows that it is over, or knows none."""
    row = session.get(ReplyCallRow, heard.reply_id)
    same = row is not None and (row.number, row.queued) == (heard.number, heard.queued)
    return _reply(row) if row is not None and same and row.state != State.ENDED.value else None


def told_txn(
    session: Session, calls: Collection[CallId], server: str, now: datetime
) -> dict[CallId, bool]:
    """Whether each of these calls told its customer; without those that another server is in."""
    rows = session.scalars(select(ReplyCallRow).where(ReplyCallRow.call_id.in_(calls)))
    told = dict.fromkeys(calls, False)
    for row in rows:
        assert row.call_id is not None
        call_id = CallId(row.call_id)
        elsewhere = row.server not in (None, server) and row.due > now
        if row.state == State.CALLING.value and elsewhere:
            del told[call_id]
        else:
            told[call_id] = row.outcome == Outcome.TOLD.value
    return told


def _give_up_txn(session: Session, reply: ReplyCall, now: datetime) -> None:
    """Tell who asked for it, and the dispatchers, that the customer was not reached."""
    audiences = (Audience(Role.AGENT, staff_id=reply.by), Audience(Role.DISPATCHER))
    for audience in audiences:
        add_message_txn(session, reply.number, audience, MessageKind.UNDELIVERED, PURPOSE, now)


def _awaited_txn(session: Session, row: ReplyCallRow) -> bool:
    state = session.scalar(select(CaseRow.state).where(CaseRow.number == row.number))
    return state == CaseState.RESULT_IN.value and not _overtaken_txn(session, row)


def _overtaken_txn(session: Session, row: ReplyCallRow) -> bool:
    """Whether there is a later result than the one that is to be read."""
    result = CaseState.RESULT_IN.value
    later = exists().where(
        HistoryRow.number == row.number,
        HistoryRow.at > row.queued,
        HistoryRow.state == result,
        HistoryRow.previous != result,
    )
    return bool(session.scalar(select(later)))


def _keep(row: ReplyCallRow, reply: ReplyCall) -> None:
    for name, value in _changing(reply).items():
        setattr(row, name, value)


def _changing(reply: ReplyCall) -> dict[str, object]:
    return {
        "due": reply.due,
        "state": reply.state.value,
        "tried": [each.isoformat() for each in reply.tried],
        "wrong": [each.isoformat() for each in reply.wrong],
        "call_id": reply.call_id,
        "answered": reply.answered,
        "outcome": reply.outcome.value if reply.outcome else None,
    }


def _reply(row: ReplyCallRow) -> ReplyCall:
    return ReplyCall(
        reply_id=row.id,
        number=TicketNumber(row.number),
        to=row.to,
        text=row.text,
        language=Language(row.language),
        by=StaffId(row.by),
        queued=row.queued,
        due=row.due,
        state=State(row.state),
        tried=tuple(datetime.fromisoformat(each) for each in row.tried),
        wrong=tuple(datetime.fromisoformat(each) for each in row.wrong),
        call_id=CallId(row.call_id) if row.call_id else None,
        answered=row.answered,
        outcome=Outcome(row.outcome) if row.outcome else None,
    )
