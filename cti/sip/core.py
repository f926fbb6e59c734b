"""What the parts of a user agent share: its settings, its transactions, its time, its outbox.

Everything a part wants done or told goes into the outbox, in order; the user agent hands the
outbox over when the input or command that filled it is worked off.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum
from hashlib import sha256
from itertools import count
from typing import Protocol

from cti.kernel.identifiers import Entropy
from cti.sip.access.antechamber import Antechamber
from cti.sip.access.digest import authorization, strongest
from cti.sip.access.doorkeeper import Doorkeeper
from cti.sip.errors import Header
from cti.sip.events import (
    DATAGRAM_FLOW,
    Action,
    Endpoint,
    Report,
    Resolve,
    SendDatagram,
    SessionId,
    StartTimer,
    StopTimer,
    Transport,
)
from cti.sip.marks import Marks
from cti.sip.message import InboundRequest, InboundResponse
from cti.sip.outgoing import MAGIC_COOKIE, Body, OutgoingRequest, response_to, unavailable
from cti.sip.settings import UserAgentSettings
from cti.sip.transaction.layer import (
    Indication,
    Outcome,
    RequestTimedOut,
    RequestUndelivered,
    ResponseArrived,
    TransactionEnded,
    TransactionLayer,
)

SESSION_PREFIX = "session"
LARGEST_BY_DATAGRAM = 1300
"""Bytes of a request that may go by UDP where the path's MTU is not known (RFC 3261, 18.1.1)."""
MOST_ATTEMPTS = 4
"""Of one request, however often its challenges are said to be stale."""
_CHALLENGES = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


Located = Callable[[tuple[Endpoint, ...]], None]


class SessionTimer(Enum):
    """What a session waits for."""

    REPEAT = "repeat"
    """Send our 2xx again."""
    UNACKNOWLEDGED = "unacknowledged"
    """Give up waiting for the ACK to our 2xx."""
    CANCELLED = "cancelled"
    """Give up waiting for the answer to an INVITE we cancelled."""
    GLARE = "glare"
    """Try a re-INVITE again that met theirs."""
    RELIABLE = "reliable"
    """Send our reliable 1xx again."""
    UNPRACKED = "unpracked"
    """Give up waiting for the PRACK to our reliable 1xx."""
    UNDECIDED = "undecided"
    """Refuse the offer of their UPDATE or PRACK, which nobody answered."""
    REFRESH = "refresh"
    """Show that we are still there (RFC 4028)."""
    RESUMED = "resumed"
    """Ask whether the far side of a session that was taken up again is still there."""
    EXPIRED = "expired"
    """The far side did not show that it is still there."""
    NOTIFYING = "notifying"
    """Tell no more how the call goes that they asked for by REFER."""
    REFERRING = "referring"
    """Wait no more for what becomes of a REFER of ours."""

    def key(self, session: SessionId) -> str:
        """The timer's key in actions."""
        return f"{SESSION_PREFIX}/{session}/{self.value}"


class TransactionUser(Protocol):
    """Whoever sent a request: told what came of it."""

    def response_received(self, key: str, response: InboundResponse) -> None: ...

    def timed_out(self, key: str) -> None: ...


