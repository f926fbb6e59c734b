"""How connections, legs and calls end.

The far sides are told first, then everybody that the devices left; what media has left to say, its
figures and the end of the recording, comes after, and the end of the call last.
"""

from collections.abc import Callable, Iterable
from functools import partial

from twisted.internet.defer import Deferred, DeferredList

from cti.call import causes
from cti.call.bridging import Bridging
from cti.call.control import PlayEnd
from cti.call.events import (
    CallCleared,
    CallEvent,
    ConnectionCleared,
    ConnectionEvent,
    Failed,
    MediaReported,
)
from cti.call.live import Leg, LiveCall, Member
from cti.call.model import Cause, Party
from cti.call.recording import Recordings
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.deferreds import fork
from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import LegStatistics
from cti.sip.events import Ended, SessionEnded

CLOSE_SECONDS = 1.0
"""How long a clearing call waits for a media worker's last figures."""


class Clearing:
    """Ends connections and calls, each exactly once."""

    def __init__(self, switch: Switch, bridging: Bridging, recordings: Recordings) -> None:
        self._switch, self._bridging, self._recordings = switch, bridging, recordings
        self.on_clear: Callable[[CallId], object] = lambda _: None
        """Told of a call that ends, before anybody else."""
        self.spare: Callable[[Leg], bool] = lambda _: False
        """Told of a leg that is gone: whether its members keep their places without it."""
        self.on_left: Callable[[Member], object] = lambda _: None
        """Told of a member that leaves while it is away."""

    # --- calls ------------------------------------------------------------------------------

    def clear(self, call_id: CallId, by: Party, cause: Cause) -> None:
        """End the whole call: every device is told at once, CallCleared follows."""
        switch = self._switch
        call = switch.live(call_id)
        if call is None:
            return
        members = sorted(call.members.values(), key=lambda member: member.party is not by)
        ending = [leg for member in members for leg in member.legs if set(leg.members) == {member}]
        for leg in ending:
            self._end_session(leg, cause)
        call.cleared = Deferred()
        call.collector = None
        staying = [leg for member in members for leg in member.legs if leg not in ending]
        # Those who only rang have failed, and are told of first; the others left.
        members.sort(key=_left)
        told = [self._detach(member, cause, by) for member in members]
        for leg in staying:
            if leg.current is None:
                self._bridging.quiet(leg)
        self.on_clear(call_id)
        for leg in ending:
            self._end_play(leg)
        for event, member, _ in told:
            for each in (event, *self._recorded_on(member)):
                switch.bus.publish(each)
        for _, member, idle in told:
            self._close(call, member, idle)
        waiting = DeferredList(call.closings)
        waiting.addCallback(lambda _: self._finish(call, by, cause))

    def shut_down(self) -> Deferred[None]:
        """Clear every call; fires when the last is."""
        calls = list(self._switch.calls.values())
        for call in calls:
            self.clear(call.id, Party.SYSTEM, Cause.INTERRUPTED)
        waiting = [call.cleared for call in calls if call.cleared is not None]
        return DeferredList(waiting).addCallback(lambda _: None)

    # --- connections ------------------------------------------------------------------------

    def clear_connection(self, connection_id: ConnectionId, by: Party, cause: Cause) -> None:
        """Take one device out; a conversation that loses a side is over."""
        member = self._switch.members.get(connection_id)
        if member is not None:
            self.leave(member, by, cause)

    def leave(self, member: Member, by: Party, cause: Cause) -> None:
        """The member leaves; its call ends with it when the conversation depended on it."""
        call = self._switch.call_of(member)
        if member is call.customer:
            call.secluded = False
        if member.calling is not None and not member.away:
            self.fail(member, Cause.CANCELLED)
        elif _needs(call, member):
            self.clear(call.id, by, cause)
        else:
            self.drop(member, by, cause)

    def fail(self, member: Member, cause: Cause, *, ended: Cause | None = None) -> None:
        """A device that was called will not answer; whoever called it decides what then.

        Its session is told `ended`, else the same cause.
        """
        calling, member.calling = member.calling, None
        self.drop(member, Party.SYSTEM, cause, ended=ended)
        if calling is not None:
            calling.failed(member, cause)

    def drop(
        self,
        member: Member,
        by: Party,
        cause: Cause,
        *,
        ended: Cause | None = None,
        told: Iterable[CallEvent] = (),
    ) -> None:
        """The member, and nobody else, is out of its call, which goes on.

        Its session is told `ended`, else the same cause; `told` is told behind it to everybody.
        """
        switch, call = self._switch, self._switch.call_of(member)
        event, _, idle = self._detach(member, cause, by)
        for leg in idle:
            self._end_session(leg, ended or cause)
        self._bridging.settle(call)
        for leg in member.legs:
            if leg in idle:
                self._end_play(leg)
            elif leg.current is None:
                self._bridging.quiet(leg)
        for each in (event, *self._recorded_on(member), *told):
            switch.bus.publish(each)
        self._close(call, member, idle)

    def drop_leg(self, member: Member, leg: Leg, cause: Cause) -> None:
        """One of several legs that ring for the member rings no more, or another took its place."""
        member.legs.remove(leg)
        leg.members.remove(member)
        self._end_session(leg, cause)
        self._end_play(leg)
        self._forget(leg)

    def session_ended(self, leg: Leg, report: SessionEnded) -> None:
        """The far side, a time-out or a mistake of ours ended the answered leg's session."""
        self._switch.part(leg)
        self._switch.release_line(leg)
        if report.why is not Ended.REMOTE and self.spare(leg):
            return
        cause = causes.cause_of_end(report)
        members = sorted(leg.members, key=lambda member: member is not leg.current)
        for member in members:
            if member.id in self._switch.members:
                by = Party.SYSTEM if report.why is Ended.LOCAL else member.party
                self.leave(member, by, cause)

    def let_go(self, leg: Leg, cause: Cause) -> None:
        """The leg of a device that is away is no more; those it carried keep their places."""
        call = self._switch.call_of(leg.members[0])
        for member in leg.members:
            member.legs.remove(leg)
        leg.members, leg.current = [], None
        self._end_session(leg, cause)
        self._end_play(leg)
        closed = self._close_media(leg).addCallback(lambda _: self._switch.forget_leg(leg))
        call.closings.append(closed)

    def lost(self, leg: Leg) -> None:
        """Its sound is gone for good."""
        if self.spare(leg):
            return
        for member in list(leg.members):
            if member.id not in self._switch.members:
                continue
            if member.calling is not None:
                self.fail(member, Cause.NO_RESOURCES)
            else:
                self.leave(member, Party.SYSTEM, Cause.MEDIA_LOST)

    # --- inside -----------------------------------------------------------------------------

    def _detach(
        self, member: Member, cause: Cause, by: Party
    ) -> tuple[ConnectionEvent, Member, list[Leg]]:
        """What to tell of it; the legs that carry nothing any more are idle."""
        switch = self._switch
        about = switch.about(member)
        event: ConnectionEvent
        if _left(member):
            event = ConnectionCleared(**about, cause=cause, cleared_by=by)
        else:
            clearing = switch.call_of(member).cleared is not None
            event = Failed(**about, cause=Cause.CANCELLED if clearing else cause)
        member.calling = None
        if member.away:
            member.be_away(False)
            self.on_left(member)
        return event, member, switch.remove(member)

    def _recorded_on(self, gone: Member) -> list[CallEvent]:
        """A recording of a leg that goes on in another call is that call's from now on."""
        told: list[CallEvent] = []
        for leg in gone.legs:
            recording = leg.recording
            if leg.members and recording is not None and recording.connection_id == gone.id:
                told += self._recordings.moved(leg, leg.members[0])
        return told

    def _close(self, call: LiveCall, member: Member, idle: list[Leg]) -> None:
        for leg in idle:
            if not _left(member):
                self._forget(leg)
                continue
            closed = self._close_media(leg).addCallback(partial(self._closed, leg, member))
            call.closings.append(closed)

    def _closed(self, leg: Leg, member: Member, seen: LegStatistics) -> None:
        switch = self._switch
        switch.forget_leg(leg)
        switch.bus.publish(
            MediaReported(
                **switch.about(member),
                packets_sent=seen.sent,
                packets_received=seen.received,
                packets_lost=seen.lost,
                jitter=seen.jitter,
                round_trip=seen.round_trip,
                rating=seen.rating,
                codec=seen.codec,
            )
        )

    def _forget(self, leg: Leg) -> None:
        self._close_media(leg)
        self._switch.forget_leg(leg)

    def _finish(self, call: LiveCall, by: Party, cause: Cause) -> None:
        switch = self._switch
        del switch.calls[call.id]
        switch.bus.publish(
            CallCleared(at=utc(switch.clock), call_id=call.id, cause=cause, cleared_by=by)
        )
        assert call.cleared is not None
        call.cleared.callback(None)

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
        self._switch.release_line(leg)
        if session is None:
            return
        if leg.came and not leg.up:
            self._switch.signalling.reject(session, causes.status_of_cause(cause))
        else:
            self._switch.signalling.end(session, causes.reason(cause))

    @staticmethod
    def _end_play(leg: Leg) -> None:
        playing, leg.playing = leg.playing, None
        if playing is not None:
            playing.ended.callback(PlayEnd.CLEARED)


def _left(member: Member) -> bool:
    """Whether it was in the call: a device that was only called has failed, not left."""
    return member.answered or any(leg.came for leg in member.legs)


def _needs(call: LiveCall, member: Member) -> bool:
    """Whether the conversation is over without the member."""
    if member.answered and not member.participates:
        return False
    if call.secluded and member is not call.customer:
        return False
    return len(call.partners(member)) < 2
