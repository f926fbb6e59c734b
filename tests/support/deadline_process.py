"""A process that fires deadlines, as the hotline does; its argument is the database.

It says that it is ready, begins when it is told a line, and ends when no deadline is left. With a
number after the database it is killed, as by `kill -9`, when it has told of so many of them.
"""

import os
import signal
import sys
from datetime import datetime
from typing import Any

from twisted.internet import epollreactor

from cti.database import Database
from cti.kernel.bus import Bus
from tests.support.tickets import ignore_never
from tickets.alarms import next_due_txn
from tickets.escalation import Escalation
from tickets.events import TicketEvent


def main(url: str, deadly: int | None, reactor: Any) -> None:
    """Fire them all, or be killed by the `deadly` one."""
    database = Database(url, reactor)
    database.start()
    bus = Bus(ignore_never)
    fired: list[TicketEvent] = []

    def hear(event: TicketEvent) -> None:
        fired.append(event)
        if len(fired) == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    bus.subscribe(TicketEvent, hear)
    escalation = Escalation(database, bus, reactor)

    def look() -> None:
        database.read(next_due_txn).addCallback(end_or_look_again)

    def end_or_look_again(due: datetime | None) -> None:
        if due is None:
            escalation.stop()
            reactor.stop()
        else:
            reactor.callLater(0.2, look)

    def begin() -> None:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        escalation.start()
        look()

    reactor.callWhenRunning(begin)
    reactor.run()
    database.stop()
    sys.stdout.write(f"{len(fired)}\n")


if __name__ == "__main__":
    killed_by = int(sys.argv[2]) if len(sys.argv) > 2 else None
    main(sys.argv[1], killed_by, epollreactor.EPollReactor())
