"""The ticket pages over HTTP in memory: read, filled in and sent as without scripts."""

import re
from itertools import product

import pytest

from cti.kernel.vocabulary import Language, Role
from cti.web.texts import Texts
from tests.support.forms import forms_of
from tests.support.ticket_office import Seat, TicketOffice, done
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    HEAD,
    OFFICER,
    OTHER_AGENT,
    OTHER_OFFICER,
    SUPERVISOR,
    draft,
    person,
)
from tickets.clocks.sla import AlarmKind
from tickets.model import CaseState, DispatchState, MessageKind, ReplyChannel, TicketKind, Urgency
from tickets.web.lists import ListPages
from tickets.web.pages import TicketPages
from tickets.web.reach import View
from tickets.workflow import RULES, Action, ClockKind


@pytest.fixture
def office() -> TicketOffice:
    return TicketOffice()


def new_ticket(agent: Seat, path: str = "/tickets/new?call=call-7&type=complaint") -> str:
    form = next(each for each in forms_of(agent.read(path).text) if each.action == "/tickets/new")
    typed = {"title": "排队太久", "text": "等了两小时"}
    typed |= {} if form.fields["name"] else {"name": "韩梅", "contact": "010"}
    return done(agent.browser.post("/tickets/new", form.fields | typed))


def test_a_complaint_from_the_call_to_its_close(office: TicketOffice) -> None:
    people = (AGENT, DISPATCHER, OFFICER, HEAD, OTHER_AGENT)
    agent, dispatcher, officer, head, other = (office.seat(each) for each in people)
    path = new_ticket(agent)
    assert done(agent.do(path, "inform")) == path
    done(dispatcher.do(path, "dispatch", department="cards"))
    done(officer.do(path, "accept"))
    done(officer.do(path, "return_result", finding="两个窗口停用"))
    assert "approve" not in dispatcher.offered(path)
    done(head.do(path, "sign_result"))
    done(dispatcher.do(path, "approve"))
    assert "两个窗口停用" in agent.read(path).text
    assert agent.form(path, "reply").fields["text"] == "建议答复"
    done(agent.do(path, "reply"))
    assert "call_back" not in agent.offered(path)
    done(other.do(path, "call_back"))
    view = office.desk.view(path.rpartition("/")[2])
    assert view.case.state is CaseState.CLOSED
    assert agent.offered(path) == {"note", "contact", "reopen"}


def test_the_form_knows_the_call(office: TicketOffice) -> None:
    agent = office.seat(AGENT)
    view = office.desk.view(new_ticket(agent).rpartition("/")[2])
    assert view.case.draft.requester.name == "李雷"
    assert view.case.draft.requester.contact == "13900139000"
    assert view.case.draft.requester.customer_id == "C7"
    assert view.case.draft.requester.service_level == 1
    assert view.case.draft.call_path == ("主菜单", "投诉")
    assert [link.call_id for link in view.calls] == ["call-7"]


def test_a_ticket_without_a_call(office: TicketOffice) -> None:
    path = new_ticket(office.seat(AGENT), "/tickets/new?type=suggestion")
    view = office.desk.view(path.rpartition("/")[2])
    assert view.case.draft.kind is TicketKind.SUGGESTION
    assert view.calls == ()


def test_what_was_typed_survives_a_refusal(office: TicketOffice) -> None:
    agent = office.seat(AGENT)
    (form,) = [
        each for each in forms_of(agent.read("/tickets/new").text) if each.action == "/tickets/new"
    ]
    answer = agent.browser.post(
        "/tickets/new", form.fields | {"title": "<b>排队</b>", "kind": "appointment"}
    )
    assert answer.status == 409
    assert "请填写" in answer.text
    assert "&lt;b&gt;排队&lt;/b&gt;" in answer.text
    assert "<b>排队" not in answer.text
    again = next(each for each in forms_of(answer.text) if each.action == "/tickets/new")
    assert again.fields["kind"] == "appointment"


def test_a_form_sent_twice_registers_once(office: TicketOffice) -> None:
    agent = office.seat(AGENT)
    (form,) = [
        each for each in forms_of(agent.read("/tickets/new").text) if each.action == "/tickets/new"
    ]
    filled = form.fields | {"title": "a", "text": "b", "name": "c", "contact": "d"}
    first = done(agent.browser.post("/tickets/new", filled))
    assert done(agent.browser.post("/tickets/new", filled)) == first


