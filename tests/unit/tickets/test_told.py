"""Whoever has to do something hears of it, and finds it in a list of theirs."""

from collections import Counter

import pytest

from cti.kernel.principal import Principal
from tests.support.deferred import result_of
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    FILLED,
    HEAD,
    LENDING,
    OFFICER,
    OTHER_HEAD,
    OTHER_OFFICER,
    SUPERVISOR,
    TicketDesk,
)
from tickets.model import CUSTOMER
from tickets.search import places
from tickets.search.finding import Query
from tickets.workflow import Action

FACTS = {"text": "新证据", "new_facts": "yes"}


@pytest.fixture
def desk() -> TicketDesk:
    return TicketDesk()


def told(desk: TicketDesk, who: Principal) -> Counter[str]:
    return Counter(each.subject for each in result_of(desk.service.messages(who)))


def lies(desk: TicketDesk, place: str) -> int:
    return len(result_of(desk.service.search(Query(place))).lines)


def at_work(desk: TicketDesk) -> str:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(number, Action.ACCEPT, OFFICER)
    return number


def test_a_petition_is_told_to_who_grants_it_once_it_is_signed(desk: TicketDesk) -> None:
    first, second = at_work(desk), at_work(desk)
    desk.act(first, Action.ASK_EXTENSION, OFFICER)
    assert (told(desk, HEAD)["ask_extension"], told(desk, SUPERVISOR)["ask_extension"]) == (1, 0)
    assert lies(desk, places.department(HEAD.department_id or LENDING, places.SIGN)) == 1
    assert lies(desk, places.REVIEW) == 0
    desk.act(first, Action.SIGN_PETITION, HEAD)
    assert told(desk, SUPERVISOR)["sign_petition"] == 1
    assert lies(desk, places.department(HEAD.department_id or LENDING, places.SIGN)) == 0
    assert lies(desk, places.REVIEW) == 1
    desk.act(second, Action.ASK_SUSPENSION, HEAD)
    assert told(desk, DISPATCHER)["ask_suspension"] == 1
    assert lies(desk, places.REVIEW) == 2
    desk.act(second, Action.GRANT_PETITION, DISPATCHER)
    assert lies(desk, places.REVIEW) == 1


@pytest.mark.parametrize("dispatched", [False, True])
def test_new_facts_are_told_to_who_judges_them(desk: TicketDesk, *, dispatched: bool) -> None:
    number = at_work(desk) if dispatched else desk.register().number
    desk.act(number, Action.FOLLOW_UP, CUSTOMER, {"text": "补充"})
    assert (told(desk, SUPERVISOR)["follow_up"], lies(desk, places.REVIEW)) == (0, 0)
    desk.act(number, Action.FOLLOW_UP, CUSTOMER, FACTS)
    assert (told(desk, SUPERVISOR)["follow_up"], lies(desk, places.REVIEW)) == (1, 1)
    desk.act(number, Action.REJECT_FACTS, SUPERVISOR)
    assert lies(desk, places.REVIEW) == 0


def test_a_second_refusal_is_told_to_who_rules_on_it(desk: TicketDesk) -> None:
    number = at_work(desk)
    desk.act(number, Action.ASK_REFUSAL, HEAD)
    assert told(desk, SUPERVISOR)["ask_refusal"] == 0
    desk.act(number, Action.GRANT_REFUSAL, DISPATCHER)
    desk.act(number, Action.DISPATCH, DISPATCHER, FILLED | {"department": LENDING})
    desk.act(number, Action.ASK_REFUSAL, OTHER_OFFICER, {"reason": "不归我部"})
    assert told(desk, SUPERVISOR)["ask_refusal"] == 0
    desk.act(number, Action.SIGN_REFUSAL, OTHER_HEAD)
    assert told(desk, SUPERVISOR)["sign_refusal"] == 1


def test_a_wish_to_void_lies_with_the_desk_until_it_is_answered(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.ASK_VOID, AGENT)
    assert lies(desk, places.REVIEW) == 1
    desk.act(number, Action.DISPATCH, DISPATCHER)
    assert lies(desk, places.REVIEW) == 0
