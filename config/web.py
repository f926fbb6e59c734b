"""Mounts the pages of every web package and joins their live boards with the rooms behind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from twisted.web.resource import IResource
from twisted.web.server import Request

from agents.desk.codes import CodeTree
from agents.floor_log import FloorLog
from agents.lending import Lending
from agents.line_quality import Lines
from agents.passes import Passes
from agents.roster import Roster
from agents.service import AgentService
from agents.supervision import SupervisorService
from agents.telephony import Telephony
from agents.web.console import Console
from agents.web.floor import FloorPages
from agents.web.floor_board import FloorBoard
from agents.web.loans import LoanBoard
from agents.web.pages import AgentApi, ConsolePages
from agents.web.phone_commands import phone_commands
from agents.web.self_service_commands import self_service_commands
from agents.web.supervision_commands import supervision_commands
from agents.web.supervisor_commands import supervisor_commands
from agents.web.supervisors import SupervisorsBoard
from agents.web.telephony_commands import telephony_commands
from config.adapters import StaffDialler, UnitsOfRoster
from config.call_facts import RememberedCalls
from config.desks import DeskRooms, furnish
from config.regulation import Regulation
from cti.call.control import CallControl
from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock
from cti.kernel.identifiers import Entropy
from cti.kernel.ports import ProductPort
from cti.kernel.vocabulary import Role
from cti.web.frame import Frame
from cti.web.requests import LARGEST_BODY
from cti.web.uploads import is_upload
from customers.directory import Directory
from monitoring.service import MonitoringService
from monitoring.web.calls import READERS as CALL_READERS
from monitoring.web.calls import CallPages
from monitoring.web.recordings import LISTENERS, RecordingPages
from monitoring.web.wall import WallPages
from tickets.attachments.service import Attachments
from tickets.calendar.service import CalendarService
from tickets.catalogue.proposing import Proposing
from tickets.dossier import Dossier
from tickets.events import TicketEvent, TicketRegistered
from tickets.mail.deciding import LetterDesk
from tickets.service import TicketService
from tickets.web.board import TicketBoard
from tickets.web.calendar.pages import READERS as CALENDAR_READERS
from tickets.web.calendar.pages import CalendarPages
from tickets.web.deliveries import READERS as DELIVERY_READERS
from tickets.web.deliveries import DeliveryPages
from tickets.web.pages import TicketPages
from tickets.web.presence import PresenceBoard
from tickets.web.reach import READERS as TICKET_READERS
from tickets.web.regulation import READERS as REGULATION_READERS
from tickets.web.regulation import RegulationPages
from tickets.workflow import DEPARTMENT

Close = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms that pages show."""

    frame: Frame
    bus: Bus
    control: CallControl
    agents: AgentService
    lending: Lending
    supervision: SupervisorService
    floor_log: FloorLog
    telephony: Telephony
    passes: Passes
    roster: Roster
    tickets: TicketService
    calendar: CalendarService
    regulation: Regulation
    letters: LetterDesk
    attachments: Attachments
    monitoring: MonitoringService
    directory: Directory
    products: ProductPort
    database: Database
    clock: Clock
    codes: CodeTree
    entropy: Entropy


@dataclass(frozen=True, slots=True)
class Mounted:
    """Every page's resource by its path, and what closes the boards behind them."""

    pages: Mapping[str, IResource]
    closers: tuple[Close, ...]

    def close(self) -> None:
        """Disconnect every page."""
        for close in self.closers:
            close()


def furnished(frame: Frame) -> Frame:
    """The frame with the words, templates and files of every page; ConfigurationError."""
    for package in ("agents.web", "tickets.web", "monitoring.web"):
        frame.add_package(package)
    return frame


async def mount_all(rooms: Rooms) -> Mounted:
    """Build the pages of every room; to be awaited when the rooms have started."""
    lines = Lines(rooms.bus)
    parts = (
        await _console(rooms, lines),
        _floor(rooms, lines),
        await _tickets(rooms),
        _monitoring(rooms),
    )
    pages = {path: page for part in parts for path, page in part.pages.items()}
    return Mounted(pages, tuple(close for part in parts for close in part.closers))


async def _console(rooms: Rooms, lines: Lines) -> Mounted:
    frame = rooms.frame
    frame.add_navigation("/console", "nav.console", Role.AGENT)
    console = Console(
        frame=frame,
        agents=rooms.agents,
        bus=rooms.bus,
        control=rooms.control,
        tickets=rooms.tickets,
        history=rooms.monitoring.history,
        days=rooms.monitoring.days,
    )
    console.commands |= phone_commands(
        rooms.agents, rooms.passes, rooms.control, lines, console.board.publish
    )
    console.commands |= telephony_commands(rooms.telephony)
    console.commands |= self_service_commands(rooms.lending, rooms.agents.workplaces.place)
    loans = LoanBoard(console.board, rooms.lending, rooms.bus, console.show_agent)
    loans.start()
    console.areas.append(loans.of)
    closers: list[Close] = [loans.stop]
    if rooms.agents.settings.supervisors_shown:
        supervisors = SupervisorsBoard(
            console.board, rooms.supervision, rooms.bus, rooms.roster.name_of
        )
        console.areas.append(supervisors.of)
        closers.append(supervisors.start())
    desk = await furnish(console, frame, desk_rooms(rooms))
    console.start()
    listen = rooms.bus.subscribe
    tickets = (
        listen(TicketEvent, lambda event: console.ticket_changed(event.number)),
        listen(TicketRegistered, lambda event: console.refresh(event.customer_id)),
    )
    zone = rooms.monitoring.settings.rules.zone
    pages = {
        "console": ConsolePages(frame, rooms.agents, console, zone).app.resource(),
        "api/v1/agent": AgentApi(frame, rooms.agents, console).app.resource(),
    }
    return Mounted(pages, (*tickets, *closers, lines.start(), desk.stop, console.stop))


