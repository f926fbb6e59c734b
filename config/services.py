"""The composition root: builds every room, hands each the others' ports, starts and stops all.

Rooms are stopped in the reverse of the order they were started in, so everything a room talks to
is there as long as it is itself: no new calls and farewells to those that are up, then the menus,
queues and tickets, then the journal with its last events, then the database.
"""

from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from argon2 import PasswordHasher
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from agents.repository import store_queues_txn
from agents.roster import Roster
from agents.service import AgentService
from config import migrations
from config.adapters import FloorOfRoster, StaffTelephones
from config.demo.read import read_demo
from config.founding import found_demo_txn, has_staff_txn
from config.progress import Progress, Silent
from config.settings import Settings
from config.site import build_site
from config.web import Rooms, mount_all
from cti.call.routing import Routing
from cti.call.switch import CallSettings
from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.calendars import load_calendars
from cti.kernel.clock import utc
from cti.kernel.errors import ConfigurationError
from cti.kernel.events import Event
from cti.kernel.identifiers import Entropy, system_entropy
from cti.service import SwitchService, SwitchSettings
from cti.sip.settings import UserAgentSettings
from cti.web.frame import Frame, WebSettings
from cti.web.sessions import SessionLimits, Sessions
from customers.directory import Directory
from ivr.bank.attempts import LockPolicy
from ivr.bank.digests import Digests, read_or_make_key
from ivr.bank.ledger import Ledger
from ivr.ports import Ports
from ivr.service import IvrService, load_flows, surroundings
from monitoring.service import MonitoringService, MonitoringSettings
from monitoring.statistics import Rules
from prompts.announcer import Announcer
from prompts.catalogue import load_catalogue
from prompts.lexicon import load_lexicon
from prompts.store import PromptStore
from prompts.synthesis import SpeechWorker, speech_process
from tickets.escalation import Escalation
from tickets.heartbeat import keep_beating, scheduler_on
from tickets.policy import Policy
from tickets.service import TicketService
from tickets.sla import Calendars, Timekeeper

PIN_THREADS = 2
YEARS_AROUND = 1
"""Holidays are loaded for so many years before and after this one."""
SERVICE_CALENDAR = "service"
KEY_FILE = Path("keys/bank.key")
JOURNAL_BACKLOG = 1000
"""Events not yet written from which on the journal counts as ill."""


