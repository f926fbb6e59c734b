"""How legs and calls end.

The far sides are told first, then everybody that the devices left; what media has left to say, its
figures and the end of the recording, comes after, and the end of the call last.
"""

from functools import partial

from twisted.internet.defer import Deferred, DeferredList

from cti.call import causes
from cti.call.control import PlayEnd
from cti.call.events import CallCleared, ConnectionCleared, Failed, MediaReported
from cti.call.live import Leg, LiveCall
from cti.call.model import Cause, Party
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.deferreds import fork
from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import LegStatistics
from cti.sip.events import Ended, SessionEnded

CLOSE_SECONDS = 1.0
"""How long a clearing call waits for a media worker's last figures."""

_CAUSES = {
    Ended.REMOTE: Cause.NORMAL,
    Ended.LOCAL: Cause.INTERRUPTED,
    Ended.CANCELLED: Cause.CANCELLED,
    Ended.TIMEOUT: Cause.NETWORK,
    Ended.REJECTED: Cause.NORMAL,
}


class Clearing:
    """Ends connections and calls, each exactly once."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def clear(self, call_id: CallId, by: Party, cause: Cause) -> None:
        """End the whole call: every device is told at once, CallCleared follows."""
        switch = self._switch
        call = switch.live(call_id)
        if call is None:
            return
        call.cleared = Deferred()
        call.collector = None
        legs = sorted(call.legs.values(), key=lambda leg: leg.connection.party is not by)
        for leg in legs:
            self._end_session(leg, cause)
        switch.end_play(call, PlayEnd.CLEARED)
        for leg in [leg for leg in legs if not leg.answered and self._is_agent(leg)]:
            legs.remove(leg)
            self._fail(leg, Cause.CANCELLED)
        # A device is free at once: an agent waits neither for figures nor for the recording.
        for leg in legs:
            cleared = ConnectionCleared(**switch.about(leg), cause=cause, cleared_by=by)
            switch.bus.publish(cleared)
        closing = [self._close_media(leg).addCallback(partial(self._closed, leg)) for leg in legs]
        DeferredList(closing).addCallback(lambda _: self._finish(call, by, cause))

    def clear_connection(self, connection_id: ConnectionId, by: Party, cause: Cause) -> None:
        """Take one device out; a conversation that loses a side is over."""
        call = self._switch.call_of_leg.get(connection_id)
        if call is None or call.cleared is not None:
            return
        leg = call.legs[connection_id]
        if leg.answered or not self._is_agent(leg):
            self.clear(call.id, by, cause)
        else:
            self._end_session(leg, cause)
            self._fail(leg, Cause.CANCELLED)

    def fail(self, leg: Leg, cause: Cause) -> None:
        """A device that was called will not answer; its call goes on."""
        self._end_session(leg, cause)
        self._fail(leg, cause)

    def session_ended(self, leg: Leg, report: SessionEnded) -> None:
        """The far side, a time-out or a mistake of ours ended the leg's session."""
        self._switch.part(leg)
        call = self._switch.call_of_leg.get(leg.id)
        if call is None or call.cleared is not None:
            return
        party = Party.SYSTEM if report.why is Ended.LOCAL else leg.connection.party
        if leg.answered or not self._is_agent(leg):
            self.clear(call.id, party, _CAUSES[report.why])
        else:
            refused = report.why is Ended.REJECTED
            self._fail(leg, causes.cause_of_status(report.status) if refused else Cause.NETWORK)

    def _closed(self, leg: Leg, seen: LegStatistics) -> None:
        switch = self._switch
        switch.forget_leg(leg)
        switch.bus.publish(
            MediaReported(
                **switch.about(leg),
                packets_sent=seen.sent,
                packets_received=seen.received,
                packets_lost=seen.lost,
                jitter=seen.jitter,
                round_trip=seen.round_trip,
                rating=seen.rating,
                codec=seen.codec,
            )
        )

    def _finish(self, call: LiveCall, by: Party, cause: Cause) -> None:
        switch = self._switch
        del switch.calls[call.id]
        switch.bus.publish(
            CallCleared(at=utc(switch.clock), call_id=call.id, cause=cause, cleared_by=by)
        )
        assert call.cleared is not None
        call.cleared.callback(None)

    def _fail(self, leg: Leg, cause: Cause) -> None:
        self._close_media(leg)
        self._switch.forget_leg(leg)
        self._switch.bus.publish(Failed(**self._switch.about(leg), cause=cause))

    def _close_media(self, leg: Leg) -> Deferred[LegStatistics]:
        # Opening may still be under way, so closing waits for it, however long; whoever wants the
        # figures does not. A leg that never opened has none to give.
        closing = leg.opened().addCallback(lambda _: self._switch.media.close(leg.id))
        closing.addErrback(lambda _: LegStatistics())
        figures = fork(closing).addTimeout(CLOSE_SECONDS, self._switch.clock)
        return figures.addErrback(lambda _: LegStatistics())

    def _end_session(self, leg: Leg, cause: Cause) -> None:
        # Parted first: that the session ended is no news when it is reported.
        session = self._switch.part(leg)
        if session is None:
            return
        if leg.answered or self._is_agent(leg):
            self._switch.signalling.end(session, causes.reason(cause))
        else:
            self._switch.signalling.reject(session, causes.status_of_cause(cause))

    @staticmethod
    def _is_agent(leg: Leg) -> bool:
        return leg.connection.party is Party.AGENT
