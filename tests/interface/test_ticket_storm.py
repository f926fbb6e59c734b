"""Acts, alarms, mergers and deliveries at once, by servers that share a database."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from cti.database import connect, reading
from cti.kernel.bus import Bus
from cti.kernel.errors import Refused
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.offices import counting
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    FILLED,
    HEAD,
    MONDAY,
    OFFICER,
    SUPERVISOR,
    TIMEKEEPER,
    TicketDesk,
    ignore_never,
)
from tickets.clocks.sla import AlarmKind
from tickets.delivery.model import Channel, Outgoing, Purpose
from tickets.delivery.outbox import Outbox
from tickets.delivery.repository import queue_txn
from tickets.delivery.schedule import Patience
from tickets.errors import Stale
from tickets.escalation import Escalation
from tickets.model import CaseState
from tickets.replay import replayed
from tickets.schema import AlarmRow, HistoryRow
from tickets.service import TicketService
from tickets.tasks import Tasks
from tickets.workflow import Action

TICKETS, ACTS, LETTERS, WORKERS = 5, 10, 20, 4
ALARMS = frozenset(each.value for each in AlarmKind)
TRIED = (
    (Action.DISPATCH, DISPATCHER),
    (Action.ACCEPT, OFFICER),
    (Action.URGE, AGENT),
    (Action.ANSWER_URGE, OFFICER),
    (Action.INFORM, AGENT),
    (Action.NOTE, SUPERVISOR),
    (Action.RETURN, HEAD),
    (Action.SUPERVISE, SUPERVISOR),
    (Action.MERGE, DISPATCHER),
    (Action.AMEND, AGENT),
)


class Joined(DirectDatabase):
    """A database that others use too: as it is found."""

    def __init__(self, url: str) -> None:
        self.engine = connect(url)
        self._reading = reading(self.engine)


@dataclass
class Mailbox:
    """Takes every letter, and notes how often."""

    taken: Counter[str] = field(default_factory=Counter)

    def carry(self, outgoing: Outgoing, delivery_id: str) -> Deferred[str]:
        self.taken[outgoing.subject] += 1
        return succeed(f"250 {delivery_id}")


class Server:
    """One server of several: its own connections, its own clock, nothing shared but the rows."""

    def __init__(self, url: str, at: float) -> None:
        self.database = Joined(url)
        self.clock = Clock()
        self.clock.rightNow = at
        bus = Bus(ignore_never)
        self.service = TicketService(self.database, bus, self.clock, TIMEKEEPER)
        self.escalation = Escalation(self.database, bus, self.clock)
        self.tasks = Tasks(self.database, self.clock, self.service)

    def acts(self, seed: int, numbers: list[str]) -> Counter[str]:
        """Does what comes to mind to the tickets; how often it was done, refused or stale."""
        random, said = Random(seed), Counter[str]()
        for turn in range(ACTS):
            number, other = random.sample(numbers, 2)
            action, by = random.choice(TRIED)
            fields = FILLED | {"into": other, "title": f"{seed}-{turn}"}
            view = result_of(self.service.view(number))
            assert view is not None
            request = f"{seed}-{turn}"
            doing = self.service.act(number, action, fields, by, view.case.version, request)
            try:
                result_of(doing)
            except Stale:
                said["stale"] += 1
            except Refused:
                said["refused"] += 1
            else:
                said["done"] += 1
                # A browser that asks twice gets its first answer.
                result_of(self.service.act(number, action, fields, by, 0, request))
        return said

    def fires(self) -> None:
        """Fires what is due, and does what the house does by itself."""
        for each in (self.escalation, self.tasks):
            each.start()
            each.stop()

    def carries(self, mailbox: Mailbox) -> None:
        """Carries what leaves the house."""
        carriers = dict.fromkeys(Channel, mailbox)
        outbox = Outbox(self.database, self.clock, carriers, Patience(), counting())
        outbox.start()
        self.clock.advance(1)
        outbox.stop()


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """Does all of them in threads of their own, begun together; the first error is raised."""
    start, found = Barrier(len(jobs)), list[object]()
    wrong: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        start.wait()
        try:
            found.append(job())
        except BaseException as error:  # noqa: BLE001  (told by the test's own thread)
            wrong.append(error)

    threads = [Thread(target=run, args=(job,)) for job in jobs]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if wrong:
        raise wrong[0]
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1])
def test_a_storm_loses_nothing_and_does_nothing_twice(url: str, seed: int) -> None:
    desk = TicketDesk(DirectDatabase(url))
    numbers: list[str] = [desk.register().number for _ in range(TICKETS)]
    for index in range(LETTERS):
        letter = Outgoing(Channel.EMAIL, "a@b.example", f"letter {index}", "正文", Purpose.NOTICE)
        result_of(desk.database.run(queue_txn, letter, MONDAY))
    later = (MONDAY + timedelta(days=3)).timestamp()
    servers = [Server(url, later) for _ in range(WORKERS + 2)]
    mailbox = Mailbox()
    said = at_once(
        *(
            lambda each=each, own=index: each.acts(seed * 100 + own, numbers)
            for index, each in enumerate(servers[:WORKERS])
        ),
        *(lambda each=each: each.fires() for each in servers[-2:]),
        *(lambda each=each: each.carries(mailbox) for each in servers[-2:]),
    )
    servers[0].fires()
    done = sum((each for each in said if isinstance(each, Counter)), Counter[str]())
    assert done["done"]
    assert sum(done.values()) == WORKERS * ACTS
    _nothing_is_lost(desk, numbers, done["done"])
    _no_alarm_fired_twice(desk.database.engine)
    assert mailbox.taken == Counter({f"letter {index}": 1 for index in range(LETTERS)})
    for each in servers:
        each.database.stop()
    desk.database.stop()


def _nothing_is_lost(desk: TicketDesk, numbers: list[str], done: int) -> None:
    written = 0
    for number in numbers:
        view = desk.view(number)
        acts = [entry for entry in view.history if entry.action not in ALARMS]
        assert [entry.version for entry in acts] == list(range(1, view.case.version + 1))
        assert replayed(view.case.number, view.history) == view.case
        running = [clock for clock in view.clocks if clock.stopped is None]
        assert not running or view.case.state is not CaseState.MERGED
        asked = [e for e in acts if "-" in e.request_id and e.request_id[0].isdigit()]
        written += sum(entry.action != Action.ABSORB.value for entry in asked)
    assert written == done


def _no_alarm_fired_twice(engine: Engine) -> None:
    with Session(engine) as session:
        fired = session.scalar(select(func.count()).where(AlarmRow.fired.is_not(None)))
        lines = session.scalar(select(func.count()).where(HistoryRow.action.in_(ALARMS)))
        waiting = session.scalar(
            select(func.count()).where(
                AlarmRow.fired.is_(None), AlarmRow.due <= MONDAY + timedelta(days=3)
            )
        )
    assert fired
    assert (lines, waiting) == (fired, 0)
