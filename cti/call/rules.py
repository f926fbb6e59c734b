"""What a connection's state allows: one table of services and states (ECMA-269, clause 17)."""

from enum import Enum

from cti.call.model import ConnectionState
from cti.kernel.errors import Refused

NULL, INITIATED, ALERTING = (
    ConnectionState.NULL,
    ConnectionState.INITIATED,
    ConnectionState.ALERTING,
)
CONNECTED, HOLD = ConnectionState.CONNECTED, ConnectionState.HOLD


class Service(Enum):
    """A service, by the connection it begins from."""

    DEFLECT = "deflect"
    CONSULT = "consult"
    ALTERNATE_HELD = "alternate: the held one"
    ALTERNATE_ACTIVE = "alternate: the active one"
    RECONNECT_HELD = "reconnect: the held one"
    RECONNECT_ACTIVE = "reconnect: the active one"
    TRANSFER_HELD = "transfer: the held one"
    TRANSFER_ACTIVE = "transfer: the active one"
    CONFERENCE_HELD = "conference: the held one"
    CONFERENCE_ACTIVE = "conference: the active one"
    SINGLE_STEP_TRANSFER = "single step transfer"
    PARK = "park"
    MUTE = "mute"
    JOIN = "join"
    SNOOP = "snoop"
    INTERCEPT = "intercept"
    SEND_KEYS = "send keys"


ALLOWED: dict[Service, frozenset[ConnectionState]] = {
    Service.DEFLECT: frozenset({INITIATED, ALERTING}),
    Service.CONSULT: frozenset({CONNECTED, HOLD}),
    Service.ALTERNATE_HELD: frozenset({HOLD}),
    Service.ALTERNATE_ACTIVE: frozenset({CONNECTED}),
    Service.RECONNECT_HELD: frozenset({HOLD}),
    Service.RECONNECT_ACTIVE: frozenset({CONNECTED, HOLD}),
    Service.TRANSFER_HELD: frozenset({HOLD, CONNECTED}),
    Service.TRANSFER_ACTIVE: frozenset({CONNECTED, HOLD}),
    Service.CONFERENCE_HELD: frozenset({HOLD}),
    Service.CONFERENCE_ACTIVE: frozenset({CONNECTED, HOLD}),
    Service.SINGLE_STEP_TRANSFER: frozenset({CONNECTED, HOLD}),
    Service.PARK: frozenset({CONNECTED, HOLD}),
    Service.MUTE: frozenset({CONNECTED, HOLD}),
    Service.JOIN: frozenset({CONNECTED, HOLD}),
    Service.SNOOP: frozenset({CONNECTED, HOLD}),
    Service.INTERCEPT: frozenset({INITIATED, ALERTING, CONNECTED, HOLD}),
    Service.SEND_KEYS: frozenset({ALERTING, CONNECTED, HOLD}),
}


def check(service: Service, state: ConnectionState) -> None:
    """Refused ``call.not_now`` when a connection in that state has no such service."""
    if state not in ALLOWED[service]:
        raise Refused("call.not_now", service=service.value, state=state.value)
