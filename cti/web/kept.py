"""Sign-ins in the database, by digests of their tokens: written when they change, read once."""

from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as DatabaseSession
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.database import Database
from cti.kernel.identifiers import StaffId
from cti.web.schema import WebSessionRow
from cti.web.sessions import KeptSession


class SessionKeeper:
    """Implements `cti.web.sessions.Keeper`; a sign-in that cannot be written is one all the same.

    Its person has to sign in again after a restart.
    """

    log = Logger()

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> Deferred[list[KeptSession]]:
        """What the server before us kept."""
        return self._database.read(read_txn)

    def forget_all(self) -> Deferred[None]:
        """Everybody signs in again."""
        return self._database.run(forget_txn)

    def keep(self, session: KeptSession) -> None:
        """The session is open, and was used then."""
        self._database.run(keep_txn, session).addErrback(self._failed)

    def forget(self, digest: str) -> None:
        """The session is over."""
        self._database.run(forget_txn, digest).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        # Never the error's own text: it may quote what was being written.
        why = failure.type.__name__ if failure.type else "unknown"
        self.log.warn("a sign-in cannot be kept for a restart ({why})", why=why)


def keep_txn(session: DatabaseSession, kept: KeptSession) -> None:
    """Write the sign-in, or when it was used last."""
    session.merge(
        WebSessionRow(
            digest=kept.digest,
            staff_id=kept.staff_id,
            opened=datetime.fromtimestamp(kept.opened, UTC),
            used=datetime.fromtimestamp(kept.used, UTC),
        )
    )


def forget_txn(session: DatabaseSession, digest: str | None = None) -> None:
    """Take the sign-in away; None: all of them."""
    rows = delete(WebSessionRow)
    session.execute(rows if digest is None else rows.where(WebSessionRow.digest == digest))


def read_txn(session: DatabaseSession) -> list[KeptSession]:
    """Every sign-in."""
    return [
        KeptSession(row.digest, StaffId(row.staff_id), row.opened.timestamp(), row.used.timestamp())
        for row in session.scalars(select(WebSessionRow))
    ]
