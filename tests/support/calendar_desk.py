"""A desk of tickets whose working calendar people change, and further servers on its database."""

from datetime import date

from twisted.internet.defer import Deferred, succeed

from cti.kernel.calendar import WorkingCalendar
from cti.kernel.overlay import read_spans
from cti.kernel.principal import Principal
from cti.kernel.public_days import PublicDays
from tests.support.deferred import result_of
from tests.support.tickets import (
    ALL_DAY,
    POLICY,
    SHANGHAI,
    SUPERVISOR,
    TicketDesk,
    calendars,
    office,
)
from tickets.calendar.book import CalendarBook
from tickets.calendar.model import DayKind, Place, Said, Wish, days_of
from tickets.calendar.service import CalendarService
from tickets.clocks.sla import Calendars, Timekeeper
from tickets.escalation import Escalation
from tickets.service import TicketService

CLOSED = Said(DayKind.CLOSED, (), "台风", "Typhoon")
CHINA = PublicDays(
    {date(2027, 1, 1): "元旦", date(2027, 2, 6): "春节"},
    frozenset({date(2027, 2, 20)}),
    english={"元旦": "New Year's Day", "春节": "Spring Festival"},
)
"""What the packages know of 2027, once it is published."""


def open_at(hours: str, name: str = "") -> Said:
    """What is said of a day that is open at these hours."""
    return Said(DayKind.OPEN, read_spans(hours), name)


def saying(said: Said, first: date, last: date | None = None, *names: str) -> Wish:
    """A wish that says the same of every day."""
    days = days_of(first, last or first)
    return Wish({(name, day): said for day in days for name in names or ("office",)})


def calendar_beside(desk: TicketDesk) -> CalendarService:
    """The calendar of a desk whose tickets go by calendars that nobody changes."""
    live = {"service": calendars().hotline, "office": office()}
    own = Calendars(live["service"], live.values())
    return CalendarService(
        desk.database,
        desk.bus,
        desk.clock,
        CalendarBook(live, own, "service"),
        Timekeeper(POLICY, own),
        lambda _country, _year: succeed(PublicDays()),
    )


class CalendarDesk(TicketDesk):
    """The desk; `published` is what the packages know, by year."""

    block = 50
    published: dict[int, PublicDays]

    def _open(self) -> None:
        self.published = {}
        self.service, self.escalation, self.calendar = self.server()
        self.calendar.on_moved(self.escalation.wake)
        self.service.on_clocks_changed(self.escalation.wake)
        result_of(Deferred.fromCoroutine(self.calendar.load()))

    def server(self) -> tuple[TicketService, Escalation, CalendarService]:
        """A server of its own on the same database."""
        live: dict[str, WorkingCalendar] = {
            "service": WorkingCalendar("service", SHANGHAI, (ALL_DAY,) * 7),
            "office": office(
                valid_until=date(2026, 12, 31), country="CN", makeup=read_spans("09:00-17:00")
            ),
        }
        own = Calendars(live["service"], live.values())
        keeper = Timekeeper(POLICY, own)
        service = TicketService(self.database, self.bus, self.clock, keeper)
        calendar = CalendarService(
            self.database,
            self.bus,
            self.clock,
            CalendarBook(live, own, "service"),
            keeper,
            self.packages,
            block=self.block,
        )
        service.go_by(calendar.pin_txn)
        escalation = Escalation(self.database, self.bus, self.clock)
        escalation.go_by(calendar.pin_txn)
        return service, escalation, calendar

    def packages(self, country: str, year: int) -> Deferred[PublicDays]:
        """What is known of the year."""
        assert country == "CN"
        return succeed(self.published.get(year, PublicDays()))

    def change(
        self, wish: Wish, base: int | None = None, by: Principal = SUPERVISOR, reason: str = "通知"
    ) -> int:
        """The change made, from the version in force."""
        base = self.calendar.book.current.version if base is None else base
        made = self.calendar.change(wish, base, by, reason, self.request_id())
        return result_of(Deferred.fromCoroutine(made))

    def undo(self, version: int) -> int:
        """That change taken back."""
        wish = result_of(Deferred.fromCoroutine(self.calendar.undoing(version)))
        return self.change(wish)

    def proposal(self, name: str, year: int) -> dict[Place, Said] | None:
        """What the packages propose."""
        return result_of(Deferred.fromCoroutine(self.calendar.proposal(name, year)))
