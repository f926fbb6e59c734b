"""A message is carried once it is committed, until it arrives or is given up."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from tests.support.deferred import result_of
from tests.support.deliveries import BUSY, UNKNOWN, OutboxDesk, letter
from tests.support.tickets import DISPATCHER
from tickets.delivery import ends
from tickets.delivery.model import End, Ended, Purpose
from tickets.delivery.outbox import LEASE, MOST_AT_ONCE, STUCK_AFTER
from tickets.delivery.repository import backlog_txn, delivered_txn, settled_txn, unsettled_txn
from tickets.delivery.schema import OutboxRow
from tickets.delivery.undelivered import Failing, failing_txn
from tickets.messages import unread_txn
from tickets.model import MessageKind
from tickets.set_aside import FIRST_PAUSE
from tickets.sweeping import RETRY_AFTER


@pytest.fixture
def desk() -> OutboxDesk:
    desk = OutboxDesk()
    desk.outbox.on_delivered(Purpose.REPLY, desk.ended.append)
    desk.outbox.on_given_up(Purpose.REPLY, desk.ended.append)
    desk.outbox.start()
    return desk


def rows(desk: OutboxDesk) -> list[OutboxRow]:
    return result_of(desk.database.run(lambda session: list(session.scalars(select(OutboxRow)))))


def failing(desk: OutboxDesk) -> list[Failing]:
    return result_of(desk.database.run(failing_txn, 10))


def test_what_is_queued_is_carried_once_and_its_proof_kept(desk: OutboxDesk) -> None:
    desk.queue(letter())
    desk.outbox.wake()
    desk.advance(days=2)
    assert [each.to for _, each in desk.carrier.carried] == ["officer@bank.example"]
    (row,) = rows(desk)
    assert (row.end, row.said, row.attempts) == (End.DELIVERED.value, "250 taken", 1)
    assert row.settled == row.ended


def test_what_failed_is_carried_again_under_the_same_id(desk: OutboxDesk) -> None:
    desk.carrier.wrong = BUSY
    desk.queue(letter())
    assert len(desk.carrier.carried) == 1
    assert [(each.why, each.attempts) for each in failing(desk)] == [("451 busy", 1)]
    desk.advance(minutes=2)
    assert len(desk.carrier.carried) > 1
    desk.carrier.wrong = None
    desk.advance(minutes=5)
    assert len(set(desk.carrier.ids)) == 1
    (row,) = rows(desk)
    assert (row.end, row.said) == (End.DELIVERED.value, "250 taken")
    assert failing(desk) == []


def test_what_can_never_arrive_is_given_up_and_the_dispatchers_are_told(desk: OutboxDesk) -> None:
    desk.carrier.wrong = UNKNOWN
    desk.queue(letter(purpose=Purpose.NOTICE))
    assert len(desk.carrier.carried) == 1
    (told,) = result_of(desk.database.run(unread_txn, DISPATCHER, 10))
    assert (told.kind, told.subject, told.number) == (MessageKind.UNDELIVERED, "notice", None)
    (row,) = failing(desk)
    assert (row.why, row.next_attempt) == (UNKNOWN.why, None)


def test_patience_ends_after_days(desk: OutboxDesk) -> None:
    desk.carrier.wrong = BUSY
    desk.queue(letter())
    for _ in range(80):
        desk.advance(hours=1)
    (row,) = rows(desk)
    assert row.end == End.GIVEN_UP.value
    assert row.ended is not None
    assert row.ended - row.queued <= timedelta(days=3)
    assert len(desk.carrier.carried) > 70
    assert not desk.clock.getDelayedCalls()


def test_whoever_asked_is_told_the_end_with_its_proof(desk: OutboxDesk) -> None:
    desk.queue(letter(purpose=Purpose.REPLY))
    desk.queue(letter())
    (ended,) = desk.ended
    assert (ended.end, ended.said, ended.outgoing.purpose) == (
        End.DELIVERED,
        "250 taken",
        Purpose.REPLY,
    )


def test_whoever_asked_is_told_that_it_was_given_up(desk: OutboxDesk) -> None:
    desk.carrier.wrong = UNKNOWN
    desk.queue(letter(purpose=Purpose.REPLY))
    assert [each.end for each in desk.ended] == [End.GIVEN_UP]


class TestEndsThatNobodyCouldDealWith(SynchronousTestCase):
    """They are told again, at the next look and after a restart."""

    def test_told_again(self) -> None:
        desk = OutboxDesk()
        answers: list[Exception | None] = [OSError("disk full"), None]
        told: list[str] = []

        def deal(ended: Ended) -> None:
            told.append(ended.delivery_id)
            if (wrong := answers.pop(0)) is not None:
                raise wrong

        desk.outbox.on_delivered(Purpose.REPLY, deal)
        desk.outbox.start()
        desk.queue(letter(purpose=Purpose.REPLY))
        assert len(self.flushLoggedErrors(OSError)) == 1
        desk.outbox.wake()
        assert len(told) == 1
        desk.clock.advance(FIRST_PAUSE)
        assert len(told) == 2
        assert len(set(told)) == 1
        desk.advance(days=1)
        assert len(told) == 2

    def test_told_again_once_the_database_is_back(self) -> None:
        desk = OutboxDesk()
        database, there = desk.database, True
        run, read = database.run, database.read

        def gone(work: Any, *asked: Any, **named: Any) -> Deferred[Any]:
            back = read if work in (unsettled_txn, backlog_txn) else run
            return back(work, *asked, **named) if there else fail(OSError("gone"))

        def deal(ended: Ended) -> None:
            nonlocal there
            desk.ended.append(ended)
            if len(desk.ended) == 1:
                there = False
                raise OSError("gone")

        database.run = database.read = gone  # type: ignore[assignment,method-assign]
        desk.outbox.on_delivered(Purpose.REPLY, deal)
        desk.outbox.start()
        desk.queue(letter(purpose=Purpose.REPLY))
        assert len(self.flushLoggedErrors(OSError)) == 2
        database.run, database.read = run, read  # type: ignore[method-assign]
        desk.clock.advance(RETRY_AFTER)
        assert len(desk.ended) == 2
        (row,) = rows(desk)
        assert row.settled is not None

    def test_what_cannot_be_written_down_as_dealt_with_is_told_again(self) -> None:
        desk = OutboxDesk()
        run, refusing = desk.database.run, [True]

        def once(work: Any, *asked: Any, **named: Any) -> Deferred[Any]:
            if work is settled_txn and refusing:
                refusing.clear()
                return fail(OSError("gone"))
            return run(work, *asked, **named)

        desk.database.run = once  # type: ignore[assignment,method-assign]
        desk.outbox.on_delivered(Purpose.REPLY, desk.ended.append)
        desk.outbox.start()
        desk.queue(letter(purpose=Purpose.REPLY))
        assert len(self.flushLoggedErrors(OSError)) == 1
        desk.clock.advance(FIRST_PAUSE)
        assert len(desk.ended) == 2
        (row,) = rows(desk)
        assert row.settled is not None

    def test_those_that_never_can_be_keep_no_others_waiting_and_are_tried_ever_less(self) -> None:
        few = 4
        self.patch(ends, "AT_ONCE", few)
        desk = OutboxDesk()
        told: Counter[str] = Counter()

        def deal(ended: Ended) -> None:
            told[ended.outgoing.to] += 1
            if ended.outgoing.to != "good@bank.example":
                raise OSError("never")

        first = desk.another()
        first.on_delivered(Purpose.REPLY, lambda _: Deferred())
        first.start()
        many = [f"bad{index}@bank.example" for index in range(few)]
        for to in (*many, "good@bank.example"):
            desk.queue(letter(to, Purpose.REPLY))
            first.wake()
        first.stop()
        desk.outbox.on_delivered(Purpose.REPLY, deal)
        desk.outbox.start()
        assert told == Counter({**dict.fromkeys(many, 1), "good@bank.example": 1})
        for _ in range(24 * 60):
            desk.advance(minutes=1)
            desk.outbox.wake()
        assert told.pop("good@bank.example") == 1
        assert set(told.values()) == {told[many[0]]}
        assert 24 <= told[many[0]] < 48
        self.flushLoggedErrors(OSError)

    def test_an_end_whose_commit_was_not_answered_is_told_all_the_same(self) -> None:
        desk = OutboxDesk()
        run, refusing = desk.database.run, [True]

        def unanswered(work: Any, *asked: Any, **named: Any) -> Deferred[Any]:
            done = run(work, *asked, **named)
            if work is delivered_txn and refusing:
                refusing.clear()
                return fail(OSError("gone"))
            return done

        desk.database.run = unanswered  # type: ignore[assignment,method-assign]
        desk.outbox.on_delivered(Purpose.REPLY, desk.ended.append)
        desk.outbox.start()
        desk.queue(letter(purpose=Purpose.REPLY))
        assert len(self.flushLoggedErrors(OSError)) == 1
        desk.outbox.wake()
        assert [each.delivery_id for each in desk.ended] == desk.carrier.ids


def test_more_ends_than_are_dealt_with_at_once_are_all_told(
    desk: OutboxDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ends, "AT_ONCE", 2)
    desk.outbox.stop()
    waiting: Deferred[None] = Deferred()
    first = desk.another()
    first.on_delivered(Purpose.REPLY, lambda _: waiting)
    first.start()
    for _ in range(5):
        desk.queue(letter(purpose=Purpose.REPLY))
        first.wake()
    desk.outbox.start()
    desk.outbox.wake()
    desk.outbox.wake()
    assert len(desk.ended) == 5


def test_an_end_that_was_not_dealt_with_is_told_after_a_restart(desk: OutboxDesk) -> None:
    waiting: Deferred[None] = Deferred()
    first = desk.another()
    first.on_delivered(Purpose.REPLY, lambda _: waiting)
    desk.outbox.stop()
    first.start()
    desk.queue(letter(purpose=Purpose.REPLY))
    first.wake()
    assert desk.carrier.carried
    assert desk.ended == []
    desk.outbox.start()
    assert [each.delivery_id for each in desk.ended] == desk.carrier.ids


def test_two_processes_carry_a_message_once(desk: OutboxDesk) -> None:
    other = desk.another()
    other.start()
    for index in range(30):
        desk.queue(letter(to=f"{index}@bank.example"))
        other.wake()
    assert len(set(desk.carrier.ids)) == len(desk.carrier.ids) == 30


def test_a_process_that_died_with_a_message_costs_its_lease(desk: OutboxDesk) -> None:
    desk.carrier.slow = True
    desk.queue(letter())
    desk.outbox.stop()  # what it carried is abandoned
    desk.carrier.slow = False
    other = desk.another()
    other.start()
    assert len(desk.carrier.carried) == 1
    desk.clock.advance(LEASE.total_seconds())
    assert len(desk.carrier.carried) == 2
    assert len(set(desk.carrier.ids)) == 1


def test_an_answer_that_comes_after_the_lease_changes_nothing(desk: OutboxDesk) -> None:
    desk.carrier.slow = True
    desk.queue(letter(purpose=Purpose.REPLY))
    desk.carrier.slow = False
    desk.clock.advance(LEASE.total_seconds())
    (row,) = rows(desk)
    assert row.attempts == 2
    desk.carrier.pending[0].callback("250 late")
    (row,) = rows(desk)
    assert row.said == "250 taken"
    assert [each.said for each in desk.ended] == ["250 taken"]


def test_only_so_many_are_in_the_carriers_hands(desk: OutboxDesk) -> None:
    desk.carrier.slow = True
    for _ in range(3 * MOST_AT_ONCE):
        desk.queue(letter())
    assert len(desk.carrier.carried) == MOST_AT_ONCE
    desk.carrier.slow = False
    for each in desk.carrier.pending:
        each.callback("250 taken")
    assert len(desk.carrier.carried) == 3 * MOST_AT_ONCE


def test_a_code_is_forgotten_once_it_is_delivered(desk: OutboxDesk) -> None:
    desk.queue(replace(letter(purpose=Purpose.CODE, body="481516"), html="<b>481516</b>"))
    assert desk.carrier.carried[0][1].body == "481516"
    (row,) = rows(desk)
    assert (row.body, row.html) == ("", None)


def test_health_tells_what_has_waited_for_long(desk: OutboxDesk) -> None:
    desk.carrier.wrong = BUSY
    desk.queue(letter())
    assert desk.outbox.trouble() == ""
    desk.clock.advance(STUCK_AFTER.total_seconds())
    assert "1 messages wait, the oldest since 2026-11-23 01:00 UTC" in desk.outbox.trouble()
    desk.carrier.wrong = None
    desk.clock.advance(STUCK_AFTER.total_seconds())
    assert desk.outbox.trouble() == ""


def test_nothing_is_carried_before_the_start_and_all_of_it_then() -> None:
    desk = OutboxDesk()
    desk.queue(letter())
    assert desk.carrier.carried == []
    desk.outbox.start()
    assert len(desk.carrier.carried) == 1
