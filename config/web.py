"""Mounts the pages of every web package and joins their live boards with the rooms behind."""

from collections.abc import Callable
from dataclasses import dataclass

from twisted.web.resource import IResource

from agents.roster import Roster
from agents.service import AgentService
from agents.web.console import Console
from agents.web.pages import AgentApi, ConsolePages
from cti.call.control import CallControl
from cti.kernel.bus import Bus
from cti.kernel.vocabulary import Role
from cti.web.frame import Frame
from customers.directory import Directory
from monitoring.service import MonitoringService
from tickets.service import TicketService

Mounts = dict[str, IResource]


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms that pages show."""

    frame: Frame
    bus: Bus
    control: CallControl
    agents: AgentService
    roster: Roster
    tickets: TicketService
    monitoring: MonitoringService
    directory: Directory


def web_mounts(rooms: Rooms) -> tuple[Mounts, Callable[[], None]]:
    """Every page's resource by its path, and what closes the boards at the end."""
    mounts, close_console = _console(rooms)

    def close() -> None:
        close_console()

    return mounts, close


def _console(rooms: Rooms) -> tuple[Mounts, Callable[[], None]]:
    frame = rooms.frame
    frame.add_package("agents.web")
    frame.add_navigation("/console", "nav.console", Role.AGENT)
    console = Console(
        frame=frame,
        agents=rooms.agents,
        bus=rooms.bus,
        control=rooms.control,
        tickets=rooms.tickets,
        history=rooms.monitoring.history,
    )
    console.start()
    mounts: Mounts = {
        "console": ConsolePages(frame, rooms.agents, console).app.resource(),
        "api/v1/agent": AgentApi(frame, rooms.agents, console).app.resource(),
    }
    return mounts, console.stop
