"""The pages of the working calendar with people who are signed in, over a desk of tickets."""

from dataclasses import dataclass, field

from tests.support.calendar_desk import CalendarDesk
from tests.support.offices import counting
from tests.support.ticket_office import Seat, TicketOffice
from tests.support.tickets import SUPERVISOR
from tickets.web.calendar.pages import CalendarPages


@dataclass
class CalendarOffice(TicketOffice):
    """Ticket pages and those of the calendar."""

    desk: CalendarDesk = field(default_factory=CalendarDesk)

    def __post_init__(self) -> None:
        super().__post_init__()
        pages = CalendarPages(self.office.frame, self.desk.calendar, self.desk.service, counting())
        self.root.putChild(b"calendar", pages.app.resource())

    def supervisor(self) -> Seat:
        """A supervisor at a browser."""
        return self.seat(SUPERVISOR)
