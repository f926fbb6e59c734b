"""Leads waiting callers through the dialogue about calling them back, while they wait on.

Whoever is in it keeps their place and may be taken by an agent at any moment: the answer cuts the
dialogue like any announcement.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from twisted.logger import Logger
from twisted.python.failure import Failure

from agents.acd.call_back_dialogue import (
    Action,
    Cancel,
    Dialogue,
    GoOn,
    Keep,
    MayCall,
    Promise,
    Say,
    Stay,
    begin,
    pressed,
    silent,
)
from agents.acd.call_back_rules import CallBackRules
from agents.acd.waiting import Sounds
from agents.timer import Timer
from cti.call.control import CallControl, PlayEnd
from cti.kernel.clock import Clock
from cti.kernel.identifiers import CallId
from cti.kernel.vocabulary import Language

SILENCE = 5.0
"""Seconds without a key after which a question is asked again."""


class Inviter(Protocol):
    """Who is told how a dialogue ended (`agents.acd.engine`)."""

    def agreed(self, call_id: CallId, action: Promise | Keep | Cancel | Stay) -> None:
        """The caller decided so, or never did (`Stay`)."""


@dataclass(slots=True, eq=False)
class _Guest:
    call_id: CallId
    language: Language
    dialogue: Dialogue
    timer: Timer
    turn: int = 0
    """Counts what is said; whatever belongs to an earlier turn is over."""


class Invitations:
    """The dialogues under way, one for each caller at most."""

    log = Logger()

    def __init__(
        self,
        clock: Clock,
        control: CallControl,
        sounds: Sounds,
        inviter: Inviter,
        may_call: MayCall,
    ) -> None:
        self._clock, self._control, self._sounds = clock, control, sounds
        self._inviter, self._may_call = inviter, may_call
        self._guests: dict[CallId, _Guest] = {}

    def invite(
        self,
        call_id: CallId,
        language: Language,
        rules: CallBackRules,
        number: str,
        *,
        promised: bool = False,
    ) -> None:
        """Begin the dialogue with a caller of that number, who may have a promise already."""
        self.end(call_id)
        dialogue, action = begin(rules, number, promised=promised, may_call=self._may_call)
        guest = self._guests[call_id] = _Guest(call_id, language, dialogue, Timer(self._clock))
        self._control.collect(call_id, lambda key: self._pressed(guest, key))
        self._do(guest, action)

    def invited(self, call_id: CallId) -> bool:
        """Whether the caller is in a dialogue."""
        return call_id in self._guests

    def end(self, call_id: CallId) -> None:
        """Break the dialogue off; nothing if there is none."""
        guest = self._guests.pop(call_id, None)
        if guest is not None:
            guest.timer.disarm()
            self._control.collect(call_id, None)

    def _pressed(self, guest: _Guest, key: str) -> None:
        if self._is_on(guest):
            guest.timer.disarm()
            guest.dialogue, action = pressed(guest.dialogue, key)
            self._do(guest, action)

    def _silent(self, guest: _Guest) -> None:
        guest.dialogue, action = silent(guest.dialogue)
        self._do(guest, action)

    def _do(self, guest: _Guest, action: Action) -> None:
        guest.turn += 1
        match action:
            case Say(words):
                spoken = self._sounds.sounds(words, guest.language)
                spoken.addCallback(self._say, guest, guest.turn)
                spoken.addErrback(self._failed, guest)
            case GoOn():
                self._control.stop(guest.call_id)
                self._listen(guest)
            case Promise() | Keep() | Cancel() | Stay():
                self.end(guest.call_id)
                self._inviter.agreed(guest.call_id, action)

    def _say(self, paths: list[Path], guest: _Guest, turn: int) -> None:
        if not self._is_on(guest) or turn != guest.turn:
            self._sounds.release(paths)
            return
        if not paths:
            self._listen(guest)
            return
        playing = self._control.play(guest.call_id, paths, barge_in=True)
        playing.addCallback(self._said, guest, turn, paths)

    def _said(self, end: PlayEnd, guest: _Guest, turn: int, paths: list[Path]) -> None:
        self._sounds.release(paths)
        if self._is_on(guest) and turn == guest.turn and end is not PlayEnd.CLEARED:
            self._listen(guest)

    def _failed(self, failure: Failure, guest: _Guest) -> None:
        self.log.failure("dialogue with {call_id} failed", failure, call_id=guest.call_id)
        if self._is_on(guest):
            self._do(guest, Stay())

    def _listen(self, guest: _Guest) -> None:
        guest.timer.arm(SILENCE, lambda: self._silent(guest))

    def _is_on(self, guest: _Guest) -> bool:
        return self._guests.get(guest.call_id) is guest
