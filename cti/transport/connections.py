"""Every connection there is: found by flow or by address, made on demand, closed when unused.

A message goes over the flow its destination names while that lasts, else over any connection to
its address, else over one that is made for it. Who proved one name by a certificate is not taken
for another at the same address. What can go nowhere is told to the owner.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Protocol

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.kernel.clock import Clock, DelayedCall
from cti.sip.access.gatekeeper import BROWSERS
from cti.sip.events import Endpoint, Transport
from cti.transport.tls import in_words

CONNECT_LIMIT = 5.0
"""Seconds until a connection has to stand, its TLS handshake included."""
IDLE_LIMIT = 600.0
"""Seconds without a message after which a connection nobody needs is closed."""
FIRST_MESSAGE_LIMIT = 30.0
"""Seconds a caller may take to send its first whole message."""
MOST_QUEUED = 64
"""Messages that wait for one connection to stand."""
MOST_CONNECTIONS = 4000
"""More are refused; each costs a file descriptor."""
MOST_OF_A_HOST = 1000
"""Of these from one address, which may stand for a whole office; browsers are not counted, for
theirs is often that of a proxy before the web site."""

Address = tuple[Transport, str, int, str]
"""Transport, host, port and, where it is secure, the name a certificate has to be for."""


class Wire(Protocol):
    """What carries a connection's bytes: TCP, TLS or a WebSocket."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...

    def abort(self) -> None: ...


class Owner(Protocol):
    """Whoever the connections are for."""

    def message_received(self, data: bytes, source: Endpoint) -> None: ...

    def unreachable(self, destination: Endpoint) -> None:
        """What was sent there did not get there, or what leads there is gone."""

    def needs(self, connection: Endpoint) -> bool:
        """Whether the connection has to stay though nothing is said."""

    def admits(self, host: str) -> bool:
        """Whether that address may connect."""


Connect = Callable[["Connection"], Deferred[Any]]
"""Makes the connection's wire and attaches it; fails when it cannot."""


@dataclass(slots=True)
class Waiting:
    """A message for a connection that does not stand yet."""

    data: bytes
    destination: Endpoint


class Connection:
    """One connection, from the attempt to make it until it is gone."""

    log = Logger()

    def __init__(self, table: "Connections", endpoint: Endpoint, *, called: bool) -> None:
        """`called`: the far side made it."""
        self.endpoint = endpoint
        self.called = called
        self.stands = False
        self.attempt: Deferred[Any] | None = None
        self._table = table
        self._wire: Wire | None = None
        self._queue: list[Waiting] = []
        self._called, self._said = called, not called
        self._heard_at = table.clock.seconds()
        limit = FIRST_MESSAGE_LIMIT if called else CONNECT_LIMIT
        self._watch: DelayedCall = table.clock.callLater(limit, self._look)

    def attach(self, wire: Wire) -> None:
        """That is what carries it."""
        self._wire = wire

    def send(self, data: bytes, destination: Endpoint) -> None:
        """Send, now or once it stands."""
        self._heard_at = self._table.clock.seconds()
        if self.stands and self._wire is not None:
            self._wire.write(data)
        elif len(self._queue) >= MOST_QUEUED:
            self._table.counters["unsent"] += 1
            self._table.owner.unreachable(destination)
        else:
            self._queue.append(Waiting(data, destination))

    def give_up(self, why: object) -> None:
        """It cannot be made."""
        self._missed(why)
        self._gone()

    def close(self) -> None:
        """End it."""
        if self._wire is not None:
            self._wire.close()
        elif self.attempt is not None:
            self.attempt.cancel()

    def cut(self, why: str) -> None:
        """End it at once, with what is under way."""
        self.broken(why)
        if self._wire is not None:
            self._wire.abort()

    # --- told by the wire -------------------------------------------------------------------

    def opened(self) -> None:
        """It stands: send what waited."""
        if self.stands:
            return
        self.stands = True
        queue, self._queue = self._queue, []
        for each in queue:
            self.send(each.data, each.destination)

    def received(self, data: bytes) -> None:
        """A whole message came."""
        self._said, self._heard_at = True, self._table.clock.seconds()
        self._table.owner.message_received(data, self.endpoint)

    def broken(self, why: str) -> None:
        """The far side breaks the rules."""
        self._cut_off("broken", why)

    def silent(self, why: str) -> None:
        """The far side is gone without a word."""
        self._cut_off("silent", why)

    def closed(self, reason: Failure) -> None:
        """It is over, however it ended."""
        if not self.stands:
            self._missed(reason.value)
        self._gone()

    # --- private ----------------------------------------------------------------------------

    def _missed(self, why: object) -> None:
        """It never stood. Anybody may call us and fail, so of those only the first is told of."""
        if not self._called:
            self.log.warn("no connection to {to}: {why}", to=str(self.endpoint), why=in_words(why))
            return
        self._table.counters["missed"] += 1
        if self._table.counters["missed"] == 1:
            who = str(self.endpoint)
            self.log.warn("{who} failed to connect to us: {why}", who=who, why=in_words(why))

    def _cut_off(self, kind: str, why: str) -> None:
        self._table.counters[kind] += 1
        if self._table.counters[kind] == 1:
            self.log.warn("{who} was cut off: {why}", who=str(self.endpoint), why=why)

    def _look(self) -> None:
        """Is it still wanted? Not if it never stood, nor if it was quiet and nobody needs it."""
        table = self._table
        quiet = table.clock.seconds() - self._heard_at
        wanted = quiet < IDLE_LIMIT or table.owner.needs(self.endpoint)
        if self.stands and self._said and wanted:
            rest = IDLE_LIMIT - quiet if quiet < IDLE_LIMIT else IDLE_LIMIT
            self._watch = table.clock.callLater(rest, self._look)
        elif self._wire is not None:
            self._wire.abort()
        elif self.attempt is not None:
            self.attempt.cancel()

    def _gone(self) -> None:
        if not self._table.forget(self):
            return
        if self._watch.active():
            self._watch.cancel()
        self.stands, self._wire = False, None
        queue, self._queue = self._queue, []
        self._table.counters["unsent"] += len(queue)
        for destination in dict.fromkeys([self.endpoint, *(each.destination for each in queue)]):
            self._table.owner.unreachable(destination)


