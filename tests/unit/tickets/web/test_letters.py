"""The page of letters that belong to no ticket, used as people use it."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.principal import Principal
from tests.support.deferred import result_of
from tests.support.forms import PageForm, forms_of
from tests.support.ticket_office import Seat, TicketOffice
from tests.support.tickets import AGENT, DISPATCHER, HEAD, OFFICER, SUPERVISOR, draft, local
from tickets.attachments.model import Attachment
from tickets.attachments.repository import attachments_txn, unattached_txn
from tickets.clocks.model import ClockEnd
from tickets.events import LetterDecided
from tickets.mail.model import Automatic, Body, Letter
from tickets.mail.repository import keep_txn, mails_txn
from tickets.mail.unfiled import keep_unfiled_txn, list_txn, why_unfiled
from tickets.model import CUSTOMER, Requester, Source
from tickets.regulation.schema import FactRow
from tickets.replay import replayed
from tickets.workflow import Action, ClockKind

PDF = Attachment("ab" * 32, "凭证.pdf", "application/pdf", 1024)
PAGE = "/tickets/letters"


class PostOffice(TicketOffice):
    """An office to which letters came that nobody could place."""

    def letter(self, **more: Any) -> int:
        what = Letter(
            message_id="away-1@example.com",
            sender="wang@example.com",
            sender_name="王芳",
            recipients=("service@bank.example",),
            subject="自动回复：您好",
            references=(),
            body=Body("我在休假。如有急事请拨 13800138000。"),
            fingerprint=f"{len(self.letters_kept):064d}",
            automatic=Automatic.REPLY,
            headers=(("Auto-Submitted", "auto-replied"),),
        )
        what = replace(what, **more)

        def write_txn(session: Session) -> int:
            at = utc(self.desk.clock)
            mail_id = keep_txn(session, what, None, at, opened=False)
            keep_unfiled_txn(session, mail_id, why_unfiled(what), [PDF])
            return mail_id

        mail_id: int = result_of(self.desk.database.run(write_txn))
        self.letters_kept.append(mail_id)
        return mail_id

    def __post_init__(self) -> None:
        super().__post_init__()
        self.letters_kept: list[int] = []


@pytest.fixture
def office() -> PostOffice:
    return PostOffice()


def form(seat: Seat, path: str, last: str) -> PageForm:
    """The page's form that is sent there."""
    return next(each for each in forms_of(seat.read(path).text) if each.action.endswith(last))


def send(seat: Seat, path: str, last: str, **typed: str) -> Any:
    found = form(seat, path, last)
    return seat.browser.post(found.action, found.fields | typed)


@pytest.mark.parametrize("by", [AGENT, DISPATCHER, SUPERVISOR])
def test_who_answers_customers_reads_what_came_and_why_it_lies_there(
    office: PostOffice, by: Principal
) -> None:
    mail_id = office.letter()
    seat = office.seat(by)
    listed = seat.read(PAGE).text
    assert "自动回复：您好" in listed
    assert f"{PAGE}/{mail_id}" in listed
    page = seat.read(f"{PAGE}/{mail_id}").text
    for told in ("我在休假", "凭证.pdf", "auto-replied", "away-1@example.com"):
        assert told in page


@pytest.mark.parametrize("by", [OFFICER, HEAD])
def test_departments_do_not(office: PostOffice, by: Principal) -> None:
    mail_id = office.letter()
    browser = office.seat(by).browser
    assert [browser.get(f"{PAGE}/").status, browser.get(f"{PAGE}/{mail_id}").status] == [403, 403]


def test_tickets_of_the_same_customer_are_proposed_by_address_and_telephone(
    office: PostOffice,
) -> None:
    by_phone = office.desk.register().number
    written = replace(draft(), requester=Requester("王芳", "wang@example.com"))
    by_address = office.desk.register(written).number
    office.desk.register(replace(draft(), requester=Requester("李雷", "li@example.com")))
    page = office.seat(AGENT).read(f"{PAGE}/{office.letter()}").text
    assert f"?number={by_phone}" in page
    assert f"?number={by_address}" in page
    assert page.count("?number=") == 2


def test_a_letter_of_a_person_becomes_their_message_and_brings_its_files(
    office: PostOffice,
) -> None:
    number = office.desk.register().number
    mail_id = office.letter(automatic=None, sender="")
    seat = office.seat(AGENT)
    answer = send(seat, f"{PAGE}/{mail_id}?number={number}", "/file")
    assert answer.status == 303
    view = office.desk.view(number)
    assert (view.history[-1].action, view.history[-1].by) == ("contact", AGENT.staff_id)
    assert view.due(ClockKind.ANSWER) is not None
    database = office.desk.database
    assert [each.mail_id for each in result_of(database.read(mails_txn, number))] == [mail_id]
    files = result_of(database.read(attachments_txn, number))
    assert [each.attachment for each in files] == [PDF]
    told = [each for each in office.desk.events if isinstance(each, LetterDecided)]
    assert [(each.deed, each.by, each.number) for each in told] == [
        ("file", AGENT.staff_id, number)
    ]
    assert "我在休假" in seat.read(f"/tickets/{number}").text
    assert result_of(office.letters.count()) == 0


def test_whoever_wrote_has_waited_since_their_letter_came(office: PostOffice) -> None:
    number = office.desk.register().number
    came = utc(office.desk.clock)
    mail_id = office.letter(automatic=None, sender="")
    office.desk.advance(days=2)
    office.desk.act(number, Action.CONTACT, CUSTOMER, {"channel": "web", "text": "怎么样了？"})
    send(office.seat(AGENT), f"{PAGE}/{mail_id}?number={number}", "/file")
    waiting = [each for each in office.desk.view(number).clocks if each.kind is ClockKind.ANSWER]
    assert [each.end for each in waiting] == [ClockEnd.CANCELLED, None]
    assert waiting[-1].started == came
    late = {"channel": "web", "text": "明天的信", "since": "2026-12-24T09:00"}
    with pytest.raises(Refused, match="field_future"):
        office.desk.act(number, Action.CONTACT, AGENT, late)


