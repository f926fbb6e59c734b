"""What the four transaction machines share: the events they take and the effects they give back.

A machine knows neither sockets nor clocks nor the far side's address: it takes one event, moves
its state, and returns what is to be done in order. The layer turns effects into actions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from cti.sip.message import InboundResponse
from cti.sip.outgoing import OutgoingResponse


class Timer(Enum):
    """The timers of RFC 3261, table 4, and of RFC 6026 (L and M); TRYING has no letter there."""

    A = "A"
    B = "B"
    D = "D"
    E = "E"
    F = "F"
    G = "G"
    H = "H"
    I = "I"  # noqa: E741  (the RFC's name)
    J = "J"
    K = "K"
    L = "L"
    M = "M"
    TRYING = "trying"
    """Until an INVITE that nothing was said to is answered 100 (17.2.1)."""


# --- events ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Received:
    """A response came for a client transaction."""

    response: InboundResponse


@dataclass(frozen=True, slots=True)
class Repeated:
    """The request of a server transaction came again."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The ACK of a server transaction's non-2xx final response came."""


@dataclass(frozen=True, slots=True)
class Respond:
    """The transaction user answers."""

    response: OutgoingResponse


@dataclass(frozen=True, slots=True)
class Promised:
    """The transaction user will answer; `trying` makes the 100 for when that is not soon."""

    trying: Callable[[], OutgoingResponse]


@dataclass(frozen=True, slots=True)
class Fired:
    """A timer ran out."""

    timer: Timer


Event = Received | Repeated | Acknowledged | Promised | Respond | Fired

# --- effects --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Send:
    """Put these bytes on the wire, to where the transaction's messages go."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Arm:
    """Start that timer, or start it anew."""

    timer: Timer
    seconds: float


@dataclass(frozen=True, slots=True)
class Disarm:
    """Stop that timer, if it runs."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class PassUp:
    """Give the response to the transaction user."""

    response: InboundResponse


@dataclass(frozen=True, slots=True)
class TimedOut:
    """Tell the transaction user that nobody answered, or nobody acknowledged."""


@dataclass(frozen=True, slots=True)
class Terminated:
    """The transaction is over; its timers are stopped and it is forgotten."""


Effect = Send | Arm | Disarm | PassUp | TimedOut | Terminated


class Machine(Protocol):
    """One transaction."""

    def start(self) -> list[Effect]:
        """What is to be done when the transaction comes into being."""

    def handle(self, event: Event) -> list[Effect]:
        """Take one event; an event that means nothing in this state does nothing."""
