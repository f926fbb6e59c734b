"""The agents' parts in calls, folded from what happens to calls. Pure.

A telephone has one voice but may have several calls: one that is talked in, others that are held,
one that rings. `AgentCalls` is all of them for one telephone, and says what they make of its agent
(`occupation`); `CallBook` folds them for every telephone of the house, for only together do calls
tell who consults whom. The next server folds the same events out of the journal.

A party that is moved between calls (ECMA-269, 17.1.30) leaves one with the cause TRANSFERRED or
CONFERENCED by the system's hand, and is in the other with the next event of its telephone: nobody
is free in between.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from agents.conversation import Conversation
from agents.events import BusyKind, CallQueued, CallWrappedUp
from cti.call.events import (
    CallCleared,
    CallEvent,
    CallStarted,
    Conferenced,
    ConnectionCleared,
    ConnectionEvent,
    Delivered,
    Established,
    Failed,
    Held,
    Originated,
    Retrieved,
    Transferred,
)
from cti.call.model import Call, Cause, Connection, ConnectionState, Direction, Party
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId, QueueId
from cti.kernel.vocabulary import Situation

SERVED = (BusyKind.INBOUND, BusyKind.OUTBOUND)
"""Calls with somebody the house serves."""
MOVED = (Cause.TRANSFERRED, Cause.CONFERENCED)


@dataclass(frozen=True, slots=True)
class Ring:
    """A call that rings at the telephone, or that it makes and is not put through to yet."""

    call_id: CallId
    kind: BusyKind
    since: datetime
    connection_id: ConnectionId | None = None


@dataclass(frozen=True, slots=True)
class Occupation:
    """What calls make of an agent: busy with that call, or holding it and nothing else."""

    call_id: CallId
    kind: BusyKind
    held: bool = False


@dataclass(frozen=True, slots=True)
class AgentCalls:
    """The calls of one telephone, the oldest first; `over` are those not yet reported."""

    rings: tuple[Ring, ...] = ()
    talks: tuple[Conversation, ...] = ()
    over: tuple[Conversation, ...] = ()
    moving: bool = False
    """Whether it is on its way from one call into another."""

    @property
    def active(self) -> Conversation | None:
        """The conversation the agent is in: the one talked in, else the one held last."""
        talking = [talk for talk in self.talks if talk.held_since is None]
        held = sorted(self.talks, key=lambda talk: talk.held_since or talk.answered)
        return next(reversed(talking or held), None)

    @property
    def held(self) -> tuple[Conversation, ...]:
        """The conversations on hold beside the active one, the one held last at the end."""
        active = self.active
        held = [talk for talk in self.talks if talk.held_since is not None and talk is not active]
        return tuple(sorted(held, key=lambda talk: talk.held_since or talk.answered))

    @property
    def served(self) -> Conversation | None:
        """The conversation with somebody the house serves, going on or over, that came last."""
        served = [talk for talk in (*self.over, *self.talks) if talk.kind in SERVED]
        return served[-1] if served else None

    def occupation(self, besides: CallId | None = None) -> Occupation | None:
        """What the agent does; a call that only rings `besides` is the queue's to say."""
        talk = self.active
        if talk is not None and talk.held_since is None:
            return Occupation(talk.call_id, talk.kind)
        ring = next((each for each in self.rings if each.call_id != besides), None)
        if talk is not None:
            return Occupation(talk.call_id, talk.kind, held=True)
        return Occupation(ring.call_id, ring.kind) if ring is not None else None

    def talk(self, connection_id: ConnectionId) -> Conversation | None:
        """The conversation by that connection."""
        return next((each for each in self.talks if each.connection_id == connection_id), None)

    def with_talk(self, talk: Conversation) -> "AgentCalls":
        """The conversation as it is now, in its place or at the end."""
        if self.talk(talk.connection_id) is None:
            return replace(self, talks=(*self.talks, talk))
        talks = (talk if each.connection_id == talk.connection_id else each for each in self.talks)
        return replace(self, talks=tuple(talks))

    def ended(self, talk: Conversation, at: datetime) -> "AgentCalls":
        """The conversation is over."""
        left = tuple(each for each in self.talks if each.connection_id != talk.connection_id)
        return replace(self, talks=left, over=(*self.over, talk.end(at)))

    def without_ring(self, call_id: CallId) -> "AgentCalls":
        """The call rings no more."""
        return replace(self, rings=tuple(each for each in self.rings if each.call_id != call_id))


NO_CALLS = AgentCalls()


