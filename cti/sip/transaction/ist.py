"""INVITE server transaction (RFC 3261, 17.2.1, with the Accepted state of RFC 6026).

::

    PROCEEDING  --answers 2xx-->      ACCEPTED     repetitions of the INVITE are absorbed; L ends it
                --answers 300..699--> COMPLETED    G sends it again at T1, 2*T1 ... T2; H gives up
    COMPLETED   --ACK-->              CONFIRMED    absorbs repeated ACKs; I ends it

The 2xx is sent again by the transaction user until its ACK comes (RFC 3261, 13.3.1.4), over every
transport; over a reliable one G never runs and I is zero.
"""

from enum import Enum

from cti.sip.outgoing import OutgoingResponse
from cti.sip.timers import TimerSettings
from cti.sip.transaction.machine import (
    Acknowledged,
    Arm,
    Disarm,
    Effect,
    Event,
    Fired,
    Repeated,
    Respond,
    Send,
    Terminated,
    TimedOut,
    Timer,
)


class State(Enum):
    """RFC 3261, figure 7, and RFC 6026, figure 5."""

    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class InviteServer:
    """Answers an INVITE, and makes sure that a refusal arrives."""

    def __init__(self, timers: TimerSettings, *, reliable: bool = False) -> None:
        self.state = State.PROCEEDING
        self._reliable = reliable
        self._timers = timers
        self._interval = timers.t1
        self._last = b""

    def start(self) -> list[Effect]:
        """Nothing: the transaction user answers 100 at once."""
        return []

    def handle(self, event: Event) -> list[Effect]:
        """Take one event (RFC 3261, 17.2.1; RFC 6026, 7.1)."""
        match self.state, event:
            case State.PROCEEDING, Respond(response):
                return self._respond(response)
            case State.ACCEPTED, Respond(response) if 200 <= response.status < 300:
                return [Send(response.data)]
            case ((State.PROCEEDING | State.COMPLETED), Repeated()) if self._last:
                return [Send(self._last)]
            case State.COMPLETED, Fired(Timer.G):
                self._interval = min(2 * self._interval, self._timers.t2)
                return [Send(self._last), Arm(Timer.G, self._interval)]
            case State.COMPLETED, Acknowledged():
                return [Disarm(Timer.G), Disarm(Timer.H), self._rest()]
            case State.COMPLETED, Fired(Timer.H):
                self.state = State.TERMINATED
                return [TimedOut(), Terminated()]
            case (State.CONFIRMED, Fired(Timer.I)) | (State.ACCEPTED, Fired(Timer.L)):
                self.state = State.TERMINATED
                return [Terminated()]
        return []

    def _respond(self, response: OutgoingResponse) -> list[Effect]:
        self._last = response.data
        if response.status < 200:
            return [Send(response.data)]
        if response.status < 300:
            self.state = State.ACCEPTED
            return [Send(response.data), Arm(Timer.L, self._timers.limit)]
        self.state = State.COMPLETED
        again = [] if self._reliable else [Arm(Timer.G, self._interval)]
        return [Send(response.data), *again, Arm(Timer.H, self._timers.limit)]

    def _rest(self) -> Effect:
        """Absorb repeated ACKs for I, where there can be any."""
        self.state = State.TERMINATED if self._reliable else State.CONFIRMED
        return Terminated() if self._reliable else Arm(Timer.I, self._timers.t4)
