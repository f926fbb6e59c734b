"""Telling media who hears whom, and only what changed of it; `cti.call.hearing` decides."""

from dataclasses import replace
from pathlib import Path

from cti.call.control import PlayEnd
from cti.call.hearing import SILENCE, Heard, Stance, Voice, hearing
from cti.call.live import Leg, LiveCall, Member, Playing
from cti.call.model import ConnectionState
from cti.call.switch import Switch
from cti.kernel.identifiers import ConnectionId

_STANCES = {ConnectionState.CONNECTED: Stance.TALKING, ConnectionState.HOLD: Stance.HOLDING}


class Bridging:
    """Makes what legs hear agree with what their calls' connections say."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def settle(self, *calls: LiveCall) -> None:
        """Media is told; then whoever waited for an announcement that this cut short."""
        cut: list[Playing] = []
        for call in calls:
            alone = call.customer.leg if call.secluded and call.customer is not None else None
            heard = hearing(
                self.voices(call),
                waiting=call.music,
                secluded=alone.id if alone is not None else None,
            )
            for leg in {leg: None for each in call.members.values() for leg in each.legs}:
                if leg.id in heard:
                    cut += self._hear(leg, heard[leg.id])
                elif leg.current is None or leg.current.connection.call_id == call.id:
                    cut += self._hear(leg, SILENCE)
        for playing in cut:
            playing.ended.callback(PlayEnd.INTERRUPTED)

    def quiet(self, leg: Leg) -> None:
        """A leg whose current connection is gone hears nothing until it takes another back."""
        for playing in self._hear(leg, SILENCE):
            playing.ended.callback(PlayEnd.INTERRUPTED)

    def play_on(self, leg: Leg) -> None:
        """What was played over the music, or the ringing tone, is over: that goes on."""
        settings = self._switch.settings
        if leg.heard.music:
            self._repeat(leg, settings.music)
        elif leg.heard.ringing and settings.ring_back is not None:
            self._repeat(leg, settings.ring_back)

    def voices(self, call: LiveCall) -> list[Voice]:
        """The call's connections as the hearing rules see them."""
        return [
            Voice(
                leg.id,
                self._stance(member),
                member.connection.role,
                self._ear(member),
                leg.masked,
                member.connection.muted,
            )
            for member in call.members.values()
            if (leg := member.leg) is not None
        ]

    @staticmethod
    def _stance(member: Member) -> Stance:
        if member.away:
            return Stance.ABSENT
        if member.answered:
            return _STANCES[member.state]
        if member.early:
            return Stance.EARLY
        rings = member.state is ConnectionState.ALERTING
        heard = rings and member.calling is not None and member.calling.ring_back
        return Stance.RINGING if heard else Stance.ABSENT

    def _ear(self, member: Member) -> ConnectionId | None:
        listener = self._switch.members.get(member.whispers_to) if member.whispers_to else None
        return listener.leg.id if listener is not None and listener.leg is not None else None

    def _hear(self, leg: Leg, heard: Heard) -> list[Playing]:
        """Gives the announcement that this put an end to."""
        before, leg.heard = leg.heard, heard
        if before == heard:
            return []
        if replace(before, ringing=heard.ringing) == heard:
            self._ring(leg)
            return []
        self._switch.media.hear(leg.id, heard.sources)
        self.play_on(leg)
        playing, leg.playing = leg.playing, None
        return [] if playing is None else [playing]

    def _ring(self, leg: Leg) -> None:
        """The ringing tone begins or ends, unless something is played over it."""
        if leg.playing is None and leg.heard.ringing:
            self.play_on(leg)
        elif leg.playing is None:
            self._switch.media.stop(leg.id)

    def _repeat(self, leg: Leg, sound: Path) -> None:
        switch = self._switch
        switch.media.play(leg.id, next(switch.play_numbers), [sound], repeat=True)
