"""A faithful fake of call control: no telephone, no sound, the same events in the same order.

A test plays the world through the methods of `FakeCalls` that are not in the protocol (`dial`,
`press`, `hang_up`, `phone_rings` ...) and looks at `playing`, `played`, `masked` and `bridged`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred, succeed

from cti.call.control import PlayEnd, Sound
from cti.call.events import (
    CallCleared,
    CallStarted,
    ConnectionCleared,
    Delivered,
    DeviceRegistered,
    DeviceUnregistered,
    Established,
    Failed,
    Held,
    MediaReported,
    RecordingStarted,
    Retrieved,
    UserDataAttached,
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
)
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId


class FakeCalls:
    """Implements `cti.call.control.CallControl` on plain values."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus, self._clock = bus, clock
        self._calls: dict[CallId, Call] = {}
        self._numbers = count(1)
        self._devices: set[DeviceId] = set()
        self._collectors: dict[CallId, Callable[[str], None]] = {}
        self._plays: dict[CallId, tuple[Deferred[PlayEnd], bool]] = {}
        self.playing: dict[CallId, tuple[Sound, ...]] = {}
        self.repeating: set[CallId] = set()
        self.played: list[tuple[CallId, tuple[Sound, ...]]] = []
        self.masked: set[CallId] = set()
        self.mask_changes: list[tuple[CallId, bool]] = []
        self.bridged: dict[CallId, ConnectionId] = {}

    # --- the world --------------------------------------------------------------------------

    def register(self, device_id: str) -> None:
        """A telephone registers."""
        self._devices.add(DeviceId(device_id))
        self._bus.publish(DeviceRegistered(at=utc(self._clock), device_id=DeviceId(device_id)))

    def unregister(self, device_id: str) -> None:
        """A telephone leaves."""
        self._devices.discard(DeviceId(device_id))
        self._bus.publish(DeviceUnregistered(at=utc(self._clock), device_id=DeviceId(device_id)))

    def dial(self, calling: str = "13800138000", called: str = "95588") -> CallId:
        """A caller's INVITE arrives."""
        call_id = CallId(f"call-{next(self._numbers)}")
        device = Device(DeviceKind.TRUNK, DeviceId(calling))
        caller = self._connection(call_id, device, Party.CALLER)
        now = utc(self._clock)
        self._calls[call_id] = Call(call_id, Direction.INBOUND, calling, called, now, (caller,))
        self._bus.publish(
            CallStarted(
                at=now,
                call_id=call_id,
                direction=Direction.INBOUND,
                calling=calling,
                called=called,
                trunk="test",
            )
        )
        self._bus.publish(Delivered(**self._about(caller)))
        return call_id

    def press(self, call_id: CallId, keys: str) -> None:
        """The caller presses keys; the first one cuts a prompt that allows it."""
        for key in keys:
            if call_id in self._plays and self._plays[call_id][1]:
                self._end_play(call_id, PlayEnd.INTERRUPTED)
            if collector := self._collectors.get(call_id):
                collector(key)

    def finish_play(self, call_id: CallId) -> None:
        """What plays comes to its end."""
        self._end_play(call_id, PlayEnd.FINISHED)

    def hang_up(self, call_id: CallId) -> None:
        """The caller hangs up."""
        self._clear(call_id, Party.CALLER, Cause.NORMAL)

    def phone_rings(self, connection_id: ConnectionId) -> None:
        """The agent's phone alerts."""
        self._set_state(connection_id, ConnectionState.ALERTING)
        self._bus.publish(Delivered(**self._about(self._find(connection_id))))

    def phone_answers(self, connection_id: ConnectionId) -> None:
        """The agent takes the call."""
        call_id = self._find(connection_id).call_id
        self._set_state(connection_id, ConnectionState.CONNECTED)
        self._end_play(call_id, PlayEnd.INTERRUPTED)
        self.bridged[call_id] = connection_id
        self._bus.publish(Established(**self._about(self._find(connection_id))))

    def phone_refuses(self, connection_id: ConnectionId, cause: Cause = Cause.BUSY) -> None:
        """The agent's phone answers busy, refuses, or is not there."""
        self._fail(self._find(connection_id), cause)

    def phone_hangs_up(self, connection_id: ConnectionId) -> None:
        """The agent hangs up on the phone."""
        self._clear(self._find(connection_id).call_id, Party.AGENT, Cause.NORMAL)

    # --- CallControl ------------------------------------------------------------------------

    def get(self, call_id: CallId) -> Call | None:
        return self._calls.get(call_id)

    def calls(self) -> list[Call]:
        return list(self._calls.values())

    def registered(self, device_id: DeviceId) -> bool:
        return device_id in self._devices

    def attach(self, call_id: CallId, **changes: Any) -> None:
        if call := self._calls.get(call_id):
            data = replace(call.user_data, **changes)
            self._calls[call_id] = replace(call, user_data=data)
            self._bus.publish(
                UserDataAttached(
                    at=utc(self._clock),
                    call_id=call_id,
                    customer_id=data.customer_id,
                    service_level=data.service_level,
                    language=data.language,
                    verification=data.verification,
                    path=data.path,
                )
            )

    def answer(self, call_id: CallId) -> Deferred[bool]:
        call = self._calls.get(call_id)
        if call is None or call.caller is None:
            return succeed(False)
        self._set_state(call.caller.id, ConnectionState.CONNECTED)
        caller = self._find(call.caller.id)
        self._bus.publish(Established(**self._about(caller)))
        self._bus.publish(
            RecordingStarted(
                at=utc(self._clock),
                call_id=call_id,
                connection_id=caller.id,
                file=f"{call_id}.wav",
            )
        )
        return succeed(True)

    def reject(self, call_id: CallId, cause: Cause) -> None:
        self._clear(call_id, Party.SYSTEM, cause)

    def play(
        self,
        call_id: CallId,
        sounds: Sequence[Sound],
        *,
        repeat: bool = False,
        barge_in: bool = False,
    ) -> Deferred[PlayEnd]:
        if call_id not in self._calls:
            return succeed(PlayEnd.CLEARED)
        self._end_play(call_id, PlayEnd.INTERRUPTED)
        ended: Deferred[PlayEnd] = Deferred()
        self._plays[call_id] = (ended, barge_in)
        self.playing[call_id] = tuple(sounds)
        (self.repeating.add if repeat else self.repeating.discard)(call_id)
        self.played.append((call_id, tuple(sounds)))
        return ended

    def stop(self, call_id: CallId) -> None:
        self._end_play(call_id, PlayEnd.INTERRUPTED)

    def collect(self, call_id: CallId, on_key: Callable[[str], None] | None) -> None:
        self._collectors.pop(call_id, None)
        if on_key is not None and call_id in self._calls:
            self._collectors[call_id] = on_key

    def mask(self, call_id: CallId, masked: bool) -> None:
        if call_id not in self._calls:
            return
        (self.masked.add if masked else self.masked.discard)(call_id)
        self.mask_changes.append((call_id, masked))

    def deliver(self, call_id: CallId, device_id: DeviceId) -> ConnectionId:
        device = Device(DeviceKind.EXTENSION, device_id)
        connection = self._connection(call_id, device, Party.AGENT)
        if call := self._calls.get(call_id):
            self._calls[call_id] = replace(call, connections=(*call.connections, connection))
            if device_id not in self._devices:
                self._fail(connection, Cause.NOT_OBTAINABLE)
        return connection.id

    def hold(self, connection_id: ConnectionId) -> None:
        if self._state(connection_id) is ConnectionState.CONNECTED:
            self._set_state(connection_id, ConnectionState.HOLD)
            self._bus.publish(Held(**self._about(self._find(connection_id))))

    def retrieve(self, connection_id: ConnectionId) -> None:
        if self._state(connection_id) is ConnectionState.HOLD:
            self._set_state(connection_id, ConnectionState.CONNECTED)
            self._bus.publish(Retrieved(**self._about(self._find(connection_id))))

    def clear_connection(
        self, connection_id: ConnectionId, by: Party = Party.SYSTEM, cause: Cause = Cause.NORMAL
    ) -> None:
        state = self._state(connection_id)
        if state in (ConnectionState.INITIATED, ConnectionState.ALERTING):
            self._fail(self._find(connection_id), Cause.CANCELLED)
        elif state is not None:
            self._clear(self._find(connection_id).call_id, by, cause)

    def clear(self, call_id: CallId, by: Party = Party.SYSTEM, cause: Cause = Cause.NORMAL) -> None:
        self._clear(call_id, by, cause)

    # --- inside -----------------------------------------------------------------------------

    def _connection(self, call_id: CallId, device: Device, party: Party) -> Connection:
        name = ConnectionId(f"leg-{next(self._numbers)}")
        now = utc(self._clock)
        return Connection(name, call_id, device, party, ConnectionState.INITIATED, now)

    def _about(self, connection: Connection) -> dict[str, Any]:
        return {
            "at": utc(self._clock),
            "call_id": connection.call_id,
            "connection_id": connection.id,
            "device_id": connection.device.id,
            "party": connection.party,
        }

    def _find(self, connection_id: ConnectionId) -> Connection:
        return next(
            each
            for call in self._calls.values()
            for each in call.connections
            if each.id == connection_id
        )

    def _state(self, connection_id: ConnectionId) -> ConnectionState | None:
        try:
            return self._find(connection_id).state
        except StopIteration:
            return None

    def _set_state(self, connection_id: ConnectionId, state: ConnectionState) -> None:
        connection = replace(self._find(connection_id), state=state, since=utc(self._clock))
        call = self._calls[connection.call_id]
        changed = tuple(connection if c.id == connection_id else c for c in call.connections)
        self._calls[call.id] = replace(call, connections=changed)

    def _drop(self, connection: Connection) -> None:
        call = self._calls[connection.call_id]
        left = tuple(c for c in call.connections if c.id != connection.id)
        self._calls[call.id] = replace(call, connections=left)

    def _fail(self, connection: Connection, cause: Cause) -> None:
        self._drop(connection)
        self._bus.publish(Failed(**self._about(connection), cause=cause))

    def _end_play(self, call_id: CallId, end: PlayEnd) -> None:
        self.playing.pop(call_id, None)
        if play := self._plays.pop(call_id, None):
            play[0].callback(end)

    def _clear(self, call_id: CallId, by: Party, cause: Cause) -> None:
        call = self._calls.get(call_id)
        if call is None:
            return
        self._collectors.pop(call_id, None)
        self._end_play(call_id, PlayEnd.CLEARED)
        figures: list[MediaReported] = []
        # Whoever ended it leaves first; a phone that only rang has failed, not left.
        for connection in sorted(call.connections, key=lambda c: c.party is not by):
            self._drop(connection)
            about = self._about(connection)
            if connection.state in (ConnectionState.INITIATED, ConnectionState.ALERTING) and (
                connection.party is Party.AGENT
            ):
                self._bus.publish(Failed(**about, cause=Cause.CANCELLED))
            else:
                self._bus.publish(ConnectionCleared(**about, cause=cause, cleared_by=by))
                silent = MediaReported(**about, packets_sent=0, packets_received=0, packets_lost=0)
                figures.append(silent)
        for event in figures:
            self._bus.publish(event)
        self._calls.pop(call_id, None)
        self.bridged.pop(call_id, None)
        self._bus.publish(
            CallCleared(at=utc(self._clock), call_id=call_id, cause=cause, cleared_by=by)
        )
