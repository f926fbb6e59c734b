"""One request on its way to whoever answers it: looked up, then tried endpoint after endpoint.

::

    LOCATING  --endpoints-->            SENT        or ANSWERED, by a 503 of ours, with none
    SENT      --timeout, 503, no way--> SENT        at the next endpoint (RFC 3263, 4.3)
    SENT      --anything else-->        ANSWERED    the sender is told
    LOCATING, SENT --withdraw-->        WITHDRAWN   nothing more is tried

Every attempt is a transaction of its own with a branch of its own; `key` and `request` are those
of the one under way. The sender is known to what is under way alone, not to the delivery, which the
sender keeps: so both go when the last transaction does, without the garbage collector.
"""

from dataclasses import dataclass
from enum import Enum
from functools import partial

from cti.sip.core import Core, TransactionUser
from cti.sip.events import Endpoint
from cti.sip.locating import endpoint_of
from cti.sip.message import InboundResponse
from cti.sip.outgoing import OutgoingRequest, unavailable

UNAVAILABLE = 503


class State(Enum):
    """How far it has come."""

    LOCATING = "locating"
    SENT = "sent"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class Delivery:
    """Sends one request, and tells its sender what became of it."""

    def __init__(
        self,
        core: Core,
        request: OutgoingRequest,
        destination: Endpoint | None,
    ) -> None:
        """To `destination`, or else to where the request URI leads; begins with `start`."""
        self.state = State.LOCATING
        self.request = request
        self.key = ""
        """Of the transaction under way; empty before the first."""
        self._core = core
        self._ahead: tuple[Endpoint, ...] = ()
        self._current = destination
        self._question = ""

    @property
    def destination(self) -> Endpoint:
        """Where the request went last; only once it was sent."""
        assert self._current is not None
        return self._current

    def start(self, sender: TransactionUser) -> None:
        """Find out where the request goes, and send it there."""
        known = self._current or endpoint_of(self.request.next_hop)
        if known is not None:
            self._located(sender, (known,))
        else:
            located = partial(self._located, sender)
            self._question = self._core.resolve(self.request.next_hop, located)

    def again(self, request: OutgoingRequest, sender: TransactionUser) -> None:
        """Send another request, the same with credentials, to where the last one went."""
        self.request = request
        self._send(sender)

    def withdraw(self) -> bool:
        """Try no other endpoint; whether nothing was sent yet, and so nothing will be."""
        unsent = self.state is State.LOCATING
        if unsent:
            self._core.forget_resolve(self._question)
        if unsent or self.state is State.SENT:
            self.state = State.WITHDRAWN
        return unsent

    # --- what came of an attempt ----------------------------------------------------------------

    def response_received(
        self, key: str, response: InboundResponse, sender: TransactionUser
    ) -> None:
        """A response to this or an earlier attempt; a 503 leads to the next endpoint."""
        if key == self.key and response.code == UNAVAILABLE and self._next(sender):
            return
        if key == self.key and response.code >= 200 and self.state is State.SENT:
            self.state = State.ANSWERED
        sender.response_received(key, response)

    def timed_out(self, key: str, sender: TransactionUser) -> None:
        """Nobody answered at that endpoint."""
        if key != self.key or not self._next(sender):
            sender.timed_out(key)

    # --- private ------------------------------------------------------------------------------

    def _located(self, sender: TransactionUser, endpoints: tuple[Endpoint, ...]) -> None:
        if not endpoints:
            self.state = State.ANSWERED
            sender.response_received(self.key, unavailable(self.request))
            return
        self._current, *ahead = endpoints
        self._ahead = tuple(ahead)
        self._send(sender)

    def _next(self, sender: TransactionUser) -> bool:
        if self.state is not State.SENT or not self._ahead:
            return False
        self._current, *ahead = self._ahead
        self._ahead = tuple(ahead)
        self.request = self.request.moved(self._core.branch())
        self._send(sender)
        return True

    def _send(self, sender: TransactionUser) -> None:
        self.state = State.SENT
        self.key = self._core.request(self.request, self.destination, _Attempt(self, sender))


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What a transaction tells: a `TransactionUser` as long as it lasts."""

    delivery: Delivery
    sender: TransactionUser

    def response_received(self, key: str, response: InboundResponse) -> None:
        """Somebody answered."""
        self.delivery.response_received(key, response, self.sender)

    def timed_out(self, key: str) -> None:
        """Nobody did."""
        self.delivery.timed_out(key, self.sender)
