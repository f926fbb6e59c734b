"""People, departments, calendars and a ticket service for tests."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from twisted.internet.task import Clock

from cti.kernel.bus import Bus
from cti.kernel.calendar import Span, WorkingCalendar
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, CustomerId, DepartmentId, StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role, ServiceLevel
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tickets.clocks.reading import read_policy
from tickets.clocks.sla import Calendars, Timekeeper
from tickets.escalation import Escalation
from tickets.model import (
    CUSTOMER,
    SYSTEM,
    CaseState,
    Department,
    Draft,
    Receipt,
    Requester,
    TicketKind,
    Urgency,
)
from tickets.repository import save_department_txn
from tickets.service import TicketService
from tickets.view import TicketView
from tickets.workflow import Action

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE_HOURS = (Span.parse("09:00-12:00"), Span.parse("13:30-17:30"))
ALL_DAY = (Span.parse("00:00-24:00"),)

CARDS = DepartmentId("cards")
LENDING = DepartmentId("lending")


def local(text: str) -> datetime:
    """The instant of ``2026-11-23 09:00`` in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


MONDAY = local("2026-11-23 09:00")
"""Opening time of an ordinary Monday."""


def office(**more: Any) -> WorkingCalendar:
    """Weekdays, seven hours a day with a break at noon."""
    return WorkingCalendar("office", SHANGHAI, (OFFICE_HOURS,) * 5 + ((), ()), **more)


def national_day_2026() -> WorkingCalendar:
    """The office's autumn of 2026 with the National Day holiday and its make-up Saturdays."""
    days = {date(2026, 10, day): "国庆节" for day in range(1, 8)}
    made_up = {date(2026, 9, 20): OFFICE_HOURS, date(2026, 10, 10): OFFICE_HOURS}
    return office(holidays=days, workdays=made_up)


def calendars() -> Calendars:
    """The hotline is always open, departments keep office hours."""
    return Calendars(WorkingCalendar("service", SHANGHAI, (ALL_DAY,) * 7), [office()])


POLICY = read_policy(Path(__file__).parents[2] / "config" / "tickets" / "policy.yaml")
TIMEKEEPER = Timekeeper(POLICY, calendars())


def person(role: Role, department: DepartmentId | None = None, name: str = "") -> Principal:
    """A member of staff with that one role."""
    name = name or "-".join(filter(None, (role.value, department)))
    return Principal(StaffId(name), name, frozenset({role}), Language.CHINESE, department)


AGENT = person(Role.AGENT)
DISPATCHER = person(Role.DISPATCHER)
SUPERVISOR = person(Role.SUPERVISOR)
OFFICER = person(Role.OFFICER, CARDS)
HEAD = person(Role.HEAD, CARDS)
OTHER_OFFICER = person(Role.OFFICER, LENDING)
OTHER_HEAD = person(Role.HEAD, LENDING)
OTHER_AGENT = person(Role.AGENT, name="agent-2")
PROTECTION = person(Role.PROTECTION)
EXECUTIVE = person(Role.EXECUTIVE)
EVERYBODY = (
    AGENT,
    OTHER_AGENT,
    DISPATCHER,
    SUPERVISOR,
    OFFICER,
    HEAD,
    OTHER_OFFICER,
    OTHER_HEAD,
    PROTECTION,
    EXECUTIVE,
    SYSTEM,
    CUSTOMER,
)

FILLED = {
    "text": "文字",
    "reason": "理由",
    "finding": "查明",
    "proposed_reply": "建议答复",
    "missing": "缺少",
    "channel": "call",
    "department": CARDS,
    "call": "call-2",
    "proof": "录音 call-2",
    "notice": "已电话告知客户",
    "ground": "customer",
    "until": "2026-12-03T17:00",
    "reached": "yes",
    "told": "yes",
    "solved": "yes",
    "satisfied": "yes",
    "score": "5",
    "file": "file-1",
    "media_type": "application/pdf",
    "size": "1024",
    "digest": "0" * 64,
    "title": "更正后的标题",
    "slot": "2026-11-25 10:00-11:00",
    "kind": "suggestion",
    "email": "wang@example.com",
    "told_in": "email",
}
"""Every field that any act needs."""


DETAILS: Mapping[TicketKind, Mapping[str, str]] = {
    TicketKind.APPOINTMENT: {
        "service": "large_withdrawal",
        "branch": "营业部",
        "slot": "2026-11-25 10:00-11:00",
    }
}
"""What a kind of ticket cannot do without."""


def draft(
    kind: TicketKind = TicketKind.COMPLAINT,
    urgency: Urgency = Urgency.ORDINARY,
    level: ServiceLevel = ServiceLevel.UNIFORM,
    title: str = "柜台排队时间过长",
) -> Draft:
    """A draft as an agent writes it down in a call."""
    return Draft(
        kind=kind,
        title=title,
        text="周一上午在营业部等候两小时。",
        requester=Requester("王芳", "13800138000", CustomerId("C1"), service_level=level),
        urgency=urgency,
        call_id=CallId("call-1"),
        call_path=("main", "complaint"),
        details=DETAILS.get(kind, {}),
    )


def ignore_never(_event: Event, error: BaseException) -> None:
    """A listener's error is the test's error."""
    raise error


class TicketDesk:
    """A ticket service with its escalation over a database in memory, and a clock moved by hand."""

    def __init__(self, database: DirectDatabase | None = None, start: datetime = MONDAY) -> None:
        self.database = database or DirectDatabase()
        self.clock = Clock()
        self.clock.rightNow = start.timestamp()
        self.events: list[Event] = []
        self.bus = Bus(ignore_never)
        self.bus.subscribe(Event, self.events.append)
        self._requests = 0
        for department in (
            Department(CARDS, "银行卡部", "Cards", "office"),
            Department(LENDING, "信贷部", "Lending", "office"),
        ):
            result_of(self.database.run(save_department_txn, department))
        self._open()

    def start_again(self) -> None:
        """The house is restarted: the same database, nothing remembered."""
        self.escalation.stop()
        self._open()

    def _open(self) -> None:
        self.service = TicketService(self.database, self.bus, self.clock, TIMEKEEPER)
        self.escalation = Escalation(self.database, self.bus, self.clock)
        self.service.on_clocks_changed(self.escalation.wake)

    def register(self, what: Draft | None = None, by: Principal = AGENT) -> Receipt:
        """A new ticket."""
        return result_of(self.service.register(what or draft(), by, self.request_id()))

    def act(
        self, number: str, action: Action, by: Principal, fields: Mapping[str, str] | None = None
    ) -> Receipt:
        """An act on the newest version, every field filled in."""
        version = self.view(number).case.version
        filled = FILLED if fields is None else fields
        done = self.service.act(number, action, filled, by, version, self.request_id())
        return result_of(done)

    def solve(self, number: str, by: Principal = AGENT) -> None:
        """Answered on the telephone; somebody else asks whether it helped, and it is closed."""
        self.act(number, Action.SOLVE, by)
        if self.view(number).case.state is CaseState.CALLBACK:
            self.act(number, Action.CALL_BACK, OTHER_AGENT)

    def view(self, number: str) -> TicketView:
        """The ticket as its page would show it."""
        view = result_of(self.service.view(number))
        assert view is not None
        return view

    def advance(self, **time: float) -> None:
        """Move the clock by a `timedelta` of these parts."""
        self.clock.advance(timedelta(**time).total_seconds())

    def request_id(self) -> str:
        """A fresh request id."""
        self._requests += 1
        return f"request-{self._requests}"
