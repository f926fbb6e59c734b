"""What a desk keeps, in the database; every function runs in the database thread."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from agents.desk.model import Coding, CustomerNote, Favourite, FavouriteKind, FollowUp, Known
from agents.desk.schema import (
    CallCodeRow,
    CustomerConsentRow,
    CustomerNoteRow,
    FavouriteRow,
    FollowUpRow,
)
from agents.schema import CallNoteRow
from cti.kernel.identifiers import AgentId, CallId, CustomerId, StaffId

# --- codes ----------------------------------------------------------------------------------


def save_coding_txn(session: Session, coding: Coding, follow_up: FollowUp | None) -> bool:
    """Keep the code and its follow-up in place of those before; whether there was none before."""
    first = session.get(CallCodeRow, (coding.call_id, coding.agent_id)) is None
    session.merge(
        CallCodeRow(
            call_id=coding.call_id,
            agent_id=coding.agent_id,
            code=coding.code,
            at=coding.at,
            follow_up=coding.follow_up,
        )
    )
    if follow_up is None:
        session.execute(
            delete(FollowUpRow)
            .where(FollowUpRow.call_id == coding.call_id)
            .where(FollowUpRow.agent_id == coding.agent_id)
            .where(FollowUpRow.done.is_(None))
        )
        return first
    session.merge(
        FollowUpRow(
            call_id=follow_up.call_id,
            agent_id=follow_up.agent_id,
            due=follow_up.due,
            note=follow_up.note,
            customer_id=follow_up.customer_id,
            name=follow_up.name,
            number=follow_up.number,
            done=None,
        )
    )
    return first


def codings_txn(session: Session, calls: Collection[CallId]) -> Mapping[CallId, list[Coding]]:
    """What agents said those calls were about, in the order of saying it."""
    rows = session.scalars(
        select(CallCodeRow).where(CallCodeRow.call_id.in_(calls)).order_by(CallCodeRow.at)
    )
    found: dict[CallId, list[Coding]] = {}
    for row in rows:
        found.setdefault(CallId(row.call_id), []).append(_coding(row))
    return found


def summaries_txn(session: Session, calls: Collection[CallId]) -> Mapping[CallId, str]:
    """What was written last about each of those calls."""
    rows = session.scalars(
        select(CallNoteRow).where(CallNoteRow.call_id.in_(calls)).order_by(CallNoteRow.saved)
    )
    return {CallId(row.call_id): row.text for row in rows if row.text}


# --- follow-ups -----------------------------------------------------------------------------


def follow_ups_txn(session: Session) -> Mapping[AgentId, list[FollowUp]]:
    """What each agent has yet to follow up, the earliest due first."""
    rows = session.scalars(
        select(FollowUpRow)
        .where(FollowUpRow.done.is_(None))
        .order_by(FollowUpRow.due, FollowUpRow.call_id)
    )
    found: dict[AgentId, list[FollowUp]] = {}
    for row in rows:
        found.setdefault(AgentId(row.agent_id), []).append(_follow_up(row))
    return found


def finish_follow_up_txn(
    session: Session, call_id: CallId, agent_id: AgentId, at: datetime
) -> bool:
    """The follow-up is done; False when there is none, or it was done before."""
    row = session.get(FollowUpRow, (call_id, agent_id))
    if row is None or row.done is not None:
        return False
    row.done = at
    return True


# --- customers ------------------------------------------------------------------------------


def add_customer_note_txn(session: Session, note: CustomerNote) -> None:
    """Keep the note."""
    session.add(
        CustomerNoteRow(
            customer_id=note.customer_id,
            at=note.at,
            by=note.by,
            text=note.text,
            important=note.important,
        )
    )


def set_consent_txn(
    session: Session, customer_id: CustomerId, purpose: str, given: bool, at: datetime
) -> None:
    """The customer agreed, or refused, at that instant."""
    session.merge(CustomerConsentRow(customer_id=customer_id, purpose=purpose, given=given, at=at))


def known_txn(session: Session, customer_id: CustomerId, notes: int) -> Known:
    """Consents, and so many notes, the newest and before those the important ones."""
    rows = session.scalars(
        select(CustomerNoteRow)
        .where(CustomerNoteRow.customer_id == customer_id)
        .order_by(
            CustomerNoteRow.important.desc(), CustomerNoteRow.at.desc(), CustomerNoteRow.id.desc()
        )
        .limit(notes)
    )
    consents = session.scalars(
        select(CustomerConsentRow)
        .where(CustomerConsentRow.customer_id == customer_id)
        .order_by(CustomerConsentRow.purpose)
    )
    return Known(
        notes=tuple(
            CustomerNote(
                CustomerId(row.customer_id), row.at, StaffId(row.by), row.text, row.important
            )
            for row in sorted(rows, key=lambda row: (row.at, row.id), reverse=True)
        ),
        consents={row.purpose: row.given for row in consents},
    )


# --- favourites -----------------------------------------------------------------------------


def favourites_txn(session: Session) -> Mapping[StaffId, frozenset[Favourite]]:
    """Everybody's favourites."""
    found: dict[StaffId, set[Favourite]] = {}
    for row in session.scalars(select(FavouriteRow)):
        found.setdefault(StaffId(row.staff_id), set()).add(
            Favourite(FavouriteKind(row.kind), row.target)
        )
    return {staff_id: frozenset(each) for staff_id, each in found.items()}


def set_favourite_txn(
    session: Session, staff_id: StaffId, favourite: Favourite, wanted: bool
) -> None:
    """Keep the favourite, or forget it."""
    row = FavouriteRow(staff_id=staff_id, kind=favourite.kind.value, target=favourite.target)
    if wanted:
        session.merge(row)
        return
    session.execute(
        delete(FavouriteRow)
        .where(FavouriteRow.staff_id == staff_id)
        .where(FavouriteRow.kind == favourite.kind.value, FavouriteRow.target == favourite.target)
    )


def _coding(row: CallCodeRow) -> Coding:
    return Coding(CallId(row.call_id), AgentId(row.agent_id), row.code, row.at, row.follow_up)


def _follow_up(row: FollowUpRow) -> FollowUp:
    return FollowUp(
        call_id=CallId(row.call_id),
        agent_id=AgentId(row.agent_id),
        due=row.due,
        note=row.note,
        customer_id=CustomerId(row.customer_id) if row.customer_id else None,
        name=row.name,
        number=row.number,
    )
