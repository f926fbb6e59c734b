"""Answering callers, and letting them hear what happens before."""

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from cti.call import negotiation
from cti.call.bridging import Bridging
from cti.call.clearing import Clearing
from cti.call.events import Established
from cti.call.live import Leg, LiveCall, Member
from cti.call.model import Cause, ConnectionState, Party
from cti.call.recording import Recordings
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.identifiers import CallId
from cti.media.port import MediaAddress, MediaUnavailable

RINGING, SESSION_PROGRESS = 180, 183


class Answering:
    """Accepts the sessions of those who called us."""

    def __init__(
        self, switch: Switch, bridging: Bridging, clearing: Clearing, recordings: Recordings
    ) -> None:
        self._switch, self._bridging, self._clearing = switch, bridging, clearing
        self._recordings = recordings

    def answer(self, call_id: CallId, *, record: bool = True) -> Deferred[bool]:
        """Answer the caller; see `CallControl.answer`."""
        call = self._switch.live(call_id)
        member = call.customer if call else None
        if call is None or member is None or member.leg is None:
            return succeed(False)
        leg = member.leg
        if not leg.came:
            return succeed(member.answered)

        def opened(address: MediaAddress) -> bool:
            if self._switch.live(call_id) is None:
                return False
            if not leg.up:
                wanted = record and self._recordings.usual
                self.accept(call, member, leg, address, record=wanted)
            return True

        def unavailable(failure: Failure) -> bool:
            failure.trap(MediaUnavailable)
            self._clearing.clear(call_id, Party.SYSTEM, Cause.NO_RESOURCES)
            return False

        return leg.opened().addCallbacks(opened, unavailable)

    def accept(
        self, call: LiveCall, member: Member, leg: Leg, address: MediaAddress, *, record: bool
    ) -> None:
        """The caller is in the call from now on."""
        switch = self._switch
        self._describe(leg, address)
        leg.answer_due = leg.offer is None
        recording = self._recordings.prepare(call, member, leg) if record else None
        assert leg.session is not None
        assert leg.described is not None
        switch.signalling.accept(leg.session, leg.described)
        leg.up, leg.current = True, member
        member.change(ConnectionState.CONNECTED, utc(switch.clock))
        self._bridging.settle(call)
        switch.bus.publish(Established(**switch.about(member)))
        if recording is not None:
            switch.bus.publish(recording)

    def tell_ringing(self, call: LiveCall, ringing: Member) -> None:
        """The unanswered caller hears that it rings, or what the network says meanwhile."""
        caller = call.member_of(Party.CALLER)
        leg = caller.leg if caller else None
        if caller is None or leg is None or not leg.came or leg.up or leg.session is None:
            return
        if not ringing.early:
            self._switch.signalling.ring(leg.session, RINGING)
            return

        def opened(address: MediaAddress) -> None:
            if leg.session is not None and not leg.up:
                self._describe(leg, address)
                self._switch.signalling.ring(leg.session, SESSION_PROGRESS, leg.described)
                caller.early = True
                self._bridging.settle(call)

        leg.opened().addCallbacks(opened, lambda _: None)

    def _describe(self, leg: Leg, address: MediaAddress) -> None:
        """Our answer to their offer, or our offer where they made none; once and for all."""
        if leg.described is not None:
            return
        leg.local = address
        leg.described = negotiation.describe(address, leg.offer)
        if target := negotiation.target(leg.offer, leg.described, leg.local):
            self._switch.aim(leg, target)
