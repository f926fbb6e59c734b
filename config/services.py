"""The composition root: builds every room, hands each the others' ports, starts and stops all.

Rooms are stopped in the reverse of the order they were started in, so everything a room talks to
is there as long as it is itself: no new calls and farewells to those that are up, then the menus,
queues and tickets, then the journal with its last events, then the database.
"""

from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from shutil import disk_usage
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from agents.acd.outflow import WaitingPorts
from agents.acd.overflow import ToFlow
from agents.dialling import allowed, may_call_back
from agents.floor_log import FloorLog
from agents.lending import Lending
from agents.lines import Secure
from agents.passes import Passes, instance_of
from agents.roster import Roster
from agents.service import AgentService, alone
from agents.supervision import SupervisorService
from agents.telephony import Telephony
from agents.workplaces import WorkplaceFacts
from config.adapters import BankProducts, FloorOfRoster, StaffTelephones
from config.foundation import Foundation, password_hasher
from config.hindrances import Hindrances
from config.house_key import house_key, house_name
from config.housekeeping import CertificateWatch, Housekeeping
from config.listening import listening
from config.preferences import KnownAgents
from config.progress import Progress, Silent
from config.reply_calls import reply_calls
from config.settings import Recorded, Settings
from config.site import build_site
from config.telephone_lease import TelephoneLease
from config.tickets_house import TicketsHouse
from config.web import Rooms, furnished, largest_body, mount_all
from cti.call.model import Cause, Party
from cti.call.routing import Routing
from cti.call.switch import CallSettings
from cti.kernel.bus import Bus
from cti.kernel.errors import ConfigurationError
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, CallId, DeviceId, Entropy, system_entropy
from cti.recording.keys import read_keys
from cti.service import SwitchService, SwitchSettings
from cti.sip.settings import UserAgentSettings
from cti.trace.recorder import Recorder
from cti.trace.ring_file import RingFile
from cti.transport.ban_file import BanFile
from cti.transport.bans_desk import bans_desk
from cti.transport.operator_port import OperatorPort
from cti.transport.tls import ends_of
from cti.trunks.numbers import Numbers, Reach
from cti.web.frame import Frame, WebSettings
from cti.web.kept import SessionKeeper
from cti.web.sessions import Session, SessionLimits, Sessions
from customers.directory import Directory
from ivr.bank.attempts import LockPolicy
from ivr.bank.ledger import Ledger
from ivr.filing import Filing
from ivr.flow import Flow
from ivr.ports import Ports
from ivr.service import IvrService
from monitoring.restart import GoingOn
from monitoring.service import MonitoringService, MonitoringSettings
from monitoring.statistics import Rules
from prompts.announcer import Announcer
from tickets.happened import untold_txn
from tickets.heartbeat import keep_beating, scheduler_on

PIN_THREADS = 2
MIB = 1024 * 1024
JOURNAL_BACKLOG = 1000
"""Events not yet written from which on the journal counts as ill."""


