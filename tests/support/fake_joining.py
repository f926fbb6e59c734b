"""The fake's services on two calls, on more than two parties, and on who listens in."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cti.call.control import Snoop
from cti.call.events import (
    Conferenced,
    Delivered,
    Diverted,
    Established,
    Held,
    Muted,
    Originated,
    Parked,
    Retrieved,
    RoleChanged,
    Transferred,
    Unmuted,
)
from cti.call.merging import merged
from cti.call.model import (
    Cause,
    Connection,
    ConnectionState,
    Direction,
    Party,
)
from cti.call.routing import Entry
from cti.call.rules import Service, check
from cti.call.supervising import ROLES
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from tests.support.fake_table import UNANSWERED, FakeTable

NOWHERE = ConnectionId("")


class FakeJoining(FakeTable):
    """Part of `tests.support.fake_calls.FakeCalls`."""

    # --- beginning --------------------------------------------------------------------------

    def make(self, device_id: DeviceId, number: str) -> CallId:
        if device_id not in self._devices:
            raise Refused("call.not_registered", device=device_id)
        self._require_reachable(number)
        inside = number in self._devices
        direction = Direction.INTERNAL if inside else Direction.OUTBOUND
        call_id = self._begin(direction, device_id, number)

        def answered(connection: Connection) -> None:
            self._establish(connection)
            self._bus.publish(Originated(**self._about(connection), called=number))
            self._ring(call_id, number, failed=self._over(call_id))

        self._ring(call_id, device_id, answered=answered, failed=self._over(call_id))
        return call_id

    def originate(self, number: str, entry: Entry) -> CallId:
        if number not in self.outside:
            raise Refused("call.no_route", number=number)
        call_id = self._begin(Direction.OUTBOUND, "", number)

        def answered(connection: Connection) -> None:
            self._establish(connection)
            entry(call_id)

        self._ring(call_id, number, answered=answered, failed=self._over(call_id))
        return call_id

    def deflect(
        self, connection_id: ConnectionId, number: str, *, redirect: bool = False
    ) -> ConnectionId:
        connection = self._find(connection_id)
        if connection is None:
            return NOWHERE
        check(Service.DEFLECT, connection.state)
        came = connection.party is Party.CALLER
        if came and redirect:
            self._bus.publish(Diverted(**self._about(connection), diverted_to=number))
            self._clear(connection.call_id, Party.SYSTEM, Cause.DIVERTED)
            return NOWHERE
        self._require_reachable(number)
        if came:
            return self._ring(connection.call_id, number, failed=self._over(connection.call_id))
        answered = self._answered.pop(connection_id, None)
        failed = self._failed.pop(connection_id, None)
        self._bus.publish(Diverted(**self._about(connection), diverted_to=number))
        self._fail(connection, Cause.DIVERTED)
        return self._ring(connection.call_id, number, answered=answered, failed=failed)

    # --- two calls of one device ------------------------------------------------------------

    def hold(self, connection_id: ConnectionId) -> None:
        connection = self._find(connection_id)
        if connection is not None and connection.state is ConnectionState.CONNECTED:
            held = self._set_state(connection_id, ConnectionState.HOLD)
            self._bus.publish(Held(**self._about(held)))

    def retrieve(self, connection_id: ConnectionId) -> None:
        connection = self._find(connection_id)
        if connection is None or connection.state is not ConnectionState.HOLD:
            return
        if self._active_elsewhere(connection):
            raise Refused("call.not_now", service="retrieve", state=connection.state.value)
        self._bus.publish(
            Retrieved(**self._about(self._set_state(connection_id, ConnectionState.CONNECTED)))
        )

    def consult(self, connection_id: ConnectionId, number: str) -> ConnectionId:
        connection = self._find(connection_id)
        if connection is None:
            return NOWHERE
        check(Service.CONSULT, connection.state)
        self._require_open(connection.call_id)
        if self._active_elsewhere(connection) or not self._partners(connection):
            raise Refused("call.not_now", service="consult", state=connection.state.value)
        self._require_reachable(number)
        self.hold(connection_id)
        device = connection.device
        inside = number in self._devices
        direction = Direction.INTERNAL if inside else Direction.OUTBOUND
        call_id = self._begin(direction, device.id, number)
        state = ConnectionState.CONNECTED
        asking = self._enter(call_id, device, Party.AGENT, state=state)
        self._bus.publish(Originated(**self._about(asking), called=number))
        self._ring(call_id, number, failed=self._over(call_id))
        return asking.id

    def alternate(self, held: ConnectionId, active: ConnectionId) -> None:
        if self._pair(held, active, Service.ALTERNATE_HELD, Service.ALTERNATE_ACTIVE):
            self.hold(active)
            self.retrieve(held)

    def reconnect(self, held: ConnectionId, active: ConnectionId) -> None:
        if pair := self._pair(held, active, Service.RECONNECT_HELD, Service.RECONNECT_ACTIVE):
            self._clear(pair[1].call_id, Party.AGENT, Cause.NORMAL)
            self.retrieve(held)

    def transfer(self, held: ConnectionId, active: ConnectionId) -> None:
        pair = self._pair(held, active, Service.TRANSFER_HELD, Service.TRANSFER_ACTIVE)
        if pair is None:
            return
        self._require_open(*(each.call_id for each in pair))
        staying, leaving = self._survivor(*pair)
        told = self._move(leaving, staying.call_id, Cause.TRANSFERRED)
        self._leave(staying, Party.AGENT, Cause.TRANSFERRED)
        for event in told:
            self._bus.publish(event)
        for one, other in ((staying, leaving), (leaving, staying)):
            self._bus.publish(self._transferred(one, other.call_id, staying.call_id, ""))
        self._clear(leaving.call_id, Party.AGENT, Cause.TRANSFERRED)

    def conference(self, held: ConnectionId, active: ConnectionId) -> None:
        pair = self._pair(held, active, Service.CONFERENCE_HELD, Service.CONFERENCE_ACTIVE)
        if pair is None:
            return
        self._require_open(*(each.call_id for each in pair))
        staying, leaving = self._survivor(*pair)
        told = self._move(leaving, staying.call_id, Cause.CONFERENCED)
        if staying.state is ConnectionState.HOLD:
            back = self._set_state(staying.id, ConnectionState.CONNECTED)
            told.append(Retrieved(**self._about(back)))
        for event in told:
            self._bus.publish(event)
        for one, other in ((staying, leaving), (leaving, staying)):
            self._bus.publish(
                self._conferenced(one.call_id, other.call_id, staying, staying.device.id)
            )
        self._clear(leaving.call_id, Party.AGENT, Cause.CONFERENCED)

    # --- one call ---------------------------------------------------------------------------

    def single_step_transfer(
        self, connection_id: ConnectionId, number: str, *, release: bool = False
    ) -> ConnectionId:
        connection = self._find(connection_id)
        if connection is None:
            return NOWHERE
        check(Service.SINGLE_STEP_TRANSFER, connection.state)
        self._require_open(connection.call_id)
        call_id, device = connection.call_id, connection.device
        self._require_reachable(number)
        if not self._partners(connection):
            return self._ring(call_id, number)
        if release:
            return NOWHERE

        def failed(_: Cause) -> None:
            if device.id in self._devices:
                self._ring(call_id, device.id, failed=self._over(call_id))
            else:
                self._over(call_id)(Cause.NORMAL)

        self._leave(connection, Party.AGENT, Cause.TRANSFERRED)
        self._bus.publish(self._transferred(connection, None, call_id, number))
        return self._ring(call_id, number, failed=failed)

    def park(self, connection_id: ConnectionId) -> None:
        connection = self._find(connection_id)
        if connection is None:
            return
        check(Service.PARK, connection.state)
        self._require_open(connection.call_id)
        call, partners = self._calls[connection.call_id], self._partners(connection)
        if connection == call.customer or partners != [call.customer]:
            raise Refused("call.not_now", service="park", state="no single party")
        for other in self._others(connection):
            if other not in partners and other.state in UNANSWERED:
                self._fail(other, Cause.CANCELLED)
            elif other not in partners:
                self._leave(other, Party.AGENT, Cause.PARKED)
        self._leave(connection, Party.AGENT, Cause.PARKED)
        self.bridged.pop(call.id, None)
        self._bus.publish(
            Parked(
                at=utc(self._clock),
                call_id=call.id,
                connection_id=connection.id,
                parking_device=connection.device.id,
            )
        )

    def mute(self, connection_id: ConnectionId, muted: bool) -> None:
        connection = self._find(connection_id)
        if connection is None:
            return
        check(Service.MUTE, connection.state)
        if connection.muted != muted:
            self._put(replace(connection, muted=muted))
            self._bus.publish((Muted if muted else Unmuted)(**self._about(connection)))

    def join(self, call_id: CallId, device_id: DeviceId) -> ConnectionId:
        call = self._calls.get(call_id)
        if call is None:
            return NOWHERE
        self._require_open(call_id)
        if all(each.state in UNANSWERED for each in call.connections):
            raise Refused("call.not_now", service="join", state="nobody answered")
        self._require_reachable(device_id)

        def answered(connection: Connection) -> None:
            self._establish(connection)
            self._bus.publish(self._conferenced(call_id, None, connection, DeviceId("")))

        return self._ring(call_id, device_id, answered=answered)

    def snoop(
        self,
        call_id: CallId,
        device_id: DeviceId,
        mode: Snoop,
        *,
        agent: ConnectionId | None = None,
    ) -> ConnectionId:
        del agent
        call = self._calls.get(call_id)
        if call is None:
            return NOWHERE
        self._require_open(call_id)
        role = ROLES[mode]
        there = next((c for c in call.connections if c.device.id == device_id), None)
        if there is None:
            if all(each.state in UNANSWERED for each in call.connections):
                raise Refused("call.not_now", service="snoop", state="nobody talks")
            self._require_reachable(device_id)
            return self._ring(call_id, device_id, party=Party.SUPERVISOR, role=role)
        if there.party is not Party.SUPERVISOR:
            raise Refused("call.not_now", service="snoop", state="in the call")
        if there.role is not role:
            self._put(replace(there, role=role))
            self._bus.publish(RoleChanged(**self._about(there), role=role))
        return there.id

    def intercept(self, connection_id: ConnectionId, device_id: DeviceId) -> ConnectionId:
        replaced = self._find(connection_id)
        if replaced is None:
            return NOWHERE
        check(Service.INTERCEPT, replaced.state)
        self._require_open(replaced.call_id)
        if replaced.party is Party.CALLER or replaced.device.id == device_id:
            raise Refused("call.not_now", service="intercept", state="in the call")
        self._require_reachable(device_id)

        def answered(connection: Connection) -> None:
            there = self._find(connection_id)
            if there is not None and there.state in UNANSWERED:
                self._failed.pop(connection_id, None)
                self._fail(there, Cause.TRANSFERRED)
            elif there is not None:
                self._leave(there, Party.SUPERVISOR, Cause.TRANSFERRED)
                told = self._transferred(there, None, there.call_id, device_id)
                self._bus.publish(told)
            self._establish(connection)

        return self._ring(replaced.call_id, device_id, answered=answered)

    # --- inside -----------------------------------------------------------------------------

    def _over(self, call_id: CallId) -> Callable[[Cause], None]:
        return lambda cause: self._clear(call_id, Party.SYSTEM, cause)

    def _active_elsewhere(self, connection: Connection) -> bool:
        return any(
            each.device == connection.device
            and each.state is ConnectionState.CONNECTED
            and each.id != connection.id
            for call in self._calls.values()
            for each in call.connections
        )

    def _pair(
        self, held: ConnectionId, active: ConnectionId, of_held: Service, of_active: Service
    ) -> tuple[Connection, Connection] | None:
        one, other = self._find(held), self._find(active)
        if one is None or other is None:
            return None
        if one.device != other.device or one.call_id == other.call_id:
            raise Refused("call.not_now", service=of_held.value, state="no second call")
        check(of_held, one.state)
        check(of_active, other.state)
        return one, other

    def _survivor(self, one: Connection, other: Connection) -> tuple[Connection, Connection]:
        inbound = self._calls[other.call_id].direction is Direction.INBOUND
        was = self._calls[one.call_id].direction is Direction.INBOUND
        return (other, one) if inbound and not was else (one, other)

    def _move(self, leaving: Connection, into: CallId, cause: Cause) -> list[Any]:
        """Everybody else of that connection's call is in the other call now."""
        gone, kept = self._calls[leaving.call_id], self._calls[into]
        coming = self._others(leaving)
        if not coming:
            raise Refused("call.not_now", service="transfer", state="nobody to join")
        told: list[Any] = []
        for connection in coming:
            self._fail_or_leave(connection, cause)
            state = connection.state
            moved = self._enter(
                into, connection.device, connection.party, role=connection.role, state=state
            )
            kind = Delivered if state is ConnectionState.ALERTING else Established
            if state is not ConnectionState.INITIATED:
                told.append(kind(**self._about(moved)))
        self._calls[into] = replace(
            self._calls[into], user_data=merged(kept.user_data, gone.user_data)
        )
        return told

    def _fail_or_leave(self, connection: Connection, cause: Cause) -> None:
        if connection.state in UNANSWERED:
            self._failed.pop(connection.id, None)
            self._fail(connection, cause)
        else:
            self._leave(connection, Party.SYSTEM, cause)

    def _transferred(
        self, by: Connection, other: CallId | None, resulting: CallId, to: str
    ) -> Transferred:
        return Transferred(
            at=utc(self._clock),
            call_id=by.call_id,
            other_call_id=other,
            resulting_call_id=resulting,
            transferring_device=by.device.id,
            transferred_to=to,
        )

    def _conferenced(
        self, call_id: CallId, other: CallId | None, into: Connection, by: DeviceId
    ) -> Conferenced:
        return Conferenced(
            at=utc(self._clock),
            call_id=call_id,
            other_call_id=other,
            resulting_call_id=into.call_id,
            conferencing_device=by,
            added=into.device.id,
        )
