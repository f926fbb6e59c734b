"""Non-INVITE server transaction (RFC 3261, 17.2.2, as corrected by RFC 4320).

::

    TRYING      --answers 100-->      PROCEEDING
    TRYING, PROCEEDING
                --answers 200..699--> COMPLETED    the answer is sent again for every repetition;
                                                   J ends it

No provisional response but 100, and no 408, ever leaves (RFC 4320, 4.1 and 4.2): what is answered
408 is answered by silence, and over. Over a reliable transport J is zero.
"""

from enum import Enum

from cti.sip.timers import TimerSettings
from cti.sip.transaction.machine import (
    Arm,
    Effect,
    Event,
    Fired,
    Repeated,
    Respond,
    Send,
    Terminated,
    Timer,
)


class State(Enum):
    """RFC 3261, figure 8."""

    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    TERMINATED = "terminated"


class NonInviteServer:
    """Answers a request, and answers its repetitions alike."""

    def __init__(self, timers: TimerSettings, *, reliable: bool = False) -> None:
        self.state = State.TRYING
        self._reliable = reliable
        self._timers = timers
        self._last = b""

    def start(self) -> list[Effect]:
        """Nothing: the transaction user answers."""
        return []

    def handle(self, event: Event) -> list[Effect]:
        """Take one event (RFC 3261, 17.2.2; RFC 4320, 4)."""
        match self.state, event:
            case ((State.TRYING | State.PROCEEDING), Respond(response)) if response.status == 100:
                self.state, self._last = State.PROCEEDING, response.data
                return [Send(self._last)]
            case ((State.TRYING | State.PROCEEDING), Respond(response)) if _final(response.status):
                self._last = response.data
                return [Send(self._last), self._rest()]
            case ((State.TRYING | State.PROCEEDING), Respond(response)) if response.status == 408:
                self._last = b""
                return [self._rest()]
            case ((State.PROCEEDING | State.COMPLETED), Repeated()) if self._last:
                return [Send(self._last)]
            case State.COMPLETED, Fired(Timer.J):
                self.state = State.TERMINATED
                return [Terminated()]
        return []

    def _rest(self) -> Effect:
        """Answer repetitions for J, where there can be any."""
        self.state = State.TERMINATED if self._reliable else State.COMPLETED
        return Terminated() if self._reliable else Arm(Timer.J, self._timers.limit)


def _final(status: int) -> bool:
    return status >= 200 and status != 408
