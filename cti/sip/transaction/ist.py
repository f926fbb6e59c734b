"""INVITE server transaction (RFC 3261, 17.2.1, with the Accepted state of RFC 6026).

::

    PROCEEDING  --promised-->     PROCEEDING   100 after 200 ms in which nothing else was said, or
                                               at once to a repetition of the INVITE
                --answers 2xx-->      ACCEPTED     repetitions of the INVITE are absorbed; L ends it
                --answers 300..699--> COMPLETED    G sends it again at T1, 2*T1 ... T2; H gives up
    COMPLETED   --ACK-->              CONFIRMED    absorbs repeated ACKs; I ends it

The 2xx is sent again by the transaction user until its ACK comes (RFC 3261, 13.3.1.4), over every
transport; over a reliable one G never runs and I is zero.
"""

from collections.abc import Callable
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
    Promised,
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
        self._trying: Callable[[], OutgoingResponse] | None = None
        """Makes the 100 that was promised and did not go out."""

    def start(self) -> list[Effect]:
        """Nothing: the transaction user promises an answer, or gives it."""
        return []

    def handle(self, event: Event) -> list[Effect]:
        """Take one event (RFC 3261, 17.2.1; RFC 6026, 7.1)."""
        match self.state, event:
            case State.PROCEEDING, _:
                return self._proceed(event)
            case State.ACCEPTED, Respond(response) if 200 <= response.status < 300:
                return [Send(response.data)]
            case State.COMPLETED, Repeated():
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

    def _proceed(self, event: Event) -> list[Effect]:
        match event:
            case Promised(trying) if not self._last:
                self._trying = trying
                return [Arm(Timer.TRYING, self._timers.trying)]
            case Respond(response):
                return self._respond(response)
            case Repeated() if self._last:
                return [Send(self._last)]
            case Repeated() | Fired(Timer.TRYING) if self._trying is not None:
                return self._respond(self._trying())
        return []

    def _respond(self, response: OutgoingResponse) -> list[Effect]:
        self._last, promised = response.data, self._trying is not None
        self._trying = None
        effects: list[Effect] = [Disarm(Timer.TRYING)] if promised else []
        effects.append(Send(response.data))
        if response.status < 200:
            return effects
        if response.status < 300:
            self.state = State.ACCEPTED
            return [*effects, Arm(Timer.L, self._timers.limit)]
        self.state = State.COMPLETED
        again = [] if self._reliable else [Arm(Timer.G, self._interval)]
        return [*effects, *again, Arm(Timer.H, self._timers.limit)]

    def _rest(self) -> Effect:
        """Absorb repeated ACKs for I, where there can be any."""
        self.state = State.TERMINATED if self._reliable else State.CONFIRMED
        return Terminated() if self._reliable else Arm(Timer.I, self._timers.t4)
