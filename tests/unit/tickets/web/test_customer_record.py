"""One record of a customer: what the ticket's page says of it, and what an agent keeps there."""

from dataclasses import replace
from functools import partial

import pytest

from cti.kernel.identifiers import CustomerId, TicketNumber
from cti.kernel.vocabulary import Language, ServiceLevel
from customers.model import Customer, Email, Sex
from customers.repository import customer_txn, store_customer_txn
from tests.support.deferred import result_of
from tests.support.forms import PageForm, forms_of
from tests.support.letters import letter as written
from tests.support.ticket_office import Seat, TicketOffice
from tests.support.tickets import AGENT, DISPATCHER, MONDAY, OFFICER, OTHER_AGENT, draft
from tickets.mail.model import Envelope
from tickets.mail.parsing import read_letter
from tickets.mail.repository import keep_txn
from tickets.model import MAILBOX, Requester, Source
from tickets.workflow import Action

WANG = Customer(
    CustomerId("C9"),
    {Language.CHINESE: "王建国", Language.ENGLISH: "Wang Jianguo"},
    Sex.MALE,
    ("13911112222",),
    ServiceLevel.SPECIAL,
    Language.CHINESE,
    emails=(Email("wang@mail.example", verified=True), Email("home@mail.example")),
)

LETTER = written(**{"from": "wang@mail.example"})
NEWS = written("News", **{"from": "home@mail.example", "subject": "News", "message_id": "<n@x>"})


@pytest.fixture
def office() -> TicketOffice:
    office = TicketOffice()
    result_of(office.desk.database.run(store_customer_txn, WANG))
    return office


def letter(office: TicketOffice, *, unproven: bool = True) -> str:
    """The page of a ticket that a letter of that customer's opened; it names another address."""
    who = Requester("Wang", "wang@mail.example", unproven=unproven)
    details = {"email": "office@mail.example"}
    told = replace(draft(), requester=who, call_id=None, source=Source.EMAIL, details=details)
    return f"/tickets/{office.desk.register(told, MAILBOX).number}"


def keeping(seat: Seat, path: str) -> list[PageForm]:
    forms = forms_of(seat.read(path).text)
    return [each for each in forms if each.fields.get("action") == "keep_email"]


def test_a_letters_customer_stands_on_the_page_masked_and_whether_that_is_proven(
    office: TicketOffice,
) -> None:
    page = office.seat(AGENT).read(letter(office)).text
    assert "身份未核实" in page
    for address in ("wang@mail.example", "home@mail.example", "office@mail.example", "13911112222"):
        assert address not in page
    assert "w***@mail.example" in page
    assert "h***@mail.example" in page
    assert "身份未核实" not in office.seat(AGENT).read(letter(office, unproven=False)).text


def test_an_address_told_is_kept_by_one_click_and_nobody_learns_it_by_that(
    office: TicketOffice,
) -> None:
    path, agent = letter(office), office.seat(AGENT)
    (form,) = keeping(agent, path)
    assert "office@mail.example" not in str(form.fields)
    assert agent.browser.post(form.action, form.fields).status == 303
    record = result_of(office.desk.database.read(customer_txn, WANG.customer_id))
    assert record is not None
    assert record.emails[-1] == Email("office@mail.example")
    page = agent.read(path).text
    assert "已将邮箱记入客户档案" in page
    assert "o***@mail.example" in page
    assert "office@mail.example" not in page
    assert keeping(agent, path) == []


def test_a_department_keeps_nothing_to_the_record(office: TicketOffice) -> None:
    path = letter(office)
    number = path.rpartition("/")[2]
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    assert keeping(office.seat(OFFICER), path) == []


def test_the_customers_page_shows_every_ticket_letter_and_call_masked(office: TicketOffice) -> None:
    number = letter(office).rpartition("/")[2]
    by_telephone = replace(draft(title="转账迟到"), requester=Requester("王", "13911112222"))
    other = office.desk.register(by_telephone).number
    office.desk.solve(other)
    for ticket, octets in ((TicketNumber(number), LETTER), (None, NEWS)):
        read = read_letter(octets, Envelope("wang@mail.example"))
        opened = ticket is not None
        kept = partial(keep_txn, letter=read, number=ticket, at=MONDAY, opened=opened)
        result_of(office.desk.database.run(kept))
    agent = office.seat(AGENT)
    link = f"/tickets/customers/{WANG.customer_id}"
    assert f'href="{link}"' in agent.read(f"/tickets/{number}").text
    page = agent.read(link).text
    for shown in (number, other, "转账迟到", "My card", "News", "未归入工单", "w***@mail.example"):
        assert shown in page
    for hidden in ("wang@mail.example", "13911112222"):
        assert hidden not in page
    assert office.seat(OFFICER).browser.get(link).status == 403
    assert agent.browser.get("/tickets/customers/nobody").status == 409


def test_a_complaint_about_the_reader_is_not_among_the_customers_tickets(
    office: TicketOffice,
) -> None:
    who = Requester("王", "13911112222")
    about = replace(draft(title="坐席态度恶劣"), requester=who, about_staff=AGENT.staff_id)
    office.desk.register(about, OTHER_AGENT)
    link = f"/tickets/customers/{WANG.customer_id}"
    assert "坐席态度恶劣" not in office.seat(AGENT).read(link).text
    assert "坐席态度恶劣" in office.seat(OTHER_AGENT).read(link).text
