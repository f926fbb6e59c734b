"""Puts the agents' desk together: what stands beside the telephone on their pages."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from agents.desk.codes import CodeTree
from agents.desk.customer import Say
from agents.desk.customer_desk import CustomerDesk, CustomerFinder
from agents.desk.day import Days
from agents.desk.desk import Desk
from agents.desk.directory import Directory, Favourites
from agents.desk.wrap_up import WrapUp
from agents.service import AgentService
from agents.web.console import Console
from cti.call.control import CallControl
from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock
from cti.kernel.identifiers import AgentId
from cti.kernel.money import Money
from cti.kernel.ports import AgentDayPort, CallHistoryPort, ProductPort, StaffNames, TicketPort
from cti.kernel.vocabulary import Language
from cti.web.formats import Formats
from cti.web.frame import Frame


@dataclass(frozen=True, slots=True)
class DeskRooms:
    """What a desk is put together from."""

    agents: AgentService
    names: StaffNames
    customers: CustomerFinder
    products: ProductPort
    tickets: TicketPort
    history: CallHistoryPort
    figures: AgentDayPort
    control: CallControl
    database: Database
    bus: Bus
    clock: Clock
    codes: CodeTree
    zone: tzinfo


async def furnish(console: Console, frame: Frame, rooms: DeskRooms) -> Desk:
    """Give the console its desk; to be awaited before the console starts."""
    bus, clock, database, show = rooms.bus, rooms.clock, rooms.database, console.show

    def coded(agent_id: AgentId) -> None:
        show(f"wrap_up/{agent_id}", wrap_up.entity(agent_id))
        console.show_agent(agent_id)

    wrap_up = WrapUp(
        codes=rooms.codes,
        required=rooms.agents.settings.code_required,
        database=database,
        bus=bus,
        clock=clock,
        write_notes=rooms.agents.write_notes,
        up=lambda call_id: rooms.control.get(call_id) is not None,
        changed=coded,
    )
    customers = CustomerDesk(
        finder=rooms.customers,
        products=rooms.products,
        tickets=rooms.tickets,
        history=rooms.history,
        names=rooms.names,
        codes=rooms.codes.by_code(),
        say=saying(frame, rooms.zone),
        control=rooms.control,
        database=database,
        bus=bus,
        clock=clock,
        show=show,
    )
    desk = Desk(
        customers,
        Directory(floor=rooms.agents, bus=bus, clock=clock, show=show),
        Favourites(database, show),
        Days(
            figures=rooms.figures,
            database=database,
            bus=bus,
            clock=clock,
            zone=rooms.zone,
            agents=lambda: [view.agent_id for view in rooms.agents.agents()],
            show=show,
        ),
        wrap_up,
    )
    console.furnish(desk)
    rooms.agents.workplaces.needs_code = wrap_up.needs_code
    finished = (view.call_id for view in rooms.agents.agents() if view.call_id is not None)
    await desk.start({*rooms.control.names(), *finished})
    return desk


def saying(frame: Frame, zone: tzinfo) -> Say:
    """Texts and amounts in every language, at the bank's time."""
    formats = {each: Formats(each, zone) for each in Language}

    def money(language: Language, amount: Money) -> str:
        return formats[language].money(amount)

    def moment(language: Language, at: datetime) -> str:
        return formats[language].moment(at)

    return Say(frame.text, money, moment)
