"""Transfers that a telephone makes itself, by REFER (RFC 3515, RFC 5589).

Whom the telephone wants called is called by us: the far sides are joined anew and nobody outside
is asked for anything. The telephone stays in its call, holding, until its wish has come true, and
is told by NOTIFY how it goes.
"""

from cti.call import causes
from cti.call.bridging import Bridging
from cti.call.clearing import Clearing
from cti.call.connecting import Connecting
from cti.call.delivery import Delivery
from cti.call.holding import Holding
from cti.call.kept import Outcome, Unanswered
from cti.call.live import Calling, Leg, Member
from cti.call.model import Cause, DeviceKind, Party
from cti.call.switch import Switch
from cti.call.transferring import Transferring
from cti.kernel.errors import Refused
from cti.sip.events import SessionReferred

ACCEPTED, TRYING, RINGING, OK = 202, 100, 180, 200
FORBIDDEN, NOT_FOUND, NOT_NOW = 403, 404, 480


class Referring:
    """Carries out what telephones ask by REFER."""

    def __init__(
        self,
        switch: Switch,
        bridging: Bridging,
        clearing: Clearing,
        holding: Holding,
        transferring: Transferring,
        delivery: Delivery,
        connecting: Connecting,
    ) -> None:
        self._switch, self._bridging, self._clearing = switch, bridging, clearing
        self._holding, self._transferring = holding, transferring
        self._delivery, self._connecting = delivery, connecting

    def referred(self, leg: Leg, report: SessionReferred) -> None:
        """Take the wish on and carry it out, or refuse it."""
        member = leg.current or next(iter(leg.members), None)
        if member is None or not member.answered:
            self._refuse(report, NOT_NOW)
        elif member.connection.device.kind is not DeviceKind.EXTENSION:
            # Whoever is outside would have the house pay for calls to anywhere.
            self._refuse(report, FORBIDDEN)
        elif report.replaces is not None:
            self._attended(member, report)
        else:
            self._blind(member, report)

    def _attended(self, member: Member, report: SessionReferred) -> None:
        """Its two calls become one (RFC 5589, 7)."""
        assert report.replaces is not None
        other = self._switch.leg_of_session.get(report.replaces)
        consulting = other.current or next(iter(other.members), None) if other else None
        if consulting is None or other is None:
            self._refuse(report, NOT_FOUND)
            return
        if consulting.connection.device != member.connection.device:
            self._refuse(report, FORBIDDEN)
            return
        try:
            self._transferring.require(member, consulting)
        except Refused:
            self._refuse(report, NOT_NOW)
            return
        signalling = self._switch.signalling
        signalling.answer_refer(report.session, report.refer, ACCEPTED)
        signalling.notify_refer(report.session, report.refer, OK)
        self._transferring.join_parties(member, consulting)

    def _blind(self, member: Member, report: SessionReferred) -> None:
        switch, call = self._switch, self._switch.call_of(member)
        number = number_of(report.target)
        if not switch.may_call(member.connection.device.id, number):
            self._refuse(report, FORBIDDEN)
            return
        try:
            switch.require_reachable(number, member.connection.device.id)
        except Refused:
            self._refuse(report, NOT_FOUND)
            return
        rings = any(each.calling for each in call.members.values())
        if call.secluded or rings or not call.partners(member):
            self._refuse(report, NOT_NOW)
            return
        switch.signalling.answer_refer(report.session, report.refer, ACCEPTED)
        self._notify(report, TRYING)
        member.console_holds = True
        told = self._holding.put_on_hold(member)
        self._bridging.settle(call)
        for event in told:
            switch.bus.publish(event)
        if switch.live(call.id) is not None:
            self._delivery.call(call, number, self._calling(member, report, number))

    def _calling(self, member: Member, report: SessionReferred, number: str) -> Calling:
        """The outcome is the telephone's to know; with success it leaves, else it talks on."""
        headers = (("Replaces", report.elsewhere),) if report.elsewhere else ()

        def rings(_: Member) -> None:
            self._notify(report, RINGING)

        def answered(target: Member) -> None:
            self._notify(report, OK)
            call = self._switch.call_of(target)
            transferred = self._switch.handed_on(call, member, number)
            if member.id in self._switch.members:
                self._clearing.drop(member, Party.AGENT, Cause.TRANSFERRED, told=(transferred,))
            if target.id in self._switch.members:
                self._connecting.put_through(target)

        def failed(_: Member, cause: Cause) -> None:
            self._notify(report, causes.status_of_cause(cause))
            self._holding.give_back(member.id)

        outcome = Outcome(Unanswered.RETRIEVE, member.id)
        return Calling(answered, failed, rings, headers=headers, outcome=outcome)

    def _notify(self, report: SessionReferred, status: int) -> None:
        if report.session in self._switch.leg_of_session:
            self._switch.signalling.notify_refer(report.session, report.refer, status)

    def _refuse(self, report: SessionReferred, status: int) -> None:
        self._switch.signalling.answer_refer(report.session, report.refer, status)


def number_of(uri: str) -> str:
    """The user part of a SIP or tel URI, without parameters."""
    user = uri.partition(":")[2].partition("@")[0]
    return user.partition("?")[0].partition(";")[0]
