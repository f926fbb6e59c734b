"""One ticket's page: files, masked customers, what changed, orders to many departments."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from cti.kernel.identifiers import StaffId
from cti.kernel.vocabulary import Language, Role
from tests.support.forms import PageForm, forms_of
from tests.support.ticket_office import TicketOffice, done
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    HEAD,
    LENDING,
    OFFICER,
    OTHER_OFFICER,
    SUPERVISOR,
    draft,
    person,
)
from tickets.model import CUSTOMER, MAILBOX, SYSTEM, DispatchState, TicketKind
from tickets.workflow import Action

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
def office(tmp_path: Path) -> TicketOffice:
    return TicketOffice(folder=tmp_path / "attachments")


@pytest.mark.parametrize(
    ("occasion", "shown"),
    [("2026-11-23T01:05:00+00:00", "11-23 周一 09:05"), ("上周五下午", "上周五下午")],
)
def test_when_a_letter_came_is_told_in_the_hours_of_the_house(
    office: TicketOffice, occasion: str, shown: str
) -> None:
    number = office.desk.register(replace(draft(), occasion=occasion), MAILBOX).number
    assert f"<dd>{shown}</dd>" in office.seat(AGENT).read(f"/tickets/{number}").text


def test_a_stale_form_is_told_who_did_what(office: TicketOffice) -> None:
    path, agent = office.path_of_new(), office.seat(AGENT)
    form = agent.form(path, "inform")
    number = path.rpartition("/")[2]
    office.desk.act(number, Action.NOTE, SUPERVISOR)
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    answer = agent.browser.post(form.action, form.fields | {"text": "已说明"})
    assert answer.status == 409
    changes = re.search(r'<ul class="changes">.*?</ul>', answer.text, re.DOTALL)
    assert changes is not None
    assert [word in changes[0] for word in ("supervisor", "dispatcher", "银行卡部")] == [True] * 3
    assert changes[0].count("<li>") == 2
    again = next(each for each in forms_of(answer.text) if each.fields.get("action") == "inform")
    assert again.fields["text"] == "已说明"


def test_what_was_typed_is_shown_where_its_form_is_gone(office: TicketOffice) -> None:
    path, agent = office.path_of_new(), office.seat(AGENT)
    form = agent.form(path, "inform")
    office.desk.act(path.rpartition("/")[2], Action.WITHDRAW, AGENT)
    answer = agent.browser.post(form.action, form.fields | {"text": "已<说明>"})
    assert answer.status == 409
    assert "inform" not in [each.fields.get("action") for each in forms_of(answer.text)]
    assert '<dd class="words">已&lt;说明&gt;</dd>' in answer.text


def test_lead_and_assisting_departments_in_one_go(office: TicketOffice) -> None:
    path, dispatcher = office.path_of_new(), office.seat(DISPATCHER)
    form = dispatcher.form(path, "dispatch")
    sending = form.fields | {"department": CARDS, "text": "请查", "also": LENDING}
    for _ in range(2):
        assert done(dispatcher.browser.post(form.action, sending)) == path
    case = office.desk.view(path.rpartition("/")[2]).case
    assert [(each.department_id, each.lead) for each in case.dispatches] == [
        (CARDS, True),
        (LENDING, False),
    ]
    assert all(each.state is DispatchState.SENT for each in case.dispatches)


def test_each_form_says_what_it_will_do(office: TicketOffice) -> None:
    path = office.path_of_new()
    page = office.seat(DISPATCHER).read(path).text
    assert "11-23 13:30" in page or "“签收时限”开始计时" in page
    office.desk.act(path.rpartition("/")[2], Action.DISPATCH, DISPATCHER)
    page = office.seat(OFFICER).read(path).text
    assert "派单转为“办理中”" in page
    assert "“签收时限”完成" in page
    assert "通知：银行卡部 部门负责人" in page, "what an officer writes, the head signs"


def test_the_text_of_the_order_is_the_customers_own(office: TicketOffice) -> None:
    form = office.seat(DISPATCHER).form(office.path_of_new(), "dispatch")
    assert form.fields["text"] == draft().text


def test_the_order_of_the_time_line_is_remembered(office: TicketOffice) -> None:
    path, agent = office.path_of_new(), office.seat(AGENT)
    office.desk.act(path.rpartition("/")[2], Action.NOTE, AGENT)
    before = agent.read(path).text
    assert before.index("已登记") < before.index("添加了备注" if "添加了备注" in before else "备注")
    done(agent.browser.get(f"{path}/order?newest=1"))
    assert "最早在前" in agent.read(path).text
    done(agent.browser.get(f"{path}/order?newest=0"))
    assert "最新在前" in agent.read(path).text


def test_a_call_joins_an_open_ticket_by_one_button(office: TicketOffice) -> None:
    number = office.desk.register().number
    agent = office.seat(AGENT)
    csrf = forms_of(agent.read("/tickets/new").text)[0].fields["csrf"]
    fields = {"csrf": csrf, "call": "call-7"}
    for _ in range(2):
        answer = agent.browser.post(f"/tickets/{number}/join", fields)
        assert done(answer) == f"/tickets/{number}?joined=call-7"
    assert [link.call_id for link in office.desk.view(number).calls] == ["call-1", "call-7"]
    answer = agent.browser.post(f"/tickets/{number}/join", fields | {"call": "nobody"})
    assert "没有这个通话" in answer.text


def test_a_call_that_joined_by_mistake_is_taken_off_by_one_button(office: TicketOffice) -> None:
    number = office.desk.register().number
    agent = office.seat(AGENT)
    csrf = forms_of(agent.read("/tickets/new").text)[0].fields["csrf"]
    fields = {"csrf": csrf, "call": "call-7"}
    joined = done(agent.browser.post(f"/tickets/{number}/join", fields))
    undo = _taking_off(agent.read(joined).text, "call-7")[0]
    assert undo.fields["reason"] == "关联后当即撤销"
    done(agent.browser.post(undo.action, undo.fields))
    view = office.desk.view(number)
    assert [link.call_id for link in view.calls] == ["call-1"]
    assert [each.action for each in view.history[-2:]] == ["attach_call", "detach_call"]
    page = agent.read(f"/tickets/{number}").text
    assert "关联来电" in page.partition('class="history"')[2], "that it was there stays"
    assert joined_bar(page) is False
    assert done(agent.browser.post(f"/tickets/{number}/join", fields)) == joined, "and again"
    assert [link.call_id for link in office.desk.view(number).calls] == ["call-1", "call-7"]


def test_undoing_is_offered_for_ten_seconds_and_taking_off_with_a_reason_for_ever(
    office: TicketOffice,
) -> None:
    number = office.desk.register().number
    agent = office.seat(AGENT)
    csrf = forms_of(agent.read("/tickets/new").text)[0].fields["csrf"]
    joined = done(agent.browser.post(f"/tickets/{number}/join", {"csrf": csrf, "call": "call-7"}))
    office.desk.advance(seconds=9)
    assert joined_bar(agent.read(joined).text)
    office.desk.advance(seconds=1)
    assert not joined_bar(agent.read(joined).text)
    (form,) = _taking_off(agent.read(joined).text, "call-7")
    answer = agent.browser.post(form.action, form.fields)
    assert answer.status == 409, "nobody takes a recording away without saying why"
    done(agent.browser.post(form.action, form.fields | {"reason": "另一位客户"}))
    again = form.fields | {"reason": "另一位客户", "request": "another"}
    assert "该通话不属于本工单" in agent.browser.post(form.action, again).text
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    assert "/detach" not in office.seat(OFFICER).read(f"/tickets/{number}").text


def joined_bar(page: str) -> bool:
    return 'id="joined"' in page


def _taking_off(page: str, call: str) -> list[PageForm]:
    offered = [each for each in forms_of(page) if each.action.endswith("/detach")]
    return [each for each in offered if each.fields["call"] == call]


def test_where_no_deadline_runs_the_page_says_how_the_ticket_stands(office: TicketOffice) -> None:
    number = office.desk.register(draft(TicketKind.ENQUIRY)).number
    office.desk.act(number, Action.SOLVE, AGENT)
    for reader, closed in ((AGENT, "办结"), (replace(AGENT, language=Language.ENGLISH), "Closed")):
        page = office.seat(reader).read(f"/tickets/{number}").text
        box = page.partition('class="next-due none"')[2].partition("</div>")[0]
        assert closed in box
        assert "11-23 09:00" in box
        assert "–" not in box


def test_a_page_says_in_which_zone_its_times_are_and_on_which_day_of_the_week_deadlines(
    office: TicketOffice,
) -> None:
    number = office.desk.register().number
    page = office.seat(AGENT).read(f"/tickets/{number}").text
    assert "Asia/Shanghai（UTC+08:00）" in page
    assert "12-08 周二 24:00" in page
    english = office.seat(replace(AGENT, language=Language.ENGLISH)).read(f"/tickets/{number}").text
    assert "12-08 Tue 24:00" in english


def test_what_the_house_did_itself_is_told_in_the_language_of_the_reader(
    office: TicketOffice,
) -> None:
    number = office.desk.register().number
    office.desk.act(number, Action.NOTE, SYSTEM)
    office.desk.act(number, Action.CONTACT, CUSTOMER)
    line = office.seat(AGENT).read(f"/tickets/{number}").text.partition('class="history"')[2]
    assert ">系统<" in line
    assert ">客户<" in line
    assert "System" not in line


def test_a_refusal_leads_to_the_field_that_it_is_about(office: TicketOffice) -> None:
    number = office.desk.register().number
    agent = office.seat(AGENT)
    form = agent.form(f"/tickets/{number}", "note")
    page = agent.browser.post(form.action, form.fields | {"text": " "}).text
    _, _, own = page.partition('data-act="note"')
    field = own.partition("<textarea")[2].partition(">")[0]
    assert 'aria-invalid="true" aria-describedby="refusal" autofocus' in field
    assert page.count("autofocus") == 1
    typed = {"csrf": form.fields["csrf"], "kind": "enquiry", "title": "利率", "request": "new-1"}
    page = agent.browser.post("/tickets/new", typed | {"text": "多少？", "name": " "}).text
    assert 'name="name" aria-invalid="true"' in page
    assert page.count("autofocus") == 1


def test_the_next_page_is_told_which_form_was_done_and_of_none_that_was_refused(
    office: TicketOffice,
) -> None:
    number = office.desk.register().number
    agent = office.seat(AGENT)
    form = agent.form(f"/tickets/{number}", "note")
    agent.browser.post(form.action, form.fields | {"text": " "})
    assert "hotline_done" not in agent.browser.cookies
    done(agent.browser.post(form.action, form.fields | {"text": "已回电"}))
    assert agent.browser.cookies["hotline_done"] == form.fields["request"]


def test_a_department_accepts_many_at_once(office: TicketOffice) -> None:
    numbers = [office.desk.register().number for _ in range(3)]
    for number in numbers:
        office.desk.act(number, Action.DISPATCH, DISPATCHER)
    officer = office.seat(OFFICER)
    page = officer.read("/tickets/department").text
    assert all(number in page for number in numbers)
    (form,) = [each for each in forms_of(page) if each.action == "/tickets/department/accept"]
    stale = f"{numbers[2]}/1/1"
    ticked = [f"{numbers[0]}/1/2", f"{numbers[1]}/1/2", stale]
    body = [*((name, value) for name, value in form.fields.items() if name != "order")]
    answer = officer.browser.post_pairs(form.action, [*body, *(("order", each) for each in ticked)])
    assert answer.status == 409
    assert f"{numbers[2]}: 工单刚被他人更新" in answer.text
    states = [office.desk.view(number).case.dispatches[0].state for number in numbers]
    assert states == [DispatchState.ACCEPTED, DispatchState.ACCEPTED, DispatchState.SENT]
    assert office.seat(OTHER_OFFICER).read("/tickets/department").text.count("/tickets/26") == 0


def test_a_head_signs_in_the_queue_what_they_read_there(office: TicketOffice) -> None:
    desk = office.desk
    result, refusal = (desk.register().number for _ in range(2))
    for number in (result, refusal):
        desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(result, Action.ACCEPT, OFFICER)
    found = {"dispatch": "1", "finding": "收单行重复提交。", "proposed_reply": "已退回 318.00 元。"}
    desk.act(result, Action.RETURN, OFFICER, found)
    reason = {"dispatch": "1", "reason": "不属于本部门。", "proposed": LENDING}
    desk.act(refusal, Action.ASK_REFUSAL, OFFICER, reason)
    seen = office.seat(OFFICER).read("/tickets/department").text
    assert "收单行重复提交。" in seen
    assert "/tickets/department/sign" not in seen
    head = office.seat(HEAD)
    page = head.read("/tickets/department").text
    assert all(each in page for each in ("已退回 318.00 元。", "不属于本部门。", "信贷部"))
    forms = [each for each in forms_of(page) if each.action == "/tickets/department/sign"]
    assert {each.fields["action"] for each in forms} == {"sign_result", "sign_refusal"}
    desk.act(refusal, Action.NOTE, DISPATCHER)
    for form in forms:
        answer = head.browser.post(form.action, form.fields)
        stale = form.fields["action"] == "sign_refusal"
        assert answer.status == (409 if stale else 303)
    orders = [desk.view(number).case.dispatches[0] for number in (result, refusal)]
    assert [each.state for each in orders] == [DispatchState.RESULT, DispatchState.REFUSAL_WRITTEN]
    wrong = forms[0].fields | {"action": "approve"}
    assert head.browser.post("/tickets/department/sign", wrong).status == 400


def test_nothing_ticked_is_said_so(office: TicketOffice) -> None:
    officer = office.seat(OFFICER)
    csrf = forms_of(officer.read("/tickets/department").text)[0].fields["csrf"]
    answer = officer.browser.post("/tickets/department/accept", {"csrf": csrf, "request": "r"})
    assert answer.status == 409
    assert "请先勾选" in answer.text
    wrong = {"csrf": csrf, "request": "r", "order": "x/y/z"}
    assert officer.browser.post("/tickets/department/accept", wrong).status == 400


def test_the_desk_is_for_departments(office: TicketOffice) -> None:
    assert office.seat(AGENT).browser.get("/tickets/department").status == 403
    assert office.seat(person(Role.OFFICER)).browser.get("/tickets/department").status == 409


def test_a_ticket_is_put_right_by_who_reads_it_in_the_clear(office: TicketOffice) -> None:
    path, agent = office.path_of_new(), office.seat(AGENT)
    offered = forms_of(agent.read(path).text)
    correcting = [each for each in offered if each.fields.get("request", "").endswith("-amend")]
    assert not correcting, "stars would be saved for what they hide"
    form = next(each for each in forms_of(agent.read(path).text) if each.action.endswith("unmask"))
    done(agent.browser.post(form.action, form.fields | {"reason": "更正"}))
    form = agent.form(path, "amend")
    assert form.fields["contact"] == "13800138000"
    done(agent.browser.post(form.action, form.fields | {"title": "排队三小时", "amount": "1200"}))
    made = office.desk.view(path.rpartition("/")[2]).case.draft
    assert (made.title, made.details) == ("排队三小时", {"amount": "CNY 1200.00"})
    assert made.requester == draft().requester
    wrong = agent.form(path, "amend")
    answer = agent.browser.post(wrong.action, wrong.fields | {"amount": "viel"})
    assert answer.status == 409
    assert 'value="viel"' in answer.text


def test_what_is_filled_in_already_is_masked(office: TicketOffice) -> None:
    number = office.desk.register(replace(draft(), text="卡号6217001234567890被吞")).number
    page = office.seat(DISPATCHER).read(f"/tickets/{number}").text
    assert "6217001234567890" not in page
    assert "**** 7890" in page


def test_an_appointment_has_its_own_fields(office: TicketOffice) -> None:
    agent = office.seat(AGENT)
    page = agent.read("/tickets/new?type=appointment").text
    (form,) = [each for each in forms_of(page) if each.action == "/tickets/new"]
    typed = {
        "title": "开户",
        "text": "对公开户",
        "name": "韩梅",
        "contact": "010",
        "change_kind": "",
    }
    typed |= {"service": "account_opening", "branch": "中关村支行"}
    answer = agent.browser.post("/tickets/new", form.fields | typed)
    assert answer.status == 409
    assert "请填写" in answer.text
    typed |= {"slot_day": "2026-11-24", "slot_from": "10:00", "slot_to": "11:00"}
    path = done(agent.browser.post("/tickets/new", form.fields | typed))
    made = office.desk.view(path.rpartition("/")[2]).case.draft
    assert made.details["slot"] == "2026-11-24 10:00-11:00"
    assert "中关村支行" in agent.read(path).text


def test_another_kind_keeps_what_was_typed(office: TicketOffice) -> None:
    agent = office.seat(AGENT)
    page = agent.read("/tickets/new").text
    (form,) = [each for each in forms_of(page) if each.action == "/tickets/new"]
    typed = form.fields | {"kind": "enquiry", "title": "问利率", "change_kind": "yes"}
    answer = agent.browser.post("/tickets/new", typed)
    assert answer.status == 200
    (again,) = [each for each in forms_of(answer.text) if each.action == "/tickets/new"]
    assert again.fields["title"] == "问利率"
    assert "topic" in again.fields


def test_what_its_customer_gave_stands_with_the_matter(office: TicketOffice) -> None:
    number = office.desk.register().number
    office.desk.act(number, Action.SOLVE, AGENT)
    office.desk.act(number, Action.RATE, CUSTOMER, {"score": "4", "solved": "yes"})
    assert "<dd>4/5</dd>" in office.seat(AGENT).read(f"/tickets/{number}").text


def test_each_clock_leads_to_why_it_is_due_then(office: TicketOffice) -> None:
    path, agent = office.path_of_new(), office.seat(AGENT)
    page = agent.read(path).text
    clocks = office.desk.view(path.rpartition("/")[2]).clocks
    assert re.findall(rf'href="({path}/clocks/\d+)"', page) == [
        f"{path}/clocks/{each.serial}" for each in sorted(clocks, key=lambda clock: clock.due)
    ]
    assert 'class="sum"' not in page, "reckoned where somebody asks"
    for clock in clocks:
        reckoning = agent.read(f"{path}/clocks/{clock.serial}").text
        due = re.search(r"<p>截止 (.*)</p>", reckoning)
        assert due, reckoning
        assert due[1] in page
        assert reckoning.count('class="sum"') >= 2, "the last lines have sums"
        assert f'href="{path}"' in reckoning


def test_a_clock_that_is_not_there_or_not_for_them_is_refused(office: TicketOffice) -> None:
    path = office.path_of_new()
    assert office.seat(AGENT).browser.get(f"{path}/clocks/99").status == 409
    about = replace(draft(TicketKind.COMPLAINT), about_staff=StaffId("clerk"), about_unit=CARDS)
    hidden = office.desk.register(about).number
    assert office.seat(OFFICER).browser.get(f"/tickets/{hidden}/clocks/1").status in (403, 409)