def test_a_complaint_in_a_letter_was_received_when_the_letter_came(office: PostOffice) -> None:
    came = utc(office.desk.clock)
    mail_id = office.letter(automatic=None)
    office.desk.advance(days=10)
    path = f"/tickets/new?letter={mail_id}"
    answer = send(office.seat(AGENT), path, "/tickets/new", kind="complaint")
    assert answer.status == 303, answer.text
    number = answer.headers["location"].rpartition("/")[2]
    view = office.desk.view(number)
    assert (view.case.received, view.case.opened - came) == (came, timedelta(days=10))
    assert view.due(ClockKind.DECISION) == local("2026-12-09 00:00")
    assert replayed(view.case.number, view.history) == view.case
    office.desk.escalation.start()
    office.desk.advance(seconds=1)
    told = Counter(
        each.action for each in office.desk.view(number).history if each.fields.get("clock")
    )
    assert told == {"warning": 1, "breach": 1, "escalation": 1}, "half of the days, no contact"
    office.desk.solve(number)
    figures = result_of(office.desk.database.read(lambda session: session.get_one(FactRow, number)))
    assert (figures.received, figures.days) == (came, 10)


def test_what_a_machine_wrote_says_nothing_in_the_customers_name(office: PostOffice) -> None:
    number = office.desk.register().number
    send(office.seat(AGENT), f"{PAGE}/{office.letter()}?number={number}", "/file")
    view = office.desk.view(number)
    assert view.history[-1].action == "note"
    assert view.due(ClockKind.ANSWER) is None


@pytest.mark.parametrize("number", ["123", "26112300099"])
def test_a_number_that_is_none_is_told_before_anything_is_filed(
    office: PostOffice, number: str
) -> None:
    answer = office.seat(AGENT).browser.get(f"{PAGE}/{office.letter()}?number={number}")
    assert answer.status == 409
    assert 'role="alert"' in answer.text
    assert "/file" not in [each.action[-5:] for each in forms_of(answer.text)]


def test_of_two_people_the_second_is_told_who_was_quicker(office: PostOffice) -> None:
    first, second = office.desk.register().number, office.desk.register().number
    mail_id = office.letter(automatic=None)
    one, other = office.seat(AGENT), office.seat(DISPATCHER)
    mine = form(one, f"{PAGE}/{mail_id}?number={first}", "/file")
    theirs = form(other, f"{PAGE}/{mail_id}?number={second}", "/file")
    away = form(other, f"{PAGE}/{mail_id}", "/discard")
    assert one.browser.post(mine.action, mine.fields).status == 303
    for late in (theirs, away):
        answer = other.browser.post(late.action, late.fields | {"reason": "广告"})
        assert answer.status == 409
        assert AGENT.name in answer.text
    assert [each.action for each in office.desk.view(second).history] == ["register"]
    assert one.browser.post(mine.action, mine.fields).status == 303, "sent twice, done once"
    assert [each.action for each in office.desk.view(first).history].count("contact") == 1


def test_a_ticket_is_opened_from_it_with_its_words_and_its_files(office: PostOffice) -> None:
    mail_id = office.letter(automatic=None, subject="请查收凭证")
    seat = office.seat(AGENT)
    found = form(seat, f"/tickets/new?letter={mail_id}", "/tickets/new")
    assert found.fields["title"] == "请查收凭证"
    assert found.fields["contact"] == "wang@example.com"
    answer = seat.browser.post(found.action, found.fields)
    assert answer.status == 303, answer.text
    number = answer.headers["location"].rpartition("/")[2]
    view = office.desk.view(number)
    assert view.case.draft.source is Source.EMAIL
    files = result_of(office.desk.database.read(attachments_txn, number))
    assert [each.attachment for each in files] == [PDF]
    assert result_of(office.letters.count()) == 0


def test_what_is_discarded_needs_a_reason_and_comes_back(office: PostOffice) -> None:
    mail_id = office.letter()
    seat = office.seat(SUPERVISOR)
    path = f"{PAGE}/{mail_id}"
    assert send(seat, path, "/discard", reason="").status == 409
    assert send(seat, path, "/discard", reason="广告邮件").status == 303
    assert result_of(office.letters.count()) == 0
    assert "自动回复：您好" not in seat.read(PAGE).text
    assert "自动回复：您好" in seat.read(f"{PAGE}?over=1").text
    page = seat.read(path).text
    assert "广告邮件" in page
    assert SUPERVISOR.name in page
    assert send(seat, path, "/restore").status == 303
    assert result_of(office.letters.count()) == 1
    told = [each.deed for each in office.desk.events if isinstance(each, LetterDecided)]
    assert told == ["discard", "restore"]


def test_files_of_letters_that_wait_are_not_swept_away(office: PostOffice) -> None:
    office.letter()
    unheld = "cd" * 32
    asked = [PDF.digest, unheld]
    assert result_of(office.desk.database.read(unattached_txn, asked)) == (unheld,)


def test_a_list_asks_the_database_as_often_however_many_letters_there_are(
    office: PostOffice,
) -> None:
    asked: list[str] = []
    engine = office.desk.database.engine
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    costs = []
    for _ in range(3):
        office.letter()
        asked.clear()
        with Session(engine) as session:
            letters = list_txn(session, 50, None, over=False)
        assert all(each.files for each in letters)
        costs.append(len(asked))
    assert costs == [3, 3, 3]