def password_hasher() -> PasswordHasher:
    """Argon2id as OWASP advises for servers: 19 MiB, two passes; about 30 ms."""
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Hotline:
    """The whole house. `start` once, `stop` once; `stopped` fires when nothing is left running."""

    log = Logger()

    def __init__(self, settings: Settings, reactor: Any, entropy: Entropy = system_entropy) -> None:
        self.settings = settings
        self.stopped: Deferred[None] = Deferred()
        self._reactor, self._entropy = reactor, entropy
        self._running = AsyncExitStack()
        self._stopping = False
        folders = settings.folders
        for folder in (folders.recordings, folders.spool, KEY_FILE.parent):
            folders.of(folder).mkdir(parents=True, exist_ok=True)
        zone = ZoneInfo(settings.time_zone)
        self.bus = Bus(self._listener_failed)
        self.database = Database(settings.database_url, reactor)
        self.catalogue = load_catalogue(timezone=settings.time_zone)
        self.calendars = load_calendars(folders.of(folders.calendars), self._years())
        self.roster = Roster(self.database, password_hasher())
        self.directory = Directory(self.database)
        self.digests = Digests(read_or_make_key(folders.of(KEY_FILE), entropy))
        self._pins = ThreadPool(minthreads=1, maxthreads=PIN_THREADS, name="pins")
        self.bank = Ledger(
            self.database,
            partial(deferToThreadPool, reactor, self._pins),
            reactor,
            entropy,
            self.digests,
            LockPolicy(settings.bank.wrong_pins, lock=timedelta(seconds=settings.bank.locked_for)),
            zone,
        )
        self._speech = SpeechWorker(speech_process(reactor), reactor)
        self.store = PromptStore(
            folders.of(folders.prompts), self.catalogue, load_lexicon(), self._speech
        )
        self.announcer = Announcer(
            self.catalogue, self.store, self._speech, folders.of(folders.spool), reactor
        )
        floor = FloorOfRoster(self.roster)
        rules = Rules(zone, {queue.queue_id: queue.threshold for queue in settings.queues})
        self.monitoring = MonitoringService(
            self.database,
            self.bus,
            reactor,
            MonitoringSettings(folders.of(folders.recordings), rules, settings.board),
            floor,
        )
        self.switch = SwitchService(
            self._switch_settings(), reactor, self.bus, StaffTelephones(self.roster), entropy
        )
        self.agents = AgentService(
            clock=reactor,
            bus=self.bus,
            control=self.switch.calls,
            roster=self.roster,
            database=self.database,
            sounds=self.announcer,
            settings=settings.agents,
            entropy=entropy,
        )
        office = Calendars(self.calendars[SERVICE_CALENDAR], self.calendars.values())
        self.tickets = TicketService(self.database, self.bus, reactor, Timekeeper(Policy(), office))
        self.escalation = Escalation(self.database, self.bus, reactor)
        self.tickets.on_clocks_changed(self.escalation.wake)
        self._flows = load_flows(
            folders.of(folders.flows),
            surroundings(self.catalogue, self._queue_ids(), self.calendars.keys()),
        )
        self.ivr = self._ivr()
        web = settings.web
        self.sessions = Sessions(
            self.roster, reactor, limits=SessionLimits(web.idle, web.longest), entropy=entropy
        )
        self.frame = Frame(
            WebSettings(web.secure, web.origins), self.sessions, reactor, entropy=entropy
        )

    # --- life -------------------------------------------------------------------------------

    async def prepare(self, progress: Progress | None = None) -> None:
        """Create what is missing: tables, the demo bank, the prompts."""
        progress = progress or Silent()
        if migrations.current(self.database.engine) is None:
            progress.begin("Creating the database")
            migrations.upgrade(self.database.engine)
            progress.end()
        else:
            migrations.upgrade(self.database.engine)
        self.database.start()
        self._running.callback(self.database.stop)
        await self.database.run(store_queues_txn, self.settings.queues)
        if self.settings.demo and not await self.database.run(has_staff_txn):
            await self._found_demo(progress)
        self._running.push_async_callback(self._speech.stop)
        await self._prepare_prompts(progress)

    async def start(self, progress: Progress | None = None) -> None:
        """Create what is missing, then start every room, the telephones and pages last."""
        await self.prepare(progress)
        later, also = self._running.callback, self._running.push_async_callback
        self._pins.start()
        later(self._pins.stop)
        self._speech.start()
        self.announcer.start()
        later(self.announcer.stop)
        await self.roster.load()
        await self.monitoring.start()
        also(self.monitoring.stop)
        self.agents.start()
        later(self.agents.stop)
        self._start_deadlines()
        self.switch.calls.route(self._routing())
        also(self.switch.stop)
        await self._listen(self.switch.start, "sip.port", self.settings.sip.port)
        await self._start_site()
        self.log.info("The hotline is up")

    async def stop(self) -> None:
        """Take no more calls, end those that are up, and leave nothing behind."""
        if self._stopping:
            return
        self._stopping = True
        try:
            await self._running.aclose()
        finally:
            self.stopped.callback(None)

    # --- parts of the start -----------------------------------------------------------------

    async def _found_demo(self, progress: Progress) -> None:
        progress.begin("Founding the demo bank")
        today = utc(self._reactor).astimezone(ZoneInfo(self.settings.time_zone)).date()
        await self.database.run(
            found_demo_txn,
            read_demo(),
            self.settings.sip.realm,
            password_hasher(),
            self.digests,
            self._entropy,
            today,
        )
        progress.end()

    async def _prepare_prompts(self, progress: Progress) -> None:
        begun = False

        def made(done: int, total: int) -> None:
            nonlocal begun
            if not begun:
                progress.begin("Speaking the announcements")
                begun = True
            progress.advance(done, total)

        await self.store.prepare(made)
        if begun:
            progress.end()

    def _start_deadlines(self) -> None:
        self.escalation.start()
        self._running.callback(self.escalation.stop)
        scheduler = scheduler_on(self._reactor)
        keep_beating(scheduler, self.escalation)
        scheduler.start()
        self._running.callback(scheduler.shutdown, wait=False)

    async def _start_site(self) -> None:
        rooms = Rooms(
            frame=self.frame,
            bus=self.bus,
            control=self.switch.calls,
            agents=self.agents,
            roster=self.roster,
            tickets=self.tickets,
            monitoring=self.monitoring,
            directory=self.directory,
            entropy=self._entropy,
        )
        mounted = await mount_all(rooms)
        self._running.callback(mounted.close)
        site = build_site(self.frame, mounted.pages, self.health, self._reactor)
        web = self.settings.web

        async def listen() -> None:
            port = self._reactor.listenTCP(web.port, site, interface=web.host)
            self._running.push_async_callback(port.stopListening)

        await self._listen(listen, "web.port", web.port)

    async def _listen(self, start: Any, key: str, port: int) -> None:
        try:
            await start()
        except CannotListenError as error:
            reason = error.socketError.strerror if error.socketError else "taken"
            message = f"cannot listen on port {port} ({reason}): is another hotline running?"
            raise ConfigurationError(message, key=key) from error

    # --- what rooms are told ----------------------------------------------------------------

    def health(self) -> dict[str, bool]:
        """Whether each part works, for `/health`."""
        return {
            "journal": self.monitoring.journal.backlog < JOURNAL_BACKLOG,
            "running": not self._stopping,
        }

    def _ivr(self) -> IvrService:
        ports = Ports(
            calls=self.switch.calls,
            announcer=self.announcer,
            customers=self.directory,
            bank=self.bank,
            tickets=self.tickets,
            queues=self.agents,
            calendars=self.calendars,
            bus=self.bus,
            clock=self._reactor,
        )
        return IvrService(self._flows, ports)

    def _routing(self) -> Routing:
        numbers = self.settings.ivr.numbers
        for number, flow in numbers.items():
            if flow not in self._flows:
                known = ", ".join(sorted(self._flows))
                message = f"no flow is named {flow!r}; there are {known}"
                raise ConfigurationError(message, key=f"ivr.numbers.{number}")
        return Routing(
            {number: partial(self.ivr.take, flow_name=flow) for number, flow in numbers.items()}
        )

    def _switch_settings(self) -> SwitchSettings:
        sip, folders = self.settings.sip, self.settings.folders
        return SwitchSettings(
            bind=sip.host,
            sip=UserAgentSettings(sip.contact_host, sip.port, sip.realm, trunks=sip.trunks),
            media=self.settings.media,
            calls=CallSettings(
                sip.contact_host, folders.of(folders.recordings), self.store.music()
            ),
            media_workers=self.settings.media_workers,
        )

    def _queue_ids(self) -> list[str]:
        return [queue.queue_id for queue in self.settings.queues]

    def _years(self) -> range:
        year = utc(self._reactor).year
        return range(year - YEARS_AROUND, year + YEARS_AROUND + 1)

    def _listener_failed(self, event: Event, error: BaseException) -> None:
        self.log.failure("a listener failed on {kind}", Failure(error), kind=event.kind)
