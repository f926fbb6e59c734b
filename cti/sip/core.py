"""What the parts of a user agent share: its settings, its transactions, and its outbox.

Everything a part wants done or told goes into the outbox, in order; the user agent hands the
outbox over when the input or command that filled it is worked off.
"""

from collections.abc import Callable
from enum import Enum
from hashlib import sha256
from typing import Protocol

from cti.kernel.identifiers import Entropy
from cti.sip.digest import authorization, strongest
from cti.sip.errors import Header
from cti.sip.events import (
    Action,
    Endpoint,
    Report,
    SendDatagram,
    SessionId,
    StartTimer,
    StopTimer,
)
from cti.sip.message import InboundRequest, InboundResponse
from cti.sip.outgoing import MAGIC_COOKIE, Body, OutgoingRequest, response_to
from cti.sip.settings import UserAgentSettings
from cti.sip.transaction.layer import (
    Indication,
    Outcome,
    RequestTimedOut,
    ResponseArrived,
    TransactionEnded,
    TransactionLayer,
)

ALLOW = ("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, REGISTER")
ACCEPT = ("Accept", "application/sdp, application/dtmf-relay, application/dtmf")
SESSION_PREFIX = "session"
MOST_ATTEMPTS = 4
"""Of one request, however often its challenges are said to be stale."""
_CHALLENGES = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


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
        self.layer = TransactionLayer(settings.timers)
        self.outbox: list[Action | Report] = []
        self._users: dict[str, TransactionUser] = {}
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

    def request(
        self, request: OutgoingRequest, destination: Endpoint, user: TransactionUser | None = None
    ) -> str:
        """Send a request in a transaction; the key names it to `user`."""
        key, outcome = self.layer.request(request, destination)
        if user is not None:
            self._users[key] = user
        self.absorb(outcome)
        return key

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
        named = (*headers, ("Server", self.settings.user_agent)) if status > 100 else headers
        response = response_to(request, status, tag or self.tag(), named, body)
        self.absorb(self.layer.respond(key, response))
        return response.data

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
                case SendDatagram() | StartTimer() | StopTimer() as action:
                    self.outbox.append(action)
                case ResponseArrived(key, response):
                    if user := self._users.get(key):
                        user.response_received(key, response)
                case RequestTimedOut(key):
                    if user := self._users.get(key):
                        user.timed_out(key)
                case TransactionEnded(key):
                    self._users.pop(key, None)
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

    def _tag_of(self, request: InboundRequest) -> str:
        """The same tag for every repetition of a request, and one nobody can foretell."""
        parts = self._secret, request.call_id, request.from_tag, str(request.cseq)
        return sha256("\0".join(parts).encode()).hexdigest()[:16]
