"""Letters in SQLite and PostgreSQL: one suite."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from cti.kernel.clock import utc
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.letters import all_on_file, letter
from tests.support.tickets import TicketDesk
from tickets.mail import repository
from tickets.mail.model import DeliveryState, Direction, Envelope, Letter, MailUnreadable
from tickets.mail.parsing import read_letter
from tickets.mail.repository import Position
from tickets.mail.settings import MailSettings


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TicketDesk]:
    url = f"sqlite:///{tmp_path}/mails.db"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgresql_url"))
    desk = TicketDesk(DirectDatabase(url))
    yield desk
    desk.database.stop()


def read(octets: bytes) -> Letter:
    return read_letter(octets, Envelope(None))


def test_whatever_was_read_can_be_kept(desk: TicketDesk) -> None:
    number, at, kept = desk.register().number, utc(desk.clock), 0
    for octets in all_on_file():
        try:
            found = read(octets)
        except MailUnreadable:
            continue
        kept += 1
        result_of(desk.database.run(repository.keep_txn, found, number, at, opened=False))
        assert result_of(desk.database.read(repository.known_txn, found.fingerprint))
    mails = result_of(desk.database.read(repository.mails_txn, number))
    assert len(mails) == kept
    assert {mail.direction for mail in mails} == {Direction.IN}
    assert "投诉柜台服务" in {mail.subject for mail in mails}


def test_the_same_letter_is_kept_once(desk: TicketDesk) -> None:
    at = utc(desk.clock)
    found = read(letter())
    result_of(desk.database.run(repository.keep_txn, found, None, at, opened=False))
    with pytest.raises(IntegrityError):
        result_of(desk.database.run(repository.keep_txn, found, None, at, opened=False))
    assert len(result_of(desk.database.read(repository.unfiled_txn, 10))) == 1


def test_what_is_known_of_a_sender_and_of_a_ticket(desk: TicketDesk) -> None:
    number, at = desk.register().number, utc(desk.clock)
    first = read(letter())
    result_of(desk.database.run(repository.keep_txn, first, number, at, opened=True))
    second = read(letter(message_id="<two@example.com>"))
    asked = (second, [number], MailSettings())
    desk.advance(minutes=30)
    facts = result_of(desk.database.read(repository.facts_txn, *asked, utc(desk.clock)))
    assert (facts.recent, facts.opened, facts.latest) == (1, 1, number)
    assert "wang@example.com" in facts.cases[number].parties
    desk.advance(hours=2)
    facts = result_of(desk.database.read(repository.facts_txn, *asked, utc(desk.clock)))
    assert (facts.recent, facts.opened) == (0, 1)
    assert result_of(desk.database.read(repository.thread_txn, number)) == ["one@example.com"]


def test_a_letter_of_ours_that_failed_stays_failed(desk: TicketDesk) -> None:
    number, at = desk.register().number, utc(desk.clock)
    result_of(desk.database.run(repository.keep_txn, read(letter()), number, at, opened=True))
    [came] = result_of(desk.database.read(repository.mails_txn, number))
    ours = type(came)(
        mail_id=0,
        number=number,
        direction=Direction.OUT,
        at=at,
        message_id="ours@bank.example",
        in_reply_to=came.message_id,
        sender="service@bank.example",
        recipient="wang@example.com",
        subject="答复",
        body=came.body,
        delivery=DeliveryState.SENT,
        proof="250",
    )
    for _ in range(2):
        result_of(desk.database.run(repository.keep_sent_txn, ours))
    failed = ("ours@bank.example", DeliveryState.FAILED, "5.1.1")
    assert result_of(desk.database.run(repository.delivery_txn, *failed))
    assert not result_of(desk.database.run(repository.delivery_txn, *failed))
    late = ("ours@bank.example", DeliveryState.DELAYED, "4.4.7")
    assert not result_of(desk.database.run(repository.delivery_txn, *late))
    mails = result_of(desk.database.read(repository.mails_txn, number))
    assert [mail.delivery for mail in mails] == [DeliveryState.RECEIVED, DeliveryState.FAILED]


def test_how_far_a_mailbox_was_read(desk: TicketDesk) -> None:
    assert result_of(desk.database.read(repository.position_txn, "box")) is None
    for position in (Position(2**31 + 1, 5), Position(2**31 + 1, 2**32 - 1)):
        result_of(desk.database.run(repository.move_txn, "box", position))
        assert result_of(desk.database.read(repository.position_txn, "box")) == position