class Hotline:
    """The whole house. `start` once, `stop` once; `stopped` fires when nothing is left running."""

    log = Logger()

    def __init__(self, settings: Settings, reactor: Any, entropy: Entropy = system_entropy) -> None:
        self.settings = settings
        self.stopped: Deferred[None] = Deferred()
        self._reactor, self._entropy = reactor, entropy
        self._running = AsyncExitStack()
        self._stopping = self._leaving = False
        self._switched_on = False
        self.foundation = base = Foundation(settings, reactor, entropy)
        self._check_numbers()
        folders, database = settings.folders, base.database
        self._key = house_key(folders.of(folders.run), entropy)
        self._lease = TelephoneLease(database, reactor)
        self.bus = Bus(self._listener_failed)
        self._passwords = ThreadPool(minthreads=0, maxthreads=1, name="passwords")
        verifying = partial(deferToThreadPool, reactor, self._passwords)
        self.roster = Roster(database, password_hasher(), verifying)
        self.directory = Directory(database)
        self._pins = ThreadPool(minthreads=1, maxthreads=PIN_THREADS, name="pins")
        self._verifying = ThreadPool(minthreads=0, maxthreads=1, name="verification")
        self.bank = Ledger(
            database,
            partial(deferToThreadPool, reactor, self._pins),
            reactor,
            entropy,
            base.digests,
            LockPolicy(settings.bank.wrong_pins, lock=timedelta(seconds=settings.bank.locked_for)),
            base.zone,
        )
        self.announcer = Announcer(
            base.catalogue, base.store, base.speech, folders.of(folders.spool), reactor
        )
        floor = FloorOfRoster(self.roster)
        rules = Rules(base.zone, {queue.queue_id: queue.threshold for queue in settings.queues})
        self.monitoring = MonitoringService(
            database,
            self.bus,
            reactor,
            MonitoringSettings(
                folders.of(folders.recordings),
                read_keys(settings.recordings.keys) if settings.recordings.keys else None,
                rules,
                settings.board,
            ),
            floor,
            partial(deferToThreadPool, reactor, self._verifying),
        )
        self.passes = Passes(reactor, entropy, settings.sip.realm, self._in_page)
        self.switch = SwitchService(
            self._switch_settings(),
            reactor,
            self.bus,
            StaffTelephones(self.roster, settings.sip.telephones, self.passes.digests),
            entropy,
            database,
        )
        recordings = folders.of(folders.recordings)
        self.switch.hindered = Hindrances(
            reactor,
            lambda: self.monitoring.journal.backlog,
            lambda: disk_usage(recordings).free,
        )
        self._bans = self._ban_keeper()
        self.agents = AgentService(
            clock=reactor,
            bus=self.bus,
            control=self.switch.calls,
            roster=self.roster,
            database=database,
            sounds=self.announcer,
            settings=settings.agents,
            ports=WaitingPorts(
                take_into_flow=lambda call_id, flow: self.ivr.take(call_id, flow),
                transfers=settings.ivr.transfers,
                preferences=KnownAgents(database, reactor),
                number=self.switch.trunks.written,
                may_call=lambda number: may_call_back(number, self.switch.trunks.numbers),
                zone=base.zone,
            ),
            entropy=entropy,
            in_page=self._is_in_page,
            day_of=self.monitoring.days.day_of,
            facts=WorkplaceFacts(
                self.switch.trunks.written,
                self._secure,
            ),
        )
        self.ticket_rooms = TicketsHouse(
            settings,
            base,
            self.bus,
            self.roster,
            reactor,
            entropy,
            lambda *key, **blanks: self.frame.texts.text(*key, **blanks),
        )
        self.tickets = self.ticket_rooms.service
        tls = settings.sip.tls
        self._certificate = CertificateWatch(ends_of(tls) if tls else None, reactor)
        self.reply_calls = reply_calls(
            settings.tickets.reply_calls,
            self.tickets,
            database,
            self.switch.calls,
            self.bus,
            reactor,
            server=house_name(self._key),
            run=folders.of(folders.run),
            flows=_answering(base.flows),
            may_call=lambda number: may_call_back(number, self.switch.trunks.numbers),
            take_into_flow=lambda call_id, flow: self.ivr.take(call_id, flow),
        )
        self.ivr = self._ivr()
        self.floor_log = FloorLog()
        self.filing = Filing(self.ticket_rooms.line, self.directory, self.bus, reactor)
        self.supervision = SupervisorService(
            reactor, self.bus, self.switch.calls, self._extension_of
        )
        self.lending = Lending(
            clock=reactor,
            bus=self.bus,
            control=self.switch.calls,
            extension_of=self._extension_of,
            queues=self.agents,
            ivr=self.ivr,
            sounds=self.announcer,
            verified_for=settings.agents.verified_for,
        )
        self.telephony = Telephony(
            clock=reactor,
            bus=self.bus,
            control=self.switch.calls,
            workplaces=self.agents.workplaces,
            queues=self.agents,
            numbers=self.switch.trunks.numbers,
            find_customer=self.directory.by_number,
            history=self.monitoring.history,
        )
        web = settings.web
        self._session_keeper = SessionKeeper(database)
        self.sessions = Sessions(
            self.roster,
            reactor,
            limits=SessionLimits(web.idle, web.longest),
            entropy=entropy,
            keeper=self._session_keeper,
        )
        self.sessions.on_end(self._signed_out)
        self.frame = furnished(
            Frame(
                WebSettings(web.secure, web.origins, web.proxies),
                self.sessions,
                reactor,
                entropy=entropy,
                number=self.switch.trunks.written,
                sought=self.switch.trunks.numbers.sought,
            )
        )

    def _may_call(self, extension: DeviceId, number: str) -> bool:
        """A telephone has the rights of whose it is; colleagues are within everybody's reach."""
        staff = self.roster.by_extension(extension)
        rights = staff.may_dial if staff is not None else frozenset()
        return allowed(number, rights | {Reach.INTERNAL}, self.switch.trunks.numbers)

    def _secure(self, call_id: CallId) -> Secure | None:
        loan = self.lending.lent(call_id)
        return Secure(loan.purpose, loan.since) if loan is not None else None

    # --- life -------------------------------------------------------------------------------

    async def start(self, progress: Progress | None = None) -> None:
        """Create what is missing, then start every room, the telephones and pages last."""
        self._running.callback(self._lease.release)
        await self._lease.take()
        await self.foundation.prepare(self._running, progress or Silent())
        self._start_trace()
        later, also = self._running.callback, self._running.push_async_callback
        self._pins.start()
        later(self._pins.stop)
        self._passwords.start()
        later(self._passwords.stop)
        self._verifying.start()
        later(self._verifying.stop)
        self.foundation.speech.start()
        self.announcer.start()
        later(self.announcer.stop)
        await self.roster.load()
        await self.ticket_rooms.open(self._running)
        going_on = GoingOn(await self.switch.prepare(), self.switch.media.outlived)
        history = await self.monitoring.start(going_on, untold_txn)
        also(self.monitoring.stop)
        self.floor_log.read(history)
        later(self.bus.subscribe(Event, self.floor_log.take))
        self.agents.start(history)
        later(self._stop_agents)
        self.lending.start(history)
        later(self.lending.stop)
        self.supervision.start(history)
        later(self.supervision.stop)
        await self.ticket_rooms.start(self._running)
        self._start_scheduler()
        self.switch.calls.route(self._routing())
        self.switch.calls.restrict(self._may_call)
        self._switched_on = True
        self._bans.load()
        later(self._bans.stop)
        also(self._stop_switch)
        also(self._operator.stop)
        self._operator.start()
        sip = self.settings.sip
        others = {sip.tls.port: "sip.tls"} if sip.tls else {}
        with listening("sip", sip.host, sip.port, others):
            await self.switch.start()
        self.agents.take_up()
        self.ivr.take_up(history)
        self.lending.take_up()
        self.supervision.take_up()
        self._let_go_of_forgotten(going_on.calls)
        self.filing.take_up(
            await self.monitoring.messages(), lambda call_id: bool(self.switch.calls.get(call_id))
        )
        later(self.filing.stop)
        self.reply_calls.on_told(self.ticket_rooms.deliveries.wake)
        self.reply_calls.start(await self.monitoring.reply_calls())
        later(self.reply_calls.stop)
        await self._take_up_sessions(stay=going_on.agents)
        await self._start_site()
        self.log.info("The hotline is up")

    async def stop(self, *, leaving: bool = False) -> None:
        """Take no more calls, end those that are up, and leave nothing behind.

        With `leaving`, calls, agents and callers go on in the server that comes after us.
        """
        if self._stopping:
            return
        self._stopping, self._leaving = True, leaving
        try:
            await self._running.aclose()
            if self._switched_on:
                return
            if leaving:
                self.switch.media.release()
            else:
                await self.switch.media.shut_down()
        finally:
            self.stopped.callback(None)

    async def _stop_switch(self) -> None:
        await self.switch.stop(leaving=self._leaving)

    def _stop_agents(self) -> None:
        self.agents.stop(leaving=self._leaving)

    # --- parts of the start -----------------------------------------------------------------

    def _start_trace(self) -> None:
        """Keep what goes over the wire; a house without room for it works all the same."""
        if not self.settings.trace.size:
            return
        try:
            ring = RingFile(self.settings.trace_file, self.settings.trace.size * MIB)
        except OSError as error:
            self.log.warn("no trace is kept: {error}", error=error)
            return
        self._running.callback(ring.close)
        self.switch.trace_to(Recorder(ring, self._reactor))

    def _start_scheduler(self) -> None:
        scheduler = scheduler_on(self._reactor)
        keep_beating(scheduler, self._look)
        rooms = self.ticket_rooms
        Housekeeping(
            rooms.calendar_watch,
            self._certificate,
            self.bank,
            rooms.regulation.figures,
            rooms.sweep,
        ).schedule(scheduler, self._reactor)
        scheduler.start()
        self._running.callback(scheduler.shutdown, wait=False)

    def _look(self) -> None:
        """Once a minute: whether something fell due unseen, and whether calls are still ours."""
        self.ticket_rooms.look()
        self._lease.look()

    def _let_go_of_forgotten(self, calls: Collection[CallId]) -> None:
        """End calls whose caller is alone and whom nobody serves any more, by what is known."""
        for call in filter(None, map(self.switch.calls.get, calls)):
            served = self.agents.waiting_since(call.id) or self.ivr.serves(call.id)
            if alone(call) and not served:
                self.log.warn("nobody serves {call_id} after the restart", call_id=call.id)
                self.switch.calls.clear(call.id, Party.SYSTEM, Cause.INTERRUPTED)

    async def _take_up_sessions(self, *, stay: bool) -> None:
        """Sign-ins last as long as those stay who signed in, whose roles may be others by now."""
        if not stay:
            await self._session_keeper.forget_all()
            return
        kept = await self._session_keeper.load()
        people = ((each, self.roster.by_id(each.staff_id)) for each in kept)
        self.sessions.restore((each, staff.principal) for each, staff in people if staff)

    async def _start_site(self) -> None:
        rooms = Rooms(
            frame=self.frame,
            bus=self.bus,
            control=self.switch.calls,
            agents=self.agents,
            lending=self.lending,
            supervision=self.supervision,
            floor_log=self.floor_log,
            telephony=self.telephony,
            passes=self.passes,
            roster=self.roster,
            tickets=self.tickets,
            calendar=self.ticket_rooms.calendar,
            attachments=self.ticket_rooms.attachments,
            regulation=self.ticket_rooms.regulation,
            letters=self.ticket_rooms.letters,
            monitoring=self.monitoring,
            directory=self.directory,
            products=BankProducts(self.bank),
            database=self.foundation.database,
            clock=self._reactor,
            codes=self.foundation.codes,
            entropy=self._entropy,
        )
        mounted = await mount_all(rooms)
        self._running.callback(mounted.close)
        web, pages = self.settings.web, dict(mounted.pages)
        customers = self.ticket_rooms.customer_page
        pages.update(customers.mounts)
        if self.settings.sip.websocket:
            pages["sip"] = self.switch.endpoint.web_socket(secure=web.secure, trusted=web.origins)
        site = build_site(
            self.frame,
            pages,
            self.health,
            self.switch.load,
            self._reactor,
            largest_body(
                self.frame,
                self.ticket_rooms.attachments,
                customers.largest,
            ),
        )
        with listening("web", web.host, web.port):
            port = self._reactor.listenTCP(web.port, site, interface=web.host)
        self._running.push_async_callback(port.stopListening)
        customers.start()
        self._running.push_async_callback(customers.stop)

    # --- what rooms are told ----------------------------------------------------------------

    def health(self) -> dict[str, object]:
        """Whether each part works, for `/health`; what calendars lack where they do; the trunks."""
        parts: dict[str, object] = {
            "journal": self.monitoring.journal.backlog < JOURNAL_BACKLOG,
            "running": not self._stopping,
        }
        room = self.monitoring.folder.short_of_room(self.settings.recordings.low_space)
        shown = {
            **self.ticket_rooms.trouble(),
            "database": self.monitoring.journal.trouble(),
            "lease": self._lease.trouble(),
            "certificate": self._certificate.warning(),
            "recordings": room,
            **self.switch.pressure(),
            "trunks": self.switch.trunks.view(),
        }
        return {**parts, **{name: what for name, what in shown.items() if what}}

    def _in_page(self, extension: DeviceId, instance: str) -> bool:
        """Whether that telephone is registered by a page."""
        contacts = self.switch.endpoint.contacts(extension)
        return any(each.instance.strip('"<>') == instance for each in contacts)

    def _is_in_page(self, extension: DeviceId) -> bool:
        """Whether that telephone is the one of the agent's page."""
        return self._in_page(extension, instance_of(self.settings.sip.realm, extension))

    def _signed_out(self, session: Session) -> None:
        """With their last session goes their page's telephone: no page can be rung any more."""
        extension = session.principal.extension
        if extension is not None and not self.sessions.has(session.principal.staff_id):
            self.passes.withdraw(DeviceId(extension))
            self.switch.endpoint.forget_pages(extension)

    def _ban_keeper(self) -> BanFile:
        """What keeps the bans over a restart, and lets operators change them."""
        bans = self.switch.endpoint.door.bans
        keeper = BanFile(self.settings.bans_file, bans, self._reactor)
        self.switch.endpoint.door_log.banned = keeper.changed
        desk = bans_desk(bans, self._reactor.seconds, keeper.changed)
        self._operator = OperatorPort(self.settings.folders.base, self._reactor, desk)
        return keeper

    def _ivr(self) -> IvrService:
        ports = Ports(
            calls=self.switch.calls,
            announcer=self.announcer,
            customers=self.directory,
            bank=self.bank,
            tickets=self.ticket_rooms.line,
            replies=self.reply_calls,
            queues=self.agents,
            calendars=self.foundation.calendars,
            bus=self.bus,
            clock=self._reactor,
            transfers=self.settings.ivr.transfers,
        )
        return IvrService(self.foundation.flows, ports)

    def _extension_of(self, agent_id: AgentId) -> DeviceId:
        return self.agents.sessions.of(agent_id).extension

    def _check_numbers(self) -> None:
        flows = self.foundation.flows
        for number, flow in self.settings.ivr.numbers.items():
            answering = _answering(flows)
            if flow not in answering:
                message = f"no flow of callers is named {flow!r}; there are {', '.join(answering)}"
                raise ConfigurationError(message, key=f"ivr.numbers.{number}")
        for queue in self.settings.queues:
            for then in queue.waiting.destinations:
                if isinstance(then, ToFlow) and then.flow not in _answering(flows):
                    self.log.warn(
                        "queue {queue}: no flow of callers is named {flow}; who should leave a "
                        "message there is told goodbye",
                        queue=queue.queue_id,
                        flow=then.flow,
                    )

    def _routing(self) -> Routing:
        numbers = self.settings.ivr.numbers
        return Routing(
            {number: partial(self.ivr.take, flow_name=flow) for number, flow in numbers.items()}
        )

    def _switch_settings(self) -> SwitchSettings:
        sip, folders = self.settings.sip, self.settings.folders
        return SwitchSettings(
            bind=sip.host,
            sip=UserAgentSettings(
                sip.contact_host,
                sip.port,
                sip.realm,
                md5=sip.md5,
                session_terms=sip.session_timer,
                door=sip.door,
                tcp=sip.tcp,
                codecs=tuple(codec.name for codec in self.settings.media.codecs),
                house_key=self._key,
            ),
            media=replace(self.settings.media, keys=self.settings.recordings.keys),
            calls=CallSettings(
                sip.contact_host,
                folders.of(folders.recordings),
                self.foundation.store.music(),
                self.settings.most_calls,
                ring_back=self.foundation.store.ring_back(),
                srtp=self.settings.media_srtp,
                record=self.settings.recordings.calls is Recorded.ALL,
            ),
            run=folders.of(folders.run),
            media_workers=self.settings.media_workers,
            trunks=self.settings.trunks,
            numbers=Numbers(self.settings.numbers, self.settings.ivr.numbers),
            tls=sip.tls,
        )

    def _listener_failed(self, event: Event, error: BaseException) -> None:
        self.log.failure("a listener failed on {kind}", Failure(error), kind=event.kind)


def _answering(flows: Mapping[str, Flow]) -> list[str]:
    """The names of those that take callers."""
    return sorted(name for name, each in flows.items() if not each.returns)
