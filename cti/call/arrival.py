"""Calls coming in: from an INVITE to an answered caller who is being recorded."""

from pathlib import Path

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from cti.call import negotiation
from cti.call.clearing import Clearing
from cti.call.events import CallStarted, Delivered, Established, RecordingStarted
from cti.call.live import Leg, LiveCall
from cti.call.model import Cause, ConnectionState, Device, DeviceKind, Direction, Party
from cti.call.routing import Routing
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.identifiers import CallId, DeviceId
from cti.media.port import MediaAddress, MediaUnavailable
from cti.sip.events import SessionOffered

RETRY_AFTER = (("Retry-After", "5"),)
WITHHELD = "anonymous"
LONGEST_NUMBER = 32
"""Characters: twice what E.164 allows, so that extensions and names have room."""
NOT_FOUND, NOT_ACCEPTABLE, UNAVAILABLE = 404, 488, 503


class Arrival:
    """Takes offered sessions in and answers callers."""

    def __init__(self, switch: Switch, clearing: Clearing) -> None:
        self._switch, self._clearing = switch, clearing
        self.routing = Routing({})
        self.closed = False
        """Set while the house takes no new calls."""

    def offered(self, report: SessionOffered) -> None:
        """A new INVITE: refuse it, or make a call of it and hand it to its entry."""
        switch = self._switch
        # A telephone number may carry parameters behind it (RFC 3261, 19.1.6).
        called = (report.request.uri.user or "").partition(";")[0]
        entry = self.routing.entry(called)
        if self.closed or len(switch.calls) >= switch.settings.max_calls:
            switch.signalling.reject(report.session, UNAVAILABLE, RETRY_AFTER)
        elif entry is None:
            switch.signalling.reject(report.session, NOT_FOUND)
        elif not negotiation.acceptable(report.offer):
            switch.signalling.reject(report.session, NOT_ACCEPTABLE)
        else:
            entry(self._start(report, called).id)

    def answer(self, call_id: CallId) -> Deferred[bool]:
        """Answer the caller; see `CallControl.answer`."""
        call = self._switch.live(call_id)
        leg = call.leg_of(Party.CALLER) if call else None
        if call is None or leg is None:
            return succeed(False)
        if leg.answered:
            return succeed(True)

        def opened(address: MediaAddress) -> bool:
            if self._switch.live(call_id) is None:
                return False
            if not leg.answered:
                self._answer(call, leg, address)
            return True

        def unavailable(failure: Failure) -> bool:
            failure.trap(MediaUnavailable)
            self._clearing.clear(call_id, Party.SYSTEM, Cause.NO_RESOURCES)
            return False

        return leg.opened().addCallbacks(opened, unavailable)

    def _start(self, report: SessionOffered, called: str) -> LiveCall:
        switch = self._switch
        now = utc(switch.clock)
        calling = _number(report.request.from_address.uri.user or "")
        inside = report.account is not None
        direction = Direction.INTERNAL if inside else Direction.INBOUND
        call = LiveCall(switch.new_call_id(), direction, calling, called, now)
        switch.calls[call.id] = call
        kind = DeviceKind.EXTENSION if inside else DeviceKind.TRUNK
        leg = switch.add_leg(call, Device(kind, DeviceId(calling)), Party.CALLER)
        leg.offer = report.offer
        switch.join(leg, report.session)
        switch.bus.publish(
            CallStarted(
                at=now,
                call_id=call.id,
                direction=direction,
                calling=calling,
                called=called,
                trunk=report.trunk or "",
            )
        )
        switch.bus.publish(Delivered(**switch.about(leg)))
        return call

    def _answer(self, call: LiveCall, leg: Leg, address: MediaAddress) -> None:
        switch = self._switch
        leg.local = address
        leg.described = description = negotiation.describe(address, leg.offer)
        leg.answer_due = leg.offer is None
        if target := negotiation.target(leg.offer, description):
            switch.aim(leg, target)
        file = Path(f"{call.started:%Y/%m/%d}") / f"{call.id}.wav"
        switch.media.record(leg.id, switch.settings.recordings / file)
        assert leg.session is not None
        switch.signalling.accept(leg.session, description)
        leg.change(ConnectionState.CONNECTED, utc(switch.clock))
        about = switch.about(leg)
        switch.bus.publish(Established(**about))
        switch.bus.publish(
            RecordingStarted(
                at=about["at"], call_id=call.id, connection_id=leg.id, file=file.as_posix()
            )
        )


def _number(user: str) -> str:
    """What can be shown and stored of a SIP user part, which may hold anything, NUL included.

    Nothing of the one that stands for a withheld number (RFC 3323, 4.1.1.3).
    """
    if user.lower() == WITHHELD:
        return ""
    return "".join(filter(str.isprintable, user))[:LONGEST_NUMBER]
