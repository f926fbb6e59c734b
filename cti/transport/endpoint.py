"""SIP over sockets: carries out what the user agent says, and hands its reports upwards.

Commands may be given from within a report's handler: all actions of one input are performed
before its first report goes out, and reports keep their order.
"""

import socket
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import DatagramProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.kernel.clock import Clock
from cti.kernel.identifiers import Entropy
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
from cti.sip.registrar import Binding
from cti.sip.sdp import SessionDescription
from cti.sip.settings import Accounts, UserAgentSettings
from cti.sip.user_agent import Output, UserAgent
from cti.transport.resolver import Resolver
from cti.transport.timers import KeyedTimers

RECEIVE_BUFFER = 4 * 1024 * 1024
"""Bytes asked of the kernel, so that a burst of calls waits rather than vanishes."""

LARGEST_DATAGRAM = 65536
TURN = 8 * 1024
"""Bytes read in one reactor turn, some ten INVITEs: a burst must not keep timers, media workers
and pages waiting for seconds; what is left is read in the next turn."""
FAREWELL = 2.0
"""Seconds to wait for the answers to our last BYE and REGISTER."""

OnReport = Callable[[Report], object]


class UdpReactor(Clock, Protocol):
    """What of the reactor is used here."""

    def listenUDP(  # noqa: N802  (Twisted's name)
        self,
        port: int,
        protocol: DatagramProtocol,
        interface: str,
        maxPacketSize: int,  # noqa: N803  (Twisted's name)
    ) -> IListeningPort: ...


class SipEndpoint(DatagramProtocol):
    """A user agent on a UDP socket; `counters` tells what went through it.

    `settings.port` 0 stands for whatever port the socket got.
    """

    log = Logger()

    def __init__(
        self,
        reactor: UdpReactor,
        settings: UserAgentSettings,
        accounts: Accounts,
        entropy: Entropy,
        on_report: OnReport,
        resolver: Resolver | None = None,
    ) -> None:
        self.user_agent = UserAgent(settings, accounts, entropy)
        self.counters: Counter[str] = Counter()
        self._reactor = reactor
        self._on_report = on_report
        self._resolver = resolver or Resolver(reactor, entropy)
        self._timers = KeyedTimers(reactor, self._timer_fired)
        self._reports: deque[Report] = deque()
        self._delivering = False
        self._port: IListeningPort | None = None
        self._leaving: Deferred[None] | None = None

    def start(self, interface: str) -> None:
        """Listen at that local address, on the port of the settings; CannotListenError."""
        port = self.user_agent.settings.port
        self._port = self._reactor.listenUDP(port, self, interface, maxPacketSize=LARGEST_DATAGRAM)

    async def stop(self, patience: float = FAREWELL) -> None:
        """Say goodbye on every session and registration, wait for the answers, then close.

        Those who do not answer within `patience` seconds are left without.
        """
        if self._port is None:
            return
        self._perform(self.user_agent.leave())
        if not self.user_agent.idle:
            self._leaving = Deferred()
            limit = self._reactor.callLater(patience, self._left)
            await self._leaving
            if limit.active():
                limit.cancel()
        port, self._port = self._port, None
        await maybeDeferred(port.stopListening)

    # --- Twisted's side -----------------------------------------------------------------------

    def startProtocol(self) -> None:
        """The socket is bound: widen its buffer, learn its port."""
        assert self.transport is not None
        self.user_agent.bound(self.transport.getHost().port)
        port = cast(Any, self.transport)
        port.maxThroughput = TURN
        port.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)

    def stopProtocol(self) -> None:
        """The socket is closed: nothing is waited for any more."""
        self._timers.stop_all()

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        """Take a datagram, whatever is in it."""
        self.counters["received"] += 1
        source = Endpoint(addr[0], addr[1])
        try:
            output = self.user_agent.datagram_received(datagram, source, self._reactor.seconds())
        except Exception:  # noqa: BLE001  (our bug: logged, and the next datagram is served)
            self.counters["failed"] += 1
            self.log.failure("a datagram from {source} was not handled", source=str(source))
            return
        self._perform(output)

    # --- commands of the user agent -------------------------------------------------------------

    def invite(self, invitation: Invitation) -> SessionId:
        """Call somebody."""
        session, output = self.user_agent.invite(invitation)
        self._perform(output)
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

    def reachable(self, uri: str) -> Endpoint | None:
        """Where the URI leads if that can be said without asking a name server."""
        return self.user_agent.reachable(uri)

    def contacts(self, account: str) -> tuple[Binding, ...]:
        """Where the account can be reached now, the newest first."""
        return self.user_agent.contacts(account, self._reactor.seconds())

    # --- private --------------------------------------------------------------------------------

    def _timer_fired(self, key: str) -> None:
        self._perform(self.user_agent.timer_fired(key, self._reactor.seconds()))

    def _perform(self, output: Output) -> None:
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
        self._deliver()
        if self.user_agent.idle:
            self._left()

    def _resolve(self, key: str, uri: str) -> None:
        transports = self.user_agent.settings.transports
        self._resolver.endpoints(uri, transports).addCallback(self._resolved, key)

    def _resolved(self, endpoints: Sequence[Endpoint], key: str) -> None:
        self._perform(self.user_agent.resolved(key, endpoints, self._reactor.seconds()))

    def _left(self) -> None:
        if self._leaving is not None:
            leaving, self._leaving = self._leaving, None
            leaving.callback(None)

    def _send(self, data: bytes, destination: Endpoint) -> None:
        if self.transport is None:
            return
        try:
            self.transport.write(data, (destination.host, destination.port))
        except OSError as error:
            self.counters["unsent"] += 1
            self.log.warn("nothing reaches {to}: {error}", to=str(destination), error=error)
        else:
            self.counters["sent"] += 1

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
