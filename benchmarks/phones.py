"""Telephones on bare sockets: callers that dial, agents' phones that register and answer.

One thread serves all of them; since the kernel stamps each datagram, a slow turn of this thread
costs no measurement its truth. Times are CLOCK_REALTIME in ns.
"""

import heapq
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from benchmarks import sip, wire
from benchmarks.sip import Message

PATIENCE = 10.0


class Unanswered(Exception):  # noqa: N818  (named for what happened, as the house does)
    """What was waited for never came."""


class Exchange:
    """The loop all telephones hang on."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._later: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()

    def add(self, sock: socket.socket, take: Callable[[bytes, int], None]) -> None:
        """Give every datagram of the socket to `take` with its time."""
        self._selector.register(sock, selectors.EVENT_READ, (sock, take))

    def remove(self, sock: socket.socket) -> None:
        """Serve the socket no more."""
        self._selector.unregister(sock)

    def later(self, seconds: float, what: Callable[[], object]) -> None:
        """Do it after so long."""
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._numbers), what))

    def run_until(self, true: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
        """Serve until `true()`; Unanswered names what never came."""
        end = time.monotonic() + patience
        while not true():
            if time.monotonic() > end:
                raise Unanswered(what)
            self._turn(min(0.05, self._wait()))

    def run_for(self, seconds: float) -> None:
        """Serve for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._turn(min(left, self._wait()))

    def _wait(self) -> float:
        return max(0.0, self._later[0][0] - time.monotonic()) if self._later else 0.05

    def _turn(self, wait: float) -> None:
        for key, _events in self._selector.select(wait):
            sock, take = key.data
            while (found := wire.receive(sock)) is not None:
                take(*found)
        while self._later and self._later[0][0] <= time.monotonic():
            heapq.heappop(self._later)[2]()


@dataclass(slots=True)
class Call:
    """One call on a telephone, with the times at which things were on the wire."""

    local: str
    """Our From or To, with its tag."""
    remote: str
    """Theirs."""
    call_id: str
    target: str
    media: tuple[str, int] = ("", 0)
    offered: int = 0
    """An INVITE came (agents), or was sent (callers)."""
    answered: int = 0
    """The 200 came."""
    ended: int = 0
    """BYE came."""


def request(
    method: str,
    call: Call,
    sequence: int,
    via: str,
    contact: str,
    extra: list[tuple[str, str]] | None = None,
    body: str = "",
) -> bytes:
    """A request within the call, or that begins it."""
    headers = [
        ("Via", via),
        ("From", call.local),
        ("To", call.remote),
        ("Call-ID", call.call_id),
        ("CSeq", f"{sequence} {method}"),
        ("Contact", contact),
        ("Max-Forwards", "70"),
        *(extra or []),
    ]
    return sip.compose(f"{method} {call.target} SIP/2.0", headers, body)


