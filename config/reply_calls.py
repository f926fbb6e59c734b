"""Furnishes the calls by which customers hear the answer to their tickets."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from twisted.logger import Logger

from config.line_settings import spans
from cti.call.control import CallControl
from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.calendar import WorkingCalendar
from cti.kernel.clock import Clock
from cti.kernel.identifiers import CallId
from tickets.reply_calls.heard import HeardFile
from tickets.reply_calls.hours import CallingHours
from tickets.reply_calls.service import ReplyCalls
from tickets.reply_calls.settings import ReplyCallSettings
from tickets.service import TicketService

DAYS_A_WEEK = 7
HEARD = "heard_replies.json"
"""Beside the house's key: what customers heard and the database was not there to take."""

log = Logger()


def reply_calls(
    settings: ReplyCallSettings,
    tickets: TicketService,
    database: Database,
    control: CallControl,
    bus: Bus,
    clock: Clock,
    *,
    server: str,
    run: Path,
    flows: Collection[str],
    may_call: Callable[[str], bool],
    take_into_flow: Callable[[CallId, str], None],
) -> ReplyCalls:
    """What makes them; where nobody wrote the flow that takes them, it makes none."""
    if settings.most and settings.flow not in flows:
        log.warn(
            "no flow {flow} is written: no customer is called with a reply", flow=settings.flow
        )
        settings = replace(settings, most=0)
    calendars = tickets.timekeeper.calendars
    allowed = WorkingCalendar("reply_calls", calendars.zone, (spans(settings.hours),) * DAYS_A_WEEK)
    return ReplyCalls(
        tickets,
        database,
        control,
        bus,
        clock,
        settings,
        CallingHours(calendars, allowed),
        server=server,
        may_call=may_call,
        take_into_flow=take_into_flow,
        heard=HeardFile(run / HEARD),
    )
