"""The page of customers by HTTP: what opens a ticket, what is seen of it, what nobody is told."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, text

from cti.kernel.errors import Refused
from tests.support.browsers import Answer
from tests.support.deferred import result_of
from tests.support.forms import forms_of
from tests.support.portal import ADDRESS, MOBILE, UNKNOWN, PortalDesk
from tests.support.tickets import AGENT, DISPATCHER, HEAD, OFFICER, OTHER_AGENT, SUPERVISOR, draft
from tickets.attachments.model import Way
from tickets.attachments.repository import attachments_txn
from tickets.delivery.model import Channel, Purpose
from tickets.events import TicketRated
from tickets.model import CUSTOMER, CaseState, DispatchState
from tickets.portal.codes import TRIES
from tickets.portal.tokens import IDLE
from tickets.workflow import Action, ClockKind

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
def desk(tmp_path: Path) -> PortalDesk:
    return PortalDesk(tmp_path / "attachments")


def dispatched(desk: PortalDesk, number: str) -> None:
    desk.desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.desk.act(number, Action.ACCEPT, OFFICER)


def with_result(desk: PortalDesk, number: str) -> None:
    dispatched(desk, number)
    desk.desk.act(number, Action.RETURN, HEAD)
    desk.desk.act(number, Action.APPROVE, DISPATCHER)


def test_a_ticket_is_followed_by_its_number_and_contact(desk: PortalDesk) -> None:
    number = desk.desk.register().number
    customer = desk.customer(language="en")
    assert customer.follow(number, "+86 138-0013-8000").status == 303
    assert customer.enter() == number
    assert customer.read("/service/ticket").headers["cache-control"] == "no-store"


def test_nobody_learns_which_tickets_there_are(desk: PortalDesk) -> None:
    number = desk.desk.register().number
    other = desk.desk.register(
        replace(draft(), requester=replace(draft().requester, contact="13900139000"))
    ).number
    answers: list[list[tuple[int, str, str]]] = []
    for asked in ((number, MOBILE), (other, MOBILE), (UNKNOWN, MOBILE)):
        desk.desk.advance(hours=1)
        customer = desk.customer(address=f"192.0.2.{len(answers) + 20}")
        steps = [customer.follow(*asked), customer.browser.get("/service/code")]
        steps += [customer.send("/service/code", code="000000") for _ in range(TRIES + 1)]
        steps += [customer.send("/service/code", "/service/code/again")]
        answers.append([_seen(each) for each in steps])
    assert answers[0] == answers[1] == answers[2]
    sent = [(each.purpose, each.to) for each in desk.carried()]
    assert sent == [(Purpose.CODE, MOBILE)] * 2, "the first one's, and its second"


def test_asking_costs_the_same_whether_there_is_such_a_ticket_or_not(desk: PortalDesk) -> None:
    number = desk.desk.register().number
    told: list[str] = []
    engine = desk.desk.database.engine
    event.listen(engine, "before_cursor_execute", lambda _c, _k, said, *_: told.append(said))
    costs = []
    for asked in ((number, "13900139000"), (UNKNOWN, MOBILE)):
        customer = desk.customer()
        form = customer.form("/service/follow")
        told.clear()
        customer.browser.post(
            form.action, form.fields | dict(zip(("number", "contact"), asked, strict=True))
        )
        costs.append(list(told))
    assert costs[0] == costs[1]
    assert len(costs[0]) > 3


def _seen(answer: Answer) -> tuple[int, str, str]:
    """What can be told apart of an answer, without the browser's own form token."""
    token = forms_of(answer.text)[0].fields["csrf"] if answer.status != 303 else ""
    shown = answer.text.replace(token, "") if token else answer.text
    return answer.status, answer.headers.get("location", ""), shown


def test_a_decoy_has_no_code_that_fits(desk: PortalDesk) -> None:
    desk.customer().follow(UNKNOWN)
    [challenge] = result_of(desk.desk.database.read(lambda s: s.execute(ALL).all()))
    assert (challenge.number, challenge.digest) == (UNKNOWN, "")


ALL = text("SELECT * FROM portal_challenges")


def test_a_session_is_for_one_ticket_and_ends(desk: PortalDesk) -> None:
    customer = desk.customer()
    customer.submit()
    desk.desk.clock.advance(IDLE.total_seconds() - 1)
    customer.read("/service/ticket")
    desk.desk.clock.advance(IDLE.total_seconds())
    assert customer.browser.get("/service/ticket").status == 303


