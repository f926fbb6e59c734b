"""Somebody hears of every deadline: nobody's ticket is the dispatchers', a department's its own."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

import pytest

from cti.kernel.identifiers import StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tests.support.deferred import result_of
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    HEAD,
    OFFICER,
    OTHER_AGENT,
    OTHER_HEAD,
    SUPERVISOR,
    TIMEKEEPER,
    TicketDesk,
    draft,
    local,
    person,
)
from tickets.escalation import Escalation
from tickets.model import CUSTOMER, MAILBOX, SYSTEM, VOICEMAIL, MessageKind, Source, TicketKind
from tickets.service import TicketService
from tickets.workflow import Action, ClockKind

HEARD = (MessageKind.WARNING, MessageKind.BREACH, MessageKind.ESCALATION, MessageKind.WORK)
PEOPLE = (AGENT, OTHER_AGENT, DISPATCHER, SUPERVISOR, OFFICER, HEAD, OTHER_HEAD)
NOBODYS = pytest.mark.parametrize(
    ("by", "source"),
    [
        (MAILBOX, Source.EMAIL),
        (VOICEMAIL, Source.VOICEMAIL),
        (CUSTOMER, Source.WEB),
        (SYSTEM, Source.IVR),
    ],
    ids=lambda each: each.staff_id if isinstance(each, Principal) else "",
)


@pytest.fixture
def desk() -> TicketDesk:
    desk = TicketDesk()
    desk.escalation.start()
    return desk


def hears(
    desk: TicketDesk, subject: str, kinds: Collection[MessageKind] = HEARD
) -> dict[str, Counter[MessageKind]]:
    """Who has unread messages of that subject, and of which kinds."""
    heard = {
        by.name: Counter(
            each.kind
            for each in result_of(desk.service.messages(by))
            if each.subject == subject and each.kind in kinds
        )
        for by in PEOPLE
    }
    return {name: kinds for name, kinds in heard.items() if kinds}


@NOBODYS
def test_what_no_person_opened_alarms_the_dispatchers(
    desk: TicketDesk, by: Principal, source: Source
) -> None:
    desk.register(replace(draft(TicketKind.ENQUIRY), source=source), by)
    desk.advance(hours=8, minutes=30)
    assert hears(desk, "first_contact") == {
        DISPATCHER.name: {MessageKind.WARNING: 1, MessageKind.BREACH: 1}
    }


@NOBODYS
def test_word_from_the_customer_is_told_although_no_person_opened_it(
    desk: TicketDesk, by: Principal, source: Source
) -> None:
    number = desk.register(replace(draft(TicketKind.ENQUIRY), source=source), by).number
    desk.act(number, Action.CONTACT, CUSTOMER, {"channel": "email", "text": "还有一件事"})
    assert hears(desk, "contact") == {DISPATCHER.name: {MessageKind.WORK: 1}}


def test_whoever_may_not_ask_the_customer_is_not_warned_to(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.SOLVE, AGENT)
    desk.advance(hours=25)
    told = {MessageKind.WARNING: 1, MessageKind.BREACH: 1}
    assert hears(desk, "call_back") == {DISPATCHER.name: told}


def test_an_order_to_speed_up_is_heard_by_the_department_that_has_it(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(number, Action.SUPERVISE, SUPERVISOR)
    assert hears(desk, "supervise") == {HEAD.name: {MessageKind.WORK: 1}}
    desk.advance(days=2)
    told = {MessageKind.WARNING: 1, MessageKind.BREACH: 1}
    assert hears(desk, "supervision") == {HEAD.name: told}


def test_an_order_to_speed_up_what_no_department_has_is_the_dispatchers(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.SUPERVISE, SUPERVISOR)
    assert hears(desk, "supervise") == {DISPATCHER.name: {MessageKind.WORK: 1}}
    desk.advance(days=2)
    told = {MessageKind.WARNING: 1, MessageKind.BREACH: 1}
    assert hears(desk, "supervision") == {DISPATCHER.name: told}


def test_supervision_runs_in_the_hours_of_the_department_that_leads(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.advance(hours=8)  # 17:00: half an hour of the office is left
    desk.act(number, Action.SUPERVISE, SUPERVISOR)
    due = desk.view(number).due(ClockKind.SUPERVISION)
    assert due == local("2026-11-25 09:30")


@pytest.mark.parametrize(
    ("action", "ruler"),
    [(Action.ASK_EXTENSION, SUPERVISOR), (Action.ASK_SUSPENSION, DISPATCHER)],
)
def test_whoever_rules_on_a_petition_hears_of_it_once_it_is_signed(
    desk: TicketDesk, action: Action, ruler: Principal
) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(number, Action.ACCEPT, OFFICER)
    desk.act(number, action, OFFICER)
    assert hears(desk, action.value) == {HEAD.name: {MessageKind.WORK: 1}}
    desk.act(number, Action.SIGN_PETITION, HEAD)
    assert hears(desk, "sign_petition") == {ruler.name: {MessageKind.WORK: 1}}
    desk.act(number, Action.DECLINE_PETITION, ruler)
    desk.act(number, action, HEAD)
    told = {MessageKind.WORK: 1}
    assert hears(desk, action.value) == {HEAD.name: told, ruler.name: told}


def test_supervisors_hear_of_new_facts_that_they_are_to_judge(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.FOLLOW_UP, AGENT, {"text": "补充"})
    assert hears(desk, "follow_up") == {DISPATCHER.name: {MessageKind.WORK: 1}}
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(number, Action.FOLLOW_UP, CUSTOMER, {"text": "新证据", "new_facts": "yes"})
    told = {MessageKind.WORK: 1}
    assert hears(desk, "follow_up") == {
        DISPATCHER.name: told,
        OFFICER.name: told,
        SUPERVISOR.name: told,
    }


def test_what_was_of_somebody_who_left_is_heard_by_the_dispatchers() -> None:
    desk = TicketDesk()
    left: list[StaffId] = []
    service = TicketService(desk.database, desk.bus, desk.clock, TIMEKEEPER, gone=lambda: left)
    escalation = Escalation(desk.database, desk.bus, desk.clock, lambda: left)
    escalation.start()
    number = desk.register().number
    desk.service = service
    left.append(AGENT.staff_id)
    desk.act(number, Action.CONTACT, CUSTOMER, {"channel": "email", "text": "还有一件事"})
    desk.advance(hours=8, minutes=30)
    escalation.wake()
    assert hears(desk, "contact") == {DISPATCHER.name: {MessageKind.WORK: 1}}
    told = {MessageKind.WARNING: 1, MessageKind.BREACH: 1}
    assert hears(desk, "first_contact") == {DISPATCHER.name: told}


def test_a_member_of_staff_of_several_roles_hears_once(desk: TicketDesk) -> None:
    both = replace(person(Role.DISPATCHER), roles=frozenset({Role.DISPATCHER, Role.AGENT}))
    desk.register(replace(draft(TicketKind.ENQUIRY), source=Source.EMAIL), MAILBOX)
    desk.advance(hours=8, minutes=30)
    told = result_of(desk.service.messages(both))
    assert Counter(each.kind for each in told if each.subject == "first_contact") == {
        MessageKind.WARNING: 1,
        MessageKind.BREACH: 1,
    }
