"""Who writes down a complaint about their own team hears its number, and no more of it."""

from dataclasses import replace

from tests.support.forms import forms_of
from tests.support.ticket_office import TicketOffice
from tests.support.tickets import AGENT, CARDS, SUPERVISOR


def test_the_writer_of_a_complaint_about_their_team_is_told_its_number_alone() -> None:
    office = TicketOffice()
    colleague = office.seat(replace(AGENT, unit=CARDS))
    page = colleague.read("/tickets/new?type=complaint").text
    (form,) = [each for each in forms_of(page) if each.action == "/tickets/new"]
    typed = {"title": "态度恶劣", "text": "辱骂", "name": "韩梅", "contact": "010"}
    fields = form.fields | typed | {"about_staff": "clerk", "change_kind": ""}
    answer = colleague.browser.post("/tickets/new", fields)
    number = next(each.number for each in office.desk.events if hasattr(each, "number"))
    assert answer.status == 200
    assert number in answer.text
    assert "不能查看后续办理" in answer.text
    assert colleague.browser.get(f"/tickets/{number}").status == 409
    assert number not in colleague.read("/tickets?view=all").text
    assert number in office.seat(SUPERVISOR).read("/tickets?view=all").text