def _floor(rooms: Rooms, lines: Lines) -> Mounted:
    rooms.frame.add_navigation("/floor", "nav.floor", Role.SUPERVISOR)
    floor = FloorBoard(
        frame=rooms.frame,
        agents=rooms.agents,
        supervision=rooms.supervision,
        control=rooms.control,
        bus=rooms.bus,
        log=rooms.floor_log,
        lines=lines,
        name_of=rooms.roster.name_of,
        kept=rooms.monitoring.days.forecasts_kept,
    )
    floor.commands |= supervisor_commands(rooms.agents)
    floor.commands |= supervision_commands(rooms.supervision)
    floor.start()
    zone = rooms.monitoring.settings.rules.zone
    pages = FloorPages(rooms.frame, rooms.agents, floor, zone).app.resource()
    return Mounted({"floor": pages}, (floor.stop,))


def desk_rooms(rooms: Rooms) -> DeskRooms:
    """The rooms that a desk is put together from."""
    return DeskRooms(
        agents=rooms.agents,
        names=rooms.roster,
        customers=rooms.directory,
        products=rooms.products,
        tickets=rooms.tickets,
        history=rooms.monitoring.history,
        figures=rooms.monitoring.days,
        control=rooms.control,
        database=rooms.database,
        bus=rooms.bus,
        clock=rooms.clock,
        codes=rooms.codes,
        zone=rooms.monitoring.settings.rules.zone,
    )


async def _tickets(rooms: Rooms) -> Mounted:
    frame = rooms.frame
    frame.add_navigation("/tickets", "nav.tickets", *TICKET_READERS)
    frame.add_navigation("/tickets/department", "nav.ticket_department", *DEPARTMENT)
    board = TicketBoard(frame, rooms.tickets, rooms.bus, rooms.letters)
    await board.start()
    presence = PresenceBoard(frame, rooms.tickets)
    pages = TicketPages(
        frame,
        rooms.tickets,
        board,
        presence,
        Dossier(rooms.database, rooms.clock, rooms.attachments),
        RememberedCalls(rooms.bus, rooms.control, rooms.directory),
        rooms.roster,
        UnitsOfRoster(rooms.roster),
        catalogue=Proposing(rooms.regulation.catalogue),
        dialler=StaffDialler(rooms.telephony),
        letters=rooms.letters,
        history=rooms.monitoring.history,
        entropy=rooms.entropy,
    )
    frame.add_navigation("/deliveries", "nav.deliveries", *DELIVERY_READERS)
    undelivered = DeliveryPages(frame, rooms.database, rooms.monitoring.settings.rules.zone)
    frame.add_navigation("/regulation", "nav.regulation", *REGULATION_READERS)
    regulation = RegulationPages(
        frame,
        rooms.tickets,
        rooms.regulation.figures,
        rooms.regulation.catalogue,
        rooms.database,
        entropy=rooms.entropy,
    )
    frame.add_navigation("/calendar", "nav.calendar", *CALENDAR_READERS)
    calendar = CalendarPages(frame, rooms.calendar, rooms.tickets, rooms.entropy)
    mounted = {
        "tickets": pages.app.resource(),
        "calendar": calendar.app.resource(),
        "deliveries": undelivered.app.resource(),
        "regulation": regulation.app.resource(),
    }
    return Mounted(mounted, (board.close, presence.close))


def largest_body(
    frame: Frame, attachments: Attachments, otherwise: Callable[[Request], int]
) -> Callable[[Request], int]:
    """How large a request's body may be: files come from who is signed in, or as `otherwise`."""
    limits = attachments.limits
    files = limits.most * limits.largest + LARGEST_BODY

    def largest(request: Request) -> int:
        brings_files = is_upload(request) and frame.session(request) is not None
        return files if brings_files else otherwise(request)

    return largest


def _monitoring(rooms: Rooms) -> Mounted:
    frame, monitoring = rooms.frame, rooms.monitoring
    frame.add_navigation("/wall", "nav.wall", *Role)
    frame.add_navigation("/calls", "nav.calls", *CALL_READERS)
    frame.add_navigation("/recordings", "nav.recordings", *LISTENERS)
    monitoring.board.watch_tickets(rooms.tickets)
    wall = WallPages(frame, monitoring)
    wall.commands.update(supervisor_commands(rooms.agents))
    wall.commands.update(supervision_commands(rooms.supervision))
    pages = {
        "wall": wall.app.resource(),
        "calls": CallPages(frame, monitoring).app.resource(),
        "recordings": RecordingPages(frame, monitoring, rooms.tickets.seen_by).app.resource(),
    }
    return Mounted(pages, (wall.close,))