class Core:
    """Sends, answers and reports on behalf of sessions and registrations."""

    def __init__(self, settings: UserAgentSettings, entropy: Entropy) -> None:
        self.settings = settings
        self.entropy = entropy
        self.marks = Marks(settings.house_key, entropy)
        self.layer = TransactionLayer(settings.timers)
        self.door = Doorkeeper(settings.door, settings.trunks)
        self.antechamber = Antechamber(settings.overload)
        self.outbox: list[Action | Report] = []
        self.now = 0.0
        """Seconds on the clock of whoever performs the actions, of the input being worked off."""
        self._users: dict[str, TransactionUser] = {}
        self._by_datagram: dict[str, Endpoint] = {}
        """Requests that went by TCP for their size alone, and where they would have gone."""
        self._awaited: dict[str, Located] = {}
        self._numbers = count(1)
        self._secret = entropy(16)

    def drain(self) -> list[Action | Report]:
        """What has gathered since the last time."""
        gathered, self.outbox = self.outbox, []
        return gathered

    def tag(self) -> str:
        """A new tag (RFC 3261, 19.3)."""
        return self.entropy(8)

    def branch(self) -> str:
        """A new branch (RFC 3261, 8.1.1.7)."""
        return MAGIC_COOKIE + self.entropy(10)

    def report(self, report: Report) -> None:
        """Tell whoever uses the user agent."""
        self.outbox.append(report)

    def start_timer(self, key: str, seconds: float) -> None:
        """Have `timer_fired(key)` called after so long."""
        self.outbox.append(StartTimer(key, seconds))

    def stop_timer(self, key: str) -> None:
        """Take it back."""
        self.outbox.append(StopTimer(key))

    def send(self, data: bytes, destination: Endpoint) -> None:
        """Send outside any transaction."""
        self.outbox.append(SendDatagram(data, destination))

    def addressed(self, request: OutgoingRequest, destination: Endpoint) -> OutgoingRequest:
        """The request as it goes there: Via and Contact name the transport (18.1.1)."""
        settings, transport = self.settings, destination.transport
        sent_by = settings.sent_by_over(transport)
        headers = self._reached_over(request.headers, transport, secure=request.secure)
        return replace(request, transport=transport, sent_by=sent_by, headers=headers)

    def request(
        self, request: OutgoingRequest, destination: Endpoint, user: TransactionUser | None = None
    ) -> str:
        """Send a request in a transaction; the key names it to `user`.

        One too large for a datagram goes by TCP, if we may choose, and by UDP where nobody takes
        it by TCP (18.1.1). A CANCEL goes where its INVITE went (9.1).
        """
        if request.method == "CANCEL":
            destination = self.layer.destination_of(request) or destination
        self.door.expect(destination.host, destination.port, self.now)
        chosen = self._grown(request, destination)
        key, outcome = self.layer.request(self.addressed(request, chosen), chosen)
        if chosen is not destination:
            self._by_datagram[key] = destination
        if user is not None:
            self._users[key] = user
        self.absorb(outcome)
        return key

    def resolve(self, uri: str, found: Located) -> str:
        """Have `found` called with the endpoints the URI leads to; the key takes it back."""
        key = f"{next(self._numbers)}"
        self._awaited[key] = found
        self.outbox.append(Resolve(key, uri))
        return key

    def resolved(self, key: str, endpoints: Sequence[Endpoint]) -> None:
        """What a `Resolve` of ours found."""
        if found := self._awaited.pop(key, None):
            found(tuple(endpoints))

    def forget_resolve(self, key: str) -> None:
        """Nobody waits for that answer any more."""
        self._awaited.pop(key, None)

    def respond(
        self,
        key: str,
        request: InboundRequest,
        status: int,
        *,
        tag: str | None = None,
        headers: tuple[Header, ...] = (),
        body: Body | None = None,
    ) -> bytes:
        """Answer a request through its transaction; gives the bytes sent."""
        named = (*headers, ("Server", self.settings.user_agent))
        secure = request.message.uri.scheme == "sips"
        named = self._reached_over(named, request.source.transport, secure=secure)
        response = response_to(request, status, tag or self.tag(), named, body)
        self.absorb(self.layer.respond(key, response))
        return response.data

    def promise(self, key: str, request: InboundRequest) -> None:
        """An INVITE will be answered: 100 goes out unless that is soon."""
        self.absorb(self.layer.promise(key, lambda: response_to(request, 100, "")))

    def retry_after(self) -> Header:
        """When who is refused may try again; spread, so that they do not come back at once."""
        return "Retry-After", str(self.retry_seconds())

    def retry_seconds(self) -> int:
        """The same in seconds."""
        return self.antechamber.retry_after(int(self.entropy(2), 16) / 0xFFFF)

    def answer_once(
        self, key: str, request: InboundRequest, status: int, headers: tuple[Header, ...] = ()
    ) -> None:
        """Answer and forget (RFC 3261, 8.2.7): a repetition is a new request and fares alike.

        So a flood of strangers' requests leaves nothing behind, and no refusal is repeated at
        somebody whose address a stranger wrote on the request.
        """
        named = (*headers, ("Server", self.settings.user_agent))
        response = response_to(request, status, self._tag_of(request), named)
        self.send(response.data, request.reply_to)
        self.abandon(key)

    def abandon(self, key: str) -> None:
        """Forget a transaction that would never end."""
        self.absorb(self.layer.abandon(key))

    def absorb(self, outcome: Outcome, handle: Callable[[Indication], None] | None = None) -> None:
        """Put actions into the outbox and tell their users what the layer indicates.

        Requests are the user agent's to route: it passes `handle` where they can occur.
        """
        for item in outcome:
            match item:
                case SendDatagram() | StartTimer() | StopTimer() | Resolve() as action:
                    self.outbox.append(action)
                case ResponseArrived(key, response):
                    if user := self._users.get(key):
                        user.response_received(key, response)
                case RequestTimedOut(key):
                    if user := self._users.get(key):
                        user.timed_out(key)
                case RequestUndelivered(key, lost):
                    self._undelivered(key, lost)
                case TransactionEnded(key):
                    self._users.pop(key, None)
                    self._by_datagram.pop(key, None)
                case indication if handle is not None:
                    handle(indication)

    def credentials(
        self, request: OutgoingRequest, response: InboundResponse, user: str, secret: str
    ) -> Header | None:
        """The header that answers the challenge of a 401 or 407, for the same request once more.

        None when there is nothing to answer with, or when the answer was already refused
        (a second challenge that is not ``stale``; RFC 3261, 22.3).
        """
        if response.code not in _CHALLENGES or not user or request.attempts >= MOST_ATTEMPTS:
            return None
        challenged, answered = _CHALLENGES[response.code]
        challenge = strongest(response.message.headers.getlist(challenged))
        if challenge is None or (request.header(answered) and not challenge.stale):
            return None
        cnonce = self.entropy(8)
        value = authorization(challenge, user, secret, request.method, request.uri, cnonce)
        return answered, value

    def _reached_over(
        self, headers: tuple[Header, ...], transport: Transport, *, secure: bool
    ) -> tuple[Header, ...]:
        """The headers with our Contact, where it is among them, as that transport reaches us."""
        if transport is Transport.UDP:
            return headers
        return tuple(
            (name, self._contact_over(value, transport, secure=secure))
            if name == "Contact"
            else (name, value)
            for name, value in headers
        )

    def _contact_over(self, value: str, transport: Transport, *, secure: bool) -> str:
        user = value.removeprefix("<sip:").partition("@")[0]
        usual = self.settings.contact_over(Transport.UDP, user=user)
        return value.replace(
            usual, self.settings.contact_over(transport, secure=secure, user=user), 1
        )

    def _grown(self, request: OutgoingRequest, destination: Endpoint) -> Endpoint:
        """The same address by TCP where the request is too large for UDP (18.1.1)."""
        free = destination.transport is Transport.UDP and not destination.flow
        if not free or not self.settings.tcp or len(bytes(request)) <= LARGEST_BY_DATAGRAM:
            return destination
        return replace(destination, transport=Transport.TCP)

    def _undelivered(self, key: str, request: OutgoingRequest) -> None:
        """By UDP after all, or as if the far side had answered 503 (8.1.3.1)."""
        user, destination = self._users.pop(key, None), self._by_datagram.pop(key, None)
        if destination is not None:
            fixed = replace(destination, flow=DATAGRAM_FLOW)
            self.request(replace(request, sent_by=self.settings.sent_by), fixed, user)
        elif user is not None:
            user.response_received(key, unavailable(request))

    def _tag_of(self, request: InboundRequest) -> str:
        """The same tag for every repetition of a request, and one nobody can foretell."""
        parts = self._secret, request.call_id, request.from_tag, str(request.cseq)
        return sha256("\0".join(parts).encode()).hexdigest()[:16]
