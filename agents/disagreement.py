"""Whether all who keep a part of the truth about agents and calls agree. Pure.

An agent's state, the offer they hold, the calls of their telephone, the switch's connections, and
the matcher's lanes and benches are kept by their owners and follow the same events. Where two of
them disagree for longer than a turn of the reactor, one has missed something: the most frequent
fault of queues is an agent who is stuck for ever. `disagreements` names every such pair, of one
agent, one caller or all of them; `agents.reconciler` looks every second, and heals what it finds
on two looks in a row.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agents.calls import AgentCalls, Occupation
from agents.events import AgentState, Disagreement
from agents.offer import Offer
from agents.state import IN_A_CALL, OFF, Activity, Status
from cti.call.model import Call, Connection, ConnectionState, Direction, Party, Role
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, DeviceId

GRACE = timedelta(seconds=1)
"""What a timer may be late."""


@dataclass(frozen=True, slots=True)
class DeskFacts:
    """What is known of one agent who is signed in."""

    agent_id: AgentId
    extension: DeviceId
    status: Status
    calls: AgentCalls
    occupation: Occupation | None
    offer: Offer | None
    finish_by: datetime | None
    """The end of after-call work."""
    registered: bool
    free: bool
    """Whether the matcher may give them a call."""

    @property
    def named(self) -> set[CallId]:
        """The calls in which the agent is taken to be, or which they are offered."""
        own = {talk.call_id for talk in self.calls.talks}
        own |= {ring.call_id for ring in self.calls.rings}
        return own | {self.offer.call_id} if self.offer is not None else own


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at an instant, of the whole house or of a part of it."""

    at: datetime
    desks: tuple[DeskFacts, ...]
    calls: Mapping[CallId, Call]
    """Those that are up, of all that are named here."""
    waits: Mapping[CallId, bool | None] = field(default_factory=dict)
    """For each call that waits for an agent: whether the matcher has it offered, None: nowhere."""
    offered: AbstractSet[CallId] = frozenset()
    """Calls of which somebody holds the offer."""


@dataclass(frozen=True, slots=True)
class Found:
    """Two who do not agree, about that agent, call and connection."""

    what: Disagreement
    agent_id: AgentId | None = None
    call_id: CallId | None = None
    connection_id: ConnectionId | None = None


def disagreements(facts: Facts) -> frozenset[Found]:
    """Everything that does not fit together."""
    found: set[Found] = set()
    connections = connections_by_device(facts.calls.values())
    for desk in facts.desks:
        found.update(_of_offer(desk, facts, connections.get(desk.extension, {})))
        found.update(_of_calls(desk, facts, connections.get(desk.extension, {})))
        found.update(_of_state(desk, facts))
        found.update(_of_readiness(desk))
    for call_id, lies in facts.waits.items():
        found.update(_of_wait(call_id, lies, facts))
    return frozenset(found)


def _of_offer(
    desk: DeskFacts, facts: Facts, connections: Mapping[ConnectionId, Connection]
) -> Iterator[Found]:
    offer = desk.offer
    if offer is None:
        if desk.status.activity is Activity.RESERVED:
            yield Found(Disagreement.RESERVED_WITHOUT_OFFER, desk.agent_id)
    elif offer.call_id not in facts.calls:
        yield Found(Disagreement.OFFER_WITHOUT_CALL, desk.agent_id, offer.call_id)
    elif facts.at > offer.deadline + GRACE:
        yield Found(Disagreement.OFFER_OVERDUE, desk.agent_id, offer.call_id)
    elif offer.rings and all(each.call_id != offer.call_id for each in connections.values()):
        yield Found(Disagreement.OFFER_WITHOUT_RING, desk.agent_id, offer.call_id)


def _of_calls(
    desk: DeskFacts, facts: Facts, connections: Mapping[ConnectionId, Connection]
) -> Iterator[Found]:
    if desk.calls.moving:
        return
    for talk in desk.calls.talks:
        connection = connections.get(talk.connection_id)
        about = desk.agent_id, talk.call_id, talk.connection_id
        if connection is None or not connection.state.answered:
            yield Found(Disagreement.TALK_WITHOUT_CONNECTION, *about)
        elif (connection.state is ConnectionState.HOLD) != (talk.held_since is not None):
            yield Found(Disagreement.HOLD_UNNOTICED, *about)
    for ring in desk.calls.rings:
        if ring.call_id not in facts.calls:
            yield Found(Disagreement.RING_WITHOUT_CALL, desk.agent_id, ring.call_id)
    for connection in connections.values():
        if connection.state.answered and desk.calls.talk(connection.id) is None:
            yield Found(
                Disagreement.CONNECTION_UNNOTICED,
                desk.agent_id,
                connection.call_id,
                connection.id,
            )


def _of_state(desk: DeskFacts, facts: Facts) -> Iterator[Found]:
    activity, occupied = desk.status.activity, desk.occupation is not None
    if desk.calls.moving or activity is Activity.RESERVED:
        return
    if activity in IN_A_CALL and not occupied:
        yield Found(Disagreement.BUSY_WITHOUT_CALL, desk.agent_id)
    elif occupied and activity not in IN_A_CALL:
        yield Found(Disagreement.CALL_WITHOUT_BUSY_AGENT, desk.agent_id)
    elif activity is Activity.WORKING_AFTER_CALL:
        if not desk.calls.over:
            yield Found(Disagreement.WORK_AFTER_NO_CALL, desk.agent_id)
        elif desk.finish_by is not None and facts.at > desk.finish_by + GRACE:
            yield Found(Disagreement.WORK_OVERDUE, desk.agent_id)


def _of_readiness(desk: DeskFacts) -> Iterator[Found]:
    ready = desk.status.state is AgentState.READY
    if ready and not desk.registered:
        yield Found(Disagreement.READY_WITHOUT_PHONE, desk.agent_id)
    elif ready and not desk.free:
        yield Found(Disagreement.READY_ON_NO_BENCH, desk.agent_id)
    elif desk.free and not ready:
        yield Found(Disagreement.ON_BENCH_UNREADY, desk.agent_id)


def _of_wait(call_id: CallId, offered: bool | None, facts: Facts) -> Iterator[Found]:
    if call_id not in facts.calls:
        yield Found(Disagreement.WAIT_WITHOUT_CALL, call_id=call_id)
    elif offered is None:
        yield Found(Disagreement.WAIT_IN_NO_LANE, call_id=call_id)
    elif offered and call_id not in facts.offered:
        yield Found(Disagreement.OFFERED_TO_NOBODY, call_id=call_id)


def connections_by_device(calls: Iterable[Call]) -> dict[DeviceId, dict[ConnectionId, Connection]]:
    """The connections of telephones in conversations; who listens in is in none."""
    found: dict[DeviceId, dict[ConnectionId, Connection]] = {}
    for call in calls:
        for each in call.connections:
            made = each.party is Party.CALLER and call.direction is not Direction.INBOUND
            if each.role is Role.PARTICIPANT and (each.party is Party.AGENT or made):
                found.setdefault(each.device.id, {})[each.id] = each
    return found


def signed_in(status: Status) -> bool:
    """Whether the agent is at work at all: a telephone alone has nobody's state."""
    return status.presence != OFF