class Connections:
    """The table; `connect` makes wires for those we call, by transport."""

    log = Logger()

    def __init__(
        self,
        clock: Clock,
        owner: Owner,
        connect: dict[Transport, Connect],
        counters: Counter[str],
    ) -> None:
        self.clock, self.owner, self.counters = clock, owner, counters
        self._connect = connect
        self._flows: dict[str, Connection] = {}
        self._addresses: dict[Address, Connection] = {}
        self._callers: Counter[str] = Counter()
        """Connections that were made by each host."""
        self._numbers = count(1)
        self._closing = False

    def __len__(self) -> int:
        return len(self._flows)

    def send(self, data: bytes, destination: Endpoint) -> None:
        """Send over the connection that leads there, made now if there is none."""
        connection = self._flows.get(destination.flow) or self._addresses.get(_address(destination))
        if connection is None:
            connection = self._call(destination)
        if connection is None:
            self.counters["unsent"] += 1
            self.owner.unreachable(destination)
        else:
            connection.send(data, destination)

    def called_by(self, transport: Transport, peer: IAddress) -> Connection | None:
        """A connection the far side made; None when there are too many, or it is banned."""
        host, port = getattr(peer, "host", ""), getattr(peer, "port", 0)
        if transport not in BROWSERS and not self.owner.admits(host):
            return None
        crowded = transport not in BROWSERS and self._callers[host] >= MOST_OF_A_HOST
        if crowded or len(self._flows) >= MOST_CONNECTIONS or self._closing:
            self.counters["refused"] += 1
            if self.counters["refused"] == 1:
                self.log.warn("too many connections: {host} is refused one", host=host)
            return None
        if transport not in BROWSERS:
            self._callers[host] += 1
        return self._add(Endpoint(host, port, transport), called=True)

    def forget(self, connection: Connection) -> bool:
        """Take it out of the table; whether it was there."""
        endpoint = connection.endpoint
        if self._flows.pop(endpoint.flow, None) is None:
            return False
        if self._addresses.get(_address(endpoint)) is connection:
            del self._addresses[_address(endpoint)]
        if connection.called and endpoint.transport not in BROWSERS:
            self._callers[endpoint.host] -= 1
            if not self._callers[endpoint.host]:
                del self._callers[endpoint.host]
        return True

    def cut(self, flow: str, why: str) -> None:
        """End that connection at once: its far side breaks the rules."""
        if connection := self._flows.get(flow):
            connection.cut(why)

    def close(self) -> None:
        """End every connection, and make no other."""
        self._closing = True
        for connection in tuple(self._flows.values()):
            connection.close()

    def _call(self, destination: Endpoint) -> Connection | None:
        connect = self._connect.get(destination.transport)
        if connect is None or self._closing or len(self._flows) >= MOST_CONNECTIONS:
            return None
        connection = self._add(destination, called=False)
        connection.attempt = maybeDeferred(connect, connection)
        connection.attempt.addErrback(lambda failure: connection.give_up(failure.value))
        return self._flows.get(connection.endpoint.flow)

    def _add(self, endpoint: Endpoint, *, called: bool) -> Connection:
        flow = f"{endpoint.transport.value.lower()}-{next(self._numbers)}"
        connection = Connection(self, replace(endpoint, flow=flow), called=called)
        self._flows[flow] = connection
        self._addresses[_address(endpoint)] = connection
        return connection


class Listener(Factory):
    """Takes the calls of one transport."""

    noisy = False

    def __init__(
        self, connections: Connections, transport: Transport, wire: Callable[[], Any]
    ) -> None:
        self._connections, self._transport, self._wire = connections, transport, wire

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """The connection's wire, or None to refuse it."""
        assert addr is not None
        connection = self._connections.called_by(self._transport, addr)
        if connection is None:
            return None
        wire = self._wire()
        wire.link = connection
        connection.attach(wire)
        return wire


def _address(endpoint: Endpoint) -> Address:
    name = endpoint.domain if endpoint.transport.secure else ""
    return endpoint.transport, endpoint.host, endpoint.port, name
