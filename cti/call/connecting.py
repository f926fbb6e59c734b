"""Putting devices through: what is common to every service that has one called."""

from collections.abc import Callable

from cti.call.answering import Answering
from cti.call.bridging import Bridging
from cti.call.clearing import Clearing
from cti.call.delivery import Delivery
from cti.call.events import CallEvent, Established
from cti.call.kept import OVER, STAY, Outcome
from cti.call.live import Calling, LiveCall, Member
from cti.call.model import Cause, ConnectionState, DeviceKind, Direction, Party
from cti.call.recording import Recordings
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.identifiers import CallId, ConnectionId


class Connecting:
    """Rings devices for calls and joins whoever answers to those who wait."""

    def __init__(
        self,
        switch: Switch,
        bridging: Bridging,
        clearing: Clearing,
        delivery: Delivery,
        answering: Answering,
        recordings: Recordings,
    ) -> None:
        self._switch, self._bridging, self._clearing = switch, bridging, clearing
        self._delivery, self._answering = delivery, answering
        self._recordings = recordings

    def deliver(self, call_id: CallId, number: str) -> ConnectionId:
        """Ring the telephone; see `CallControl.deliver`."""
        call = self._switch.live(call_id)
        if call is None:
            return ConnectionId("")
        return self._delivery.call(call, number, self.for_waiting()).id

    def pass_on(self, call: LiveCall, number: str) -> ConnectionId:
        """Call the number for an unanswered caller, who is refused as we are."""

        def failed(_: Member, cause: Cause) -> None:
            self._clearing.clear(call.id, Party.SYSTEM, cause)

        return self._delivery.call(call, number, self.for_waiting(failed, outcome=OVER)).id

    def for_waiting(
        self,
        failed: Callable[[Member, Cause], None] | None = None,
        *,
        ring_back: bool = False,
        outcome: Outcome = STAY,
    ) -> Calling:
        """A device called for those who are in the call already; `ring_back` lets them hear it.

        `outcome` says what `failed` does.
        """
        failed = failed or _nothing
        return Calling(self.put_through, failed, self._rings, ring_back=ring_back, outcome=outcome)

    def put_through(self, member: Member, *told: CallEvent) -> None:
        """An answered device and those who waited for it are together; then all are told."""
        switch = self._switch
        call = switch.call_of(member)
        call.waiting = False
        self._answer_caller(call)
        if member.id not in switch.members:
            return
        outgoing = call.direction is Direction.OUTBOUND
        outside = member.connection.device.kind is DeviceKind.TRUNK
        recording = None
        if outgoing and outside and self._recordings.usual and member.leg is not None:
            recording = self._recordings.prepare(call, member, member.leg)
        self._bridging.settle(call)
        switch.bus.publish(Established(**switch.about(member)))
        for event in told:
            switch.bus.publish(event)
        if recording is not None:
            switch.bus.publish(recording)

    def off_hook(self, member: Member) -> None:
        """The device's connection is in its call at once: its leg was up before."""
        leg = member.leg
        assert leg is not None
        leg.current = member
        member.change(ConnectionState.CONNECTED, utc(self._switch.clock))

    def _rings(self, member: Member) -> None:
        if call := self._switch.live(member.connection.call_id):
            self._answering.tell_ringing(call, member)

    def _answer_caller(self, call: LiveCall) -> None:
        caller = call.member_of(Party.CALLER)
        if caller is not None and not caller.answered:
            self._answering.answer(call.id, record=call.direction is Direction.INBOUND)


def _nothing(_member: Member, _cause: Cause) -> None:
    """The caller stays where they were."""