def test_a_session_is_worth_nothing_with_a_letter_changed(desk: PortalDesk) -> None:
    customer = desk.customer()
    number = customer.submit()
    other = desk.desk.register().number
    cookie = customer.browser.cookies["service_ticket"]
    customer.browser.cookies["service_ticket"] = cookie.replace(number, other)
    assert customer.browser.get("/service/ticket").status == 303


def test_leaving_closes_the_ticket(desk: PortalDesk) -> None:
    customer = desk.customer()
    customer.submit()
    customer.send("/service/ticket", "/service/leave")
    assert customer.browser.get("/service/ticket").status == 303


def test_forms_of_other_sites_and_browsers_are_not_taken(desk: PortalDesk) -> None:
    customer = desk.customer()
    customer.submit()
    form = customer.form("/service/ticket", "/service/ticket/add")
    fields = form.fields | {"text": "新情况"}
    elsewhere = customer.browser.post(form.action, fields, origin="https://evil.example")
    assert elsewhere.status == 403
    assert customer.browser.post(form.action, fields | {"csrf": "0" * 64}).status == 303
    assert "新情况" not in customer.read("/service/ticket").text


def test_what_is_added_resumes_what_waits_for_the_customer(desk: PortalDesk) -> None:
    customer = desk.customer()
    number = customer.submit()
    dispatched(desk, number)
    desk.desk.act(number, Action.ASK_SUSPENSION, HEAD)
    desk.desk.act(number, Action.GRANT_PETITION, DISPATCHER)
    assert desk.desk.view(number).case.dispatches[0].state is DispatchState.SUSPENDED
    assert "等待您" in customer.read("/service/ticket").text
    assert customer.do("add", text="身份证复印件已上传").status == 303
    assert desk.desk.view(number).case.dispatches[0].state is DispatchState.ACCEPTED
    assert "身份证复印件已上传" in customer.read("/service/ticket?done=add").text


def test_what_no_department_has_is_urged_by_a_message_that_waits_for_an_answer(
    desk: PortalDesk,
) -> None:
    customer = desk.customer()
    number = customer.submit()
    assert customer.do("urge").status == 303
    view = desk.desk.view(number)
    assert view.history[-1].action == Action.CONTACT.value
    assert "客户催办" in view.history[-1].fields["text"]
    assert view.premises.unanswered == view.history[-1].at
    page = customer.read("/service/ticket").text
    assert "催办" in page
    assert "Urged by the customer" not in page, "that is for the staff"
    assert "urge" not in customer.offers(), "they wait already"
    desk.desk.act(number, Action.INFORM, DISPATCHER)
    assert "urge" in customer.offers()


def test_an_urge_is_offered_while_the_table_allows_it(desk: PortalDesk) -> None:
    customer = desk.customer()
    number = customer.submit()
    dispatched(desk, number)
    assert customer.do("urge").status == 303
    assert desk.desk.view(number).case.dispatches[0].urges == 1
    assert "urge" not in customer.offers()


def test_a_form_sent_twice_is_done_once(desk: PortalDesk) -> None:
    customer = desk.customer()
    number = customer.submit()
    form = customer.form("/service/ticket", "/service/ticket/add")
    for _ in range(2):
        assert customer.browser.post(form.action, form.fields | {"text": "一次"}).status == 303
    said = [each for each in desk.desk.view(number).history if each.action == "contact"]
    assert len(said) == 1


def test_a_rating_is_kept_and_told_to_the_house(desk: PortalDesk) -> None:
    customer = desk.customer()
    number = customer.submit()
    with_result(desk, number)
    desk.desk.act(number, Action.REPLY, AGENT)
    assert customer.do("rate", score="2", solved="no", text="没有解决").status == 303
    assert desk.desk.view(number).case.rating == 2
    [rated] = [each for each in desk.desk.events if isinstance(each, TicketRated)]
    assert (rated.number, rated.score, rated.solved) == (number, 2, False)
    assert "rate" not in customer.offers()
    assert "2/5 · 不满意" in customer.read("/service/ticket").text, "what they said stands there"


