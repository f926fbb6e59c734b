"""What is played to devices, and the keys they press."""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, succeed

from cti.call import collecting
from cti.call.bridging import Bridging
from cti.call.collecting import Collected, Collection, KeyPlan, Why
from cti.call.control import PlayEnd, Sound
from cti.call.hearing import SILENCE
from cti.call.live import Leg, LiveCall, Playing
from cti.call.rules import Service, check
from cti.call.switch import Switch
from cti.kernel.identifiers import CallId, ConnectionId
from cti.kernel.secret import Secret
from cti.media.port import PlayOutcome

_PLAY_ENDS = {PlayOutcome.FINISHED: PlayEnd.FINISHED}


class Taking:
    """A collection of keys under way in a call, with its limit on the clock."""

    def __init__(self, switch: Switch, plan: KeyPlan) -> None:
        self._switch = switch
        self._collection = Collection(plan)
        self._limit: Any = None
        self.done: Deferred[Collected] = Deferred()

    @property
    def plan(self) -> KeyPlan:
        """What it takes."""
        return self._collection.plan

    @property
    def over(self) -> bool:
        """Whether it takes no more keys."""
        return self._collection.phase is collecting.Phase.DONE

    def happened(self, event: collecting.Event) -> None:
        """Something it waits for came."""
        self._collection, actions = collecting.step(self._collection, event)
        self._perform(actions)

    def finish(self, why: Why) -> None:
        """It ends before its time."""
        self._collection, actions = collecting.finish(self._collection, why)
        self._perform(actions)

    def _perform(self, actions: Sequence[collecting.Action]) -> None:
        for action in actions:
            match action:
                case collecting.StartLimit(seconds=seconds):
                    self._stop()
                    passed = collecting.LimitPassed()
                    self._limit = self._switch.clock.callLater(seconds, self.happened, passed)
                case collecting.StopLimit():
                    self._stop()
                case collecting.Finish(collected=collected):
                    self.done.callback(collected)

    def _stop(self) -> None:
        if self._limit is not None and self._limit.active():
            self._limit.cancel()
        self._limit = None


class Listening:
    """Plays to devices and hands on what the customer presses."""

    def __init__(self, switch: Switch, bridging: Bridging) -> None:
        self._switch, self._bridging = switch, bridging
        self._takings: dict[CallId, Taking] = {}

    # --- playing ----------------------------------------------------------------------------

    def play(
        self,
        call_id: CallId,
        sounds: Sequence[Sound],
        *,
        repeat: bool,
        barge_in: bool,
        to: ConnectionId | None,
    ) -> Deferred[PlayEnd]:
        """See `CallControl.play`."""
        leg = self.leg(call_id, to)
        if leg is None:
            return succeed(PlayEnd.CLEARED)
        if not sounds:
            self._stop_playing(leg)
            return succeed(PlayEnd.FINISHED)
        self._takes_over(call_id, leg)
        # Who waited for what played before may act on its end, and finds the new one in place.
        before, ended = leg.playing, Deferred[PlayEnd]()
        leg.playing = Playing(next(self._switch.play_numbers), ended, barge_in)
        number = leg.playing.number
        self._switch.media.play(leg.id, number, sounds, repeat=repeat, barge_in=barge_in)
        if before is not None:
            before.ended.callback(PlayEnd.INTERRUPTED)
        return ended

    def stop(self, call_id: CallId, to: ConnectionId | None = None) -> None:
        """See `CallControl.stop`."""
        leg = self.leg(call_id, to)
        if leg is not None and leg.playing is not None:
            self._stop_playing(leg)

    def ended(self, leg: Leg, play: int, outcome: PlayOutcome) -> None:
        """An announcement came to its end, or a key cut it short."""
        if leg.playing is not None and leg.playing.number == play:
            self._end_play(leg, _PLAY_ENDS.get(outcome, PlayEnd.INTERRUPTED))

    # --- keys -------------------------------------------------------------------------------

    def collect(self, call_id: CallId, on_key: Callable[[str], None] | None) -> None:
        """See `CallControl.collect`."""
        if call := self._switch.live(call_id):
            call.collector = on_key

    def collect_keys(self, call_id: CallId, plan: KeyPlan) -> Deferred[Collected]:
        """See `CallControl.collect_keys`."""
        leg = self.leg(call_id, None)
        if leg is None:
            return succeed(Collected(Secret(""), Why.CLEARED))
        before = self._takings.pop(call_id, None)
        taking = self._takings[call_id] = Taking(self._switch, plan)
        taking.done.addBoth(self._taken, call_id, taking)
        if before is not None:
            before.finish(Why.REPLACED)
        taking.happened(collecting.Begun(prompted=leg.playing is not None))
        return taking.done

    def send_keys(self, connection_id: ConnectionId, keys: str) -> None:
        """See `CallControl.send_keys`."""
        member = self._switch.members.get(connection_id)
        if member is None or member.leg is None:
            return
        check(Service.SEND_KEYS, member.state)
        self._switch.media.send_keys(member.leg.id, keys)

    def pressed(self, leg: Leg, key: str) -> None:
        """A key of the customer goes to whoever collects; keys of others go nowhere."""
        call = self._call_of_customer(leg)
        if call is None:
            return
        taking = self._takings.get(call.id)
        if taking is not None and not taking.over:
            if taking.plan.barge_in and leg.playing is not None:
                self._stop_playing(leg)
            taking.happened(collecting.Pressed(key))
        elif call.collector is not None:
            call.collector(key)

    def pressed_by_info(self, leg: Leg, key: str) -> None:
        """A key that came by SIP INFO: media knows nothing of it, so its prompt is cut here."""
        if self._call_of_customer(leg) is None:
            return
        if leg.playing is not None and leg.playing.barge_in:
            self._stop_playing(leg)
        self.pressed(leg, key)

    def cleared(self, call_id: CallId) -> None:
        """The call ends: so does what is collected in it."""
        if taking := self._takings.pop(call_id, None):
            taking.finish(Why.CLEARED)

    # --- inside -----------------------------------------------------------------------------

    def leg(self, call_id: CallId, to: ConnectionId | None) -> Leg | None:
        """The customer's leg, or that of the connection, while its call lives."""
        call = self._switch.live(call_id)
        if call is None:
            return None
        member = call.members.get(to) if to is not None else call.customer
        return member.leg if member is not None else None

    def _takes_over(self, call_id: CallId, leg: Leg) -> None:
        """Whoever plays to a party that waits alone serves it now: the music of waiting is over."""
        call = self._switch.calls[call_id]
        if call.waiting and len(call.members) == 1:
            call.waiting, leg.heard = False, SILENCE
            self._switch.changed(call_id)

    def _call_of_customer(self, leg: Leg) -> LiveCall | None:
        for member in leg.members:
            call = self._switch.live(member.connection.call_id)
            if call is not None and call.customer is member:
                return call
        return None

    def _stop_playing(self, leg: Leg) -> None:
        self._switch.media.stop(leg.id)
        self._end_play(leg, PlayEnd.INTERRUPTED)

    def _end_play(self, leg: Leg, end: PlayEnd) -> None:
        playing, leg.playing = leg.playing, None
        self._bridging.play_on(leg)
        call = self._call_of_customer(leg)
        if playing is not None:
            playing.ended.callback(end)
        taking = self._takings.get(call.id) if call is not None else None
        if taking is not None and leg.playing is None:
            taking.happened(collecting.PromptOver())

    def _taken(self, collected: Collected, call_id: CallId, taking: Taking) -> Collected:
        if self._takings.get(call_id) is taking:
            del self._takings[call_id]
        return collected
