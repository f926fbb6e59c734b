"""A customer's last calls, as other rooms show them beside the call."""

from twisted.internet.defer import Deferred

from cti.call.model import Direction
from cti.database import Database
from cti.kernel.identifiers import CallId, CustomerId
from cti.kernel.ports import CallSummary
from monitoring.cdr import CallRecord
from monitoring.repository import find_record_txn, last_calls_txn
from monitoring.wallboard import Floor


class CallHistory:
    """Implements `cti.kernel.ports.CallHistoryPort`."""

    def __init__(self, database: Database, floor: Floor) -> None:
        self._database, self._floor = database, floor

    def last_calls(self, customer_id: CustomerId, limit: int = 5) -> Deferred[list[CallSummary]]:
        """The customer's newest calls that are over, newest first."""
        found = self._database.read(last_calls_txn, customer_id, limit)
        return found.addCallback(lambda records: [self._summary(record) for record in records])

    def number_of(self, call_id: CallId) -> Deferred[str]:
        """The number of whoever was outside in that call; empty when it is not known."""
        found = self._database.read(find_record_txn, call_id)
        return found.addCallback(lambda record: _outside(record) if record else "")

    def _summary(self, record: CallRecord) -> CallSummary:
        agent = record.agent_id
        return CallSummary(
            call_id=record.call_id,
            started=record.started,
            seconds=record.seconds,
            outcome=record.outcome.value if record.outcome else "",
            agent_name=self._floor.agent_name(agent) if agent else None,
            path=record.path,
        )


def _outside(record: CallRecord) -> str:
    """Who called, or who was called by us."""
    match record.direction:
        case Direction.INBOUND:
            return record.calling
        case Direction.OUTBOUND:
            return record.called
    return ""
