"""Sign-in attempts in the database, counted before the PINs are looked at.

An attempt is charged first and forgiven when it succeeds, so guesses made at the same moment on
several lines are counted each, and a crash in between forgives none. Numbers that do not exist are
charged and locked like those that do.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ivr.bank.schema import AttemptsRow


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """How many wrong sign-ins within `window` lock for `lock`."""

    limit: int = 3
    window: timedelta = timedelta(hours=24)
    lock: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Charge:
    """An attempt that was counted.

    With `refused_until` it may not go on. `locks_until` is when the lock ends that this attempt
    leaves behind unless it succeeds.
    """

    refused_until: datetime | None = None
    locks_until: datetime | None = None


def charge_txn(
    session: Session, subjects: Sequence[str], policy: LockPolicy, now: datetime
) -> Charge:
    """Count an attempt for every subject (digests of the numbers keyed in)."""
    # In one order for everybody, so that two sign-ins never wait for each other's row.
    rows = [_row_txn(session, subject, now) for subject in sorted(subjects)]
    refused = [row.locked_until for row in rows if row.locked_until and row.locked_until > now]
    if refused:
        return Charge(refused_until=max(refused))
    for row in rows:
        if row.locked_until is not None or row.since + policy.window <= now:
            row.count, row.since, row.locked_until = 0, now, None
        row.count += 1
        if row.count >= policy.limit:
            row.locked_until = now + policy.lock
    return Charge(
        locks_until=max((row.locked_until for row in rows if row.locked_until), default=None)
    )


def forgive_txn(session: Session, subjects: Sequence[str]) -> None:
    """Forget the attempts of a sign-in that succeeded."""
    session.execute(delete(AttemptsRow).where(AttemptsRow.subject.in_(subjects)))


def forget_old_txn(session: Session, policy: LockPolicy, now: datetime) -> int:
    """Delete what no longer counts, so that numbers once keyed in leave no trace; how many."""
    gone = session.execute(
        delete(AttemptsRow)
        .where(AttemptsRow.since <= now - max(policy.window, policy.lock))
        .where(or_(AttemptsRow.locked_until.is_(None), AttemptsRow.locked_until <= now))
        .returning(AttemptsRow.subject)
    )
    return len(gone.all())


def _row_txn(session: Session, subject: str, now: datetime) -> AttemptsRow:
    chosen = select(AttemptsRow).where(AttemptsRow.subject == subject).with_for_update()
    row = session.scalar(chosen)
    if row is None:
        # Another line may add the same row at this moment; then that one is taken.
        with suppress(IntegrityError), session.begin_nested():
            session.add(AttemptsRow(subject=subject, count=0, since=now, locked_until=None))
        row = session.scalars(chosen).one()
    return row
