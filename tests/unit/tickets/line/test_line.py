"""Customers on the telephone, over tickets in a database."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from cti.kernel.clock import utc
from cti.kernel.identifiers import CallId, TicketNumber
from cti.kernel.ports import SpokenMessage
from cti.kernel.secret import Secret
from cti.kernel.ticket_line import Caller, Proof, Proven, SlotAnswer, Urging, Wished
from cti.kernel.vocabulary import Language, MessageAbout
from tests.support.deferred import result_of
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    HEAD,
    OFFICER,
    OTHER_AGENT,
    SUPERVISOR,
    TicketDesk,
    draft,
)
from tickets.acts import Action
from tickets.line.service import LineService
from tickets.line.settings import LineSettings
from tickets.model import CUSTOMER, CaseState, MessageKind, Source, TicketKind
from tickets.portal.standing import standing_of

CALLING, ENDING = "+8613900139000", "8000"
CALL = CallId("call-9")
SETTINGS = LineSettings(
    wrong_by_caller=3,
    wrong_by_ticket=4,
    wrong_by_house=12,
    cool_down=timedelta(minutes=30),
    branches=({Language.CHINESE: "城东支行", Language.ENGLISH: "East branch"},),
)
WISHED = Wished("2", "1", "1125", "1000")
WHO = Caller(CALL, CALLING, Language.CHINESE)


@dataclass
class Line:
    """A desk of tickets, and the telephone before it."""

    desk: TicketDesk = field(default_factory=TicketDesk)

    def __post_init__(self) -> None:
        desk = self.desk
        self.service = LineService(desk.service, desk.database, desk.clock, SETTINGS)

    def prove(self, number: str, ending: str = ENDING, calling: str = CALLING) -> Proof:
        return result_of(self.service.prove(number, Secret(ending), calling)).proof

    def ticket(self, *acts: tuple[Action, object]) -> TicketNumber:
        number = self.desk.register().number
        for action, by in acts:
            self.desk.act(number, action, by)  # type: ignore[arg-type]  # a principal
        return number


@pytest.fixture
def line() -> Line:
    return Line()


SENT = ((Action.DISPATCH, DISPATCHER),)
WORKED_ON = (*SENT, (Action.ACCEPT, OFFICER))
RETURNED = (*WORKED_ON, (Action.RETURN, HEAD), (Action.APPROVE, DISPATCHER))
REPLIED = (*RETURNED, (Action.REPLY, AGENT))


# --- whose ticket -------------------------------------------------------------------------------


def test_number_and_last_digits_prove_it(line: Line) -> None:
    number = line.ticket()
    assert result_of(line.service.prove(number, Secret(ENDING), CALLING)) == Proven(
        Proof.PROVEN, number
    )
    assert line.prove(number, "8001") is Proof.WRONG
    assert line.prove("26112399992") is Proof.WRONG


@pytest.mark.parametrize("ending", ["", "000", "08000", "####", "８０００"])
def test_digits_of_another_length_prove_nothing(line: Line, ending: str) -> None:
    assert line.prove(line.ticket(), ending) is Proof.WRONG


def test_wrong_tries_lock_the_caller_then_even_what_is_right(line: Line) -> None:
    number = line.ticket()
    for sought in (number, "26112399992", "1"):
        assert line.prove(sought, "0000") is Proof.WRONG
    assert line.prove(number) is Proof.LOCKED
    assert line.prove(number, calling="+8613700000000") is Proof.PROVEN
    line.desk.advance(days=1, seconds=1)
    assert line.prove(number) is Proof.PROVEN


def test_wrong_tries_lock_a_number_whether_there_is_such_a_ticket_or_not(line: Line) -> None:
    for sought in (line.ticket(), TicketNumber("26112399992")):
        tries = [line.prove(sought, "0000", f"+86139000000{n}{sought[-1]}") for n in range(5)]
        assert tries == [Proof.WRONG] * 4 + [Proof.LOCKED]


def guess(line: Line, times: int) -> list[Proof]:
    """Another number calls for each of as many tickets."""
    return [line.prove(f"{n:011}", "0000", f"+86139{n:08}") for n in range(times)]


def warnings(line: Line) -> list[tuple[MessageKind, str]]:
    return [(each.kind, each.subject) for each in result_of(line.desk.service.messages(SUPERVISOR))]


def test_who_guesses_over_many_tickets_from_many_numbers_is_stopped_by_the_house(
    line: Line,
) -> None:
    number = line.ticket()
    assert guess(line, 13) == [Proof.WRONG] * 12 + [Proof.LOCKED]
    assert warnings(line) == [(MessageKind.GUESSING, "house")]
    assert line.prove(number) is Proof.LOCKED, "even what is right"
    assert line.prove(number, "0000", "13800138000") is Proof.WRONG
    assert line.prove(number, calling="13800138000") is Proof.PROVEN, "from the ticket's own number"
    line.desk.advance(minutes=29)
    line.service = LineService(line.desk.service, line.desk.database, line.desk.clock, SETTINGS)
    assert line.prove(number) is Proof.LOCKED, "a restart forgives nothing"
    line.desk.advance(minutes=1)
    assert line.prove(number) is Proof.PROVEN
    assert guess(line, 13) == [Proof.WRONG] * 12 + [Proof.LOCKED], "and again"
    assert warnings(line) == [(MessageKind.GUESSING, "house")] * 2


def test_now_and_then_a_wrong_proof_is_no_attack(line: Line) -> None:
    for n in range(40):
        assert line.prove(f"{n:011}", "0000", f"+86139{n:08}") is Proof.WRONG
        line.desk.advance(minutes=6)
    assert (MessageKind.GUESSING, "house") not in warnings(line)


def test_a_locked_ticket_is_open_to_who_calls_from_its_own_number(line: Line) -> None:
    number = line.ticket()
    for n in range(5):
        line.prove(number, "0000", f"+86139{n:08}")
    assert line.prove(number) is Proof.LOCKED
    assert line.prove(number, calling="+8613800138000") is Proof.PROVEN


def test_supervisors_hear_once_of_a_caller_who_tries_too_often(line: Line) -> None:
    for calling in ("+8613900139000", "13900139000", "013900139000", "13900139000"):
        line.prove("1", "0000", calling)
    assert warnings(line) == [(MessageKind.GUESSING, "139****9000")]


def test_withheld_numbers_count_as_one_caller(line: Line) -> None:
    line.service = LineService(
        line.desk.service, line.desk.database, line.desk.clock, replace(SETTINGS, wrong_by_house=99)
    )
    tries = [line.prove(str(n), "0000", "") for n in range(31)]
    assert tries == [Proof.WRONG] * 30 + [Proof.LOCKED]
    assert warnings(line) == [(MessageKind.GUESSING, "")]


def test_a_merged_ticket_goes_on_in_the_other(line: Line) -> None:
    number, into = line.ticket(), line.ticket()
    line.desk.act(number, Action.MERGE, DISPATCHER, {"into": into, "reason": "同一事项"})
    assert result_of(line.service.prove(number, Secret(ENDING), CALLING)).number == into


@pytest.mark.parametrize("calling", ["+8613800138000", "13800138000", "013800138000"])
def test_open_tickets_are_found_by_the_number_that_calls(line: Line, calling: str) -> None:
    first, second = line.ticket(), line.ticket()
    line.desk.solve(line.ticket())
    assert result_of(line.service.open_of(calling)) == [second, first]


@pytest.mark.parametrize("calling", ["", "8000", "+8613800138001", "3800138000", "anonymous"])
def test_no_ticket_is_found_by_a_part_of_its_number(line: Line, calling: str) -> None:
    line.ticket()
    assert result_of(line.service.open_of(calling)) == []


# --- what is told -------------------------------------------------------------------------------


def test_where_the_work_is_and_until_when(line: Line) -> None:
    told = result_of(line.service.told(line.ticket(*WORKED_ON)))
    assert told is not None
    assert (told.kind, told.state, told.reply) == ("complaint", "in_progress", "")
    assert told.department == {Language.CHINESE: "银行卡部", Language.ENGLISH: "Cards"}
    assert told.due is not None
    assert not told.overdue


def test_a_proposed_answer_is_not_told_and_a_given_one_is(line: Line) -> None:
    assert result_of(line.service.told(line.ticket(*RETURNED))).reply == ""  # type: ignore[union-attr]
    told = result_of(line.service.told(line.ticket(*REPLIED)))
    assert told is not None
    assert (told.state, told.reply, told.due) == ("callback", "文字", None)


# --- what customers do --------------------------------------------------------------------------


def test_urging_is_the_customers_own_act_and_said_once(line: Line) -> None:
    number = line.ticket(*SENT)
    urged = result_of(line.service.urge(number, CALL))
    assert urged.outcome is Urging.URGED
    assert urged.answer_by is not None
    again = result_of(line.service.urge(number, CallId("call-10")))
    assert (again.outcome, again.answer_by) == (Urging.ALREADY, urged.answer_by)
    entry = line.desk.view(number).history[-1]
    assert (entry.action, entry.by) == ("urge", CUSTOMER.staff_id)


def test_a_ticket_that_no_department_has_is_urged_with_the_hotline(line: Line) -> None:
    number = line.ticket()
    assert result_of(line.service.urge(number, CALL)).outcome is Urging.NOTED
    assert line.desk.view(number).history[-1].action == "contact"


def message(number: TicketNumber) -> SpokenMessage:
    begun = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    about = MessageAbout.TICKET
    return SpokenMessage(CALL, begun, 12, CALLING, Language.CHINESE, about=about, number=number)


def test_a_message_joins_its_ticket_once(line: Line) -> None:
    number = line.ticket(*WORKED_ON)
    for _ in range(2):
        assert result_of(line.service.take_message(message(number))) == number
    view = line.desk.view(number)
    assert [each.action for each in view.history[-3:]] == ["attach_call", "follow_up", "contact"]
    assert CALL in {each.call_id for each in view.calls}


def test_a_message_about_a_closed_ticket_is_told(line: Line) -> None:
    number = line.ticket((Action.SOLVE, AGENT), (Action.CALL_BACK, OTHER_AGENT))
    result_of(line.service.take_message(message(number)))
    actions = [each.action for each in line.desk.view(number).history[-2:]]
    assert actions == ["attach_call", "contact"]


@pytest.mark.parametrize(
    ("about", "kind"),
    [
        (MessageAbout.COMPLAINT, TicketKind.COMPLAINT),
        (MessageAbout.SUGGESTION, TicketKind.SUGGESTION),
        (MessageAbout.ANYTHING, TicketKind.ACCEPTANCE),
        (MessageAbout.TICKET, TicketKind.ACCEPTANCE),
    ],
)
def test_a_message_opens_what_it_is_about(
    line: Line, about: MessageAbout, kind: TicketKind
) -> None:
    spoken = replace(message(TicketNumber("")), about=about, number=None)
    number = result_of(line.service.take_message(spoken))
    case = line.desk.view(number).case
    assert (case.draft.kind, case.draft.source) == (kind, Source.VOICEMAIL)


# --- appointments -------------------------------------------------------------------------------


def test_an_appointment_is_a_ticket_of_its_own_kind(line: Line) -> None:
    number = result_of(line.service.appoint(WISHED, WHO))
    assert result_of(line.service.appoint(WISHED, WHO)) == number
    view = line.desk.view(number)
    kept = view.case.draft
    assert (kept.kind, kept.source, kept.requester.contact) == (
        TicketKind.APPOINTMENT,
        Source.IVR,
        CALLING,
    )
    assert dict(kept.details) == {
        "service": "large_withdrawal",
        "branch": "城东支行",
        "slot": "2026-11-25 10:00-11:00",
    }
    told = result_of(line.service.told(number))
    assert told is not None
    assert told.may_cancel
    assert told.slot == line.service.slot(WISHED).slot


def test_an_appointment_that_was_moved_is_read_back_as_it_is_now(line: Line) -> None:
    number = result_of(line.service.appoint(WISHED, WHO))
    line.desk.act(number, Action.AMEND, AGENT, {"slot": "2026-12-31 16:00-17:00", "reason": "改期"})
    told = result_of(line.service.told(number))
    assert told is not None
    assert told.slot == line.service.slot(replace(WISHED, day="1231", time="1600")).slot
    assert told.may_cancel


def test_an_appointment_is_called_off_by_the_customer_and_nothing_else_is(line: Line) -> None:
    number = result_of(line.service.appoint(WISHED, WHO))
    assert result_of(line.service.cancel(number, CALL))
    view = line.desk.view(number)
    assert view.case.state is CaseState.WITHDRAWN
    assert view.history[-1].by == CUSTOMER.staff_id
    assert CALL in view.history[-1].fields["proof"]
    assert not result_of(line.service.cancel(line.ticket(), CALL))


@pytest.mark.parametrize(
    ("day", "time", "answer"),
    [
        ("1125", "1000", SlotAnswer.OPEN),
        ("1123", "0000", SlotAnswer.IMPOSSIBLE),
        ("0231", "1000", SlotAnswer.IMPOSSIBLE),
        ("1125", "2460", SlotAnswer.IMPOSSIBLE),
        ("112", "1000", SlotAnswer.IMPOSSIBLE),
        ("1125", "2300", SlotAnswer.CLOSED),
        ("1128", "1000", SlotAnswer.CLOSED),
        ("1101", "1000", SlotAnswer.CLOSED),
    ],
    ids=["open", "past", "no such day", "no such time", "short", "night", "saturday", "next year"],
)
def test_slots_are_within_the_branches_hours(
    line: Line, day: str, time: str, answer: SlotAnswer
) -> None:
    assert line.service.slot(replace(WISHED, day=day, time=time)).answer is answer


def test_a_day_that_is_past_is_meant_next_year(line: Line) -> None:
    line.desk.advance(days=30)
    found = line.service.slot(replace(WISHED, day="0105"))
    assert found.slot is not None
    assert found.slot[0].year == 2027
    assert found.slot[1] - found.slot[0] == timedelta(hours=1)


def test_a_call_off_tells_the_department(line: Line) -> None:
    number = line.desk.register(draft(TicketKind.APPOINTMENT)).number
    line.desk.act(number, Action.DISPATCH, DISPATCHER, {"department": CARDS, "text": "准备"})
    assert result_of(line.service.cancel(number, CALL))
    assert line.desk.view(number).case.lead is None


def test_nobody_is_told_that_we_are_late_while_somebody_outside_appraises() -> None:
    line = Line()
    number = line.ticket((Action.APPRAISE, SUPERVISOR))
    line.desk.advance(days=30)
    told = result_of(line.service.told(number))
    assert told is not None
    assert (told.due, told.overdue) == (None, False)
    standing = standing_of(line.desk.view(number), (), utc(line.desk.clock))
    assert (standing.due, standing.late) == (None, False)
    line.desk.act(number, Action.END_APPRAISAL, SUPERVISOR)
    line.desk.advance(days=16)
    told = result_of(line.service.told(number))
    assert told is not None
    assert told.overdue
    assert standing_of(line.desk.view(number), (), utc(line.desk.clock)).late
