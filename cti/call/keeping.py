"""Calls through a restart: what is kept of them, and how they go on in the process after.

Media workers live on and dialogs can be taken up (`Signalling.resume`), so a call goes on as soon
as the tables of call control say again what they said. Nothing is sent for it: legs are not
configured anew, for only their worker has their keys, and whoever hears whom already goes on
hearing. What was under way and cannot be taken up, an INVITE above all, has failed: it is put into
the tables too, and ended by the same hands as ever, so that everybody is told in the usual way.
"""

from collections.abc import Callable, Collection, Sequence
from itertools import count

from twisted.internet.defer import Deferred, DeferredList, fail, succeed

from cti.call import causes
from cti.call.bridging import Bridging
from cti.call.clearing import Clearing
from cti.call.connecting import Connecting
from cti.call.events import CallResumed
from cti.call.hearing import Heard
from cti.call.holding import Holding
from cti.call.kept import (
    NUMBER_GAP,
    KeptCall,
    KeptLeg,
    KeptMember,
    KeptTarget,
    Outcome,
    Unanswered,
)
from cti.call.live import Calling, Leg, LiveCall, Member, Numbering
from cti.call.model import Cause, Party
from cti.call.returning import Returning
from cti.call.switch import Switch
from cti.call.transferring import Transferring
from cti.kernel.clock import utc
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.media.port import MediaAddress, MediaUnavailable
from cti.sip.events import SessionId

PLAYS_PER_SECOND = 1000
"""More announcements than begin in a second: numbers that grow faster never come twice."""


