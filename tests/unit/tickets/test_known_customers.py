"""Whose number is given is known, by whatever way they come."""

from dataclasses import replace

import pytest

from cti.kernel.errors import Refused
from cti.kernel.identifiers import CustomerId
from cti.kernel.vocabulary import Language, ServiceLevel
from customers.model import Customer, Email, Sex
from customers.repository import customer_txn, store_customer_txn
from tests.support.deferred import result_of
from tests.support.tickets import AGENT, MONDAY, OFFICER, TicketDesk, draft
from tickets.clocks.model import HOTLINE
from tickets.model import CUSTOMER, MAILBOX, Requester, Source
from tickets.replay import replayed
from tickets.workflow import Action, ClockKind

SPECIAL = Customer(
    CustomerId("C9"),
    {Language.CHINESE: "王建国", Language.ENGLISH: "Wang Jianguo"},
    Sex.MALE,
    ("13911112222",),
    ServiceLevel.SPECIAL,
    Language.CHINESE,
    emails=(Email("wang@mail.example", verified=True), Email("jianguo@post.example")),
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


def letter_from(desk: TicketDesk, address: str, *, unproven: bool) -> Requester:
    who = replace(given(address), unproven=unproven)
    what = replace(draft(), requester=who, call_id=None, source=Source.EMAIL)
    view = desk.view(desk.register(what, MAILBOX).number)
    assert replayed(view.case.number, view.history) == view.case
    return view.case.draft.requester


@pytest.mark.parametrize(
    ("address", "forged", "unproven"),
    [
        ("Wang@mail.example", False, False),
        ("wang@mail.example", True, True),
        ("jianguo@post.example", False, True),
    ],
)
def test_an_address_of_the_directory_tells_who_wrote_and_whether_that_is_proven(
    desk: TicketDesk, address: str, forged: bool, unproven: bool
) -> None:
    who = letter_from(desk, address, unproven=forged)
    assert (who.customer_id, who.service_level) == (SPECIAL.customer_id, ServiceLevel.SPECIAL)
    assert who.unproven is unproven


def test_an_address_that_nobody_or_several_have_tells_nothing(desk: TicketDesk) -> None:
    other = replace(SPECIAL, customer_id=CustomerId("C10"))
    result_of(desk.database.run(store_customer_txn, other))
    for address in ("wang@mail.example", "stranger@mail.example"):
        who = letter_from(desk, address, unproven=True)
        assert (who.customer_id, who.unproven) == (None, False)


def test_an_address_told_is_kept_to_the_record_and_the_next_letter_is_known(
    desk: TicketDesk,
) -> None:
    told = replace(draft(), requester=given("13911112222"), details={"email": "New@mail.example"})
    number = desk.register(told).number
    desk.act(number, Action.KEEP_EMAIL, AGENT, {"told_in": "email"})
    record = result_of(desk.database.read(customer_txn, SPECIAL.customer_id))
    assert record == replace(SPECIAL, emails=(*SPECIAL.emails, Email("new@mail.example")))
    said = desk.view(number).history[-1]
    assert (said.by, said.fields) == (AGENT.staff_id, {"email": "new@mail.example"})
    assert letter_from(desk, "new@mail.example", unproven=False).customer_id == SPECIAL.customer_id
    with pytest.raises(Refused, match=r"ticket\.email_kept"):
        desk.act(number, Action.KEEP_EMAIL, AGENT, {"told_in": "email"})


def test_nothing_is_kept_of_whom_nobody_knows_and_by_nobody_else(desk: TicketDesk) -> None:
    stranger = desk.register(replace(draft(), requester=given("who@mail.example"))).number
    with pytest.raises(Refused, match=r"ticket\.customer_unknown"):
        desk.act(stranger, Action.KEEP_EMAIL, AGENT, {"told_in": "contact"})
    known = desk.register(replace(draft(), requester=given("13911112222"))).number
    with pytest.raises(Refused, match=r"ticket\.field_missing"):
        desk.act(known, Action.KEEP_EMAIL, AGENT, {"told_in": "email"})
    with pytest.raises(Refused, match=r"ticket\.role_missing"):
        desk.act(known, Action.KEEP_EMAIL, OFFICER, {"told_in": "contact"})
