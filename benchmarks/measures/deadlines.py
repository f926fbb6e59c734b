"""Deadlines: 10,000 tickets whose deadline falls due within one minute, fired by one process.

Measured are how long after its instant each alarm is on the bus (its line of history and its
message are committed by then), and how long the reactor is kept from everything else meanwhile,
by a timer that wants to be called every millisecond. The CPU that the process used between two of
its calls tells our own part in that from other programs' on a machine that is not quiet.
"""

import gc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from twisted.internet import epollreactor

from benchmarks.bench import Bench
from benchmarks.figures import Figure, spread
from benchmarks.tickets.stores import databases, store
from config.garbage import settle_down
from cti.database import Database
from cti.kernel.bus import Bus
from tests.support.deadlines import fill
from tests.support.tickets import ignore_never
from tickets.escalation import Escalation
from tickets.events import DeadlineBreached

MANY = 10_000
MINUTE = 60.0
BEFORE = 20.0
"""Seconds from the beginning of the preparation to the first deadline."""
AT_MOST = 2.0
STALL = 50.0
LOOK = 0.001


def measure(bench: Bench) -> list[Figure]:
    """The delays of 10,000 alarms, and the longest that the reactor was kept, on each database."""
    figures = list[Figure]()
    for name in databases():
        with TemporaryDirectory(dir=bench.folder) as folder:
            for each in (bench.folder, Path(folder)):
                each.chmod(0o711)  # PostgreSQL runs as another user
            with store(Path(folder), name) as url:
                bench.say(f"deadlines: {MANY} tickets in {name}")
                figures += _measured(f"deadlines, {name}", url)
    return figures


def _measured(test: str, url: str) -> list[Figure]:
    reactor: Any = epollreactor.EPollReactor()
    begin = datetime.fromtimestamp(reactor.seconds() + BEFORE, UTC).replace(microsecond=0)
    step = timedelta(seconds=MINUTE / MANY)
    fill(url, [begin + step * index for index in range(MANY)])
    usual = gc.get_threshold()
    settle_down()
    delays, stalls, busy = _fire(url, reactor)
    gc.set_threshold(*usual)
    gc.unfreeze()
    what = f"from its instant to the bus, {MANY} in a minute"
    return [
        Figure(test, "not fired", float(MANY - len(delays)), "", 1.0),
        *spread(delays).figures(test, what, "s", AT_MOST),
        *spread(stalls).figures(test, "the reactor is kept", "ms", STALL, 1000.0),
        Figure(test, "CPU of ours between two looks, the most", max(busy) * 1000, "ms", STALL),
    ]


def _fire(url: str, reactor: Any) -> tuple[list[float], list[float], list[float]]:
    database = Database(url, reactor)
    database.start()
    bus = Bus(ignore_never)
    delays: list[float] = []
    stalls: list[float] = []
    busy: list[float] = []
    escalation = Escalation(database, bus, reactor)

    def fired(event: DeadlineBreached) -> None:
        delays.append(reactor.seconds() - event.due.timestamp())
        if len(delays) == MANY:
            reactor.callLater(0.5, reactor.stop)

    def look(since: float, used: float) -> None:
        now, cpu = perf_counter(), process_time()
        stalls.append(max(0.0, now - since - LOOK))
        busy.append(cpu - used)
        reactor.callLater(LOOK, look, now, cpu)

    bus.subscribe(DeadlineBreached, fired)
    reactor.callWhenRunning(escalation.start)
    reactor.callWhenRunning(lambda: look(perf_counter(), process_time()))
    reactor.callLater(2 * MINUTE, reactor.stop)
    reactor.run()
    escalation.stop()
    database.stop()
    return delays, stalls, busy
