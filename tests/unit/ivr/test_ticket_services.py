"""What callers hear of their tickets and do about them, read out in both languages."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from cti.kernel.identifiers import CallId
from cti.kernel.secret import Secret
from cti.kernel.ticket_line import SlotAnswer, SlotFound
from cti.kernel.vocabulary import Language
from ivr.effects import ServiceDone
from ivr.flow import HangUp
from ivr.reading import PART
from ivr.ticket_services import (
    ANSWER_OWED,
    ANSWERED,
    MOST_WRONG,
    SERVICES,
    SIGNATURES,
    TicketServices,
)
from prompts.catalogue import load_catalogue
from tests.support.deferred import result_of
from tests.support.fake_tickets import ENDING, NUMBER, FakeTickets
from tests.support.ivr_house import IvrHouse
from tickets.model import CaseState, TicketKind

CATALOGUE = load_catalogue()


@dataclass
class Desk:
    """The services of one call."""

    tickets: FakeTickets = field(default_factory=FakeTickets)

    def __post_init__(self) -> None:
        self.services = TicketServices(self.tickets, CallId("call-1"), lambda _: None)

    def run(self, name: str, **arguments: str | Secret) -> ServiceDone:
        async def ran() -> ServiceDone:
            return await SERVICES[name](self.services, **arguments)

        done = result_of(Deferred.fromCoroutine(ran()))
        signature = SIGNATURES[name]
        assert done.outcome in signature.outcomes
        assert arguments.keys() == signature.arguments
        for language in Language:
            said(done, language)
        return done

    def prove(self, number: str = NUMBER, ending: str = ENDING) -> ServiceDone:
        return self.run("ticket_prove", ticket_number=number, ticket_ending=Secret(ending))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def said(done: ServiceDone, language: Language = Language.CHINESE) -> list[str]:
    return [
        CATALOGUE.text(each, each.language or language)
        for each in (*done.announcements, *done.choices)
    ]


def test_every_service_has_a_signature() -> None:
    assert SERVICES.keys() == SIGNATURES.keys()


def test_a_wrong_number_and_wrong_digits_sound_the_same(desk: Desk) -> None:
    assert desk.prove(ending="0000") == Desk().prove(number="26112100022")
    assert desk.services.number is None


def test_after_three_wrong_tries_nothing_is_looked_up_any_more(desk: Desk) -> None:
    outcomes = [desk.prove(ending="0000").outcome for _ in range(MOST_WRONG)]
    assert outcomes == ["wrong", "wrong", "locked"]
    assert desk.prove().outcome == "locked"
    assert len(desk.tickets.tried) == MOST_WRONG


def test_nothing_is_told_or_done_before_the_proof(desk: Desk) -> None:
    for name in ("ticket_state", "ticket_reply", "ticket_urge", "ticket_cancel"):
        done = desk.run(name)
        assert (done.outcome, done.announcements) == ("unproven", ())
    assert not desk.tickets.urged
    assert not desk.tickets.cancelled


@pytest.mark.parametrize("state", [each.value for each in CaseState if each.value != "draft"])
@pytest.mark.parametrize("kind", [each.value for each in TicketKind])
def test_every_ticket_can_be_told(desk: Desk, kind: str, state: str) -> None:
    desk.prove()
    desk.tickets.ticket = replace(desk.tickets.ticket, kind=kind, state=state)
    done = desk.run("ticket_state")
    assert done.outcome == ("open" if state in ANSWER_OWED else "ended")
    assert len(done.announcements) == (2 if state in ANSWER_OWED else 1)
    assert "二六幺幺" in said(done)[0]


def test_the_states_are_those_of_tickets() -> None:
    assert {state.value for state in CaseState} >= ANSWER_OWED | ANSWERED


def test_department_slot_and_delay_are_told(desk: Desk) -> None:
    desk.prove()
    names = {Language.CHINESE: "银行卡部", Language.ENGLISH: "Cards"}
    slot = datetime(2026, 11, 25, 2, tzinfo=UTC), datetime(2026, 11, 25, 3, tzinfo=UTC)
    desk.tickets.ticket = replace(
        desk.tickets.ticket, department=names, overdue=True, slot=slot, may_cancel=True
    )
    done = desk.run("ticket_state")
    assert done.outcome == "appointment"
    assert said(done)[1:] == [
        "您预约的时间是十一月二十五日，星期三，上午十点到十一点。",
        "目前由银行卡部办理。",
        "让您久等了，非常抱歉，我们正在加紧处理。",
    ]


def test_an_answer_is_read_in_its_own_language_and_in_parts(desk: Desk) -> None:
    desk.prove()
    reply = "经核实，手续费1,234.50元已退回尾号8848的账户。" * 12
    desk.tickets.ticket = replace(desk.tickets.ticket, state="replied", reply=reply)
    assert desk.run("ticket_state").outcome == "answered"
    parts = []
    outcome = "more"
    while outcome == "more":
        part = desk.run("ticket_reply")
        outcome = part.outcome
        parts.append(part)
    assert len(parts) > 1
    heard = [line for part in parts for line in said(part, Language.ENGLISH)]
    assert heard == ["经核实，手续费一千二百三十四元五角已退回尾号八八四八的账户。"] * 12


def test_the_day_told_is_the_last_on_which_the_answer_is_in_time(desk: Desk) -> None:
    """Fifteen days of which the last ends at midnight: nobody hears the day after it."""
    desk.prove()
    midnight = datetime(2026, 12, 8, 16, tzinfo=UTC)
    desk.tickets.ticket = replace(desk.tickets.ticket, due=midnight)
    done = desk.run("ticket_state")
    assert said(done)[1] == "我们最迟将在十二月八日，星期二答复您。"
    english = "We will answer you by Tuesday, December eighth, at the latest."
    assert said(done, Language.ENGLISH)[1] == english


def test_an_answer_made_for_the_eye_is_read_for_the_ear(desk: Desk) -> None:
    desk.prove()
    reply = (
        "<p>您好：</p>1. 卡**6222 **** **** 8848**已退费12元\n2. 详见 https://bank.example/n?id=3"
    )
    desk.tickets.ticket = replace(desk.tickets.ticket, state="replied", reply=reply)
    desk.run("ticket_state")
    assert said(desk.run("ticket_reply"), Language.ENGLISH) == [
        "您好：",
        "一、卡尾号八八四八已退费十二元",
        "二、详见 bank点example",
    ]


@given(st.text(alphabet="甲乙，。 ab\n12", max_size=1500))
def test_an_answer_is_read_whole_and_once(reply: str) -> None:
    desk = Desk()
    desk.prove()
    desk.tickets.ticket = replace(desk.tickets.ticket, state="closed", reply=reply)
    desk.run("ticket_state")
    read, outcome = "", "more"
    while outcome == "more":
        part = desk.run("ticket_reply")
        texts = [str(each.values["text"]) for each in part.announcements]
        assert 0 < sum(map(len, texts)) <= PART or part.outcome == "all"
        read, outcome = read + "".join(texts), part.outcome
    assert [*filter(str.isalnum, read)] == [*filter(str.isalnum, reply)]


def test_urging_says_when_it_is_answered(desk: Desk) -> None:
    desk.prove()
    assert said(desk.run("ticket_urge")) == [
        "已为您催办。",
        "承办部门将在十一月二十五日，星期三，下午五点前回应催办。",
    ]
    assert said(desk.run("ticket_urge"))[0].startswith("该工单已经催办")


def test_an_appointment_is_made_and_its_number_told_twice(desk: Desk) -> None:
    assert said(desk.run("appointment_begin"))[0] == "上门送款，请按一。"
    branches = desk.run("appointment_matter", appointment_matter="2")
    assert said(branches) == ["城东支行，请按一。", "城西支行，请按二。"]
    assert desk.run("appointment_branch", appointment_branch="3").outcome == "unknown"
    assert desk.run("appointment_branch", appointment_branch="1").outcome == "chosen"
    slot = desk.run("appointment_slot", appointment_day="1207", appointment_time="1000")
    assert said(slot) == ["您预约城东支行，大额取现，十二月七日，星期一，上午十点到十一点。"]
    assert desk.run("appointment_caller").outcome == "withheld"
    desk.run("appointment_contact", appointment_contact="13800138000")
    made = said(desk.run("appointment_make"))
    assert [line.count("二六幺，幺二幺，零零零，幺四") for line in made] == [0, 1, 1]
    ((wished, _),) = desk.tickets.made
    assert (wished.matter, wished.branch, wished.contact) == ("2", "1", "13800138000")


@pytest.mark.parametrize("answer", [SlotAnswer.CLOSED, SlotAnswer.IMPOSSIBLE])
def test_a_slot_that_cannot_be_is_asked_for_again(desk: Desk, answer: SlotAnswer) -> None:
    desk.tickets.found = SlotFound(answer)
    slot = desk.run("appointment_slot", appointment_day="0231", appointment_time="1000")
    assert (slot.outcome, len(slot.announcements)) == (answer.value, 1)


def test_where_there_are_no_branches_no_appointment_is_offered(desk: Desk) -> None:
    desk.tickets.places = ()
    assert desk.run("appointment_begin").outcome == "none"


# --- in a call ----------------------------------------------------------------------------------


def test_a_caller_with_an_open_ticket_is_offered_it_first() -> None:
    house = IvrHouse()
    house.tickets.open_now = (NUMBER,)
    call_id = house.dial()
    house.calls.press(call_id, "1")
    assert house.heard(call_id) == ["greeting.ordinary", "ticket.offer"]
    house.calls.press(call_id, "1")
    assert house.heard(call_id) == ["ticket.told", "ticket.due", "ticket.menu_open"]


def test_a_slow_look_for_tickets_keeps_nobody_waiting() -> None:
    house = IvrHouse()
    house.tickets.slow = Deferred()
    call_id = house.dial()
    house.clock.advance(1)
    house.calls.press(call_id, "1")
    assert house.heard(call_id) == ["greeting.ordinary", "main.menu"]
    house.tickets.slow.callback([NUMBER])
    assert not house.errors


def test_nobody_looks_for_tickets_of_which_the_flow_wants_to_know_nothing() -> None:
    house = IvrHouse()
    main = house.flows["main"]
    house.dial()
    assert len(house.tickets.looked_for) == 1
    house.flows["main"] = replace(main, start="over", nodes={"over": HangUp(())})
    house.dial()
    assert len(house.tickets.looked_for) == 1


def test_a_caller_urges_and_adds_a_message() -> None:
    house = IvrHouse()
    call_id = house.dial()
    house.calls.press(call_id, "14" + NUMBER + "#" + ENDING)
    house.calls.press(call_id, "1")
    assert house.heard(call_id) == ["ticket.urged", "ticket.urge_answer", "ticket.menu_open"]
    assert house.tickets.urged == [(NUMBER, call_id)]
    house.calls.press(call_id, "2")
    house.calls.finish_play(call_id)
    house.calls.finish_play(call_id)
    house.clock.advance(7)
    house.calls.press(call_id, "#")
    assert house.heard(call_id) == ["ticket.message_thanks", "main.menu"]
    (message,) = house.tickets.messages
    assert (message.number, message.seconds) == (NUMBER, 7.0)


def test_the_digits_that_prove_it_are_neither_recorded_nor_shown() -> None:
    house = IvrHouse()
    call_id = house.dial()
    house.calls.press(call_id, "14" + NUMBER + "#")
    assert call_id in house.calls.masked
    house.calls.press(call_id, ENDING)
    call = house.calls.get(call_id)
    assert call is not None
    assert call.user_data.entered == {"ticket_number": NUMBER}
    assert ENDING not in repr(house.events).replace(NUMBER, "")


def test_a_complaint_is_spoken_outside_hours() -> None:
    house = IvrHouse(now=datetime(2026, 11, 23, 15, 0, tzinfo=UTC))
    call_id = house.dial()
    house.calls.press(call_id, "161")
    house.calls.finish_play(call_id)
    house.calls.finish_play(call_id)
    house.clock.advance(5)
    house.calls.press(call_id, "#")
    (message,) = house.tickets.messages
    assert (message.about.value, message.number) == ("complaint", None)
