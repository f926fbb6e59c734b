"""Whose number is given is known, by whatever way they come."""

from dataclasses import replace

import pytest

from cti.kernel.identifiers import CustomerId
from cti.kernel.vocabulary import Language, ServiceLevel
from customers.model import Customer, Sex
from customers.repository import store_customer_txn
from tests.support.deferred import result_of
from tests.support.tickets import AGENT, MONDAY, TicketDesk, draft
from tickets.clocks.model import HOTLINE
from tickets.model import CUSTOMER, Requester, Source
from tickets.workflow import ClockKind

SPECIAL = Customer(
    CustomerId("C9"),
    {Language.CHINESE: "王建国", Language.ENGLISH: "Wang Jianguo"},
    Sex.MALE,
    ("13911112222",),
    ServiceLevel.SPECIAL,
    Language.CHINESE,
)


@pytest.fixture
def desk() -> TicketDesk:
    desk = TicketDesk()
    result_of(desk.database.run(store_customer_txn, SPECIAL))
    return desk


def given(contact: str, customer_id: CustomerId | None = None) -> Requester:
    return Requester("王先生", contact, customer_id)


@pytest.mark.parametrize("contact", ["13911112222", "+86 139-1111-2222", "013911112222"])
def test_a_number_of_the_directory_tells_who_it_is_and_their_level(
    desk: TicketDesk, contact: str
) -> None:
    what = replace(draft(), requester=given(contact), call_id=None, source=Source.WEB)
    number = desk.register(what, CUSTOMER).number
    view = desk.view(number)
    assert view.case.draft.requester == replace(
        given(contact, SPECIAL.customer_id), service_level=ServiceLevel.SPECIAL
    )
    assert view.customer == SPECIAL
    (found,) = result_of(desk.service.open_tickets(SPECIAL.customer_id, AGENT.staff_id))
    assert found.number == number
    dispatch = next(each for each in view.clocks if each.kind is ClockKind.DISPATCH)
    hours = desk.service.timekeeper.calendars.between(HOTLINE, MONDAY, dispatch.due)
    assert hours.total_seconds() == 3600  # half of an ordinary complaint's two hours


def test_who_the_call_knows_is_not_asked_again(desk: TicketDesk) -> None:
    who = given("13911112222", CustomerId("C1"))
    number = desk.register(replace(draft(), requester=who)).number
    assert desk.view(number).case.draft.requester == who


@pytest.mark.parametrize("contact", ["13911113333", "c9@example.com", "北京市西城区金融大街19号"])
def test_what_is_nobodys_number_tells_nothing(desk: TicketDesk, contact: str) -> None:
    number = desk.register(replace(draft(), requester=given(contact))).number
    assert desk.view(number).case.draft.requester == given(contact)


def test_a_number_that_several_share_tells_nothing(desk: TicketDesk) -> None:
    other = replace(SPECIAL, customer_id=CustomerId("C10"), service_level=ServiceLevel.UNIFORM)
    result_of(desk.database.run(store_customer_txn, other))
    number = desk.register(replace(draft(), requester=given("13911112222"))).number
    assert desk.view(number).case.draft.requester == given("13911112222")