def test_an_answer_is_rated_once_whatever_page_is_still_open(desk: PortalDesk) -> None:
    customer = desk.customer()
    number = customer.submit()
    with_result(desk, number)
    desk.desk.act(number, Action.REPLY, AGENT)
    form, later = (customer.form("/service/ticket", "/service/ticket/rate") for _ in range(2))
    typed = {"score": "5", "solved": "yes"}
    for _ in range(2):
        assert customer.browser.post(form.action, form.fields | typed).status == 303
    again = customer.browser.post(later.action, later.fields | typed | {"score": "1"})
    assert again.status == 409
    assert "评价" in again.text
    assert desk.desk.view(number).case.rating == 5
    assert len([each for each in desk.desk.events if isinstance(each, TicketRated)]) == 1


def moved(desk: PortalDesk, number: str) -> None:
    """The customer's telephone is somebody else's now, and an agent wrote down the new one."""
    desk.desk.act(number, Action.AMEND, AGENT, {"contact": "13900139000"})


def test_a_code_that_went_to_a_contact_of_before_opens_nothing(desk: PortalDesk) -> None:
    customer = desk.customer()
    number = desk.desk.register(draft()).number
    customer.follow(number)
    code = desk.code()
    moved(desk, number)
    assert customer.send("/service/code", code=code).status == 409
    assert customer.browser.get("/service/ticket").status == 303


def test_no_other_code_is_sent_to_a_contact_of_before(desk: PortalDesk) -> None:
    customer = desk.customer()
    number = desk.desk.register(draft()).number
    customer.follow(number)
    code = desk.code()
    moved(desk, number)
    assert customer.send("/service/code", "/service/code/again").status == 303
    assert desk.code() == code, "nothing was sent since"


def test_a_session_ends_when_its_contact_is_the_customers_no_more(desk: PortalDesk) -> None:
    customer = desk.customer()
    number = customer.submit()
    add, files = (
        customer.form("/service/ticket", f"/service/ticket/{name}") for name in ("add", "files")
    )
    desk.desk.act(number, Action.AMEND, AGENT, {"other_contact": "13700137000"})
    customer.read("/service/ticket")
    moved(desk, number)
    before = desk.desk.view(number)
    answers = (
        customer.browser.get("/service/ticket"),
        customer.browser.post(add.action, add.fields | {"text": "还在吗"}),
        customer.browser.upload(files.action, files.fields, [("receipt.png", PNG)]),
    )
    for answer in answers:
        assert (answer.status, answer.headers["location"]) == (303, "/service/follow?over=1")
    assert desk.desk.view(number) == before
    assert not desk.folder.exists()


def test_nothing_more_is_told_to_a_contact_of_before(desk: PortalDesk) -> None:
    customer = desk.customer()
    number = customer.submit()
    moved(desk, number)
    with_result(desk, number)
    desk.carried()
    desk.desk.act(number, Action.INFORM, AGENT, {"channel": "web", "text": "正在调取录像"})
    desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, {"channel": "sms", "text": "已退还费用"})
    assert {(each.purpose, each.to) for each in desk.carried()} == {
        (Purpose.NOTICE, "13900139000"),
        (Purpose.REPLY, "13900139000"),
    }


def test_files_are_kept_as_the_customers_own(desk: PortalDesk) -> None:
    customer = desk.customer()
    number = customer.submit()
    form = customer.form("/service/ticket", "/service/ticket/files")
    assert customer.browser.upload(form.action, form.fields, [("receipt.png", PNG)]).status == 303
    [kept] = result_of(desk.desk.database.read(attachments_txn, number))
    assert (kept.way, kept.by) == (Way.PORTAL, CUSTOMER.staff_id)
    assert "receipt.png" in customer.read("/service/ticket").text
    answer = customer.browser.upload(form.action, form.fields, [("run.exe", b"MZ" + bytes(64))])
    assert answer.status == 409


def test_an_appointment_is_called_off_by_its_customer_alone(desk: PortalDesk) -> None:
    other = desk.customer()
    other.submit("complaint")
    assert "cancel" not in other.offers()
    customer = desk.customer()
    number = customer.submit("appointment", contact=ADDRESS)
    assert "2026-11-25 10:00-11:00" in customer.read("/service/ticket").text
    assert customer.do("cancel").status == 303
    assert desk.desk.view(number).case.state is CaseState.WITHDRAWN