@dataclass(slots=True)
class Telephone:
    """A SIP telephone with one call at a time and a socket for its sound."""

    exchange: Exchange
    server: wire.Address
    number: str
    on_offer: Callable[["Telephone", Message, int], None] = lambda _phone, _request, _at: None
    on_end: Callable[["Telephone"], None] = lambda _phone: None
    call: Call | None = None
    registered: bool = False
    shared: socket.socket | None = None
    """The socket its sound shares with that of others; None: one of its own."""
    sock: socket.socket = field(default_factory=wire.timed_socket)
    sound: socket.socket = field(init=False)
    _own: tuple[socket.socket, ...] = ()
    """For its sound alone; the second takes RTCP, which nobody reads, off the ports of others."""
    _names: "count[int]" = field(default_factory=count)
    _secret: str = ""

    def __post_init__(self) -> None:
        if self.shared is None:
            self._own = wire.sound_sockets()
        self.sound = self.shared or self._own[0]
        self.exchange.add(self.sock, self._take)

    def close(self) -> None:
        """Give the sockets back."""
        self.exchange.remove(self.sock)
        for sock in (self.sock, *self._own):
            sock.close()

    @property
    def contact(self) -> str:
        """Where it is reached."""
        return f"<sip:{self.number}@127.0.0.1:{self.sock.getsockname()[1]}>"

    # --- what the person does ---------------------------------------------------------------

    def register(self, secret: str) -> None:
        """Register with the server; `registered` tells when it is done."""
        self._secret = secret
        self._send_register("")

    def dial(self, number: str) -> Call:
        """Call a number; ACK is sent by itself."""
        host, port = self.server
        name = f"{self.number}-{next(self._names)}"
        uri = f"sip:{number}@{host}:{port}"
        local, remote = f"<sip:{self.number}@127.0.0.1>;tag={name}", f"<{uri}>"
        call = Call(local, remote, f"{name}@benchmark", uri)
        self.call = call
        body = sip.describe(self.sound.getsockname()[1])
        call.offered = self._request("INVITE", call, 1, body=body)
        return call

    def answer(self, request: Message, at: int) -> None:
        """Take the call that came with this INVITE."""
        tag = f"{self.number}-{next(self._names)}"
        local = f"{request.one('to')};tag={tag}"
        call = Call(local, request.one("from"), request.one("call-id"), request.contact)
        call.offered, call.media = at, request.media
        self.call = call
        body = sip.describe(self.sound.getsockname()[1])
        self._send(sip.response(request, "200 OK", tag, self.contact, body))

    def hang_up(self) -> int:
        """End the call; when BYE was on the wire."""
        call, self.call = self.call, None
        assert call is not None
        return self._request("BYE", call, 2)

    # --- what the network does --------------------------------------------------------------

    def _take(self, data: bytes, at: int) -> None:
        message = sip.read(data)
        if message is None:
            return
        if message.status:
            self._answered(message, at)
        elif message.method == "INVITE":
            if self.call is None:
                self.on_offer(self, message, at)
        elif message.method != "ACK":
            self._send(sip.response(message, "200 OK", "x", self.contact))
            if message.method == "BYE":
                self._far_end(message, at)

    def _answered(self, message: Message, at: int) -> None:
        call = self.call
        if message.method == "REGISTER":
            self._registering(message)
        elif message.method == "INVITE" and message.status >= 200:
            if call is None or call.call_id != message.one("call-id"):
                return
            if message.status != 200:
                raise Unanswered(f"{call.target} was answered {message.start}")
            if not call.answered:
                call.answered, call.media = at, message.media
                call.remote, call.target = message.one("to"), message.contact
            self._request("ACK", call, 1)

    def _far_end(self, message: Message, at: int) -> None:
        if self.call is not None and self.call.call_id == message.one("call-id"):
            self.call.ended, self.call = at, None
            self.on_end(self)

    def _registering(self, message: Message) -> None:
        if message.status == 401 and not self.registered:
            challenge = next(c for c in message.headers["www-authenticate"] if "SHA-256" in c)
            uri = f"sip:{self.server[0]}"
            self._send_register(
                sip.authorization(challenge, "REGISTER", uri, self.number, self._secret)
            )
        elif message.status == 200:
            self.registered = True

    # --- inside -----------------------------------------------------------------------------

    def _send_register(self, authorization: str) -> None:
        host = self.server[0]
        me = f"<sip:{self.number}@{host}>"
        call = Call(f"{me};tag=r", me, f"register-{self.number}", f"sip:{host}")
        extra = [("Expires", "3600")]
        if authorization:
            extra.append(("Authorization", authorization))
        self._request("REGISTER", call, 2 if authorization else 1, extra)

    def _request(
        self,
        method: str,
        call: Call,
        sequence: int,
        extra: list[tuple[str, str]] | None = None,
        body: str = "",
    ) -> int:
        port = self.sock.getsockname()[1]
        branch = f"z9hG4bK-{self.number}-{next(self._names)}-{port}"
        via = f"SIP/2.0/UDP 127.0.0.1:{port};branch={branch};rport"
        return self._send(request(method, call, sequence, via, self.contact, extra, body))

    def _send(self, data: bytes) -> int:
        at = wire.now()
        self.sock.sendto(data, self.server)
        return at
