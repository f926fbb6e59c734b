"""An outbox over a database in memory, with carriers that do as they are told."""

from datetime import datetime, timedelta

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock

from cti.kernel.clock import utc
from cti.kernel.identifiers import TicketNumber
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.offices import counting
from tests.support.tickets import MONDAY
from tickets.delivery.model import Channel, Ended, Outgoing, Purpose, Undelivered
from tickets.delivery.outbox import Outbox, queue_txn
from tickets.delivery.schedule import Patience


class FakeCarrier:
    """Notes what it is given; `wrong` is what it fails with, `slow` keeps it from answering."""

    def __init__(self) -> None:
        self.carried: list[tuple[str, Outgoing]] = []
        self.wrong: Exception | None = None
        self.slow = False
        self.pending: list[Deferred[str]] = []

    def carry(self, outgoing: Outgoing, delivery_id: str) -> Deferred[str]:
        self.carried.append((delivery_id, outgoing))
        if self.wrong is not None:
            return fail(self.wrong)
        answer: Deferred[str] = Deferred()
        if self.slow:
            self.pending.append(answer)
        else:
            answer.callback("250 taken")
        return answer

    @property
    def ids(self) -> list[str]:
        """The delivery ids, in order."""
        return [delivery_id for delivery_id, _ in self.carried]


BUSY = Undelivered("451 busy", temporary=True)
UNKNOWN = Undelivered("550 nobody of that name", temporary=False)


def letter(
    to: str = "officer@bank.example",
    purpose: Purpose = Purpose.ALARM,
    number: TicketNumber | None = None,
    body: str = "正文",
) -> Outgoing:
    """An e-mail."""
    return Outgoing(Channel.EMAIL, to, "提醒", body, purpose, number=number)


class OutboxDesk:
    """An outbox, its clock and its carrier."""

    def __init__(self, database: DirectDatabase | None = None) -> None:
        self.database = database or DirectDatabase()
        self.clock = Clock()
        self.clock.rightNow = MONDAY.timestamp()
        self.carrier = FakeCarrier()
        self.ended: list[Ended] = []
        self.outbox = self.another()

    def another(self) -> Outbox:
        """An outbox as another process has it, over the same database."""
        carriers = dict.fromkeys(Channel, self.carrier)
        return Outbox(self.database, self.clock, carriers, Patience(), counting())

    def queue(self, outgoing: Outgoing) -> int:
        """An act queues it, and its commit wakes the outbox."""
        outbox_id = result_of(self.database.run(queue_txn, outgoing, self.now))
        self.outbox.wake()
        return outbox_id

    @property
    def now(self) -> datetime:
        """The clock's instant."""
        return utc(self.clock)

    def advance(self, **time: float) -> None:
        """Move the clock by a `timedelta` of these parts."""
        self.clock.advance(timedelta(**time).total_seconds())
