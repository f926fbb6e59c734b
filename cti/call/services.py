"""The services of call control (ECMA-269), done with SIP sessions and RTP legs.

`CallServices` is the back-to-back user agent of the house: each device has a SIP session of its
own, and what two devices hear of each other is a bridge in a media worker. Reports of the user
agent, reports of the media workers and commands from above come in; events go out on the bus, each
when its fact is true.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, succeed

from cti.call.arrival import Arrival
from cti.call.clearing import Clearing
from cti.call.control import PlayEnd, Sound
from cti.call.delivery import Delivery
from cti.call.events import (
    DeviceRegistered,
    DeviceUnregistered,
    RecordingStopped,
    UserDataAttached,
)
from cti.call.holding import Holding
from cti.call.live import Leg, LiveCall, Playing
from cti.call.model import Call, Cause, Party
from cti.call.routing import Routing
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.media.port import PlayOutcome
from cti.sip.events import (
    BindingAdded,
    BindingRemoved,
    Report,
    SessionAccepted,
    SessionConfirmed,
    SessionEnded,
    SessionId,
    SessionKey,
    SessionOffered,
    SessionProgressed,
    SessionReoffered,
)

_PLAY_ENDS = {PlayOutcome.FINISHED: PlayEnd.FINISHED}


class CallServices:
    """Implements `CallControl`; hears signalling by `report`, media as its `MediaListener`."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._clearing = Clearing(switch)
        self._arrival = Arrival(switch, self._clearing)
        self._delivery = Delivery(switch, self._clearing)
        self._holding = Holding(switch, self._clearing)

    def route(self, routing: Routing) -> None:
        """From now on these entries take new calls."""
        self._arrival.routing = routing

    def shut_down(self) -> Deferred[None]:
        """Refuse new calls and end the others properly; fires when all are cleared."""
        self._arrival.closed = True
        calls = list(self._switch.calls.values())
        for call in calls:
            self.clear(call.id, Party.SYSTEM, Cause.INTERRUPTED)
        waiting = [call.cleared for call in calls if call.cleared is not None]
        return DeferredList(waiting).addCallback(lambda _: None)

    # --- CallControl ------------------------------------------------------------------------

    def get(self, call_id: CallId) -> Call | None:
        """See `CallControl`, as for all that follow."""
        call = self._switch.calls.get(call_id)
        return call.view() if call else None

    def calls(self) -> list[Call]:
        return [call.view() for call in self._switch.calls.values()]

    def registered(self, device_id: DeviceId) -> bool:
        return bool(self._switch.signalling.contacts(device_id))

    def attach(self, call_id: CallId, **changes: Any) -> None:
        call = self._switch.live(call_id)
        if call is None:
            return
        data = call.user_data = replace(call.user_data, **changes)
        self._switch.bus.publish(
            UserDataAttached(
                at=utc(self._switch.clock),
                call_id=call_id,
                customer_id=data.customer_id,
                service_level=data.service_level,
                language=data.language,
                verification=data.verification,
                path=data.path,
            )
        )

    def answer(self, call_id: CallId) -> Deferred[bool]:
        return self._arrival.answer(call_id)

    def reject(self, call_id: CallId, cause: Cause) -> None:
        self.clear(call_id, Party.SYSTEM, cause)

    def play(
        self,
        call_id: CallId,
        sounds: Sequence[Sound],
        *,
        repeat: bool = False,
        barge_in: bool = False,
    ) -> Deferred[PlayEnd]:
        found = self._caller(call_id)
        if found is None:
            return succeed(PlayEnd.CLEARED)
        call, leg = found
        if not sounds:
            self._stop_playing(call, leg)
            return succeed(PlayEnd.FINISHED)
        # Who waited for what played before may act on its end, and finds the new one in place.
        before, ended = call.playing, Deferred[PlayEnd]()
        call.playing = Playing(next(self._switch.play_numbers), ended, barge_in)
        number = call.playing.number
        self._switch.media.play(leg.id, number, sounds, repeat=repeat, barge_in=barge_in)
        if before is not None:
            before.ended.callback(PlayEnd.INTERRUPTED)
        return ended

    def stop(self, call_id: CallId) -> None:
        found = self._caller(call_id)
        if found is not None and found[0].playing is not None:
            self._stop_playing(*found)

    def collect(self, call_id: CallId, on_key: Callable[[str], None] | None) -> None:
        if call := self._switch.live(call_id):
            call.collector = on_key

    def mask(self, call_id: CallId, masked: bool) -> None:
        if found := self._caller(call_id):
            self._switch.media.mask(found[1].id, masked)

    def deliver(self, call_id: CallId, device_id: DeviceId) -> ConnectionId:
        return self._delivery.deliver(call_id, device_id)

    def hold(self, connection_id: ConnectionId) -> None:
        self._holding.hold(connection_id)

    def retrieve(self, connection_id: ConnectionId) -> None:
        self._holding.retrieve(connection_id)

    def clear_connection(
        self, connection_id: ConnectionId, by: Party = Party.SYSTEM, cause: Cause = Cause.NORMAL
    ) -> None:
        self._clearing.clear_connection(connection_id, by, cause)

    def clear(self, call_id: CallId, by: Party = Party.SYSTEM, cause: Cause = Cause.NORMAL) -> None:
        self._clearing.clear(call_id, by, cause)

    # --- reports of signalling --------------------------------------------------------------

    def report(self, report: Report) -> None:
        """What the user agent has to say, about sessions and about registered telephones."""
        match report:
            case SessionOffered():
                self._arrival.offered(report)
            case BindingAdded(account=account):
                registered = DeviceRegistered(
                    at=utc(self._switch.clock), device_id=DeviceId(account)
                )
                self._switch.bus.publish(registered)
            case BindingRemoved(account=account):
                gone = DeviceUnregistered(at=utc(self._switch.clock), device_id=DeviceId(account))
                self._switch.bus.publish(gone)
            case (
                SessionProgressed()
                | SessionAccepted()
                | SessionConfirmed()
                | SessionReoffered()
                | SessionKey()
                | SessionEnded()
            ):
                self._about_session(report.session, report)

    def _about_session(self, session: SessionId, report: Report) -> None:
        leg = self._switch.leg_of_session.get(session)
        if leg is None:
            return
        match report:
            case SessionProgressed():
                self._delivery.progressed(leg, report)
            case SessionAccepted():
                self._delivery.accepted(leg, report)
            case SessionConfirmed():
                self._holding.confirmed(leg, report)
            case SessionReoffered():
                self._holding.reoffered(leg, report)
            case SessionKey(key=key):
                self._pressed_by_info(leg, key)
            case SessionEnded():
                self._clearing.session_ended(leg, report)

    def _pressed_by_info(self, leg: Leg, key: str) -> None:
        call = self._switch.call_of_leg.get(leg.id)
        if call is None or leg.connection.party is not Party.CALLER:
            return
        if call.playing is not None and call.playing.barge_in:
            self._stop_playing(call, leg)
        self.key_pressed(leg.id, key)

    # --- MediaListener ----------------------------------------------------------------------

    def key_pressed(self, leg: ConnectionId, key: str) -> None:
        """A key of the caller goes to whoever collects; keys of agents go nowhere."""
        call = self._switch.call_of_leg.get(leg)
        if call is None or call.collector is None:
            return
        if call.legs[leg].connection.party is Party.CALLER:
            call.collector(key)

    def play_ended(self, leg: ConnectionId, play: int, outcome: PlayOutcome) -> None:
        """An announcement came to its end, or a key cut it short."""
        call = self._switch.call_of_leg.get(leg)
        if call is not None and call.playing is not None and call.playing.number == play:
            self._switch.end_play(call, _PLAY_ENDS.get(outcome, PlayEnd.INTERRUPTED))

    def recording_closed(self, leg: ConnectionId, path: Path, seconds: float, digest: str) -> None:
        """A recording is complete on disk."""
        call = self._switch.call_of_leg.get(leg)
        if call is None:
            return
        file = path.relative_to(self._switch.settings.recordings).as_posix()
        self._switch.bus.publish(
            RecordingStopped(
                at=utc(self._switch.clock),
                call_id=call.id,
                connection_id=leg,
                file=file,
                seconds=seconds,
                digest=digest,
            )
        )

    def legs_lost(self, legs: Sequence[ConnectionId]) -> None:
        """A media worker died or a far side fell silent: those calls cannot go on."""
        for leg in legs:
            if call := self._switch.call_of_leg.get(leg):
                self.clear(call.id, Party.SYSTEM, Cause.MEDIA_LOST)

    # --- inside -----------------------------------------------------------------------------

    def _stop_playing(self, call: LiveCall, leg: Leg) -> None:
        self._switch.media.stop(leg.id)
        self._switch.end_play(call, PlayEnd.INTERRUPTED)

    def _caller(self, call_id: CallId) -> tuple[LiveCall, Leg] | None:
        call = self._switch.live(call_id)
        leg = call.leg_of(Party.CALLER) if call else None
        return (call, leg) if call is not None and leg is not None else None
