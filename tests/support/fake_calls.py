"""A faithful fake of call control: no telephone, no sound, the same events in the same order.

A test plays the world through the methods of `FakeCalls` that are not in the protocol (`dial`,
`press`, `hang_up`, `phone_rings` ...) and looks at `playing`, `played`, `masked` and `bridged`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from twisted.internet.defer import Deferred, succeed

from cti.call.collecting import Collected, KeyPlan, Why
from cti.call.control import PlaceKeeper, PlayEnd, Sound
from cti.call.events import (
    Away,
    Back,
    Delivered,
    DeviceRegistered,
    DeviceUnregistered,
    Established,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    UserDataAttached,
)
from cti.call.model import (
    Call,
    Cause,
    ConnectionState,
    Device,
    DeviceKind,
    Direction,
    Party,
)
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.kernel.secret import Secret
from tests.support.fake_joining import FakeJoining
from tests.support.fake_table import UNANSWERED


class FakeCalls(FakeJoining):
    """Implements `cti.call.control.CallControl` on plain values."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        super().__init__(bus, clock)
        self.repeating: set[CallId] = set()
        self.played: list[tuple[CallId, tuple[Sound, ...]]] = []
        self.masked: set[CallId] = set()
        self.mask_changes: list[tuple[CallId, bool]] = []
        self.seclusions: list[tuple[CallId, bool]] = []
        self.marks: list[tuple[CallId, str]] = []
        self.keys_sent: list[tuple[ConnectionId, str]] = []
        self._taken: dict[CallId, tuple[KeyPlan, str]] = {}
        self._keeper: PlaceKeeper | None = None

    # --- the world --------------------------------------------------------------------------

    def speak_on(self, bus: Bus) -> None:
        """The server is another one, and listens there."""
        self._bus = bus

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
        call_id = self._begin(Direction.INBOUND, calling, called, trunk="test")
        device = Device(DeviceKind.TRUNK, DeviceId(calling))
        caller = self._enter(call_id, device, Party.CALLER)
        self._bus.publish(Delivered(**self._about(caller)))
        return call_id

    def press(self, call_id: CallId, keys: str) -> None:
        """The caller presses keys; the first one cuts a prompt that allows it."""
        for key in keys:
            if call_id in self._plays and self._plays[call_id][1]:
                self._end_play(call_id, PlayEnd.INTERRUPTED)
            if call_id in self._takings:
                self._take(call_id, key)
            elif collector := self._collectors.get(call_id):
                collector(key)

    def finish_play(self, call_id: CallId) -> None:
        """What plays comes to its end."""
        self._end_play(call_id, PlayEnd.FINISHED)

    def hang_up(self, call_id: CallId) -> None:
        """The caller hangs up."""
        self._clear(call_id, Party.CALLER, Cause.NORMAL)

    def phone_rings(self, connection_id: ConnectionId) -> None:
        """The agent's phone alerts."""
        ringing = self._set_state(connection_id, ConnectionState.ALERTING)
        self._bus.publish(Delivered(**self._about(ringing)))

    def phone_answers(self, connection_id: ConnectionId) -> None:
        """The agent takes the call."""
        connection = self._set_state(connection_id, ConnectionState.CONNECTED)
        call_id = connection.call_id
        self._end_play(call_id, PlayEnd.INTERRUPTED)
        self._failed.pop(connection_id, None)
        self.bridged[call_id] = connection_id
        self._answered.pop(connection_id, self._establish)(connection)

    def phone_refuses(self, connection_id: ConnectionId, cause: Cause = Cause.BUSY) -> None:
        """The agent's phone answers busy, refuses, or is not there."""
        self._fail(self._found(connection_id), cause)

    def phone_hangs_up(self, connection_id: ConnectionId) -> None:
        """The agent hangs up on the phone, which ends all of its calls."""
        device = self._found(connection_id).device
        for call in self.calls():
            for each in call.connections:
                if each.device == device and each.state not in UNANSWERED:
                    self.clear_connection(each.id, Party.AGENT)

    def time_passes(self, call_id: CallId) -> None:
        """The limit of the keys being collected runs out."""
        _, keys = self._taken[call_id]
        self._end_taking(call_id, Why.SILENCE if keys else Why.NO_KEY)

    def page_is_lost(self, connection_id: ConnectionId, seconds: float = 30.0) -> None:
        """The page with that telephone is gone in mid-call, and is waited for if somebody does."""
        connection = self._found(connection_id)
        if self._keeper is None or not self._keeper.keeps_place(connection):
            self.clear_connection(connection_id, Party.SYSTEM, Cause.MEDIA_LOST)
            return
        self._put(replace(connection, away=True))
        until = utc(self._clock) + timedelta(seconds=seconds)
        self._bus.publish(Away(**self._about(connection), until=until))

    def page_is_back(self, connection_id: ConnectionId) -> None:
        """It is loaded again, and answers in its place."""
        connection = replace(self._found(connection_id), away=False)
        self._put(connection)
        self._bus.publish(Back(**self._about(connection)))

    def page_stays_away(self, connection_id: ConnectionId) -> None:
        """Its time to come back is over."""
        connection = self._found(connection_id)
        assert self._keeper is not None
        self._leave(connection, Party.SYSTEM, Cause.MEDIA_LOST)
        if not self._keeper.place_given_up(connection):
            self._clear(connection.call_id, Party.SYSTEM, Cause.MEDIA_LOST)

    # --- CallControl ------------------------------------------------------------------------

    def get(self, call_id: CallId) -> Call | None:
        return self._calls.get(call_id)

    def calls(self) -> list[Call]:
        return list(self._calls.values())

    def names(self) -> list[CallId]:
        return list(self._calls)

    def keep_places(self, keeper: PlaceKeeper) -> None:
        self._keeper = keeper

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
        if call is None or call.customer is None:
            return succeed(False)
        if call.caller is None or call.caller.state not in UNANSWERED:
            return succeed(call.customer.state not in UNANSWERED)
        caller = self._set_state(call.caller.id, ConnectionState.CONNECTED)
        self._bus.publish(Established(**self._about(caller)))
        self._record(call_id, caller.id)
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
        to: ConnectionId | None = None,
    ) -> Deferred[PlayEnd]:
        del to
        if call_id not in self._calls:
            return succeed(PlayEnd.CLEARED)
        self._end_play(call_id, PlayEnd.INTERRUPTED)
        ended: Deferred[PlayEnd] = Deferred()
        self._plays[call_id] = (ended, barge_in)
        self.playing[call_id] = tuple(sounds)
        (self.repeating.add if repeat else self.repeating.discard)(call_id)
        self.played.append((call_id, tuple(sounds)))
        return ended

    def stop(self, call_id: CallId, *, to: ConnectionId | None = None) -> None:
        del to
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

    def seclude(self, call_id: CallId, secluded: bool) -> None:
        if call_id in self._calls:
            (self.secluded.add if secluded else self.secluded.discard)(call_id)
            self.seclusions.append((call_id, secluded))
            self._end_play(call_id, PlayEnd.INTERRUPTED)

    def mark(self, call_id: CallId, label: str) -> None:
        if call_id in self._calls:
            self.marks.append((call_id, label))

    def pause_recording(self, call_id: CallId, paused: bool) -> None:
        call = self._calls.get(call_id)
        if call is not None and call.customer is not None:
            kind = RecordingPaused if paused else RecordingResumed
            self._bus.publish(
                kind(at=utc(self._clock), call_id=call_id, connection_id=call.customer.id)
            )

    def record(self, call_id: CallId) -> None:
        call = self._calls.get(call_id)
        if call is not None and call.customer is not None:
            self._record(call_id, call.customer.id)

    def collect_keys(self, call_id: CallId, plan: KeyPlan) -> Deferred[Collected]:
        if call_id not in self._calls:
            return succeed(Collected(Secret(""), Why.CLEARED))
        if call_id in self._takings:
            self._end_taking(call_id, Why.REPLACED)
        taking = self._takings[call_id] = Deferred[Collected]()
        self._taken[call_id] = (plan, "")
        return taking

    def send_keys(self, connection_id: ConnectionId, keys: str) -> None:
        if self._find(connection_id) is not None:
            self.keys_sent.append((connection_id, keys))

    def deliver(self, call_id: CallId, device_id: DeviceId) -> ConnectionId:
        call = self._calls.get(call_id)
        return ConnectionId("") if call is None else self._ring(call_id, device_id)

    def clear_connection(
        self, connection_id: ConnectionId, by: Party = Party.SYSTEM, cause: Cause = Cause.NORMAL
    ) -> None:
        connection = self._find(connection_id)
        if connection is None:
            return
        if connection.state in UNANSWERED and connection.party is not Party.CALLER:
            self._fail(connection, Cause.CANCELLED)
        elif (
            connection.party is Party.SUPERVISOR
            or len(self._partners(connection)) > 1
            or (connection.call_id in self.secluded and connection.party is Party.AGENT)
        ):
            self._leave(connection, by, cause)
        else:
            self._clear(connection.call_id, by, cause)

    def clear(self, call_id: CallId, by: Party = Party.SYSTEM, cause: Cause = Cause.NORMAL) -> None:
        self._clear(call_id, by, cause)

    # --- inside -----------------------------------------------------------------------------

    def _take(self, call_id: CallId, key: str) -> None:
        plan, keys = self._taken[call_id]
        if key == plan.terminator:
            self._end_taking(call_id, Why.TERMINATOR)
            return
        self._taken[call_id] = (plan, keys + key)
        if len(keys) + 1 >= plan.length:
            self._end_taking(call_id, Why.LENGTH)

    def _end_taking(self, call_id: CallId, why: Why) -> None:
        _, keys = self._taken.pop(call_id)
        self._takings.pop(call_id).callback(Collected(Secret(keys), why))

    def _record(self, call_id: CallId, connection_id: ConnectionId) -> None:
        self._bus.publish(
            RecordingStarted(
                at=utc(self._clock),
                call_id=call_id,
                connection_id=connection_id,
                file=f"{call_id}.wav",
            )
        )
