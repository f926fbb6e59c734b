"""A ticket that came as another kind than it is, by its page: asked for what that kind asks."""

import pytest

from tests.support.forms import PageForm, forms_of
from tests.support.ticket_office import Seat, TicketOffice, done
from tests.support.tickets import AGENT, OTHER_AGENT, SUPERVISOR, draft
from tickets.model import TicketKind
from tickets.workflow import Action


@pytest.fixture
def office() -> TicketOffice:
    return TicketOffice()


@pytest.fixture
def path(office: TicketOffice) -> str:
    return f"/tickets/{office.desk.register(draft(TicketKind.ENQUIRY)).number}"


def form_to(seat: Seat, path: str, kind: str) -> PageForm:
    page = seat.read(f"{path}/kind?to={kind}").text
    (form,) = [each for each in forms_of(page) if each.action == f"{path}/kind"]
    return form


def test_an_enquiry_becomes_an_appointment(office: TicketOffice, path: str) -> None:
    agent = office.seat(AGENT)
    assert f'href="{path}/kind"' in agent.read(path).text
    form = form_to(agent, path, "appointment")
    typed = form.fields | {
        "reason": "客户要取款",
        "service": "large_withdrawal",
        "branch": "营业部",
    }
    refused = agent.browser.post(form.action, typed)
    assert refused.status == 409
    assert "客户要取款" in refused.text, "what was typed stays"
    typed |= {"slot_day": "2026-11-24", "slot_from": "10:00", "slot_to": "11:00"}
    done(agent.browser.post(form.action, typed))
    page = agent.read(path).text
    assert "2026-11-24 10:00-11:00" in page
    assert "已变更类型" in page


def test_the_page_says_what_becomes_of_the_deadlines(office: TicketOffice, path: str) -> None:
    page = office.seat(AGENT).read(f"{path}/kind?to=complaint").text
    assert "12-08 周二 24:00" in page, "by the law, from receipt"
    assert "11-24 周二 09:00" in page, "until now"


def test_somebody_elses_act_is_told_and_nothing_typed_is_lost(
    office: TicketOffice, path: str
) -> None:
    agent = office.seat(AGENT)
    form = form_to(agent, path, "suggestion")
    office.desk.act(path.rpartition("/")[2], Action.NOTE, OTHER_AGENT)
    answer = agent.browser.post(form.action, form.fields | {"reason": "客户提建议"})
    assert answer.status == 409
    assert "客户提建议" in answer.text
    assert "agent-2" in answer.text
    (again,) = [each for each in forms_of(answer.text) if each.action == form.action]
    done(agent.browser.post(again.action, again.fields))
    assert "建议" in agent.read(path).text


def test_what_is_masked_is_not_on_the_form_and_stays(office: TicketOffice, path: str) -> None:
    agent = office.seat(AGENT)
    form = form_to(agent, path, "complaint")
    done(agent.browser.post(form.action, form.fields | {"reason": "r", "email": "w@example.com"}))
    supervisor = office.seat(SUPERVISOR)
    page = supervisor.read(f"{path}/kind?to=suggestion").text
    assert "w@example.com" not in page
    form = form_to(supervisor, path, "suggestion")
    assert "email" not in form.fields
    done(supervisor.browser.post(form.action, form.fields | {"reason": "是建议"}))
    case = office.desk.view(path.rpartition("/")[2]).case
    assert case.draft.kind is TicketKind.SUGGESTION
    assert case.draft.details["email"] == "w@example.com"


def test_a_complaint_stays_one_for_an_agent(office: TicketOffice) -> None:
    path = f"/tickets/{office.desk.register().number}"
    agent = office.seat(AGENT)
    assert f"{path}/kind" not in agent.read(path).text
    assert agent.browser.get(f"{path}/kind").status == 303
    assert f"{path}/kind" in office.seat(SUPERVISOR).read(path).text
