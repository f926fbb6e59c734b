"""A customer's last calls, as other rooms show them beside the call."""

from twisted.internet.defer import Deferred

from cti.database import Database
from cti.kernel.identifiers import CustomerId
from cti.kernel.ports import CallSummary
from monitoring.cdr import CallRecord
from monitoring.repository import last_calls_txn
from monitoring.wallboard import Floor


class CallHistory:
    """Implements `cti.kernel.ports.CallHistoryPort`."""

    def __init__(self, database: Database, floor: Floor) -> None:
        self._database, self._floor = database, floor

    def last_calls(self, customer_id: CustomerId, limit: int = 5) -> Deferred[list[CallSummary]]:
        """The customer's newest calls that are over, newest first."""
        found = self._database.read(last_calls_txn, customer_id, limit)
        return found.addCallback(lambda records: [self._summary(record) for record in records])

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
