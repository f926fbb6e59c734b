"""The pages of monitoring over a simulated house, without sockets, threads or files elsewhere."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from twisted.internet.defer import Deferred
from twisted.web.resource import Resource

from cti.kernel.bus import Bus
from cti.kernel.errors import Refused
from cti.kernel.events import Event
from cti.kernel.identifiers import StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from cti.recording.keys import KeyRing
from monitoring.cdr import CallRecord, Outcome
from monitoring.repository import CallFilter
from monitoring.service import MonitoringService, MonitoringSettings
from monitoring.statistics import Rules
from monitoring.web.calls import CallPages
from monitoring.web.recordings import RecordingPages
from monitoring.web.wall import WallPages
from tests.support.browsers import Browser
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.floors import SmallFloor
from tests.support.offices import Office
from tests.support.simulated_house import SimulatedHouse
from tickets.visibility import EVERYTHING

BEGIN = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


class MonitoredHouse:
    """`publish` what happens, then look at it with a `browser` of some role."""

    def __init__(self, recordings: Path, seed: int = 21, ring: KeyRing | None = None) -> None:
        self.office = Office()
        self.clock = self.office.clock
        self.clock.advance(BEGIN.timestamp())
        self.errors: list[BaseException] = []
        self.bus = Bus(lambda _event, error: self.errors.append(error))
        self.recordings = recordings
        settings = MonitoringSettings(recordings, ring, rules=Rules(zone=SHANGHAI), draw_after=0)
        self.database = DirectDatabase()
        self.service = MonitoringService(
            self.database, self.bus, self.clock, settings, SmallFloor()
        )
        result_of(Deferred.fromCoroutine(self.service.start()))
        self.house = SimulatedHouse(Random(seed), now=BEGIN)
        frame = self.office.frame
        frame.add_package("monitoring.web")
        frame.add_package("agents.web")
        self.root = Resource()
        self.root.putChild(b"wall", WallPages(frame, self.service).app.resource())
        self.root.putChild(b"calls", CallPages(frame, self.service).app.resource())
        heard = RecordingPages(frame, self.service, self.check_ticket)
        self.root.putChild(b"recordings", heard.app.resource())

    async def check_ticket(self, principal: Principal, number: str) -> None:
        """Who sees every ticket sees those of this house."""
        if not principal.roles & EVERYTHING:
            raise Refused("ticket.other_department", number=number)

    def publish(self, *events: Event) -> None:
        """These happen, are shown and are written down, before any time has passed."""
        for event in events:
            self.bus.publish(event)
        self.clock.advance(0)
        assert self.errors == []
        result_of(self.service.journal.flush())

    def live(self, steps: int, *, finish: bool = False) -> None:
        """Random moves; with `finish` every call ends."""
        self.publish(*self.house.day(steps), *(self.house.finish() if finish else ()))

    def records(self, outcome: Outcome | None = None) -> list[CallRecord]:
        """Call records as they are stored, the newest first."""
        wanted = CallFilter(outcome=outcome)
        return result_of(self.service.find_calls(wanted, None, 1000)).records

    def browser(self, role: Role, language: Language = Language.ENGLISH) -> Browser:
        """A browser in which somebody of that role is signed in."""
        browser = Browser(self.root, self.clock)
        person = Principal(StaffId(f"s-{role.value}"), "Wang", frozenset({role}), language)
        self.office.signed_in(browser, person)
        return browser
