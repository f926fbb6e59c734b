"""What callers hear while they wait: music, and every so often their place and expected wait.

Nothing here can delay a connection: an announcement is cut by the agent's answer like the music,
and one still being spoken into a file when the caller has left is thrown away.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from agents.acd.estimate import Wait
from cti.call.control import CallControl, PlayEnd
from cti.kernel.clock import Clock, DelayedCall
from cti.kernel.identifiers import CallId
from cti.kernel.vocabulary import Language
from prompts.catalogue import Announcement
from prompts.spoken.values import WaitRange

FIRST_ANNOUNCEMENT = 8.0
"""Seconds of music before the first one, and before one that a ringing phone made wait."""


class Sounds(Protocol):
    """Where music and spoken announcements come from (`prompts.announcer.Announcer`)."""

    def music(self) -> Path:
        """Music that can be repeated without a seam."""

    def sounds(
        self, announcements: Sequence[Announcement], language: Language
    ) -> Deferred[list[Path]]:
        """The announcements in that language as files."""

    def release(self, paths: Sequence[Path]) -> None:
        """The files are not needed any more."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a caller stands: 1 is next; `wait` is None when nobody serves the queue."""

    position: int
    wait: Wait | None


PlaceOf = Callable[[CallId], Place | None]
"""The caller's place; None while a phone rings for them."""


@dataclass(slots=True)
class _Guest:
    call_id: CallId
    language: Language
    every: float
    timer: DelayedCall | None = None


class WaitingRoom:
    """Entertains the callers of every queue."""

    log = Logger()

    def __init__(
        self, clock: Clock, control: CallControl, sounds: Sounds, place_of: PlaceOf
    ) -> None:
        self._clock, self._control, self._sounds = clock, control, sounds
        self._place_of = place_of
        self._guests: dict[CallId, _Guest] = {}

    def enter(
        self, call_id: CallId, language: Language, every: float, greeting: Sequence[Path] = ()
    ) -> None:
        """Play the greeting, then music; announce the place every so many seconds, never if 0."""
        self.leave(call_id)
        guest = self._guests[call_id] = _Guest(call_id, language, every)
        if greeting:
            self._speak(guest, greeting, _soon(guest))
        else:
            self._play_music(guest)
            self._arm(guest, _soon(guest))

    def leave(self, call_id: CallId) -> None:
        """The caller waits no more; what plays is left to whoever took the call."""
        guest = self._guests.pop(call_id, None)
        if guest is not None and guest.timer is not None and guest.timer.active():
            guest.timer.cancel()

    def _play_music(self, guest: _Guest) -> None:
        self._control.play(guest.call_id, [self._sounds.music()], repeat=True)

    def _arm(self, guest: _Guest, delay: float) -> None:
        if guest.every > 0:
            guest.timer = self._clock.callLater(delay, self._announce, guest)

    def _announce(self, guest: _Guest) -> None:
        place = self._place_of(guest.call_id)
        if place is None:
            self._arm(guest, _soon(guest))
            return
        fetched = self._sounds.sounds(announcements(place), guest.language)
        fetched.addCallback(self._say, guest).addErrback(self._not_said, guest)

    def _say(self, paths: list[Path], guest: _Guest) -> None:
        if not self._waits(guest) or self._place_of(guest.call_id) is None or not paths:
            self._sounds.release(paths)
            self._resume(guest)
            return
        self._speak(guest, paths, guest.every)

    def _speak(self, guest: _Guest, paths: Sequence[Path], pause: float) -> None:
        """Play the files, then music; announce the place so many seconds after them."""
        playing = self._control.play(guest.call_id, paths)
        playing.addCallback(self._said, guest, paths, pause)

    def _said(self, end: PlayEnd, guest: _Guest, paths: Sequence[Path], pause: float) -> None:
        self._sounds.release(paths)
        if not self._waits(guest):
            return
        # Interrupted means that somebody else plays or talks to the caller now.
        if end is PlayEnd.FINISHED:
            self._play_music(guest)
        self._arm(guest, pause)

    def _not_said(self, failure: Failure, guest: _Guest) -> None:
        self.log.failure("announcement for {call_id} failed", failure, call_id=guest.call_id)
        self._resume(guest)

    def _resume(self, guest: _Guest) -> None:
        if self._waits(guest):
            self._arm(guest, guest.every)

    def _waits(self, guest: _Guest) -> bool:
        return self._guests.get(guest.call_id) is guest


def _soon(guest: _Guest) -> float:
    return min(guest.every, FIRST_ANNOUNCEMENT)


def announcements(place: Place) -> list[Announcement]:
    """What a caller at that place is told."""
    if place.position == 1:
        told = [Announcement("queue.next")]
    else:
        told = [Announcement("queue.position", {"position": place.position}, public=True)]
    if place.wait is None:
        told.append(Announcement("queue.stay"))
    elif place.position > 1:
        told.append(
            Announcement(
                "queue.wait", {"wait": WaitRange(place.wait.low, place.wait.high)}, public=True
            )
        )
    return told
