"""Automatic reply calls over a desk of tickets: telephones, a clock, and customers who answer."""

from dataclasses import dataclass, field
from pathlib import Path

from twisted.internet.defer import Deferred, fail

from cti.call.model import Call
from cti.kernel.calendar import Span, WorkingCalendar
from cti.kernel.identifiers import CallId, TicketNumber
from cti.kernel.secret import Secret
from tests.support.deferred import result_of
from tests.support.fake_calls import FakeCalls
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    HEAD,
    OFFICER,
    SHANGHAI,
    TicketDesk,
)
from tickets.acts import Action
from tickets.clocks.calendars import Calendars
from tickets.events import ReplyCallEnded, ReplyCallMade
from tickets.reply_calls.heard import HeardFile
from tickets.reply_calls.hours import CallingHours
from tickets.reply_calls.service import ReplyCalls
from tickets.reply_calls.settings import ReplyCallSettings
from tickets.view import TicketView

TELEPHONE = "13800138000"
WORKING = WorkingCalendar("service", SHANGHAI, ((Span.parse("08:00-20:00"),),) * 7)
ALLOWED = WorkingCalendar("calls", SHANGHAI, ((Span.parse("09:00-19:00"),),) * 7)
SETTINGS = ReplyCallSettings(most=1, attempts=2)
ASKED = {"channel": "automatic_call", "text": "手续费已退回。"}


@dataclass
class Calling:
    """A desk with a ticket whose result is in, and a house that calls."""

    desk: TicketDesk = field(default_factory=TicketDesk)
    settings: ReplyCallSettings = SETTINGS
    callable: bool = True
    server: str = "here"
    heard: Path | None = None

    def __post_init__(self) -> None:
        self.calls = FakeCalls(self.desk.bus, self.desk.clock)
        self.calls.outside.add(TELEPHONE)
        self.flows: list[tuple[CallId, str]] = []
        self.service = self.made()

    def made(self) -> ReplyCalls:
        """The service as a server that starts has it."""
        service = ReplyCalls(
            self.desk.service,
            self.desk.database,
            self.calls,
            self.desk.bus,
            self.desk.clock,
            self.settings,
            CallingHours(Calendars(WORKING), ALLOWED),
            server=self.server,
            may_call=lambda _: self.callable,
            take_into_flow=lambda call_id, flow: self.flows.append((call_id, flow)),
            heard=HeardFile(self.heard),
        )
        service.start(self.open_in_journal())
        return service

    def open_in_journal(self) -> list[ReplyCallMade]:
        """Calls of which nobody told how they ended."""
        ended = {each.call_id for each in self.desk.events if isinstance(each, ReplyCallEnded)}
        made = (each for each in self.desk.events if isinstance(each, ReplyCallMade))
        return [each for each in made if each.call_id not in ended]

    def ticket(self) -> TicketNumber:
        """One whose answer can be told."""
        number = self.desk.register().number
        for action, by in (
            (Action.DISPATCH, DISPATCHER),
            (Action.ACCEPT, OFFICER),
            (Action.RETURN, HEAD),
            (Action.APPROVE, DISPATCHER),
        ):
            self.desk.act(number, action, by)
        return number

    def asked(self) -> TicketNumber:
        """A ticket whose answer is to be told by automatic call."""
        number = self.ticket()
        self.desk.act(number, Action.ATTEMPT_REPLY, AGENT, ASKED)
        return number

    @property
    def call(self) -> Call:
        """The call that is up."""
        (call,) = self.calls.calls()
        return call

    def dialled(self) -> str:
        """Whom that call is to."""
        return self.call.called

    def answered(self) -> CallId:
        """The customer answers."""
        assert self.call.customer is not None
        call_id = self.call.id
        self.calls.phone_answers(self.call.customer.id)
        return call_id

    def acts(self, number: TicketNumber) -> list[tuple[str, str]]:
        """What was done after the result was approved, and by whom."""
        history = self.desk.view(number).history[5:]
        return [(each.action, str(each.by)) for each in history]

    def view(self, number: TicketNumber) -> TicketView:
        return self.desk.view(number)

    def told(self) -> list[str]:
        """How calls ended."""
        return [each.outcome for each in self.desk.events if isinstance(each, ReplyCallEnded)]


def heard(calling: Calling, number: TicketNumber) -> CallId:
    """The customer answers, proves who they are and confirms."""
    call_id = calling.answered()
    assert calling.service.identified(call_id, Secret(number[-4:]))
    result_of(calling.service.heard(call_id))
    return call_id


def refusing(*_: object) -> Deferred[None]:
    """A database that is gone."""
    return fail(OSError("the server closed the connection"))