class Keeping:
    """Gives calls as plain values, and makes calls of them again."""

    def __init__(
        self,
        switch: Switch,
        bridging: Bridging,
        clearing: Clearing,
        connecting: Connecting,
        holding: Holding,
        transferring: Transferring,
        returning: Returning,
    ) -> None:
        self._switch, self._bridging, self._clearing = switch, bridging, clearing
        self._connecting, self._holding = connecting, holding
        self._transferring, self._returning = transferring, returning

    # --- keeping ----------------------------------------------------------------------------

    def keep(self, call_id: CallId) -> KeptCall | None:
        """The call as it stands; None when there is nobody in it whom it could go on with."""
        call = self._switch.live(call_id)
        if call is None:
            return None
        legs: dict[ConnectionId, KeptLeg] = {}
        members = []
        for member in call.members.values():
            leg = self._keep_leg(member)
            if leg is not None:
                legs[leg.id] = leg
            members.append(_keep_member(member, leg))
        return _keep_call(call, members, legs) if legs else None

    def session_changed(self, session: SessionId) -> None:
        """What was kept of the session does not hold any more."""
        if leg := self._switch.leg_of_session.get(session):
            leg.kept = self._switch.signalling.keep(session) or leg.kept
            self._switch.touched(leg)

    def _keep_leg(self, member: Member) -> KeptLeg | None:
        leg = member.leg
        if leg is None or not member.answered or not leg.up or leg.target is None:
            return None
        if leg.kept is None and leg.session is not None:
            leg.kept = self._switch.signalling.keep(leg.session)
        if leg.session is None or leg.kept is None:
            return None
        return KeptLeg(
            id=leg.id,
            device=leg.device,
            group=leg.group,
            session=leg.kept,
            target=KeptTarget.of(leg.target),
            members=tuple(each.id for each in leg.members),
            current=leg.current.id if leg.current else None,
            came=leg.came,
            phone_holds=leg.phone_holds,
            masked=leg.masked,
            heard=leg.heard,
            recording=leg.recording,
            trunk=leg.trunk,
            page=leg.page,
        )

    def leave(self) -> Deferred[None]:
        """End what cannot go on without us, as long as there is somebody to say so.

        Calls that nobody is in yet are cleared, devices that ring for others ring no more. Fires
        when the last event of those calls is out.
        """
        switch = self._switch
        self._returning.leave()
        cleared = []
        for call in list(switch.calls.values()):
            if self.keep(call.id) is None:
                self._clearing.clear(call.id, Party.SYSTEM, Cause.INTERRUPTED)
            if call.cleared is not None:
                cleared.append(call.cleared)
                continue
            for leg in [leg for each in call.members.values() if each.calling for leg in each.legs]:
                if (session := switch.part(leg)) is not None:
                    switch.signalling.end(session, causes.reason(Cause.INTERRUPTED))
            switch.changed(call.id)
        return DeferredList(cleared).addCallback(lambda _: None)

    # --- resuming ---------------------------------------------------------------------------

    def resume(
        self, calls: Sequence[KeptCall], away: float, expected: Collection[CallId]
    ) -> list[CallId]:
        """Have calls go on that another process kept; gives those that do.

        A call goes on if a leg of it is still there; its other legs are lost, which is for media
        to tell (`legs_lost`) behind what else there is to tell of them. So it does for a moment if
        it is `expected` to. The far sides of other calls hear that these are over, and nobody else
        does: their records are for others to close.
        """
        switch = self._switch
        switch.play_numbers = count(int(switch.clock.seconds() * PLAYS_PER_SECOND) + 1)
        legs = {leg.id: leg for call in calls for leg in call.legs}
        hears = {leg: switch.media.hears(leg) for leg in legs}
        there = {
            leg.id: address
            for leg in legs.values()
            if (address := switch.media.adopt(leg.id, leg.group)) is not None
        }
        going_on = [
            call
            for call in calls
            if call.id in expected or any(leg.id in there for leg in call.legs)
        ]
        live = [self._rebuild(call, there) for call in going_on]
        for name in there:
            _correct(switch.legs[name], hears[name])
        for leg in legs.values():
            if leg.id not in switch.legs:
                self._end(leg)
        for call in live:
            self._tell(call, away)
        for kept in going_on:
            self._give_up(kept)
        self._wait_on(live)
        self._bridging.settle(*(call for call in live if call.cleared is None))
        return [call.id for call in live]

    def _rebuild(self, kept: KeptCall, there: dict[ConnectionId, MediaAddress]) -> LiveCall:
        switch = self._switch
        call = _live_call(kept)
        switch.calls[call.id] = call
        legs = {leg.id: self._take_up(leg, there.get(leg.id)) for leg in kept.legs}
        for each in kept.members:
            member = Member(
                each.connection,
                rung=True,
                console_holds=each.console_holds,
                whispers_to=each.whispers_to,
            )
            call.members[member.id] = switch.members[member.id] = member
            if each.leg is not None:
                _carry(legs[each.leg], member)
        for leg in kept.legs:
            _restore_order(legs[leg.id], leg)
            switch.join(legs[leg.id], leg.session.id)
        return call

    def _take_up(self, kept: KeptLeg, address: MediaAddress | None) -> Leg:
        """The leg, unless another call has taken it up already."""
        switch = self._switch
        if kept.id in switch.legs:
            return switch.legs[kept.id]
        opening = fail(MediaUnavailable("lost")) if address is None else succeed(address)
        leg = Leg(kept.id, kept.device, kept.group, opening, [])
        leg.described = kept.session.described
        leg.local, leg.target = address, kept.target.target
        leg.came, leg.up, leg.phone_holds = kept.came, True, kept.phone_holds
        leg.heard, leg.masked, leg.recording = kept.heard, kept.masked, kept.recording
        leg.trunk, leg.page = kept.trunk, kept.page
        if kept.trunk:
            switch.lines.retake(kept.trunk, outgoing=not kept.came)
        switch.signalling.resume(kept.session, secret=switch.lines.secret(kept.trunk))
        switch.legs[leg.id] = leg
        return leg

    def _end(self, kept: KeptLeg) -> None:
        """The far side of a leg that is gone hears that its call is over."""
        signalling = self._switch.signalling
        signalling.resume(kept.session, secret=self._switch.lines.secret(kept.trunk))
        signalling.end(kept.session.id, causes.reason(Cause.INTERRUPTED))

    def _tell(self, call: LiveCall, away: float) -> None:
        members = call.members.values()
        here = tuple(each.id for each in members if each.leg is not None and each.leg.local)
        resumed = CallResumed(
            at=utc(self._switch.clock), call_id=call.id, connections=here, away=away
        )
        self._switch.bus.publish(resumed)
        self._switch.changed(call.id)

    def _give_up(self, kept: KeptCall) -> None:
        """Who could not be taken up is out of the call: devices that rang, above all."""
        for each in kept.members:
            member = self._switch.members.get(each.connection.id)
            if member is None or each.leg is not None or member.away:
                continue
            if each.outcome is not None:
                member.calling = self._calling(each.outcome)
                self._clearing.fail(member, Cause.INTERRUPTED)
            else:
                self._clearing.leave(member, Party.SYSTEM, Cause.INTERRUPTED)

    def _wait_on(self, calls: Sequence[LiveCall]) -> None:
        """Telephones that were away may come back now; who is not waited for is out."""
        away: dict[DeviceId, list[Member]] = {}
        for member in (each for call in calls for each in call.members.values() if each.away):
            away.setdefault(member.connection.device.id, []).append(member)
        for members in away.values():
            if not self._returning.resume(members):
                for member in members:
                    if member.id in self._switch.members:
                        self._clearing.leave(member, Party.SYSTEM, Cause.INTERRUPTED)

    def _calling(self, outcome: Outcome) -> Calling:
        """For a device that will not answer: what whoever had it called meant to do then."""
        return self._connecting.for_waiting(self._failed(outcome), outcome=outcome)

    def _failed(self, outcome: Outcome) -> Callable[[Member, Cause], None]:
        def failed(member: Member, cause: Cause) -> None:
            call_id = member.connection.call_id
            match outcome.then:
                case Unanswered.STAY:
                    pass
                case Unanswered.CLEAR:
                    self._clearing.clear(call_id, Party.SYSTEM, cause)
                case Unanswered.RING_BACK:
                    device = DeviceId(outcome.whom)
                    self._transferring.ringing_back(device, call_id).failed(member, cause)
                case Unanswered.RETRIEVE:
                    self._holding.give_back(ConnectionId(outcome.whom))

        return failed


