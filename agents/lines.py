"""An agent's calls as pages and rules see them, at one moment. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from agents.calls import AgentCalls, Ring
from agents.conversation import Conversation
from agents.errors import no_call
from agents.events import BusyKind
from cti.call.model import Call, Connection, ConnectionState, Party, Role
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId, QueueId
from cti.kernel.loans import LoanPurpose


@dataclass(frozen=True, slots=True)
class Secure:
    """The customer is with the IVR, and nobody hears them."""

    purpose: LoanPurpose
    since: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in the call, the agent included; supervisors who listen are not shown."""

    connection_id: ConnectionId
    device_id: DeviceId
    name: str
    party: Party
    role: Role
    state: ConnectionState


@dataclass(frozen=True, slots=True)
class Line:
    """One call of the agent; `number` and `name` are the other side's."""

    call_id: CallId
    connection_id: ConnectionId | None
    """None until the agent's telephone is being rung."""
    kind: BusyKind
    state: ConnectionState
    since: datetime
    answered: datetime | None
    number: str
    name: str
    queue_id: QueueId | None
    muted: bool = False
    members: tuple[Member, ...] = ()
    secure: Secure | None = None
    away: bool = False
    """Whether the telephone is lost, and its place kept for a while."""
    customer: bool = False
    """Whether somebody the house serves is in it, and has answered."""
    incoming: bool = False
    """Whether it rings at the agent's telephone, for them to take or not."""

    @property
    def others(self) -> int:
        """How many others are in the call, as far as it depends on them."""
        talking = [
            each for each in self.members if each.state.answered and each.role is Role.PARTICIPANT
        ]
        return len(talking) - 1 if self.state.answered else len(talking)

    @property
    def up(self) -> bool:
        """Whether the agent is in it."""
        return self.state.answered


@dataclass(frozen=True, slots=True)
class Naming:
    """What numbers and people are called, and who is with the IVR."""

    name_at: Callable[[DeviceId], str]
    """The colleague at that telephone, empty for nobody's."""
    written: Callable[[str], str]
    """A number as people here write it."""
    secure: Callable[[CallId], Secure | None]


def lines_of(
    calls: AgentCalls,
    extension: DeviceId,
    get: Callable[[CallId], Call | None],
    naming: Naming,
) -> tuple[Line, ...]:
    """The agent's calls, the active one first; those that are no more are left out."""
    first = () if calls.active is None else (calls.active,)
    parts: tuple[Conversation | Ring, ...]
    parts = (*first, *reversed(calls.held), *reversed(calls.rings))
    return tuple(
        _line(part, call, extension, naming)
        for part in parts
        if (call := get(part.call_id)) is not None
    )


def talked_in(
    calls: Iterable[Call], extension: DeviceId, connection_id: ConnectionId | None = None
) -> tuple[Call, Connection]:
    """The call and connection of that telephone: the one talked in, else the one it holds.

    With `connection_id` it is that one or none; Refused (``agent.no_call``) without any.
    """
    found = [
        (call, each)
        for call in calls
        for each in call.connections
        if each.device.id == extension and each.participates and connection_id in (None, each.id)
    ]
    if not found:
        raise no_call()
    return min(found, key=lambda pair: pair[1].state is ConnectionState.HOLD)


def _line(part: Conversation | Ring, call: Call, extension: DeviceId, naming: Naming) -> Line:
    own = next((each for each in call.connections if each.id == part.connection_id), None)
    own = own or next((each for each in call.connections if each.device.id == extension), None)
    answered = part.answered if isinstance(part, Conversation) else None
    made = call.calling == extension
    return Line(
        call_id=call.id,
        connection_id=own.id if own is not None else part.connection_id,
        kind=part.kind,
        state=own.state if own is not None else ConnectionState.INITIATED,
        since=own.since if own is not None else call.started,
        answered=answered,
        number=naming.written(_number(call, extension)),
        name=_name(part.kind, call, extension, naming),
        queue_id=call.user_data.queue_id,
        muted=own is not None and own.muted,
        members=_members(call, naming),
        secure=naming.secure(call.id),
        away=own is not None and own.away,
        customer=_served(call, extension),
        incoming=answered is None and not made,
    )


def _served(call: Call, extension: DeviceId) -> bool:
    """Whether a customer is there; who dials on a telephone is the caller, to the switch."""
    customer = call.customer
    there = customer is not None and customer.device.id != extension
    return there and customer is not None and customer.state.answered


def _number(call: Call, extension: DeviceId) -> str:
    """The other side's number: whom the agent called, else who calls."""
    customer = call.customer
    if customer is not None and customer.device.id != extension:
        return call.calling if customer.party is Party.CALLER else customer.device.id
    return call.called if call.calling == extension else call.calling


def _name(kind: BusyKind, call: Call, extension: DeviceId, naming: Naming) -> str:
    served = kind in (BusyKind.INBOUND, BusyKind.OUTBOUND)
    if served and call.user_data.customer_name:
        return call.user_data.customer_name
    return naming.name_at(DeviceId(_number(call, extension)))


def _members(call: Call, naming: Naming) -> tuple[Member, ...]:
    return tuple(
        Member(
            each.id,
            DeviceId(naming.written(each.device.id)),
            _member_name(each, call, naming),
            each.party,
            each.role,
            each.state,
        )
        for each in call.connections
        if each.role in (Role.PARTICIPANT, Role.INTRUDER)
    )


def _member_name(each: Connection, call: Call, naming: Naming) -> str:
    if each == call.customer and call.user_data.customer_name:
        return call.user_data.customer_name
    return naming.name_at(each.device.id)
