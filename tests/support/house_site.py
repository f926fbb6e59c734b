"""Every page of staff on one site, mounted as the house mounts them, over rooms on fakes.

Agent ``a`` talks with a caller, and monitoring knows calls of its own, one of them with sound.
"""

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from agents.floor_log import FloorLog
from agents.passes import Passes
from agents.supervision import SupervisorService
from config.regulation import Regulation
from config.regulation_settings import RegulationSettings
from config.site import build_site
from config.web import Mounted, Rooms, furnished, mount_all
from cti.kernel.identifiers import StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from cti.web.frame import SESSION_COOKIE, Frame, WebSettings
from cti.web.live import LiveBoard
from cti.web.sessions import SessionLimits, Sessions
from customers.directory import Directory
from monitoring.cdr import Outcome
from tests.support.browsers import Browser
from tests.support.calendar_desk import calendar_beside
from tests.support.deferred import result_of
from tests.support.furnished import CODES, FakeProducts
from tests.support.lending_house import LendingHouse
from tests.support.monitored_houses import MonitoredHouse
from tests.support.offices import OneList, counting
from tests.support.regulation import RegulationOffice
from tests.support.routes import boards_of
from tests.support.sounds import wav
from tests.support.ticket_office import FOREVER, may_be_large
from tests.support.tickets import TIMEKEEPER

SOUND = wav(4000)
BOSS_PHONE = "1900"


class HouseSite:
    """The site, and who uses it; files lie in `folder`. `stop` when it is no longer wanted."""

    def __init__(self, folder: Path) -> None:
        recordings = folder / "recordings"
        recordings.mkdir(parents=True)
        self.lending = LendingHouse()
        self.centre = centre = self.lending.centre
        self.monitored = MonitoredHouse(recordings)
        self.monitored.live(250, finish=True)
        record = self.monitored.records(Outcome.ANSWERED)[0]
        self.recorded = record.call_id
        assert record.recording is not None
        (recordings / record.recording).write_bytes(SOUND)
        self.people = OneList({})
        self.sessions = Sessions(
            self.people,
            centre.clock,
            limits=SessionLimits(idle=FOREVER, longest=FOREVER),
            entropy=counting(),
        )
        self.frame = furnished(Frame(WebSettings(secure=True), self.sessions, centre.clock))
        self.mounted: Mounted = result_of(Deferred.fromCoroutine(mount_all(self._rooms(folder))))
        site = build_site(
            self.frame,
            self.mounted.pages,
            lambda: {"database": True},
            lambda: {"calls": 0},
            centre.clock,
        )
        self.resource: Any = site.resource
        self.boards: dict[str, LiveBoard] = dict(boards_of(self.resource))
        centre.calls.register(BOSS_PHONE)

    def _rooms(self, folder: Path) -> Rooms:
        centre = self.centre
        self.office = office = RegulationOffice(folder=folder / "attachments")
        self.supervision = SupervisorService(
            centre.clock, centre.bus, centre.calls, lambda who: centre.service.view(who).extension
        )
        self.supervision.start()
        return Rooms(
            frame=self.frame,
            bus=centre.bus,
            control=centre.calls,
            agents=centre.service,
            lending=self.lending.lending,
            supervision=self.supervision,
            floor_log=FloorLog(),
            telephony=centre.telephony,
            passes=Passes(centre.clock, counting(), "bank", lambda _extension, _instance: False),
            roster=centre.roster,
            tickets=office.desk.service,
            calendar=calendar_beside(office.desk),
            regulation=Regulation(
                RegulationSettings(),
                TIMEKEEPER.calendars,
                office.desk.database,
                office.desk.clock,
                office.attachments,
            ),
            letters=office.letters,
            attachments=office.attachments,
            monitoring=self.monitored.service,
            directory=Directory(centre.database),
            products=FakeProducts(),
            database=centre.database,
            clock=centre.clock,
            codes=CODES,
            entropy=counting(),
        )

    def stop(self) -> None:
        """Let every page go."""
        self.mounted.close()
        self.supervision.stop()

    def browser(self, principal: Principal | None = None) -> Browser:
        """A browser of that person, or of nobody."""
        opened = Browser(self.resource, self.centre.clock, largest=may_be_large)
        if principal is not None:
            opened.cookies[SESSION_COOKIE] = self.sessions.open(principal).token
        return opened


def staff(role: Role, name: str = "", extension: str | None = None) -> Principal:
    """Somebody of that role; agents are those of the call centre."""
    person = name or role.value
    return Principal(
        StaffId(person), person, frozenset({role}), Language.ENGLISH, extension=extension
    )
