"""Puts the rooms of tickets together: service, clocks, files, figures, post and deliveries.

`TicketsHouse` is a part of the house: it starts when the database is up and stops before it goes.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from twisted.logger import Logger

from agents.roster import Roster
from config.deliveries import Deliveries
from config.foundation import Foundation
from config.housekeeping import CalendarWatch
from config.portal import KEY_FILE as PORTAL_KEY
from config.portal import CustomerPage, Staff
from config.post import KEY_FILE, Post
from config.regulation import Regulation
from config.settings import Settings
from cti.kernel.bus import Bus
from cti.kernel.calendar import WorkingCalendar
from cti.kernel.errors import ConfigurationError
from cti.kernel.identifiers import DepartmentId, Entropy, StaffId
from cti.kernel.threads import Threads
from ivr.bank.digests import read_or_make_key
from tickets.attachments.service import Attachments
from tickets.attachments.sweep import Sweep
from tickets.calendar.book import CalendarBook
from tickets.calendar.packages import installed_days
from tickets.calendar.service import CalendarService
from tickets.clocks.reading import read_policy
from tickets.clocks.sla import Calendars, Timekeeper
from tickets.delivery.composing import Texts
from tickets.escalation import Escalation
from tickets.line.service import LineService
from tickets.mail.deciding import LetterDesk
from tickets.service import TicketService
from tickets.tasks import Tasks

SERVICE_CALENDAR = "service"
FILE_THREADS = 2
"""For files of tickets, which are written down before they are answered."""


class TicketsHouse:
    """The rooms of tickets; each may be asked for what it does, and all start and stop together."""

    log = Logger()

    def __init__(
        self,
        settings: Settings,
        base: Foundation,
        bus: Bus,
        roster: Roster,
        reactor: Any,
        entropy: Entropy,
        texts: Texts,
    ) -> None:
        """ConfigurationError for a policy, codes or calendars that cannot be read."""
        ours, folders, database = settings.tickets, settings.folders, base.database
        calendars = Calendars(_service_calendar(settings, base), base.calendars.values())
        self._threads = Threads(reactor, FILE_THREADS, "files")
        self.attachments = Attachments(
            folders.of(ours.attachments.folder), ours.attachments.limits, self._threads
        )
        self.sweep = Sweep(self.attachments, database, reactor)
        self.regulation = Regulation(
            ours.regulation, calendars, database, reactor, self.attachments
        )

        def gone() -> list[StaffId]:
            return [each.staff_id for each in roster.staff() if not each.roles]

        keeper = Timekeeper(read_policy(ours.policy), calendars)

        def unit_of(staff_id: StaffId) -> DepartmentId | None:
            staff = roster.by_id(staff_id)
            return staff.unit if staff else None

        self.service = TicketService(
            database, bus, reactor, keeper, self.regulation.follower, gone, unit_of
        )
        book = CalendarBook(base.calendars, calendars, SERVICE_CALENDAR)
        self.calendar = CalendarService(
            database, bus, reactor, book, keeper, partial(installed_days, reactor)
        )
        self.service.go_by(self.calendar.pin_txn)
        self.line = LineService(self.service, database, reactor, ours.telephone)
        self.escalation = Escalation(database, bus, reactor, gone)
        self.escalation.go_by(self.calendar.pin_txn)
        self.tasks = Tasks(database, reactor, self.service)
        self.deliveries = Deliveries(
            ours.delivery,
            folders.base.absolute(),
            database,
            reactor,
            entropy,
            roster=roster,
            calendars=calendars,
            texts=texts,
        )
        self.post = Post(
            ours.mail,
            read_or_make_key(folders.of(KEY_FILE), entropy),
            database,
            self.service,
            self.attachments,
            self.deliveries,
            base.zone,
            reactor,
        )
        self.letters = LetterDesk(database, bus, reactor, self.service)
        self.post.intake.on_unfiled(self.letters.came)
        self.customer_page = CustomerPage(
            ours,
            read_or_make_key(folders.of(PORTAL_KEY), entropy),
            database,
            self.service,
            self.attachments,
            self.deliveries,
            self.post.composer,
            base.zone,
            Staff(settings.web.secure, settings.web.origins),
            reactor,
            entropy,
        )
        self.calendar_watch = CalendarWatch(base.calendars, reactor, self._remind_of_calendar)
        self.service.on_clocks_changed(self.look)
        self.calendar.on_moved(self.look)
        self.escalation.on_fired(self._deadlines_fired)
        self.tasks.on_told(self.deliveries.wake)

    async def open(self, running: AsyncExitStack) -> None:
        """Let tickets be read and acted on; ConfigurationError for a calendar nobody wrote."""
        self._threads.start()
        running.callback(self._threads.stop)
        await self.calendar.load()
        await self.service.prepare()

    async def start(self, running: AsyncExitStack) -> None:
        """Catch up with what stands in the database; then nothing is missed that falls due."""
        await self.service.lists.catch_up()
        await self.regulation.start()
        self.deliveries.start()
        running.callback(self.deliveries.stop)
        self.post.start()
        running.push_async_callback(self.post.stop)
        self.calendar.start()
        running.callback(self.calendar.stop)
        self.tasks.start()
        running.callback(self.tasks.stop)
        self.escalation.start()
        running.callback(self.escalation.stop)

    def look(self) -> None:
        """Deadlines may have moved, and something may wait to be sent."""
        self.escalation.wake()
        self._deadlines_fired()

    def trouble(self) -> Mapping[str, object]:
        """What is the matter, for `/health`; empty where nothing is."""
        return {
            "calendar": self.calendar_watch.warnings(),
            "outbox": self.deliveries.outbox.trouble(),
            "mail": self.post.trouble(),
        }

    def _deadlines_fired(self) -> None:
        """Somebody may have to be told, and the house may have to act by itself."""
        self.tasks.wake()
        self.deliveries.wake()

    def _remind_of_calendar(self, name: str) -> None:
        """Tell the supervisors that the calendar lacks something, if not done this week."""
        self.service.remind_of_calendar(name).addErrback(
            lambda failure: self.log.failure("nobody could be told of calendars", failure)
        )


def _service_calendar(settings: Settings, base: Foundation) -> WorkingCalendar:
    if SERVICE_CALENDAR not in base.calendars:
        message = f"holds no {SERVICE_CALENDAR}.yaml, by which deadlines are counted"
        folder = settings.folders.of(settings.folders.calendars)
        raise ConfigurationError(message, file=str(folder))
    return base.calendars[SERVICE_CALENDAR]
