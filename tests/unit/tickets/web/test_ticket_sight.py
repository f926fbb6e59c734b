"""What a ticket and its lists show: customers masked, complaints hidden from whom they concern."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId
from cti.kernel.vocabulary import Role
from tests.support.deferred import result_of
from tests.support.forms import forms_of
from tests.support.regulation import CODES
from tests.support.ticket_office import CALL, TicketOffice, done
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    HEAD,
    LENDING,
    OFFICER,
    OTHER_AGENT,
    SUPERVISOR,
    draft,
    person,
)
from tickets.model import CUSTOMER, MAILBOX, SYSTEM, Source, TicketKind
from tickets.regulation.schema import FactRow
from tickets.replay import replayed
from tickets.workflow import Action


@pytest.fixture
def office(tmp_path: Path) -> TicketOffice:
    return TicketOffice(folder=tmp_path / "attachments")


def test_a_customer_is_masked_until_somebody_says_why(office: TicketOffice) -> None:
    path = office.path_of_new()
    office.desk.act(path.rpartition("/")[2], Action.DISPATCH, DISPATCHER)
    officer = office.seat(OFFICER)
    page = officer.read(path).text
    assert "138****8000" in page
    assert "王*" in page
    assert "王芳" not in page
    assert "13800138000" not in page
    form = next(each for each in forms_of(page) if each.action == f"{path}/unmask")
    assert officer.browser.post(form.action, form.fields | {"reason": ""}).status == 409
    done(officer.browser.post(form.action, form.fields | {"reason": "致电客户"}))
    assert "13800138000" in officer.read(path).text
    assert "13800138000" not in office.seat(HEAD).read(path).text
    office.desk.advance(minutes=11)
    assert "13800138000" not in officer.read(path).text


def test_supervisors_read_who_looked(office: TicketOffice) -> None:
    path, agent = office.path_of_new(), office.seat(AGENT)
    form = next(each for each in forms_of(agent.read(path).text) if each.action.endswith("unmask"))
    done(agent.browser.post(form.action, form.fields | {"reason": "核对号码"}))
    assert "核对号码" in office.seat(SUPERVISOR).read(path).text
    assert "核对号码" not in agent.read(path).text


def test_quality_reads_masked_and_may_not_ask(office: TicketOffice) -> None:
    path, quality = office.path_of_new(), office.seat(person(Role.QUALITY))
    page = quality.read(path).text
    assert "王芳" not in page
    assert f"{path}/unmask" not in page
    csrf = forms_of(page)[0].fields["csrf"]
    answer = quality.browser.post(f"{path}/unmask", {"csrf": csrf, "reason": "x"})
    assert answer.status == 409
    assert "岗位不能查看" in answer.text


def test_a_complaint_about_a_clerk_is_hidden_from_their_unit(office: TicketOffice) -> None:
    agent = office.seat(AGENT)
    page = agent.read("/tickets/new?type=complaint").text
    (form,) = [each for each in forms_of(page) if each.action == "/tickets/new"]
    typed = {"title": "态度恶劣", "text": "柜员辱骂", "name": "韩梅", "contact": "010"}
    typed |= {"about_staff": "clerk", "change_kind": ""}
    path = done(agent.browser.post("/tickets/new", form.fields | typed))
    number = path.rpartition("/")[2]
    made = office.desk.view(number).case.draft
    assert (made.about_staff, made.about_unit) == (StaffId("clerk"), CARDS)
    assert "<dd>赵柜员" not in agent.read(path).text, "the name is looked up by whoever knows it"
    with pytest.raises(Refused, match=r"ticket\.about_their_unit"):
        office.desk.act(number, Action.DISPATCH, DISPATCHER, {"department": CARDS, "text": "x"})
    office.desk.act(number, Action.DISPATCH, DISPATCHER, {"department": LENDING, "text": "x"})
    for who in (OFFICER, HEAD, person(Role.SUPERVISOR, CARDS)):
        answer = office.seat(who).browser.get(path)
        assert answer.status == 409
        assert "没有这个工单" in answer.text
    assert number not in office.seat(OFFICER).read("/tickets/department").text


def test_a_complaint_that_came_by_itself_is_hidden_once_somebody_says_whom_it_is_about(
    office: TicketOffice,
) -> None:
    letter = replace(draft(), source=Source.EMAIL, call_id=None)
    number = office.desk.register(letter, MAILBOX).number
    path, clerk = f"/tickets/{number}", office.seat(OFFICER)
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    assert clerk.browser.get(path).status == 200
    dispatcher = office.seat(DISPATCHER)
    form = next(f for f in forms_of(dispatcher.read(path).text) if "about_staff" in f.fields)
    assert dispatcher.browser.post(form.action, form.fields | {"about_staff": "x"}).status == 409
    typed = form.fields | {"about_staff": "clerk", "about_unit": LENDING}
    done(dispatcher.browser.post(form.action, typed))
    assert clerk.browser.get(path).status == 409
    assert number not in clerk.read("/tickets?view=all").text
    case = office.desk.view(number).case
    assert (case.draft.about_staff, case.draft.about_unit) == ("clerk", CARDS)
    shown = dispatcher.read(path).text
    assert "对本人及其单位不可见" in shown
    (told,) = result_of(office.desk.service.messages(SUPERVISOR))
    assert (told.number, told.subject) == (number, Action.AMEND.value)
    fact = result_of(office.desk.database.read(lambda each: each.get_one(FactRow, number)))
    assert (fact.about_staff, fact.about_unit) == ("clerk", CARDS)
    entries = office.desk.view(number).history
    assert replayed(case.number, entries) == case


def test_a_complaint_that_came_by_itself_is_classified_without_reading_whose_it_is(
    office: TicketOffice,
) -> None:
    service = office.desk.service
    required = replace(CODES, required=frozenset({"business"}))
    service.follower = replace(service.follower, codes=required)
    number = office.desk.register(replace(draft(), source=Source.WEB), CUSTOMER).number
    path, dispatcher = f"/tickets/{number}", office.seat(DISPATCHER)
    page = dispatcher.read(path).text
    assert "尚未归类" in page
    form = next(f for f in forms_of(page) if f.fields.get("request", "").endswith("-classify"))
    assert "contact" not in form.fields
    refused = dispatcher.browser.post(form.action, form.fields | {"business": "B98"})
    assert refused.status == 409
    done(dispatcher.browser.post(form.action, form.fields | {"business": "B03"}))
    assert "尚未归类" not in dispatcher.read(path).text
    fact = result_of(office.desk.database.read(lambda each: each.get_one(FactRow, number)))
    assert fact.business == "B03"


def test_only_a_complaint_is_about_a_colleague(office: TicketOffice) -> None:
    number = office.desk.register(draft(TicketKind.ENQUIRY)).number
    forms = forms_of(office.seat(DISPATCHER).read(f"/tickets/{number}").text)
    assert not [each for each in forms if "about_staff" in each.fields]
    with pytest.raises(Refused, match=r"ticket\.nothing_changed"):
        office.desk.act(number, Action.AMEND, DISPATCHER, {"about_staff": "clerk"})


def test_the_time_line_masks_what_was_put_right_and_where_an_answer_went(
    office: TicketOffice,
) -> None:
    number = office.desk.register().number
    put_right = {"contact": "13912345678", "name": "王芳芳", "email": "wf@example.com"}
    office.desk.act(number, Action.AMEND, AGENT, put_right)
    for action, by in ((Action.DISPATCH, DISPATCHER), (Action.RETURN, HEAD)):
        if action is Action.RETURN:
            office.desk.act(number, Action.ACCEPT, HEAD)
        office.desk.act(number, action, by)
    office.desk.act(number, Action.APPROVE, DISPATCHER)
    proof = "wf@example.com: 250 2.0.0 ok; 13912345678"
    told = {"channel": "email", "text": "您好", "proof": proof}
    office.desk.act(number, Action.REPLY, SYSTEM, told)
    for who in (OFFICER, person(Role.QUALITY)):
        page = office.seat(who).read(f"/tickets/{number}").text
        for secret in ("13912345678", "王芳芳", "wf@example.com"):
            assert secret not in page
        assert "w***@example.com: 250 2.0.0 ok; 139****5678" in page


@pytest.mark.parametrize("words", ["6217", "00123456", "0012345678", "排队 123456"])
def test_a_search_puts_no_card_together_from_pieces(office: TicketOffice, words: str) -> None:
    number = office.desk.register(replace(draft(), text="排队，卡号6217001234567890被吞")).number
    office.desk.act(number, Action.AMEND, AGENT, {"contact": "13912345678"})
    for typed in (words, "139123"):
        page = office.seat(SUPERVISOR).read(f"/tickets?view=all&q={quote(typed)}").text
        plain = re.sub(r"<[^>]*>", "", page)
        assert "17001234" not in plain
        assert "1234567890" not in plain
        assert "13912345678" not in plain


def test_whom_a_complaint_concerns_finds_no_trace_of_it(office: TicketOffice) -> None:
    about = replace(draft(), about_staff=AGENT.staff_id, title="坐席态度恶劣")
    customer = replace(about.requester, customer_id=CALL.customer_id)
    number = office.desk.register(replace(about, requester=customer), OTHER_AGENT).number
    agent = office.seat(AGENT)
    hidden = agent.browser.get(f"/tickets?q={number}")
    never = agent.browser.get("/tickets?q=26112399990")
    assert (hidden.status, never.status) == (200, 200)
    assert f"/tickets/{number}" not in hidden.text
    assert "坐席态度恶劣" not in hidden.text
    page = f"/tickets/new?type=complaint&call={CALL.call_id}"
    assert "坐席态度恶劣" not in agent.read(page).text
    assert "坐席态度恶劣" in office.seat(OTHER_AGENT).read(page).text


def test_who_moved_to_another_unit_finds_no_complaint_about_them_there(
    office: TicketOffice,
) -> None:
    about = replace(draft(), about_staff=OFFICER.staff_id, about_unit=LENDING)
    number = office.desk.register(about).number
    office.desk.act(number, Action.DISPATCH, DISPATCHER, {"department": CARDS, "text": "x"})
    assert number not in office.seat(OFFICER).read("/tickets/department").text
    assert number in office.seat(HEAD).read("/tickets/department").text
