"""The transaction layer: finds the transaction a message belongs to, and keeps them all.

Requests match by branch, sent-by and method (RFC 3261, 17.2.3), those of RFC 2543 by their other
identifying headers; responses by branch and CSeq method (17.1.3). What the transaction user has
to know comes back as an indication among the actions.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from cti.sip.events import Action, Endpoint, SendDatagram, StartTimer, StopTimer
from cti.sip.message import InboundRequest, InboundResponse
from cti.sip.outgoing import OutgoingRequest, OutgoingResponse
from cti.sip.timers import TimerSettings
from cti.sip.transaction.ict import InviteClient
from cti.sip.transaction.ist import InviteServer
from cti.sip.transaction.machine import (
    Acknowledged,
    Arm,
    Disarm,
    Effect,
    Event,
    Fired,
    Machine,
    PassUp,
    Promised,
    Received,
    Repeated,
    Respond,
    Send,
    Terminated,
    TimedOut,
    Timer,
)
from cti.sip.transaction.nict import NonInviteClient
from cti.sip.transaction.nist import NonInviteServer

TIMER_PREFIX = "transaction"


@dataclass(frozen=True, slots=True)
class RequestArrived:
    """A new request; answer it with `respond(key, ...)`."""

    key: str
    request: InboundRequest


@dataclass(frozen=True, slots=True)
class AckArrived:
    """An ACK came: to a refusal, which its transaction has seen to, or to a 2xx."""

    request: InboundRequest


@dataclass(frozen=True, slots=True)
class ResponseArrived:
    """A response to a request of ours; 2xx to INVITE come as often as they are received."""

    key: str
    response: InboundResponse


@dataclass(frozen=True, slots=True)
class RequestTimedOut:
    """Nobody answered the request, or acknowledged the refusal."""

    key: str


@dataclass(frozen=True, slots=True)
class RequestUndelivered:
    """The way to where the request went is gone (RFC 3261, 18.4); its transaction is over."""

    key: str
    request: OutgoingRequest


@dataclass(frozen=True, slots=True)
class TransactionEnded:
    """Nothing more comes of this transaction."""

    key: str


Indication = (
    RequestArrived
    | AckArrived
    | ResponseArrived
    | RequestTimedOut
    | RequestUndelivered
    | TransactionEnded
)
Outcome = list[Action | Indication]


@dataclass(slots=True)
class _Entry:
    key: str
    serial: str
    machine: Machine
    destination: Endpoint
    request: OutgoingRequest | None = None
    """Of a client transaction."""
    armed: set[Timer] = field(default_factory=set)

    def timer_key(self, timer: Timer) -> str:
        return f"{TIMER_PREFIX}/{self.serial}/{timer.value}"


class TransactionLayer:
    """Every transaction there is now, by key."""

    def __init__(self, timers: TimerSettings) -> None:
        self._timers = timers
        self._entries: dict[str, _Entry] = {}
        self._by_serial: dict[str, _Entry] = {}
        self._serials = count(1)

    def __len__(self) -> int:
        return len(self._entries)

    def request(self, request: OutgoingRequest, destination: Endpoint) -> tuple[str, Outcome]:
        """Send a request other than ACK; the key names it in the indications."""
        key = _client_key(request.branch, request.method)
        reliable = destination.transport.reliable
        machine: Machine
        if request.method == "INVITE":
            machine = InviteClient(request, self._timers, reliable=reliable)
        else:
            machine = NonInviteClient(request, self._timers, reliable=reliable)
        entry = self._add(key, machine, destination, request)
        return key, list(self._do(entry, machine.start()))

    def promise(self, key: str, trying: Callable[[], OutgoingResponse]) -> Outcome:
        """The INVITE of that key will be answered; `trying` makes the 100 if that takes long."""
        return self._tell(key, Promised(trying))

    def respond(self, key: str, response: OutgoingResponse) -> Outcome:
        """Answer the request of that key; nothing when its transaction is over."""
        return self._tell(key, Respond(response))

    def receive_request(self, request: InboundRequest) -> Outcome:
        """A request came: a new one, a repetition, or an ACK."""
        if request.method == "ACK":
            return [*self._tell(server_key(request, "INVITE"), Acknowledged()), AckArrived(request)]
        key = server_key(request, request.method)
        if key in self._entries:
            return self._tell(key, Repeated())
        reliable = request.source.transport.reliable
        machine: Machine
        if request.method == "INVITE":
            machine = InviteServer(self._timers, reliable=reliable)
        else:
            machine = NonInviteServer(self._timers, reliable=reliable)
        entry = self._add(key, machine, request.reply_to)
        return [*self._do(entry, machine.start()), RequestArrived(key, request)]

    def receive_response(self, response: InboundResponse) -> Outcome:
        """A response came; one that answers nothing of ours is dropped."""
        branch = response.via.parameters.get("branch") or ""
        return self._tell(_client_key(branch, response.cseq.method), Received(response))

    def awaits(self, response: InboundResponse) -> bool:
        """Whether it answers a request of ours whose transaction lasts."""
        branch = response.via.parameters.get("branch") or ""
        return _client_key(branch, response.cseq.method) in self._entries

    def fire(self, timer_key: str) -> Outcome:
        """A timer started by an action of ours ran out."""
        _, serial, name = timer_key.split("/")
        entry = self._by_serial.get(serial)
        if entry is None:
            return []
        timer = Timer(name)
        entry.armed.discard(timer)
        return self._tell(entry.key, Fired(timer))

    def abandon(self, key: str) -> Outcome:
        """Forget a transaction that will not end by itself (an INVITE stuck at 1xx)."""
        entry = self._entries.get(key)
        return [] if entry is None else list(self._do(entry, [Terminated()]))

    def undeliverable(self, destination: Endpoint) -> Outcome:
        """Nothing reaches that destination (RFC 3261, 17.1.4 and 17.2.4).

        Requests under way to it are told of; answers that were to go exactly there end silently.
        """
        return [
            item
            for entry in tuple(self._entries.values())
            if _leads(entry, destination)
            for item in self._undelivered(entry)
        ]

    def destination_of(self, request: OutgoingRequest) -> Endpoint | None:
        """Where the INVITE of the same branch went, while its transaction lasts."""
        entry = self._entries.get(_client_key(request.branch, "INVITE"))
        return None if entry is None else entry.destination

    def invite_cancelled_by(self, cancel: InboundRequest) -> str | None:
        """The key of the INVITE that a CANCEL is about (RFC 3261, 9.2), if it is still there."""
        key = server_key(cancel, "INVITE")
        return key if key in self._entries else None

    def _add(
        self,
        key: str,
        machine: Machine,
        destination: Endpoint,
        request: OutgoingRequest | None = None,
    ) -> _Entry:
        entry = _Entry(key, str(next(self._serials)), machine, destination, request)
        self._entries[key] = self._by_serial[entry.serial] = entry
        return entry

    def _tell(self, key: str, event: Event) -> Outcome:
        entry = self._entries.get(key)
        return [] if entry is None else list(self._do(entry, entry.machine.handle(event)))

    def _do(self, entry: _Entry, effects: list[Effect]) -> Iterator[Action | Indication]:
        for effect in effects:
            match effect:
                case Send(data):
                    yield SendDatagram(data, entry.destination)
                case Arm(timer, seconds):
                    entry.armed.add(timer)
                    yield StartTimer(entry.timer_key(timer), seconds)
                case Disarm(timer) if timer in entry.armed:
                    entry.armed.discard(timer)
                    yield StopTimer(entry.timer_key(timer))
                case PassUp(response):
                    yield ResponseArrived(entry.key, response)
                case TimedOut():
                    yield RequestTimedOut(entry.key)
                case Terminated():
                    yield from self._forget(entry)

    def _undelivered(self, entry: _Entry) -> Iterator[Action | Indication]:
        *stops, ended = self._forget(entry)
        yield from stops
        yield RequestUndelivered(entry.key, entry.request) if entry.request else ended

    def _forget(self, entry: _Entry) -> Iterator[Action | Indication]:
        for timer in sorted(entry.armed, key=lambda timer: timer.value):
            yield StopTimer(entry.timer_key(timer))
        del self._entries[entry.key], self._by_serial[entry.serial]
        yield TransactionEnded(entry.key)


def server_key(request: InboundRequest, method: str) -> str:
    """What a request and its repetitions, its ACK and its CANCEL have in common."""
    via = request.via
    if request.branch:
        return f"server {request.branch} {via.host.lower()}:{via.port or 5060} {method}"
    number, tag = request.cseq.sequence, request.from_tag
    return f"server 2543 {request.call_id} {tag} {number} {via} {request.message.uri} {method}"


def _leads(entry: _Entry, destination: Endpoint) -> bool:
    """Whether the transaction's messages go there: over that flow, or to that address."""
    ours = entry.destination
    if entry.request is None or ours == destination:
        return ours == destination
    return ours.same_way(destination)


def _client_key(branch: str, method: str) -> str:
    return f"client {branch} {method}"
