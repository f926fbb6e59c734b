"""What the tables tell again of letters is what the house was told when it happened."""

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred

from cti.kernel.clock import utc
from cti.kernel.events import Event
from tests.support.deferred import result_of
from tests.support.tickets import AGENT, SUPERVISOR, TicketDesk
from tickets.events import LetterDecided, LetterUnfiled
from tickets.happened import untold_txn
from tickets.mail.deciding import LetterDesk
from tickets.mail.model import Body, Letter
from tickets.mail.repository import keep_txn
from tickets.mail.unfiled import Claim, Why, keep_unfiled_txn

SINCE = timedelta(days=1)


@pytest.fixture
def desk() -> TicketDesk:
    """A desk with two letters of no ticket, of which one was discarded, restored and filed."""
    desk = TicketDesk()
    desk.clock.advance(1)
    letters = LetterDesk(desk.database, desk.bus, desk.clock, desk.service)
    number = desk.register().number
    for count in range(2):
        desk.clock.advance(1)
        letters.came(kept(desk, count))
    done(desk, letters.discard(Claim(1, 1), "广告", SUPERVISOR))
    done(desk, letters.restore(Claim(1, 2), SUPERVISOR))
    done(desk, letters.discard(Claim(1, 3), "广告", SUPERVISOR))
    done(desk, letters.file(Claim(2, 1), number, AGENT, "once"))
    return desk


def done(desk: TicketDesk, doing: Coroutine[Any, Any, object]) -> None:
    desk.clock.advance(1)
    result_of(Deferred.fromCoroutine(doing))


def kept(desk: TicketDesk, count: int) -> int:
    what = Letter(
        message_id=f"{count}@example.com",
        sender="wang@example.com",
        sender_name="王芳",
        recipients=("service@bank.example",),
        subject="您好",
        references=(),
        body=Body("请回电。"),
        fingerprint=f"{count:064d}",
    )

    def write_txn(session: Session) -> int:
        mail_id = keep_txn(session, what, None, utc(desk.clock), opened=False)
        keep_unfiled_txn(session, mail_id, Why.REPLY, [])
        return mail_id

    return result_of(desk.database.run(write_txn))


def untold(desk: TicketDesk, known: list[Event]) -> list[Event]:
    return list(result_of(desk.database.read(untold_txn, utc(desk.clock) - SINCE, known)))


def test_each_that_is_missing_is_told_and_no_other(desk: TicketDesk) -> None:
    events = desk.events
    of_letters = [each for each in events if isinstance(each, LetterUnfiled | LetterDecided)]
    assert len(of_letters) == 6
    assert untold(desk, events) == []
    for missing in of_letters:
        known = [each for each in events if each is not missing]
        (told,) = untold(desk, known)
        if not (isinstance(missing, LetterDecided) and missing.deed == "discard"):
            assert told == missing
        assert type(told) is type(missing)
    assert untold(desk, []) == events
    assert list(result_of(desk.database.read(untold_txn, None, []))) == events
