"""Non-INVITE client transaction (RFC 3261, 17.1.2).

::

    TRYING      --1xx-->      PROCEEDING      E sends again at T1, 2*T1 ... T2 (in PROCEEDING
                                              every T2); F gives up
    TRYING, PROCEEDING
                --200..699--> COMPLETED       absorbs repetitions; K ends it

Over a reliable transport E never runs and K is zero.
"""

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
    """RFC 3261, figure 6."""

    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    TERMINATED = "terminated"


class NonInviteClient:
    """Sends a request until it has a final response."""

    def __init__(
        self, request: OutgoingRequest, timers: TimerSettings, *, reliable: bool = False
    ) -> None:
        self.state = State.TRYING
        self._reliable = reliable
        self._data = bytes(request)
        self._timers = timers
        self._interval = timers.t1

    def start(self) -> list[Effect]:
        """Send the request, start F, and E where it may get lost."""
        again = [] if self._reliable else [Arm(Timer.E, self._interval)]
        return [Send(self._data), *again, Arm(Timer.F, self._timers.limit)]

    def handle(self, event: Event) -> list[Effect]:
        """Take one event (RFC 3261, 17.1.2.2)."""
        match self.state, event:
            case ((State.TRYING | State.PROCEEDING), Received(response)) if response.code < 200:
                self.state = State.PROCEEDING
                return [PassUp(response)]
            case ((State.TRYING | State.PROCEEDING), Received(response)):
                return [Disarm(Timer.E), Disarm(Timer.F), PassUp(response), self._rest()]
            case State.TRYING, Fired(Timer.E):
                self._interval = min(2 * self._interval, self._timers.t2)
                return [Send(self._data), Arm(Timer.E, self._interval)]
            case State.PROCEEDING, Fired(Timer.E):
                return [Send(self._data), Arm(Timer.E, self._timers.t2)]
            case ((State.TRYING | State.PROCEEDING), Fired(Timer.F)):
                self.state = State.TERMINATED
                return [TimedOut(), Terminated()]
            case State.COMPLETED, Fired(Timer.K):
                self.state = State.TERMINATED
                return [Terminated()]
        return []

    def _rest(self) -> Effect:
        """Absorb repetitions for K, where there can be any."""
        self.state = State.TERMINATED if self._reliable else State.COMPLETED
        return Terminated() if self._reliable else Arm(Timer.K, self._timers.t4)
