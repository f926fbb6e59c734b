"""SIP over sockets: carries out what the user agent says, and hands its reports upwards.

Commands may be given from within a report's handler: all actions of one input are performed
before its first report goes out, and reports keep their order. What is to be told of a new call
waits until the caller knows its session.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import IResource

from cti.kernel.identifiers import Entropy
from cti.sip.access.gatekeeper import BROWSERS
from cti.sip.access.kept import KeptBinding
from cti.sip.access.nonsense import Nonsense
from cti.sip.access.registrar import Binding
from cti.sip.errors import Header
from cti.sip.events import (
    Endpoint,
    Invitation,
    MalformedReceived,
    Report,
    RequestFailed,
    Resolve,
    SendDatagram,
    SessionId,
    StartTimer,
    StopTimer,
)
from cti.sip.sdp import SessionDescription
from cti.sip.session.kept import KeptSession
from cti.sip.settings import Accounts, UserAgentSettings
from cti.sip.user_agent import Output, UserAgent
from cti.trace.records import Direction, Tap
from cti.transport.arrivals import Arrivals
from cti.transport.door_log import DoorLog
from cti.transport.listening import SocketReactor, Sockets
from cti.transport.resolver import Resolver
from cti.transport.timers import KeyedTimers
from cti.transport.tls import TlsSettings
from cti.transport.udp import Bind, bind_datagrams
from cti.transport.websocket import SipSocketResource

FAREWELL = 2.0
"""Seconds to wait for the answers to our last BYE and REGISTER."""
QUIET = 60.0
"""Seconds between two lines in the log about what cannot be sent."""

OnReport = Callable[[Report], object]


class SipEndpoint:
    """A user agent on its sockets; `counters` tells what went through them.

    `settings.port` 0 stands for whatever port the sockets got.
    """

    log = Logger()

    def __init__(
        self,
        reactor: SocketReactor,
        settings: UserAgentSettings,
        accounts: Accounts,
        entropy: Entropy,
        on_report: OnReport,
        *,
        tls: TlsSettings | None = None,
        trusted: Path | None = None,
        resolver: Resolver | None = None,
        bind: Bind = bind_datagrams,
    ) -> None:
        """ConfigurationError when a file of `tls` cannot be used.

        `trusted` may have signed the certificates of those we call where there is no `tls`.
        """
        self.user_agent = UserAgent(settings, accounts, entropy)
        self.door = self.user_agent.door
        self.door_log = DoorLog(reactor, self.door)
        self.counters: Counter[str] = Counter()
        self.nonsense = Nonsense()
        self.tap: Tap | None = None
        """Is shown every message that comes and goes."""
        self._reactor = reactor
        self._on_report = on_report
        self._resolver = resolver or Resolver(reactor, entropy)
        self._sockets = Sockets(
            reactor,
            self,
            self.counters,
            self._take,
            self._admits,
            tcp=settings.tcp,
            tls=tls,
            trusted=trusted,
            bind=bind,
        )
        self._arrivals = Arrivals(
            reactor, self.user_agent, self._read, self._perform, lambda: self._sockets.unread
        )
        self._timers = KeyedTimers(reactor, self._timer_fired)
        self._outputs: deque[Output] = deque()
        self._reports: deque[Report] = deque()
        self._unreachable: deque[Endpoint] = deque()
        self._performing = False
        self._delivering = False
        self._quiet_until = float("-inf")
        self._bans_seen = 0
        self._open = False
        self._leaving: Deferred[None] | None = None

    def start(self, interface: str) -> None:
        """Listen at that local address: by UDP and TCP on the port of the settings, by TLS on its
        own; CannotListenError.
        """
        bound = self._sockets.open(interface, self.user_agent.settings.port)
        for transport, port in bound.items():
            self.user_agent.bound(port, transport)
        self._open = True

    async def stop(self, patience: float = FAREWELL) -> None:
        """Say goodbye on every session and registration, wait for the answers, then close.

        Those who do not answer within `patience` seconds are left without.
        """
        if not self._open:
            return
        self._perform(self.user_agent.leave())
        if not self.user_agent.idle:
            self._leaving = Deferred()
            limit = self._reactor.callLater(patience, self._left)
            await self._leaving
            if limit.active():
                limit.cancel()
        await self.close()

    async def close(self) -> None:
        """Say nothing any more and close: sessions are left to the process that comes after us."""
        self._open = False
        self._timers.stop_all()
        self._arrivals.stop()
        self.door_log.stop()
        await self._sockets.close()

    @property
    def connections(self) -> int:
        """How many connections there are now, by TCP, TLS and WebSocket."""
        return len(self._sockets.connections)

    # --- what the sockets tell ------------------------------------------------------------------

    def message_received(self, data: bytes, source: Endpoint) -> None:
        """Take a message that came over a connection, unless its sender floods us."""
        if source.transport in BROWSERS or self._admits(source.host, source.port, connected=True):
            self._take(data, source)
        else:
            self._sockets.connections.cut(source.flow, "it sends more than strangers may")

    def admits(self, host: str) -> bool:
        """Whether a connection from there is taken."""
        if self.door.admits_connection(host, self._reactor.seconds()):
            return True
        self.door_log.look()
        return False

    def _admits(self, host: str, port: int, *, connected: bool = False) -> bool:
        if self.door.admits(host, port, self._reactor.seconds(), connected=connected):
            return True
        self.door_log.look()
        return False

    def _take(self, data: bytes, source: Endpoint) -> bool:
        """Take a message, now or when it is its turn; whether it was read now."""
        read = self._arrivals.sort(data, source)
        if read:
            self._read(data, source)
        return read

    def _read(self, data: bytes, source: Endpoint) -> None:
        """Read a message, whatever is in it; it is traced before what answers it."""
        now = self._reactor.seconds()
        self.counters["received"] += 1
        if not self.nonsense.reads(data, now):
            self.counters["malformed"] += 1
            self.user_agent.disregarded(source, now)
            self._look_at_bans()
            return
        try:
            output = self.user_agent.datagram_received(data, source, now)
        except Exception:  # noqa: BLE001  (our bug: logged, and the next message is served)
            self.counters["failed"] += 1
            self._tap(Direction.IN, source, data)
            self.log.failure("a message from {source} was not handled", source=str(source))
            return
        malformed = any(isinstance(item, MalformedReceived) for item in output)
        if not malformed or self.nonsense.traces(data, now):
            self._tap(Direction.IN, source, data)
        self._perform(output)
        self._look_at_bans()

    def _look_at_bans(self) -> None:
        """Have it said where one was made or lifted."""
        if self.door.bans.changes != self._bans_seen:
            self._bans_seen = self.door.bans.changes
            self.door_log.look()

    def unreachable(self, destination: Endpoint) -> None:
        """Nothing gets there: told to the user agent once its last output is worked off."""
        self._unreachable.append(destination)
        self._perform([])

    def needs(self, connection: Endpoint) -> bool:
        """Whether a binding, a dialog or a registration of ours wants it kept."""
        return self.user_agent.uses(connection)

    def web_socket(self, *, secure: bool, trusted: tuple[str, ...] = ()) -> IResource:
        """Where browsers of this site, and of the `trusted` origins, connect (RFC 7118).

        `secure` tells that they reach it by TLS though it ends in front of us.
        """
        called_by = self._sockets.connections.called_by
        return SipSocketResource(called_by, self._reactor, secure=secure, trusted=trusted)

    # --- commands of the user agent -------------------------------------------------------------

    def invite(self, invitation: Invitation) -> SessionId:
        """Call somebody; the first report about it comes after this returned."""
        session, output = self.user_agent.invite(invitation)
        held, self._delivering = self._delivering, True
        try:
            self._perform(output)
        finally:
            self._delivering = held
        if self._reports and not held:
            self._reactor.callLater(0, self._deliver)
        return session

    def ring(
        self, session: SessionId, status: int = 180, description: SessionDescription | None = None
    ) -> None:
        """Answer a waiting INVITE 1xx."""
        self._perform(self.user_agent.ring(session, status, description))

    def accept(self, session: SessionId, description: SessionDescription) -> None:
        """Answer a waiting INVITE or re-INVITE 200."""
        self._perform(self.user_agent.accept(session, description))

    def reject(self, session: SessionId, status: int, headers: tuple[Header, ...] = ()) -> None:
        """Refuse a waiting INVITE or re-INVITE."""
        self._perform(self.user_agent.reject(session, status, headers))

    def answer(self, session: SessionId, description: SessionDescription) -> None:
        """Answer the offer that came in a response to an INVITE without one."""
        self._perform(self.user_agent.answer(session, description))

    def reinvite(self, session: SessionId, offer: SessionDescription | None) -> None:
        """Offer other media, or ask the far side to."""
        self._perform(self.user_agent.reinvite(session, offer))

    def refer(
        self,
        session: SessionId,
        target: str,
        *,
        replaces: SessionId | None = None,
        referred_by: str = "",
    ) -> None:
        """Ask the far side to call `target`; Refused when the session to be replaced is over."""
        referred = self.user_agent.refer(
            session, target, replaces=replaces, referred_by=referred_by
        )
        self._perform(referred)

    def answer_refer(self, session: SessionId, refer: str, status: int) -> None:
        """Take a REFER of theirs on, or refuse it."""
        self._perform(self.user_agent.answer_refer(session, refer, status))

    def notify_refer(self, session: SessionId, refer: str, status: int) -> None:
        """Tell how the call goes that they asked for."""
        self._perform(self.user_agent.notify_refer(session, refer, status))

    def end(self, session: SessionId, reason: str = "") -> None:
        """Leave a session in any state."""
        self._perform(self.user_agent.end(session, reason))

    def keep(self, session: SessionId) -> KeptSession | None:
        """What another process needs to take the session up, where nothing of it is under way."""
        return self.user_agent.keep(session)

    def resume(
        self,
        kept: KeptSession,
        *,
        secret: str = "",
        described: SessionDescription | None = None,
    ) -> None:
        """Take a kept session up; LocalError when it is here."""
        now = self._reactor.seconds()
        self._perform(self.user_agent.resume(kept, now, secret=secret, described=described))

    def send_key(self, session: SessionId, key: str) -> None:
        """Press a key by INFO."""
        self._perform(self.user_agent.send_key(session, key))

    def register(
        self, address_of_record: str, registrar: str, user: str, secret: str, expires: int
    ) -> None:
        """Register with somebody else's registrar, a SIP URI, and stay so."""
        self._perform(self.user_agent.register(address_of_record, registrar, user, secret, expires))

    def unregister(self, address_of_record: str) -> None:
        """Take our binding back."""
        self._perform(self.user_agent.unregister(address_of_record))

    def probe(self, key: str, uri: str) -> None:
        """OPTIONS; `ProbeAnswered` follows, once."""
        self._perform(self.user_agent.probe(key, uri))

    def contacts(self, account: str) -> tuple[Binding, ...]:
        """Where the account can be reached now, the newest first."""
        return self.user_agent.contacts(account, self._reactor.seconds())

    def forget_pages(self, account: str) -> None:
        """Reach the account by no page any more, whatever it registered there."""
        self._perform(self.user_agent.forget_pages(account, self._reactor.seconds()))

    def keep_bindings(self, account: str) -> tuple[KeptBinding, ...]:
        """What another process needs to reach the account; `BindingsChanged` tells of news."""
        return self.user_agent.keep_bindings(account)

    def resume_bindings(self, kept: Sequence[KeptBinding]) -> None:
        """Take kept bindings up."""
        self._perform(self.user_agent.resume_bindings(kept, self._reactor.seconds()))

    # --- private --------------------------------------------------------------------------------

    def _timer_fired(self, key: str) -> None:
        self._perform(self.user_agent.timer_fired(key, self._reactor.seconds()))

    def _perform(self, output: Output) -> None:
        self._outputs.append(output)
        if self._performing:
            return
        self._performing = True
        try:
            while self._outputs or self._unreachable:
                if self._outputs:
                    self._act(self._outputs.popleft())
                else:
                    self._fail(self._unreachable.popleft())
        finally:
            self._performing = False
        self._deliver()
        if self.user_agent.idle:
            self._left()

    def _fail(self, destination: Endpoint) -> None:
        if self._open:
            self._act(self.user_agent.transport_failed(destination, self._reactor.seconds()))

    def _act(self, output: Output) -> None:
        for item in output:
            match item:
                case SendDatagram(data, destination):
                    self._send(data, destination)
                case StartTimer(key, seconds):
                    self._timers.start(key, seconds)
                case StopTimer(key):
                    self._timers.stop(key)
                case Resolve(key, uri):
                    self._resolve(key, uri)
                case report:
                    self._reports.append(report)

    def _resolve(self, key: str, uri: str) -> None:
        transports = self.user_agent.settings.transports
        self._resolver.endpoints(uri, transports).addCallback(self._resolved, key)

    def _resolved(self, endpoints: Sequence[Endpoint], key: str) -> None:
        self._perform(self.user_agent.resolved(key, endpoints, self._reactor.seconds()))

    def _left(self) -> None:
        if self._leaving is not None:
            leaving, self._leaving = self._leaving, None
            leaving.callback(None)

    def _tap(self, direction: Direction, remote: Endpoint, data: bytes) -> None:
        """Show a message to whoever watches, with our address for that transport."""
        if self.tap is not None:
            settings = self.user_agent.settings
            port = settings.ports.get(remote.transport, settings.port)
            local = Endpoint(settings.host, port, remote.transport)
            self.tap(direction, local, remote, data)

    def _send(self, data: bytes, destination: Endpoint) -> None:
        if not self._open:
            return
        try:
            self._sockets.send(data, destination)
        except OSError as error:
            self.counters["unsent"] += 1
            self._say(destination, error)
            self._unreachable.append(destination)
        else:
            self.counters["sent"] += 1
            self._tap(Direction.OUT, destination, data)

    def _say(self, destination: Endpoint, error: OSError) -> None:
        now = self._reactor.seconds()
        if now >= self._quiet_until:
            self._quiet_until = now + QUIET
            self.log.warn("nothing reaches {to}: {error}", to=str(destination), error=error)

    def _deliver(self) -> None:
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._reports:
                self._hand_over(self._reports.popleft())
        finally:
            self._delivering = False

    def _hand_over(self, report: Report) -> None:
        if isinstance(report, MalformedReceived):
            self.counters["malformed"] += 1
        if isinstance(report, RequestFailed):
            self.counters["failed"] += 1
            self.log.failure("a request was not carried out", failure=Failure(report.error))
        try:
            self._on_report(report)
        except Exception:  # noqa: BLE001  (our bug: that session ends, the process lives)
            session: SessionId | None = getattr(report, "session", None)
            self.log.failure("a report was not handled", session=session, kind=type(report))
            if session is not None:
                self.end(session)
