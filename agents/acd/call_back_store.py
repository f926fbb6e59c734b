"""Call-backs in the database, written behind the work: the latest state of each, one at a time."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from agents.acd.call_back import CallBack
from agents.schema import CallBackRow
from cti.database import Database
from cti.kernel.identifiers import CallId
from cti.kernel.plain import from_plain, to_plain


class CallBackStore:
    """Implements `agents.acd.call_backs.Store`."""

    log = Logger()

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed: dict[CallId, CallBack] = {}
        self._writing = False

    def save(self, call_back: CallBack) -> None:
        """Keep it as it is now; what changes while another is written follows together."""
        self._changed[call_back.call_id] = call_back
        if not self._writing:
            self._write()

    def load(self) -> Deferred[list[CallBack]]:
        """Those that are not over, in the order in which they were promised."""
        return self._database.read(open_call_backs_txn)

    def _write(self) -> None:
        changed, self._changed = list(self._changed.values()), {}
        self._writing = True
        written = self._database.run(save_call_backs_txn, changed)
        written.addErrback(self._failed).addCallback(self._written)

    def _written(self, _: object) -> None:
        self._writing = False
        if self._changed:
            self._write()

    def _failed(self, failure: Failure) -> None:
        self.log.failure("call-backs were not written", failure)


def save_call_backs_txn(session: Session, call_backs: Iterable[CallBack]) -> None:
    """Add them, or replace what was known of them."""
    for call_back in call_backs:
        session.merge(
            CallBackRow(
                call_id=call_back.call_id,
                queue_id=call_back.queue_id,
                customer_id=call_back.customer_id,
                promised=call_back.promised,
                outcome=call_back.outcome.value if call_back.outcome else None,
                record=to_plain(call_back),
            )
        )


def open_call_backs_txn(session: Session) -> list[CallBack]:
    """Those without an outcome, in the order in which they were promised."""
    found = select(CallBackRow).where(CallBackRow.outcome.is_(None)).order_by(CallBackRow.promised)
    return [from_plain(CallBack, row.record) for row in session.scalars(found)]
