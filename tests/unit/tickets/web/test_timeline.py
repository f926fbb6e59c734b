"""The time line: what is told, in which order, and what of it is masked."""

from datetime import timedelta

from tests.support.ticket_office import TicketOffice
from tests.support.tickets import AGENT, MONDAY, OFFICER
from tickets.mail.model import Body, DeliveryState, Direction, Mail
from tickets.masking import sight_of
from tickets.model import CUSTOMER, Department
from tickets.opening import Papers
from tickets.web.inputs import word_of
from tickets.web.shown import Words
from tickets.web.timeline import Strand, moments, strands
from tickets.workflow import Action

WORDS = Words(
    lambda key, **blanks: " ".join((key, *map(str, blanks.values()))),
    AGENT.language,
    TicketOffice().desk.service.timekeeper.calendars.zone,
    dict[str, Department](),  # type: ignore[arg-type]  # nobody is asked for
)


def mail(direction: Direction, later: int, state: DeliveryState) -> Mail:
    return Mail(
        mail_id=later,
        number=None,
        direction=direction,
        at=MONDAY + timedelta(minutes=later),
        message_id="x",
        in_reply_to="",
        sender="wangfang@example.com",
        recipient="hotline@bank.example" if direction is Direction.IN else "wangfang@example.com",
        subject="Re: 排队",
        body=Body("卡号6217001234567890", quoted="> 您好"),
        delivery=state,
    )


def test_a_message_that_the_customer_left_is_told_from_a_call_that_was_attached() -> None:
    office = TicketOffice()
    number = office.desk.register().number
    office.desk.act(number, Action.ATTACH, AGENT, {"call": "call-7"})
    office.desk.act(number, Action.ATTACH, CUSTOMER, {"call": "call-8"})
    told = moments(office.desk.view(number), Papers(), sight_of(OFFICER), WORDS)
    left = {str(each.call.call_id): each.message for each in told if each.call is not None}
    assert left["call-7"] == ""
    assert left["call-8"] == number
    assert word_of("channel", "voicemail") == "ticket.line.message"


def test_letters_stand_between_the_acts_masked_and_with_how_they_fare() -> None:
    office = TicketOffice()
    number = office.desk.register().number
    office.desk.advance(minutes=10)
    office.desk.act(number, Action.NOTE, AGENT)
    letters = (
        mail(Direction.IN, 5, DeliveryState.RECEIVED),
        mail(Direction.OUT, 20, DeliveryState.FAILED),
    )
    view = office.desk.view(number)
    told = moments(view, Papers(letters=letters), sight_of(OFFICER), WORDS)
    assert [each.strand for each in told] == [
        Strand.ACT,
        Strand.CALL,
        Strand.LETTER,
        Strand.NOTE,
        Strand.LETTER,
    ]
    first, second = (each for each in told if each.letter is not None)
    assert first.who == second.who == "w***@example.com"
    assert first.letter is not None
    assert first.letter.text == "卡号**** 7890"
    assert first.letter.state == ""
    assert second.letter is not None
    assert (second.letter.state, second.letter.failed) == ("ticket.letter.failed", True)
    assert strands(told) == [Strand.ACT, Strand.NOTE, Strand.LETTER, Strand.CALL]
