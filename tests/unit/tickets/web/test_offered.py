"""Which act a ticket's page puts first for whoever reads it."""

import re

from cti.kernel.principal import Principal
from tests.support.ticket_office import TicketOffice
from tests.support.tickets import AGENT, DISPATCHER, OFFICER, OTHER_AGENT
from tickets.model import CUSTOMER
from tickets.workflow import Action

LIKELY = re.compile(r'<details class="act likely".*?data-act="(\w+)"', re.DOTALL)
LETTER = {"channel": "email", "text": "何时可以领卡？"}


def likely(office: TicketOffice, number: str, reader: Principal) -> str:
    """The act that stands open on the page; empty where nothing is expected of the reader."""
    found = LIKELY.search(office.seat(reader).read(f"/tickets/{number}").text)
    return found[1] if found else ""


def test_a_word_to_the_customer_is_likely_while_a_clock_waits_for_one() -> None:
    office = TicketOffice()
    number = office.desk.register().number
    assert likely(office, number, DISPATCHER) == "dispatch", "what moves the matter comes first"
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    assert likely(office, number, AGENT) == "inform", "the first contact"
    assert likely(office, number, OFFICER) == "accept"
    assert likely(office, number, DISPATCHER) == "", "the agents see to it while there is time"
    office.desk.advance(days=2)
    assert likely(office, number, DISPATCHER) == "inform"
    office.desk.act(number, Action.INFORM, AGENT)
    assert likely(office, number, AGENT) == ""
    office.desk.act(number, Action.CONTACT, CUSTOMER, LETTER)
    assert likely(office, number, AGENT) == "inform", "an answer to what they wrote"
    office.desk.act(number, Action.INFORM, AGENT)
    office.desk.advance(days=40)
    assert likely(office, number, AGENT) == "inform", "news that are overdue"


def test_whoever_worked_on_a_matter_is_told_why_others_call_back() -> None:
    office = TicketOffice()
    number = office.desk.register().number
    office.desk.act(number, Action.SOLVE, AGENT)
    why = "您经办过此事项，须由他人回访"
    assert why in office.seat(AGENT).read(f"/tickets/{number}").text
    assert why not in office.seat(OTHER_AGENT).read(f"/tickets/{number}").text
    assert likely(office, number, OTHER_AGENT) == "call_back"


def test_what_is_left_to_the_customers_word_stands_beside_it() -> None:
    office = TicketOffice()
    number = office.desk.register().number
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    page = office.seat(AGENT).read(f"/tickets/{number}").text
    first = page.partition('<div class="first">')[2].partition('class="group"')[0]
    assert re.findall(r'data-act="(\w+)"', first) == ["inform", "attempt_inform"]
