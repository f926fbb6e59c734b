"""Where a ticket stands: the steps of its life, the next deadline, its orders."""

from tests.support.ticket_office import TicketOffice
from tests.support.tickets import AGENT, CARDS, DISPATCHER, LENDING, OFFICER, draft
from tickets.forms import COMMON, FORMS
from tickets.masking import DETAILS, Mask, masked
from tickets.model import TicketKind
from tickets.view import TicketView
from tickets.web.bars import bars, next_bar
from tickets.web.shown import Words
from tickets.web.standing import orders, steps
from tickets.workflow import Action, ClockKind


def words(view: TicketView, office: TicketOffice) -> Words:
    zone = office.desk.service.timekeeper.calendars.zone
    return Words(lambda key, **_: key, AGENT.language, zone, view.departments)


def life(office: TicketOffice, number: str) -> list[tuple[str, str]]:
    view = office.desk.view(number)
    return [
        (step.word.rpartition(".")[2], "now" if step.now else "done" if step.done else "")
        for step in steps(view, words(view, office))
    ]


def test_a_complaint_ends_with_a_call_back() -> None:
    office = TicketOffice()
    number = office.desk.register().number
    assert life(office, number) == [
        ("registered", "now"),
        ("in_progress", ""),
        ("result_in", ""),
        ("callback", ""),
        ("closed", ""),
    ]
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    assert life(office, number)[:2] == [("registered", "done"), ("in_progress", "now")]


def test_a_suggestion_ends_with_the_reply() -> None:
    office = TicketOffice()
    number = office.desk.register(draft(TicketKind.SUGGESTION)).number
    assert [word for word, _ in life(office, number)] == [
        "registered",
        "in_progress",
        "result_in",
        "replied",
        "closed",
    ]


def test_what_was_withdrawn_ends_there() -> None:
    office = TicketOffice()
    number = office.desk.register().number
    office.desk.act(number, Action.WITHDRAW, AGENT)
    assert life(office, number) == [("registered", "done"), ("withdrawn", "now")]


def test_the_first_word_is_due_before_the_next() -> None:
    office = TicketOffice()
    view = office.desk.view(office.desk.register().number)
    keeper, now = office.desk.service.timekeeper, view.case.opened
    found = bars(view, keeper, words(view, office), now)
    running = {bar.kind for bar in found if bar.running}
    assert ClockKind.FIRST_CONTACT.value in running
    first = next_bar(found)
    assert first is not None
    assert first.kind != ClockKind.KEEP_INFORMED.value
    assert first.at == min(
        bar.at for bar in found if bar.running and bar.kind != ClockKind.KEEP_INFORMED.value
    )
    assert next_bar([]) is None


def test_orders_at_work_stand_first_with_what_is_due() -> None:
    office = TicketOffice()
    number = office.desk.register().number
    office.desk.act(number, Action.DISPATCH, DISPATCHER, {"department": CARDS, "text": "x"})
    office.desk.act(
        number, Action.DISPATCH, DISPATCHER, {"department": LENDING, "text": "x", "assist": "yes"}
    )
    office.desk.act(number, Action.RECALL, DISPATCHER, {"dispatch": "2", "reason": "x"})
    office.desk.act(number, Action.ACCEPT, OFFICER)
    view = office.desk.view(number)
    said = words(view, office)
    found = bars(view, office.desk.service.timekeeper, said, view.case.opened)
    lead, gone = orders(view, found, said)
    assert (lead.lead, lead.serial, gone.serial) == (True, 1, 2)
    assert lead.clock is not None
    assert lead.clock.kind == ClockKind.RESULT.value
    assert gone.clock is None


def test_every_personal_field_of_a_form_is_masked() -> None:
    personal = {field.name for fields in FORMS.values() for field in fields if field.personal}
    assert personal <= DETAILS.keys()
    assert {field.name for field in COMMON if field.personal} == {
        "name",
        "sex",
        "contact",
        "address",
    }, "`Sight.requester` masks these, but for the sex"
    assert all(masked(kind, "王小芳 6217001234567890") for kind in Mask)
