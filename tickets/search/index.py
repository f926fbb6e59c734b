"""The index follows its tickets: written in the transaction of every act, so it is never behind.

Everything here runs in the database thread, inside the caller's transaction.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from cti.kernel.identifiers import DepartmentId, StaffId
from tickets.clocks.sla import Clock
from tickets.model import RANKS, Case
from tickets.search.facets import Entry, entry_of, more_said
from tickets.search.places import places_of
from tickets.search.schema import EntryRow, PlaceRow
from tickets.search.words import drop_txn, put_txn


def index_case_txn(session: Session, case: Case, clocks: Iterable[Clock]) -> None:
    """Let the case be found as it is now, in the lists where it lies now."""
    places = places_of(case, clocks)
    row = session.scalar(select(EntryRow).where(EntryRow.number == case.number))
    if row is None:
        entry = entry_of(case, places)
        row = EntryRow(
            number=case.number, opened=case.opened, changed=case.opened, **_columns(entry)
        )
        session.add(row)
        session.flush()
        put_txn(session, row.id, entry.terms, None)
    else:
        _change_txn(session, row, entry_of(case, places, row.said))
    there = {
        (each.place, each.due): each
        for each in session.scalars(select(PlaceRow).where(PlaceRow.entry == row.id))
    }
    wanted = set(places.items())
    if gone := there.keys() - wanted:
        _leave_txn(session, row.id, {place for place, _ in gone})
    session.add_all(
        PlaceRow(
            place=place,
            due=due,
            entry=row.id,
            urgency=RANKS[case.draft.urgency],
            changed=row.changed,
        )
        for place, due in wanted - there.keys()
    )
    session.flush()


def touched_txn(session: Session, case: Case, at: datetime) -> None:
    """Let the case stand where one belongs that was acted on then, and is as urgent as it is."""
    entry = select(EntryRow.id).where(EntryRow.number == case.number).scalar_subquery()
    session.execute(
        update(PlaceRow)
        .where(PlaceRow.entry == entry)
        .values(changed=at, urgency=RANKS[case.draft.urgency])
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(EntryRow)
        .where(EntryRow.number == case.number)
        .values(changed=at)
        .execution_options(synchronize_session=False)
    )


def reindex_txn(session: Session, number: str, texts: Iterable[str]) -> None:
    """Let the ticket be found by these texts too: a note, a reply, a letter.

    Nothing happens for a ticket that is not in the index.
    """
    text = "\n".join(filter(None, texts))
    row = session.scalar(select(EntryRow).where(EntryRow.number == number)) if text else None
    if row is not None:
        _change_txn(session, row, replace(_entry(row), said=more_said(row.said, text)))


def forget_txn(session: Session, number: str) -> None:
    """Let the ticket be found by nothing any more; its rows are deleted by who deletes it."""
    row = session.scalar(select(EntryRow).where(EntryRow.number == number))
    if row is not None:
        drop_txn(session, row.id, _entry(row).terms)


def _entry(row: EntryRow) -> Entry:
    return Entry(
        facets=tuple(row.facets.split("\n")),
        matter=row.matter,
        whose=row.whose,
        said=row.said,
        about_staff=StaffId(row.about_staff) if row.about_staff else None,
        about_unit=DepartmentId(row.about_unit) if row.about_unit else None,
    )


def _change_txn(session: Session, row: EntryRow, entry: Entry) -> None:
    before, after = _entry(row).terms, entry.terms
    for name, value in _columns(entry).items():
        setattr(row, name, value)
    session.flush()
    if before != after:
        put_txn(session, row.id, after, before)


def _columns(entry: Entry) -> dict[str, str | None]:
    return {
        "facets": "\n".join(entry.facets),
        "matter": entry.matter,
        "whose": entry.whose,
        "said": entry.said,
        "about_staff": entry.about_staff,
        "about_unit": entry.about_unit,
    }


def _leave_txn(session: Session, entry: int, places: Collection[str]) -> None:
    session.execute(delete(PlaceRow).where(PlaceRow.entry == entry, PlaceRow.place.in_(places)))
