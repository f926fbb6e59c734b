"""The customer, called from the page of their ticket."""

from dataclasses import replace

import pytest

from tests.support.browsers import Answer
from tests.support.forms import forms_of
from tests.support.ticket_office import Seat, TicketOffice
from tests.support.tickets import AGENT

WITH_TELEPHONE = replace(AGENT, extension="1001")


@pytest.fixture
def office() -> TicketOffice:
    return TicketOffice()


def dialled(path: str, by: Seat) -> Answer:
    """The answer to the press of the button that calls the customer."""
    offered = forms_of(by.read(path).text)
    form = next(each for each in offered if each.action == f"{path}/dial")
    return by.browser.post(form.action, form.fields)


def test_the_customer_is_called_with_one_click_and_the_call_belongs_to_the_ticket(
    office: TicketOffice,
) -> None:
    number = office.desk.register().number
    answer = dialled(f"/tickets/{number}", office.seat(WITH_TELEPHONE))
    assert (answer.status, answer.headers["location"]) == (303, f"/tickets/{number}#acts")
    assert office.telephones.dialled == [(AGENT.staff_id, "13800138000")]
    assert "dialled-1" in {each.call_id for each in office.desk.view(number).calls}


def test_a_call_that_cannot_be_made_is_told_and_belongs_to_nothing(office: TicketOffice) -> None:
    number = office.desk.register().number
    office.telephones.busy = True
    answer = dialled(f"/tickets/{number}", office.seat(WITH_TELEPHONE))
    assert answer.status == 409
    assert len(office.desk.view(number).calls) == 1


def test_who_has_no_telephone_is_not_offered_to_call(office: TicketOffice) -> None:
    number = office.desk.register().number
    assert f"/tickets/{number}/dial" not in office.seat(AGENT).read(f"/tickets/{number}").text