def test_a_stale_form_shows_the_ticket_as_it_is_with_what_was_typed(office: TicketOffice) -> None:
    number = office.desk.register().number
    agent = office.seat(AGENT)
    form = agent.form(f"/tickets/{number}", "inform")
    office.desk.act(number, Action.NOTE, AGENT)
    answer = agent.browser.post(form.action, form.fields | {"text": "已电话说明"})
    assert answer.status == 409
    assert "刚被他人更新" in answer.text
    again = next(each for each in forms_of(answer.text) if each.fields.get("action") == "inform")
    assert again.fields["text"] == "已电话说明"
    assert done(agent.browser.post(again.action, again.fields))


def test_nobody_is_offered_what_they_may_not_do(office: TicketOffice) -> None:
    number = office.desk.register().number
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    path = f"/tickets/{number}"
    assert office.seat(OFFICER).offered(path) == {"accept", "ask_refusal", "note"}
    assert "dispatch" not in office.seat(AGENT).offered(path)
    assert "dispatch" in office.seat(DISPATCHER).offered(path)
    assert office.seat(person(Role.QUALITY)).offered(path) == {"note"}


def test_departments_see_their_own_tickets_only(office: TicketOffice) -> None:
    number = office.desk.register().number
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    path = f"/tickets/{number}"
    assert number in office.seat(OFFICER).read("/tickets").text
    other = office.seat(OTHER_OFFICER)
    for view in View:
        assert number not in other.read(f"/tickets?view={view.value}").text
    assert other.browser.get(path).status == 409
    form = office.seat(OFFICER).form(path, "note").fields
    for sender in (other, office.seat(person(Role.ADMINISTRATOR))):
        csrf = forms_of(other.read("/tickets").text)[0].fields
        answer = sender.browser.post(f"{path}/act", form | csrf)
        assert answer.status in (403, 409)
    assert len(office.desk.view(number).history) == 2


@pytest.mark.parametrize("path", ["/tickets", "/tickets/new", "/tickets/messages"])
def test_nobody_reads_without_signing_in(office: TicketOffice, path: str) -> None:
    seat = office.seat(AGENT)
    seat.browser.cookies.clear()
    assert seat.browser.get(path).headers["location"].startswith("/sign-in")


def test_a_form_of_another_session_is_not_taken(office: TicketOffice) -> None:
    number = office.desk.register().number
    agent = office.seat(AGENT)
    form = agent.form(f"/tickets/{number}", "note")
    assert agent.browser.post(form.action, form.fields | {"csrf": "x"}).status == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "x"},
        {"version": "9" * 30},
        {"action": "destroy"},
        {"action": ""},
        {"request": ""},
        {"request": "x" * 65},
    ],
)
def test_a_broken_form_is_no_bug_of_ours(office: TicketOffice, wrong: dict[str, str]) -> None:
    number = office.desk.register().number
    agent = office.seat(AGENT)
    form = agent.form(f"/tickets/{number}", "note")
    assert agent.browser.post(form.action, form.fields | wrong).status == 400


def test_an_unknown_ticket_is_said_so(office: TicketOffice) -> None:
    answer = office.seat(AGENT).browser.get("/tickets/26112300021")
    assert answer.status == 409
    assert "没有这个工单" in answer.text


def test_a_whole_number_leads_to_its_ticket(office: TicketOffice) -> None:
    number = office.desk.register().number
    answer = office.seat(AGENT).browser.get(f"/tickets?q={number}")
    assert done(answer) == f"/tickets/{number}"


def test_a_search_looks_at_closed_tickets_too(office: TicketOffice) -> None:
    number = office.desk.register(draft(title="取款机吞卡")).number
    office.desk.solve(number)
    agent = office.seat(AGENT)
    assert number not in agent.read("/tickets").text
    assert number in agent.read("/tickets?q=%E5%90%9E%E5%8D%A1").text


def test_one_more_call_is_added_to_the_ticket(office: TicketOffice) -> None:
    number = office.desk.register().number
    agent = office.seat(AGENT)
    page = agent.read(f"/tickets/{number}?call=call-7").text
    (form,) = [each for each in forms_of(page) if each.action == f"/tickets/{number}/join"]
    done(agent.browser.post(form.action, form.fields))
    assert [link.call_id for link in office.desk.view(number).calls] == ["call-1", "call-7"]
    assert "/join" not in agent.read(f"/tickets/{number}?call=call-7").text
    again = form.fields | {"call": "nobody"}
    assert "没有这个通话" in agent.browser.post(form.action, again).text


