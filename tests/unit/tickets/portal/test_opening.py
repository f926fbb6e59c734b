"""A customer opens a ticket: the form, its mistakes, and the code that proves the contact."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from twisted.internet.defer import fail

from cti.kernel.plain import to_plain
from tests.support.deferred import result_of
from tests.support.forms import forms_of
from tests.support.portal import ADDRESS, MOBILE, TYPED, PortalDesk
from tests.support.tickets import AGENT
from tickets.delivery.model import Purpose
from tickets.model import CUSTOMER, Source
from tickets.portal.codes import KEPT, LIFETIME, TRIES
from tickets.portal.settings import PortalSettings
from tickets.workflow import Action

KINDS = ("complaint", "suggestion", "appointment", "enquiry")


@pytest.fixture
def desk(tmp_path: Path) -> PortalDesk:
    return PortalDesk(tmp_path / "attachments")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("contact", [MOBILE, ADDRESS])
def test_a_ticket_is_registered_once_the_code_fits(
    desk: PortalDesk, kind: str, contact: str
) -> None:
    customer = desk.customer()
    number = customer.submit(kind, contact=contact)
    case = desk.desk.view(number).case
    assert (case.opened_by, case.draft.source) == (CUSTOMER.staff_id, Source.WEB)
    assert case.draft.requester.contact == contact
    assert number in customer.read("/service/ticket?new=1").text
    [told] = [each for each in desk.carried() if each.purpose is Purpose.ACKNOWLEDGEMENT]
    assert (told.to, told.number) == (contact, number)
    assert number in told.subject + told.body


def test_what_was_typed_while_the_database_was_away_is_sent_again_by_one_button(
    desk: PortalDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = desk.customer()
    with monkeypatch.context() as away:
        gone = OperationalError("INSERT", {}, Exception("gone"))
        away.setattr(desk.desk.database, "run", lambda *_, **__: fail(gone))
        away.setattr(desk.desk.database, "read", lambda *_, **__: fail(gone))
        answer = customer.send("/service/new/complaint", **TYPED)
        assert (answer.status, answer.headers["retry-after"]) == (503, "30")
        assert "没有丢失" in answer.text
        again = next(each for each in forms_of(answer.text) if each.fields)
    assert again.fields["text"] == TYPED["text"]
    assert customer.browser.post(again.action, again.fields).status == 303
    number = customer.enter()
    assert desk.desk.view(number).case.draft.title == TYPED["title"]


@pytest.mark.parametrize("contact", [MOBILE, ADDRESS])
def test_no_letter_repeats_the_number_of_a_card(desk: PortalDesk, contact: str) -> None:
    number = desk.customer().submit(contact=contact, title=f"卡 {CARD} 被吞")
    desk.desk.act(number, Action.INFORM, AGENT, {"channel": "web", "text": "已为您预留"})
    sent = desk.sent + desk.carried()
    assert len(sent) > 2
    assert CARD not in str(sent)
    assert contact == MOBILE or "8475" in str(sent)


CARD = "6222020037000018475"


def test_nothing_is_registered_before_the_code(desk: PortalDesk) -> None:
    customer = desk.customer()
    assert customer.send("/service/new/complaint", **TYPED).status == 303
    assert not desk.desk.events
    assert customer.browser.get("/service/ticket").headers["location"].startswith("/service/follow")


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({"title": ""}, "周一上午"),
        ({"contact": "010-88880001"}, "周一上午"),
        ({"contact": "wang@"}, "周一上午"),
        ({"consent": ""}, "周一上午"),
        ({"happened": "2031-01-01"}, "周一上午"),
        ({"amount": "much"}, "周一上午"),
    ],
)
def test_a_mistake_is_named_and_nothing_typed_is_lost(
    desk: PortalDesk, changed: dict[str, str], kept: str
) -> None:
    customer = desk.customer()
    answer = customer.send("/service/new/complaint", **(TYPED | changed))
    assert answer.status == 409
    assert 'role="alert"' in answer.text
    assert kept in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert not desk.carried()


def test_what_programs_fill_in_goes_nowhere(desk: PortalDesk) -> None:
    customer = desk.customer()
    answer = customer.send("/service/new/complaint", **TYPED, homepage="http://spam.example")
    assert (answer.status, answer.headers["location"]) == (303, "/service/code")
    assert not desk.carried()


def test_who_has_many_open_tickets_opens_no_more(tmp_path: Path) -> None:
    desk = PortalDesk(tmp_path, PortalSettings(most_open=1))
    desk.customer().submit()
    other = desk.customer()
    other.send("/service/new/enquiry", **TYPED)
    answer = other.send("/service/code", code=desk.code())
    assert answer.status == 409
    assert "1" in answer.text
    assert len([each for each in desk.desk.events if each.kind == "ticket.registered"]) == 1


def test_a_code_sent_twice_at_once_registers_one_ticket(desk: PortalDesk) -> None:
    customer = desk.customer()
    customer.send("/service/new/complaint", **TYPED)
    form, code = customer.form("/service/code"), desk.code()
    first = customer.browser.post(form.action, form.fields | {"code": code})
    second = customer.browser.post(form.action, form.fields | {"code": code})
    assert (first.status, second.status) == (303, 409)
    assert len([each for each in desk.desk.events if each.kind == "ticket.registered"]) == 1


def test_a_code_ends_after_its_tries(desk: PortalDesk) -> None:
    customer = desk.customer()
    customer.send("/service/new/complaint", **TYPED)
    code = desk.code()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(TRIES):
        assert customer.send("/service/code", code=wrong).status == 409
    assert customer.send("/service/code", code=code).status == 409
    assert customer.send("/service/code", "/service/code/again").status == 303
    assert customer.enter()


def test_a_code_ends_after_its_time_and_the_draft_later(desk: PortalDesk) -> None:
    customer = desk.customer()
    customer.send("/service/new/complaint", **TYPED)
    code = desk.code()
    desk.desk.clock.advance(LIFETIME.total_seconds())
    assert customer.send("/service/code", code=code).status == 409
    desk.desk.clock.advance(KEPT.total_seconds())
    assert customer.send("/service/code", "/service/code/again").status == 409
    [kept] = result_of(desk.desk.database.read(lambda s: s.execute(COUNT).all()))
    assert kept[0] == 0


COUNT = text("SELECT count(*) FROM portal_challenges")


def test_a_code_opens_nothing_in_another_browser(desk: PortalDesk) -> None:
    customer, thief = desk.customer(), desk.customer()
    customer.send("/service/new/complaint", **TYPED)
    assert thief.send("/service/code", code=desk.code()).status == 409


def test_a_code_is_typed_as_people_do(desk: PortalDesk) -> None:
    customer = desk.customer()
    customer.send("/service/new/complaint", **TYPED)
    code = desk.code()
    assert customer.enter(f" {code[:3]} {code[3:]} ")


def test_a_code_fits_after_a_restart(desk: PortalDesk) -> None:
    customer = desk.customer()
    customer.send("/service/new/complaint", **TYPED)
    code, cookies = desk.code(), customer.browser.cookies
    desk.desk.start_again()
    after = PortalDesk(desk.folder, desk=desk.desk).customer()
    after.browser.cookies = cookies
    number = after.enter(code)
    again = PortalDesk(desk.folder, desk=desk.desk).customer()
    again.browser.cookies = cookies
    assert number in again.read("/service/ticket").text


def test_codes_stand_nowhere_once_they_are_sent(desk: PortalDesk) -> None:
    customer = desk.customer()
    customer.send("/service/new/complaint", **TYPED)
    code = desk.code()
    number = customer.enter()
    customer.browser.cookies.clear()
    customer.follow(number)
    again = desk.code()
    customer.enter()
    told = json.dumps([to_plain(each) for each in desk.desk.events], default=str)
    told += str(desk.desk.view(number)) + str(customer.browser.cookies)
    challenge = result_of(desk.desk.database.read(lambda s: s.execute(ALL).all()))
    for each in (code, again):
        assert each not in told + str(challenge)


ALL = text("SELECT * FROM portal_challenges")
