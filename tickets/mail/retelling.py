"""What happened to letters of no ticket, made again by the tables for a house that lost its events.

Runs in the database thread. A row is written before its event goes out, so what a row tells and no
event did was lost in between. Letters that came are told by their own rows, decisions by theirs.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from cti.kernel.events import Event
from cti.kernel.identifiers import StaffId, TicketNumber
from tickets.events import LetterDecided, LetterEvent, LetterUnfiled
from tickets.mail.schema import MailActRow, MailRow

AT_ONCE = 500
"""Rows read at a time."""
MOST = 20_000
"""Rows of each table that are looked through."""
SHORTLY = timedelta(minutes=10)
CAME = ""

R = TypeVar("R", MailRow, MailActRow)
Key = tuple[int, str]


def untold_letters_txn(
    session: Session, since: datetime | None, told: Iterable[Event]
) -> list[LetterEvent]:
    """The events of letters since then, in their order, that are not among those `told` since then.

    None, where nothing was ever told: since shortly before the last of each.
    """
    known = Counter(_key(event) for event in told if isinstance(event, LetterEvent))
    untold: list[LetterEvent] = []
    came = map(_came, _newest_txn(session, MailRow, since))
    decided = map(_decided, _newest_txn(session, MailActRow, since))
    for event in filter(None, chain(came, decided)):
        if known[_key(event)]:
            known[_key(event)] -= 1
        else:
            untold.append(event)
    untold.reverse()
    return sorted(untold, key=lambda event: event.at)


def _newest_txn(session: Session, table: type[R], since: datetime | None) -> Iterator[R]:
    newest = select(table).order_by(table.id.desc()).limit(AT_ONCE)
    rows = session.scalars(newest).all()
    for _ in range(MOST // AT_ONCE):
        since = since or (rows[0].at - SHORTLY if rows else None)
        for row in rows:
            if since is not None and row.at < since:
                return
            yield row
        if not rows:
            return
        rows = session.scalars(newest.where(table.id < rows[-1].id)).all()


def _came(row: MailRow) -> LetterEvent | None:
    """None for letters that belonged to a ticket when they came."""
    return LetterUnfiled(at=row.at, mail_id=row.id) if row.why else None


def _decided(row: MailActRow) -> LetterEvent:
    return LetterDecided(
        at=row.at,
        mail_id=row.mail,
        deed=row.deed,
        by=StaffId(row.by),
        number=TicketNumber(row.number) if row.number else None,
    )


def _key(event: LetterEvent) -> Key:
    """What tells it from the others of the letter; events go out a little after their rows."""
    return event.mail_id, event.deed if isinstance(event, LetterDecided) else CAME