def test_nothing_of_the_inside_is_shown(desk: PortalDesk) -> None:
    customer = desk.customer()
    number = customer.submit()
    for action, by, words in (
        (Action.NOTE, AGENT, "内部备注"),
        (Action.CONTACT, AGENT, "坐席记录的来电"),
        (Action.SUPERVISE, SUPERVISOR, "督办要求"),
    ):
        desk.desk.act(number, action, by, {"text": words, "channel": "call"})
    desk.desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.desk.act(number, Action.ACCEPT, OFFICER)
    desk.desk.act(number, Action.PROGRESS, OFFICER, {"text": "部门进展"})
    desk.desk.act(number, Action.RETURN, HEAD)
    page = customer.read("/service/ticket").text
    for hidden in ("内部备注", "坐席记录", "督办", "部门进展", "查明", "建议答复", *PEOPLE):
        assert hidden not in page, hidden
    assert "银行卡部" in page


PEOPLE = [each.name for each in (AGENT, DISPATCHER, OFFICER, HEAD, SUPERVISOR, OTHER_AGENT)]


def test_what_the_bank_says_is_shown(desk: PortalDesk) -> None:
    customer = desk.customer(language="en")
    number = customer.submit(contact=ADDRESS)
    told = {"channel": "web", "text": "正在调取录像"}
    desk.desk.act(number, Action.INFORM, AGENT, told)
    page = customer.read("/service/ticket").text
    assert "正在调取录像" in page
    assert "You have our answer by" in page
    [letter] = [each for each in desk.carried() if each.purpose is Purpose.NOTICE]
    assert (letter.channel, letter.to) == (Channel.EMAIL, ADDRESS)
    assert "正在调取录像" in letter.body


def test_an_answer_on_the_page_counts_once_it_is_opened(desk: PortalDesk) -> None:
    customer = desk.customer()
    number = customer.submit()
    with_result(desk, number)
    customer.send("/service/ticket", "/service/leave")
    desk.desk.act(number, Action.ATTEMPT_REPLY, AGENT, {"channel": "web", "text": "已退还费用"})
    [sent] = [each for each in desk.carried() if each.purpose is Purpose.NOTICE]
    assert (sent.channel, sent.to) == (Channel.SMS, MOBILE)
    assert "已退还费用" not in sent.body
    assert desk.desk.view(number).case.state is CaseState.RESULT_IN
    customer.follow(number)
    customer.enter()
    assert "已退还费用" in customer.read("/service/ticket").text
    view = desk.desk.view(number)
    assert view.case.state is CaseState.CALLBACK
    clock = next(each for each in view.clocks if each.kind is ClockKind.DECISION)
    assert clock.stopped is not None
    replies = [each for each in view.history if each.action == Action.REPLY.value]
    assert "Read on the customer page" in replies[0].fields["proof"]


def test_who_gave_no_address_on_the_page_is_not_told_there(desk: PortalDesk) -> None:
    number = desk.desk.register().number
    with pytest.raises(Refused) as refused:
        desk.desk.act(number, Action.INFORM, AGENT, {"channel": "web", "text": "进展"})
    assert refused.value.error_id == "portal.no_reader"


@pytest.mark.parametrize("path", ["/service", "/service/", "/service/follow", "/service/code"])
def test_pages_hold_no_script_and_stand_in_no_frame(desk: PortalDesk, path: str) -> None:
    answer = desk.customer().read(path)
    assert "<script" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_the_language_is_the_browsers_until_it_is_chosen(desk: PortalDesk) -> None:
    customer = desk.customer(language="en-GB,en;q=0.8")
    assert 'lang="en"' in customer.read("/service").text
    answer = customer.browser.get("/service/language/zh?to=/service/follow")
    assert answer.headers["location"] == "/service/follow"
    assert 'lang="zh-CN"' in customer.read("/service/follow").text
    elsewhere = customer.browser.get("/service/language/zh?to=//evil.example/")
    assert elsewhere.headers["location"] == "/service"


def test_what_does_not_exist_is_said_plainly(desk: PortalDesk) -> None:
    for path in ("/service/nothing", "/service/new/acceptance", "/service/static/portal/no.css"):
        assert desk.customer().browser.get(path).status == 404


def test_files_of_the_page_are_served_beside_it(desk: PortalDesk) -> None:
    for name, kind in (("portal.css", "text/css"), ("icon.svg", "image/svg+xml")):
        answer = desk.customer().read(f"/service/static/portal/{name}")
        assert answer.headers["content-type"].startswith(kind)