@dataclass(slots=True)
class _Facts:
    """What a call is, as far as its parts need it."""

    direction: Direction
    calling: DeviceId
    consult: bool
    queue_id: QueueId | None = None
    situation: Situation = Situation.ORDINARY
    connections: set[ConnectionId] = field(default_factory=set)
    """Of those who are in the call."""
    devices: set[DeviceId] = field(default_factory=set)
    """The telephones of which the call is or was one of the calls."""
    met: bool = False
    """Whether there were ever two."""

    def kind(self, device: DeviceId) -> BusyKind:
        """What the call is to that telephone."""
        made = device == self.calling and self.direction is not Direction.INBOUND
        if self.direction is Direction.INBOUND or (self.queue_id is not None and not made):
            return BusyKind.INBOUND
        if self.consult:
            return BusyKind.CONSULT
        outbound = self.direction is Direction.OUTBOUND
        return BusyKind.OUTBOUND if outbound else BusyKind.INTERNAL


class CallBook:
    """The calls of every telephone of the house."""

    def __init__(self) -> None:
        self._facts: dict[CallId, _Facts] = {}
        self._calls: dict[DeviceId, AgentCalls] = {}
        self._moving: set[DeviceId] = set()

    def of(self, device: DeviceId) -> AgentCalls:
        """The calls of that telephone."""
        return self._calls.get(device, NO_CALLS)

    def situation(self, call_id: CallId) -> Situation:
        """What the call was queued for last."""
        facts = self._facts.get(call_id)
        return facts.situation if facts is not None else Situation.ORDINARY

    def read(self, events: Iterable[Event]) -> None:
        """Follow what happened before, reports of conversations included; oldest first."""
        devices: dict[str, DeviceId] = {}
        for event in events:
            if (device := getattr(event, "device_id", None)) and hasattr(event, "agent_id"):
                devices[event.agent_id] = device
            if isinstance(event, CallWrappedUp):
                self._reported(devices.get(event.agent_id), event.call_id)
            elif isinstance(event, CallEvent):
                self.follow(event)

    def follow(self, event: CallEvent) -> set[DeviceId]:
        """The telephones to whose calls something happened by it."""
        match event:
            case CallStarted():
                return self._started(event)
            case CallQueued():
                return self._queued(event)
            case ConnectionEvent():
                return self._connection(event)
            case Transferred() | Conferenced():
                return self._arrived()
            case CallCleared():
                return self._cleared(event) | self._arrived()
        return set()

    def report(self, device: DeviceId, talk: Conversation) -> None:
        """The conversation that is over was reported, or nobody wants to know of it."""
        calls = self.of(device)
        self._put(device, replace(calls, over=tuple(each for each in calls.over if each != talk)))

    def lose(self, device: DeviceId, connection_id: ConnectionId, at: datetime) -> None:
        """The connection turns out to be gone, though nobody told of it."""
        if (talk := self.of(device).talk(connection_id)) is not None:
            self._put(device, self.of(device).ended(talk, at))

    def abandon(self, device: DeviceId, at: datetime) -> None:
        """Whoever sits at the telephone has nothing to do with its calls any more."""
        for talk in self.of(device).talks:
            self.lose(device, talk.connection_id, at)
        self._put(device, replace(self.of(device), rings=()))

    def correct(
        self, device: DeviceId, connection_id: ConnectionId, at: datetime, *, held: bool
    ) -> None:
        """The connection turns out to be held, or not, though nobody told of it."""
        if (talk := self.of(device).talk(connection_id)) is not None:
            self._put(
                device, self.of(device).with_talk(talk.hold(at) if held else talk.retrieve(at))
            )

    def silence(self, device: DeviceId, call_id: CallId) -> None:
        """The call turns out not to ring at the telephone, though nobody told of it."""
        self._put(device, self.of(device).without_ring(call_id))

    def notice(self, call: Call, connection: Connection, at: datetime) -> None:
        """The connection turns out to be in the call, though nobody told of it."""
        device = connection.device.id
        facts = self._facts.setdefault(
            call.id,
            _Facts(call.direction, DeviceId(call.calling), False, call.user_data.queue_id),
        )
        facts.met = facts.met or len(call.connections) > 1
        facts.devices.add(device)
        talk = Conversation(
            call.id, facts.queue_id, connection.id, at, kind=facts.kind(device), reached=facts.met
        )
        held = connection.state is ConnectionState.HOLD
        calls = replace(self.of(device).without_ring(call.id), moving=False)
        self._moving.discard(device)
        self._put(device, calls.with_talk(talk.hold(at) if held else talk))

    # --- calls ------------------------------------------------------------------------------

    def _started(self, event: CallStarted) -> set[DeviceId]:
        device = DeviceId(event.calling)
        inside = event.direction is not Direction.INBOUND and event.trunk == ""
        calls = self.of(device)
        consult = inside and any(talk.held_since for talk in calls.talks)
        facts = self._facts[event.call_id] = _Facts(event.direction, device, consult)
        if not inside or not device:
            return set()
        facts.devices.add(device)
        self._put(device, self._ringing(calls, event.call_id, facts.kind(device), event.at))
        return {device}

    def _queued(self, event: CallQueued) -> set[DeviceId]:
        if (facts := self._facts.get(event.call_id)) is not None:
            facts.queue_id, facts.situation = event.queue_id, event.situation
        return set()

    def _cleared(self, event: CallCleared) -> set[DeviceId]:
        facts = self._facts.pop(event.call_id, None)
        touched = set()
        for device in facts.devices if facts is not None else ():
            calls = self.of(device)
            after = calls.without_ring(event.call_id)
            for talk in after.talks:
                if talk.call_id == event.call_id:
                    after = after.ended(talk, event.at)
            if after != calls:
                self._put(device, after)
                touched.add(device)
        return touched

    def _arrived(self) -> set[DeviceId]:
        """Whoever was moved is where they were moved to, or in no call any more."""
        arrived, self._moving = self._moving, set()
        for device in arrived:
            self._put(device, replace(self.of(device), moving=False))
        return arrived

    # --- connections ------------------------------------------------------------------------

    def _connection(self, event: ConnectionEvent) -> set[DeviceId]:
        facts = self._facts.get(event.call_id)
        if facts is None:
            return set()
        met = self._meet(facts, event)
        inside = event.party is Party.CALLER and facts.direction is not Direction.INBOUND
        if event.party is not Party.AGENT and not inside:
            return met
        device, before = event.device_id, self.of(event.device_id)
        facts.devices.add(device)
        after = self._after(replace(before, moving=False), facts, event)
        self._moving.discard(device)
        if after.moving:
            self._moving.add(device)
        self._put(device, after)
        return met | ({device} if after != before else set())

    def _meet(self, facts: _Facts, event: ConnectionEvent) -> set[DeviceId]:
        """Count who is in the call: with the second, everybody there has somebody to talk with."""
        if isinstance(event, Failed | ConnectionCleared):
            facts.connections.discard(event.connection_id)
        elif isinstance(event, Established | Originated):
            facts.connections.add(event.connection_id)
        if facts.met or len(facts.connections) < 2:
            return set()
        facts.met = True
        touched = set()
        for device in facts.devices:
            for talk in self.of(device).talks:
                if talk.call_id == event.call_id:
                    self._put(device, self.of(device).with_talk(replace(talk, reached=True)))
                    touched.add(device)
        return touched

    def _after(self, calls: AgentCalls, facts: _Facts, event: ConnectionEvent) -> AgentCalls:
        talk = calls.talk(event.connection_id)
        match event:
            case Delivered() if talk is None:
                kind = facts.kind(event.device_id)
                name = event.connection_id
                return self._ringing(calls, event.call_id, kind, event.at, name)
            case Established() | Originated() if talk is None:
                return calls.without_ring(event.call_id).with_talk(self._answered(facts, event))
            case Held() if talk is not None:
                return calls.with_talk(talk.hold(event.at))
            case Retrieved() if talk is not None:
                return calls.with_talk(talk.retrieve(event.at))
            case Failed():
                moving = event.cause in MOVED
                return replace(calls.without_ring(event.call_id), moving=moving)
            case ConnectionCleared() if talk is not None:
                moving = event.cause in MOVED and event.cleared_by is Party.SYSTEM
                return replace(calls.ended(talk, event.at), moving=moving)
            case ConnectionCleared():
                return calls.without_ring(event.call_id)
        return calls

    @staticmethod
    def _answered(facts: _Facts, event: ConnectionEvent) -> Conversation:
        return Conversation(
            event.call_id,
            facts.queue_id,
            event.connection_id,
            event.at,
            kind=facts.kind(event.device_id),
            reached=facts.met,
        )

    @staticmethod
    def _ringing(
        calls: AgentCalls,
        call_id: CallId,
        kind: BusyKind,
        at: datetime,
        connection_id: ConnectionId | None = None,
    ) -> AgentCalls:
        """The call rings, since when it did already."""
        since = next((each.since for each in calls.rings if each.call_id == call_id), at)
        ring = Ring(call_id, kind, since, connection_id)
        left = calls.without_ring(call_id)
        return replace(left, rings=(*left.rings, ring))

    def _reported(self, device: DeviceId | None, call_id: CallId) -> None:
        calls = self.of(device) if device is not None else NO_CALLS
        talk = next((each for each in calls.over if each.call_id == call_id), None)
        if device is not None and talk is not None:
            self.report(device, talk)

    def _put(self, device: DeviceId, calls: AgentCalls) -> None:
        if calls == NO_CALLS:
            self._calls.pop(device, None)
        else:
            self._calls[device] = calls