def test_messages_are_shown_until_they_are_read(office: TicketOffice) -> None:
    number = office.desk.register().number
    dispatcher = office.seat(DISPATCHER)
    page = dispatcher.read("/tickets/messages").text
    assert number in page
    (form,) = [each for each in forms_of(page) if each.action == "/tickets/messages"]
    assert dispatcher.browser.post(form.action, form.fields | {"message": "x"}).status == 400
    done(dispatcher.browser.post(form.action, form.fields))
    assert number not in dispatcher.read("/tickets/messages").text


def test_alarms_are_read_as_messages_and_history(office: TicketOffice) -> None:
    office.desk.escalation.start()
    number = office.desk.register().number
    for _ in range(3):
        office.desk.advance(hours=1)
    supervisor = office.seat(SUPERVISOR)
    assert "超时升级 · 派单时限" in supervisor.read("/tickets/messages").text
    page = supervisor.read(f"/tickets/{number}").text
    assert all(word in page for word in ("时限预警", "已超时", "超时升级", "升级 2 级"))


@pytest.mark.parametrize("language", Language)
def test_every_word_of_the_model_has_its_text(office: TicketOffice, language: Language) -> None:
    texts: Texts = office.office.frame.texts
    enums = {
        "act": Action,
        "state": CaseState,
        "order": DispatchState,
        "kind": TicketKind,
        "urgency": Urgency,
        "channel": ReplyChannel,
        "clock": ClockKind,
        "alarm": AlarmKind,
        "view": View,
    }
    for group, enum in enums.items():
        for member in enum:
            assert texts.text(language, f"ticket.{group}.{member.value}")
    for name in {name for rule in RULES for name in (*rule.needs, *rule.may)}:
        assert texts.text(language, f"ticket.field.{name}")
    alarms = {kind.value for kind in AlarmKind}
    house = {"work", "undelivered", "calendar", "guessing", "stuck"}
    assert {kind.value for kind in MessageKind} - house == alarms


@pytest.mark.parametrize(
    ("by", "path"),
    list(product((AGENT, DISPATCHER, SUPERVISOR, OFFICER), ("", "/messages", "/{number}"))),
)
def test_every_page_in_english(office: TicketOffice, by: object, path: str) -> None:
    office.desk.escalation.start()
    number = office.desk.register(draft(urgency=Urgency.URGENT)).number
    for action, actor in (
        (Action.DISPATCH, DISPATCHER),
        (Action.URGE, AGENT),
        (Action.ASK_REFUSAL, HEAD),
        (Action.OVERRULE_REFUSAL, DISPATCHER),
    ):
        office.desk.act(number, action, actor)
    office.desk.advance(days=3)
    seat = office.seat(by)  # type: ignore[arg-type]  # pytest hands on what it was given
    seat.browser.cookies["hotline_language"] = "en"
    page = seat.read("/tickets" + path.format(number=number)).text
    assert 'lang="en"' in page
    assert not any(word in page for word in ("工单", "超时", "时限", "派单"))


def routes() -> list[tuple[str, str]]:
    """Every path of the ticket pages and a method it takes, its blanks filled in."""
    found = []
    for prefix, app in (("/tickets", TicketPages.app), ("/tickets/lists", ListPages.app)):
        for rule in app.url_map.iter_rules():
            path = re.sub(r"<(?:int:)?\w+>", "1", prefix + str(rule.rule)).replace(
                "export.1", "export.csv"
            )
            found += [
                (path, method) for method in sorted({"GET", "POST"} & (rule.methods or set()))
            ]
    return found


def test_every_way_in_asks_who_comes_and_takes_no_form_of_another_site(
    office: TicketOffice,
) -> None:
    """Every route by people of no ticket role, by nobody, and by a form without its token."""
    stranger, agent, nobody = (
        office.seat(person(Role.ADMINISTRATOR)),
        office.seat(SUPERVISOR),
        office.seat(AGENT),
    )
    nobody.browser.cookies.clear()
    tried = routes()
    assert len(tried) > 20
    for path, method in tried:
        for seat in (stranger, nobody):
            answer = seat.browser.get(path) if method == "GET" else seat.browser.post(path, {})
            away = answer.headers.get("location", "").startswith("/sign-in")
            assert answer.status in (400, 401, 403, 405, 426) or away, (path, method, answer.status)
        if method == "POST":
            assert agent.browser.post(path, {}).status in (400, 403, 415), path