def _keep_member(member: Member, leg: KeptLeg | None) -> KeptMember:
    return KeptMember(
        member.connection,
        leg.id if leg is not None else None,
        member.console_holds,
        member.whispers_to,
        member.calling.outcome if member.calling is not None else None,
    )


def _keep_call(
    call: LiveCall, members: Sequence[KeptMember], legs: dict[ConnectionId, KeptLeg]
) -> KeptCall:
    return KeptCall(
        id=call.id,
        group=call.group,
        direction=call.direction,
        calling=call.calling,
        called=call.called,
        started=call.started,
        max_forwards=call.max_forwards,
        diverted_from=call.diverted_from,
        diverted_why=call.diverted_why,
        user_data=call.user_data,
        waiting=call.waiting,
        numbers=call.numbers.last,
        files=call.files.last,
        members=tuple(members),
        legs=tuple(legs.values()),
        secluded=call.secluded,
    )


def _live_call(kept: KeptCall) -> LiveCall:
    """The call without anybody in it; its numbering goes on above what may have been given."""
    return LiveCall(
        kept.id,
        kept.group,
        kept.direction,
        kept.calling,
        kept.called,
        kept.started,
        max_forwards=kept.max_forwards,
        diverted_from=kept.diverted_from,
        diverted_why=kept.diverted_why,
        user_data=kept.user_data,
        numbers=Numbering(kept.numbers + NUMBER_GAP),
        files=Numbering(kept.files + NUMBER_GAP),
        waiting=kept.waiting,
        secluded=kept.secluded,
    )


def _carry(leg: Leg, member: Member) -> None:
    member.legs = [leg]
    leg.members.append(member)


def _restore_order(leg: Leg, kept: KeptLeg) -> None:
    """Those the leg carries stand as they stood; the current one is current, if it is there."""
    places = {name: place for place, name in enumerate(kept.members)}
    leg.members.sort(key=lambda member: places.get(member.id, len(places)))
    leg.current = next((each for each in leg.members if each.id == kept.current), None)


def _correct(leg: Leg, hears: tuple[ConnectionId, ...]) -> None:
    """Media may have been told otherwise since what is known of the leg was written down."""
    if set(hears) != set(leg.heard.sources):
        leg.heard = Heard(hears)
