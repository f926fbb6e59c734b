"""The services of call control (ECMA-269), done with SIP sessions and RTP legs.

`CallServices` is the back-to-back user agent of the house: each device has a SIP session of its
own, and who hears whom is for the media workers. Reports of the user agent, reports of the media
workers and commands from above come in; events go out on the bus, each when its fact is true. What
the services do is in the modules beside this one, which `parts` puts together.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from cti.call.control import Collected, KeyPlan, PlaceKeeper, PlayEnd, Snoop, Sound
from cti.call.events import DeviceRegistered, DeviceUnregistered
from cti.call.kept import KeptCall
from cti.call.live import Leg
from cti.call.model import Call, Cause, Party
from cti.call.parts import Parts
from cti.call.routing import Entry, Routing
from cti.call.switch import Switch
from cti.call.transferring import attached
from cti.kernel.clock import utc
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.media.port import PlayOutcome
from cti.sip.events import (
    BindingAdded,
    BindingMoved,
    BindingRemoved,
    Report,
    SessionAccepted,
    SessionChanged,
    SessionConfirmed,
    SessionEnded,
    SessionId,
    SessionKey,
    SessionOffered,
    SessionProgressed,
    SessionReferProgressed,
    SessionReferred,
    SessionReoffered,
)


class CallServices:
    """Implements `CallControl`; hears signalling by `report`, media as its `MediaListener`."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._parts = Parts.of(switch)

    def route(self, routing: Routing) -> None:
        """From now on these entries take new calls."""
        self._parts.arrival.routing = routing

    def restrict(self, may_call: Callable[[DeviceId, str], bool]) -> None:
        """From now on telephones call, and send calls to, only what this allows."""
        self._switch.may_call = may_call

    def shut_down(self) -> Deferred[None]:
        """Refuse new calls and end the others properly; fires when all are cleared."""
        self._parts.arrival.closed = True
        return self._parts.clearing.shut_down()

    # --- through a restart --------------------------------------------------------------------

    def keep(self, call_id: CallId) -> KeptCall | None:
        """What another process needs to go on with the call; None where it could not."""
        return self._parts.keeping.keep(call_id)

    def resume(
        self, calls: Sequence[KeptCall], away: float, expected: Collection[CallId] = ()
    ) -> list[CallId]:
        """Go on with calls that another process kept, `away` seconds ago; gives those that do.

        CallResumed tells of each; what of it could not be taken up has failed, and is told next.
        Legs that are not there any more are for `legs_lost`. Of the `expected` ones others know
        already that they go on: if nothing of them is left by now, they are told to end.
        """
        return self._parts.keeping.resume(calls, away, expected)

    def leave(self) -> Deferred[None]:
        """Refuse new calls and end those that cannot be kept; fires when those are cleared.

        The others are for the process that comes after us.
        """
        self._parts.arrival.closed = True
        return self._parts.keeping.leave()

    # --- CallControl ------------------------------------------------------------------------

    def get(self, call_id: CallId) -> Call | None:
        """See `CallControl`, as for all that follow."""
        call = self._switch.calls.get(call_id)
        return call.view() if call else None

    def calls(self) -> list[Call]:
        return [call.view() for call in self._switch.calls.values()]

    def names(self) -> list[CallId]:
        return list(self._switch.calls)

    def registered(self, device_id: DeviceId) -> bool:
        return bool(self._switch.signalling.contacts(device_id))

    def attach(self, call_id: CallId, **changes: Any) -> None:
        call = self._switch.live(call_id)
        if call is not None:
            call.user_data = replace(call.user_data, **changes)
            self._switch.bus.publish(attached(self._switch, call))

    def keep_places(self, keeper: PlaceKeeper) -> None:
        self._parts.returning.keeper = keeper

    def make(self, device_id: DeviceId, number: str) -> CallId:
        return self._parts.making.make(device_id, number)

    def originate(self, number: str, entry: Entry) -> CallId:
        return self._parts.making.originate(number, entry)

    def answer(self, call_id: CallId) -> Deferred[bool]:
        return self._parts.answering.answer(call_id)

    def reject(self, call_id: CallId, cause: Cause) -> None:
        self.clear(call_id, Party.SYSTEM, cause)

    def deflect(
        self, connection_id: ConnectionId, number: str, *, redirect: bool = False
    ) -> ConnectionId:
        return self._parts.making.deflect(connection_id, number, redirect=redirect)

    def deliver(self, call_id: CallId, device_id: DeviceId) -> ConnectionId:
        return self._parts.connecting.deliver(call_id, device_id)

    def hold(self, connection_id: ConnectionId) -> None:
        self._parts.holding.hold(connection_id)

    def retrieve(self, connection_id: ConnectionId) -> None:
        self._parts.holding.retrieve(connection_id)

    def consult(self, connection_id: ConnectionId, number: str) -> ConnectionId:
        return self._parts.consulting.consult(connection_id, number)

    def alternate(self, held: ConnectionId, active: ConnectionId) -> None:
        self._parts.consulting.alternate(held, active)

    def reconnect(self, held: ConnectionId, active: ConnectionId) -> None:
        self._parts.consulting.reconnect(held, active)

    def transfer(self, held: ConnectionId, active: ConnectionId) -> None:
        self._parts.transferring.transfer(held, active)

    def conference(self, held: ConnectionId, active: ConnectionId) -> None:
        self._parts.conferencing.conference(held, active)

    def single_step_transfer(
        self, connection_id: ConnectionId, number: str, *, release: bool = False
    ) -> ConnectionId:
        return self._parts.transferring.single_step(connection_id, number, release=release)

    def park(self, connection_id: ConnectionId) -> None:
        self._parts.parking.park(connection_id)

    def mute(self, connection_id: ConnectionId, muted: bool) -> None:
        self._parts.parking.mute(connection_id, muted)

    def join(self, call_id: CallId, device_id: DeviceId) -> ConnectionId:
        return self._parts.conferencing.join(call_id, device_id)

    def snoop(
        self,
        call_id: CallId,
        device_id: DeviceId,
        mode: Snoop,
        *,
        agent: ConnectionId | None = None,
    ) -> ConnectionId:
        return self._parts.supervising.snoop(call_id, device_id, mode, agent)

    def intercept(self, connection_id: ConnectionId, device_id: DeviceId) -> ConnectionId:
        return self._parts.supervising.intercept(connection_id, device_id)

    def clear_connection(
        self, connection_id: ConnectionId, by: Party = Party.SYSTEM, cause: Cause = Cause.NORMAL
    ) -> None:
        self._parts.clearing.clear_connection(connection_id, by, cause)

    def clear(self, call_id: CallId, by: Party = Party.SYSTEM, cause: Cause = Cause.NORMAL) -> None:
        self._parts.clearing.clear(call_id, by, cause)

    def play(
        self,
        call_id: CallId,
        sounds: Sequence[Sound],
        *,
        repeat: bool = False,
        barge_in: bool = False,
        to: ConnectionId | None = None,
    ) -> Deferred[PlayEnd]:
        return self._parts.listening.play(call_id, sounds, repeat=repeat, barge_in=barge_in, to=to)

    def stop(self, call_id: CallId, *, to: ConnectionId | None = None) -> None:
        self._parts.listening.stop(call_id, to)

    def collect(self, call_id: CallId, on_key: Callable[[str], None] | None) -> None:
        self._parts.listening.collect(call_id, on_key)

    def collect_keys(self, call_id: CallId, plan: KeyPlan) -> Deferred[Collected]:
        return self._parts.listening.collect_keys(call_id, plan)

    def send_keys(self, connection_id: ConnectionId, keys: str) -> None:
        self._parts.listening.send_keys(connection_id, keys)

    def record(self, call_id: CallId) -> None:
        if call := self._switch.live(call_id):
            self._parts.recordings.record(call)

    def pause_recording(self, call_id: CallId, paused: bool) -> None:
        if call := self._switch.live(call_id):
            self._parts.recordings.pause(call, paused)

    def mask(self, call_id: CallId, masked: bool) -> None:
        if call := self._switch.live(call_id):
            self._parts.secrecy.mask(call, masked)

    def seclude(self, call_id: CallId, secluded: bool) -> None:
        if call := self._switch.live(call_id):
            self._parts.secrecy.seclude(call, secluded)

    def mark(self, call_id: CallId, label: str) -> None:
        if call := self._switch.live(call_id):
            self._parts.recordings.mark(call, label)

    # --- reports of signalling --------------------------------------------------------------

    def report(self, report: Report) -> None:
        """What the user agent has to say, about sessions and about registered telephones."""
        match report:
            case SessionOffered():
                self._parts.arrival.offered(report)
            case BindingAdded(account=account):
                registered = DeviceRegistered(
                    at=utc(self._switch.clock), device_id=DeviceId(account)
                )
                self._switch.bus.publish(registered)
                self._parts.returning.registered(DeviceId(account))
            case BindingMoved(account=account):
                self._parts.returning.registered(DeviceId(account))
            case BindingRemoved(account=account):
                gone = DeviceUnregistered(at=utc(self._switch.clock), device_id=DeviceId(account))
                self._switch.bus.publish(gone)
            case SessionReferred():
                self._referred(report)
            case SessionChanged(session=session):
                self._parts.keeping.session_changed(session)
            case (
                SessionProgressed()
                | SessionAccepted()
                | SessionConfirmed()
                | SessionReoffered()
                | SessionKey()
                | SessionEnded()
                | SessionReferProgressed()
            ):
                self._about_session(report.session, report)

    def _about_session(self, session: SessionId, report: Report) -> None:
        leg = self._switch.leg_of_session.get(session)
        if leg is None:
            return
        parts = self._parts
        match report:
            case SessionProgressed():
                parts.delivery.progressed(leg, report)
            case SessionAccepted():
                parts.delivery.accepted(leg, report)
            case SessionConfirmed():
                parts.holding.confirmed(leg, report)
                self._switch.touched(leg)
            case SessionReoffered():
                parts.holding.reoffered(leg, report)
            case SessionKey(key=key):
                parts.listening.pressed_by_info(leg, key)
            case SessionReferProgressed():
                parts.transferring.refer_progressed(leg, report)
            case SessionEnded() if leg.up or leg.came:
                parts.clearing.session_ended(leg, report)
            case SessionEnded():
                parts.delivery.refused(leg, report)

    def _referred(self, report: SessionReferred) -> None:
        leg = self._switch.leg_of_session.get(report.session)
        if leg is None:
            self._switch.signalling.answer_refer(report.session, report.refer, 481)
        else:
            self._parts.referring.referred(leg, report)

    # --- MediaListener ----------------------------------------------------------------------

    def key_pressed(self, leg: ConnectionId, key: str) -> None:
        """A key began."""
        if found := self._leg(leg):
            self._parts.listening.pressed(found, key)

    def play_ended(self, leg: ConnectionId, play: int, outcome: PlayOutcome) -> None:
        """An announcement came to its end, or a key cut it short."""
        if found := self._leg(leg):
            self._parts.listening.ended(found, play, outcome)

    def recording_closed(self, leg: ConnectionId, path: Path, seconds: float, digest: str) -> None:
        """A recording is complete on disk; told twice where a server died over the first."""
        if found := self._leg(leg):
            self._parts.recordings.closed(found, path, seconds, digest)

    def legs_lost(self, legs: Sequence[ConnectionId]) -> None:
        """A media worker died or a far side fell silent: they are out of their calls."""
        for leg in legs:
            if found := self._leg(leg):
                self._parts.clearing.lost(found)

    def _leg(self, name: ConnectionId) -> Leg | None:
        return self._switch.legs.get(name)
