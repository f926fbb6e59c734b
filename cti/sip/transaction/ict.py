"""INVITE client transaction (RFC 3261, 17.1.1, with the Accepted state of RFC 6026).

::

    CALLING     --1xx-->      PROCEEDING      A sends again at T1, 2*T1, 4*T1 ...; B gives up
    CALLING     --patience--> UNWANTED        told of as silent; answered CANCEL if it rings after
                                              all, for as long as B would have run
    CALLING, PROCEEDING, UNWANTED
                --2xx-->      ACCEPTED        every 2xx goes up; M ends it
                --300..699--> COMPLETED       ACK is sent, and sent again; D ends it

The ACK to a 2xx is the transaction user's; the ACK to any other final response is made here.
Over a reliable transport A never runs, and D is zero: nothing is sent twice, nothing absorbed.
"""

from dataclasses import replace
from enum import Enum

from cti.sip.outgoing import OutgoingRequest
from cti.sip.timers import TimerSettings
from cti.sip.transaction.machine import (
    Arm,
    Disarm,
    Effect,
    Event,
    Fired,
    PassUp,
    Received,
    Send,
    Terminated,
    TimedOut,
    Timer,
)


class State(Enum):
    """RFC 3261, figure 5, and RFC 6026, figure 3."""

    CALLING = "calling"
    UNWANTED = "unwanted"
    """Given up sooner than the RFC has it: nothing is sent again, but it may have arrived."""
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    TERMINATED = "terminated"


class InviteClient:
    """Sends an INVITE until it is answered, and acknowledges refusals."""

    def __init__(
        self, request: OutgoingRequest, timers: TimerSettings, *, reliable: bool = False
    ) -> None:
        self.state = State.CALLING
        self._reliable = reliable
        self._request = request
        self._data = bytes(request)
        self._timers = timers
        self._interval = timers.t1
        self._ack = b""

    def start(self) -> list[Effect]:
        """Send the INVITE, start B, and A where it may get lost."""
        again = [] if self._reliable else [Arm(Timer.A, self._interval)]
        limit = self._request.patience or self._timers.limit
        return [Send(self._data), *again, Arm(Timer.B, limit)]

    def handle(self, event: Event) -> list[Effect]:
        """Take one event (RFC 3261, 17.1.1.2)."""
        match self.state, event:
            case ((State.CALLING | State.PROCEEDING), Received(response)):
                quiet = self._quieten()
                return [*quiet, *self._answered(event, response.code)]
            case State.ACCEPTED, Received(response) if 200 <= response.code < 300:
                return [PassUp(response)]
            case State.COMPLETED, Received(response) if response.code >= 300:
                return [Send(self._ack)]
            case State.CALLING, Fired(Timer.A):
                self._interval *= 2
                return [Send(self._data), Arm(Timer.A, self._interval)]
            case State.CALLING, Fired(Timer.B):
                return self._give_up()
            case State.UNWANTED, Received(response) if response.code < 200:
                return [Send(bytes(self._request.cancelled()))]
            case State.UNWANTED, Received(response):
                return [Disarm(Timer.B), *self._answered(event, response.code)]
            case (
                (State.COMPLETED, Fired(Timer.D))
                | (State.ACCEPTED, Fired(Timer.M))
                | (State.UNWANTED, Fired(Timer.B))
            ):
                self.state = State.TERMINATED
                return [Terminated()]
        return []

    def _give_up(self) -> list[Effect]:
        """Nobody answered; where that was soon, somebody may yet, and is not left ringing."""
        rest = self._timers.limit - self._request.patience
        if not self._request.patience or rest <= 0:
            self.state = State.TERMINATED
            return [TimedOut(), Terminated()]
        self.state = State.UNWANTED
        return [Disarm(Timer.A), TimedOut(), Arm(Timer.B, rest)]

    def _quieten(self) -> list[Effect]:
        """Any response ends the retransmissions (17.1.1.2)."""
        return [Disarm(Timer.A), Disarm(Timer.B)] if self.state is State.CALLING else []

    def _answered(self, received: Received, code: int) -> list[Effect]:
        if code < 200:
            self.state = State.PROCEEDING
            return [PassUp(received.response)]
        if code < 300:
            self.state = State.ACCEPTED
            return [PassUp(received.response), Arm(Timer.M, self._timers.limit)]
        self._ack = bytes(_ack(self._request, received.response.message.headers["To"]))
        acknowledged: list[Effect] = [Send(self._ack), PassUp(received.response)]
        if self._reliable:
            self.state = State.TERMINATED
            return [*acknowledged, Terminated()]
        self.state = State.COMPLETED
        return [*acknowledged, Arm(Timer.D, self._timers.completed)]


def _ack(request: OutgoingRequest, to: str) -> OutgoingRequest:
    """The ACK to a refusal: same Via, the response's To (RFC 3261, 17.1.1.3)."""
    copied = ("From", "Call-ID", "Max-Forwards", "Route")
    headers = tuple(each for each in request.headers if each[0] in copied)
    return replace(request, method="ACK", headers=(*headers, ("To", to)), body=None)
