"""One that always fails is set aside, told of once, and holds up nobody behind it."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from twisted.trial.unittest import SynchronousTestCase

from tests.support.deferred import result_of
from tests.support.reply_calling import SETTINGS, TELEPHONE, Calling
from tests.support.tickets import SUPERVISOR, TicketDesk
from tests.unit.tickets.test_tasks import FakeService, open_tasks, sent
from tickets.model import MessageKind
from tickets.schema import AlarmRow
from tickets.set_aside import FIRST_PAUSE, LONGEST_PAUSE, Pauses
from tickets.tasks import Tasks


def told(desk: TicketDesk) -> list[tuple[str | None, str]]:
    """What the supervisors heard of queues that are stuck."""
    messages = result_of(desk.service.messages(SUPERVISOR))
    return [(each.number, each.subject) for each in messages if each.kind is MessageKind.STUCK]


def failing(number: str) -> FakeService:
    """A service that fails at one ticket, as a mistake in its rules would."""
    return FakeService(RuntimeError("no such rule"), only=number)


def test_pauses_grow_to_an_hour_and_are_forgotten() -> None:
    pauses: Pauses[str] = Pauses()
    lengths, now = [], 0.0
    for _ in range(12):
        lengths.append(pauses.failed("a", now))
        now += lengths[-1]
    assert lengths[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert lengths[-1] == LONGEST_PAUSE
    assert pauses.waiting(now - 1) == {"a"}
    assert not pauses.waiting(now)
    assert pauses.next_end(now) is None
    assert pauses.known("a")
    assert pauses.next_end(now + LONGEST_PAUSE) is None
    assert not pauses.known("a")


class TestQueues(SynchronousTestCase):
    """Of each, the first one fails and the second does not."""

    def test_acts_of_the_system(self) -> None:
        desk = TicketDesk()
        desk.escalation.start()
        first, second = sent(desk), sent(desk)
        service = failing(first)
        tasks = Tasks(desk.database, desk.clock, service)
        desk.escalation.on_fired(tasks.wake)
        tasks.start()
        desk.advance(hours=6)
        assert {each[0] for each in service.asked} == {first, second}
        assert open_tasks(desk) == [("auto_accept", 1)]
        assert told(desk) == [(first, "act")]
        assert len(self.flushLoggedErrors(RuntimeError)) == 1
        asked = len(service.asked)
        desk.advance(hours=2)
        assert 1 <= len(service.asked) - asked <= 3, "with pauses that grow"
        service.wrong = None
        desk.advance(hours=1)
        assert open_tasks(desk) == []
        assert told(desk) == [(first, "act")]

    def test_alarms(self) -> None:
        desk = TicketDesk()
        desk.escalation.start()
        first, second = desk.register().number, desk.register().number

        def spoil_txn(session: Session, role: str) -> None:
            rows = update(AlarmRow).where(AlarmRow.number == first, AlarmRow.fired.is_(None))
            session.execute(rows.values(to_role=role))

        result_of(desk.database.run(spoil_txn, "nobody"))
        desk.advance(hours=3)

        def fired_txn(session: Session, number: str) -> int:
            rows = select(AlarmRow).where(AlarmRow.number == number, AlarmRow.fired.is_not(None))
            return len(session.scalars(rows).all())

        def fired(number: str) -> int:
            return result_of(desk.database.read(fired_txn, number))

        assert fired(first) == 0
        assert fired(second) > 0
        assert told(desk) == [(first, "alarm")]
        assert self.flushLoggedErrors(ValueError)
        result_of(desk.database.run(spoil_txn, "dispatcher"))
        desk.clock.advance(LONGEST_PAUSE)
        assert fired(first) == fired(second)

    def test_reply_calls(self) -> None:
        calling = Calling()
        calling.desk.advance(hours=13)
        first, second = calling.asked(), calling.asked()
        originate = calling.calls.originate
        made: list[str] = []

        def failing(*args: Any) -> Any:
            made.append(args[0])
            if len(made) == 1:
                raise RuntimeError("no such gateway")
            return originate(*args)

        calling.calls.originate = failing  # type: ignore[assignment,method-assign]
        calling.desk.advance(hours=12)
        assert made == [TELEPHONE] * 2
        up = [each.id for each in calling.calls.calls()]
        assert [calling.service.reply_of(each).number for each in up] == [second]  # type: ignore[union-attr]
        assert told(calling.desk) == [(first, "reply_call")]
        assert len(self.flushLoggedErrors(RuntimeError)) == 1
        calling.desk.advance(seconds=SETTINGS.ring)
        calling.desk.advance(seconds=FIRST_PAUSE)
        up = [each.id for each in calling.calls.calls()]
        assert [calling.service.reply_of(each).number for each in up] == [first]  # type: ignore[union-attr]
