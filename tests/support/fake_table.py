"""What the fake of call control knows: calls as plain values, and the events that change them."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred

from cti.call.collecting import Collected, Why
from cti.call.control import PlayEnd, Sound
from cti.call.events import (
    CallCleared,
    CallStarted,
    ConnectionCleared,
    Established,
    Failed,
    MediaReported,
)
from cti.call.model import (
    Call,
    Cause,
    Connection,
    ConnectionState,
    Device,
    DeviceKind,
    Direction,
    Party,
    Role,
)
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.kernel.secret import Secret

UNANSWERED = (ConnectionState.INITIATED, ConnectionState.ALERTING)
Outcome = Callable[[Connection], None]


class FakeTable:
    """Calls, connections, what plays, and who waits for whom."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus, self._clock = bus, clock
        self._calls: dict[CallId, Call] = {}
        self._numbers = count(1)
        self._devices: set[DeviceId] = set()
        self.outside: set[str] = set()
        """Outside numbers that some trunk leads to."""
        self._collectors: dict[CallId, Callable[[str], None]] = {}
        self._plays: dict[CallId, tuple[Deferred[PlayEnd], bool]] = {}
        self._takings: dict[CallId, Deferred[Collected]] = {}
        self._answered: dict[ConnectionId, Outcome] = {}
        self._failed: dict[ConnectionId, Callable[[Cause], None]] = {}
        self.secluded: set[CallId] = set()
        self.playing: dict[CallId, tuple[Sound, ...]] = {}
        self.bridged: dict[CallId, ConnectionId] = {}

    # --- finding ----------------------------------------------------------------------------

    def _find(self, connection_id: ConnectionId) -> Connection | None:
        return next(
            (
                each
                for call in self._calls.values()
                for each in call.connections
                if each.id == connection_id
            ),
            None,
        )

    def _found(self, connection_id: ConnectionId) -> Connection:
        found = self._find(connection_id)
        assert found is not None, connection_id
        return found

    def _others(self, connection: Connection) -> list[Connection]:
        call = self._calls[connection.call_id]
        return [each for each in call.connections if each.id != connection.id]

    def _partners(self, connection: Connection) -> list[Connection]:
        return [
            each
            for each in self._others(connection)
            if each.state not in UNANSWERED and each.role is Role.PARTICIPANT
        ]

    def _device(self, number: str) -> Device:
        outside = number in self.outside
        return Device(DeviceKind.TRUNK if outside else DeviceKind.EXTENSION, DeviceId(number))

    def _require_reachable(self, number: str) -> None:
        if number not in self._devices and number not in self.outside:
            raise Refused("call.no_route", number=number)

    def _require_open(self, *calls: CallId) -> None:
        if self.secluded.intersection(calls):
            raise Refused("call.secure")

    def _about(self, connection: Connection) -> dict[str, Any]:
        return {
            "at": utc(self._clock),
            "call_id": connection.call_id,
            "connection_id": connection.id,
            "device_id": connection.device.id,
            "party": connection.party,
        }

    # --- changing ---------------------------------------------------------------------------

    def _begin(self, direction: Direction, calling: str, called: str, trunk: str = "") -> CallId:
        call_id = CallId(f"call-{next(self._numbers)}")
        now = utc(self._clock)
        self._calls[call_id] = Call(call_id, direction, calling, called, now)
        started = CallStarted(
            at=now,
            call_id=call_id,
            direction=direction,
            calling=calling,
            called=called,
            trunk=trunk,
        )
        self._bus.publish(started)
        return call_id

    def _enter(
        self,
        call_id: CallId,
        device: Device,
        party: Party,
        *,
        role: Role = Role.PARTICIPANT,
        state: ConnectionState = ConnectionState.INITIATED,
    ) -> Connection:
        name = ConnectionId(f"leg-{next(self._numbers)}")
        connection = Connection(name, call_id, device, party, state, utc(self._clock), role)
        if call := self._calls.get(call_id):
            self._calls[call_id] = replace(call, connections=(*call.connections, connection))
        return connection

    def _ring(
        self,
        call_id: CallId,
        number: str,
        *,
        party: Party | None = None,
        role: Role = Role.PARTICIPANT,
        answered: Outcome | None = None,
        failed: Callable[[Cause], None] | None = None,
    ) -> ConnectionId:
        """Call the device; `answered` in place of telling Established, `failed` after Failed."""
        device = self._device(number)
        outside = device.kind is DeviceKind.TRUNK
        party = party or (Party.CALLED if outside else Party.AGENT)
        connection = self._enter(call_id, device, party, role=role)
        if answered is not None:
            self._answered[connection.id] = answered
        if failed is not None:
            self._failed[connection.id] = failed
        if not outside and device.id not in self._devices:
            self._fail(connection, Cause.NOT_OBTAINABLE)
        return connection.id

    def _set_state(self, connection_id: ConnectionId, state: ConnectionState) -> Connection:
        connection = replace(self._found(connection_id), state=state, since=utc(self._clock))
        self._put(connection)
        return connection

    def _put(self, connection: Connection) -> None:
        call = self._calls[connection.call_id]
        changed = tuple(connection if c.id == connection.id else c for c in call.connections)
        self._calls[call.id] = replace(call, connections=changed)

    def _drop(self, connection: Connection) -> None:
        call = self._calls[connection.call_id]
        left = tuple(c for c in call.connections if c.id != connection.id)
        self._calls[call.id] = replace(call, connections=left)

    def _establish(self, connection: Connection) -> None:
        call = self._calls[connection.call_id]
        if call.caller is not None and call.caller.state in UNANSWERED:
            caller = self._set_state(call.caller.id, ConnectionState.CONNECTED)
            self._bus.publish(Established(**self._about(caller)))
        self._bus.publish(Established(**self._about(connection)))

    def _fail(self, connection: Connection, cause: Cause) -> None:
        self._drop(connection)
        self._answered.pop(connection.id, None)
        failed = self._failed.pop(connection.id, None)
        self._bus.publish(Failed(**self._about(connection), cause=cause))
        if failed is not None:
            failed(cause)

    def _leave(self, connection: Connection, by: Party, cause: Cause) -> None:
        """The device, and nobody else, is out of the call."""
        self._drop(connection)
        about = self._about(connection)
        self._bus.publish(ConnectionCleared(**about, cause=cause, cleared_by=by))

    def _end_play(self, call_id: CallId, end: PlayEnd) -> None:
        self.playing.pop(call_id, None)
        if play := self._plays.pop(call_id, None):
            play[0].callback(end)

    def _clear(self, call_id: CallId, by: Party, cause: Cause) -> None:
        call = self._calls.get(call_id)
        if call is None:
            return
        self._collectors.pop(call_id, None)
        if taking := self._takings.pop(call_id, None):
            taking.callback(Collected(Secret(""), Why.CLEARED))
        self._end_play(call_id, PlayEnd.CLEARED)
        figures: list[MediaReported] = []
        # Whoever ended it leaves first; a phone that only rang has failed, not left.
        for connection in sorted(call.connections, key=lambda c: c.party is not by):
            self._drop(connection)
            self._answered.pop(connection.id, None)
            self._failed.pop(connection.id, None)
            about = self._about(connection)
            if connection.state in UNANSWERED and connection.party is not Party.CALLER:
                self._bus.publish(Failed(**about, cause=Cause.CANCELLED))
            else:
                self._bus.publish(ConnectionCleared(**about, cause=cause, cleared_by=by))
                silent = MediaReported(**about, packets_sent=0, packets_received=0, packets_lost=0)
                figures.append(silent)
        for event in figures:
            self._bus.publish(event)
        self._calls.pop(call_id, None)
        self.secluded.discard(call_id)
        self.bridged.pop(call_id, None)
        self._bus.publish(
            CallCleared(at=utc(self._clock), call_id=call_id, cause=cause, cleared_by=by)
        )
