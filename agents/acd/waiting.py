"""What callers hear while they wait: music, and every so often their place and expected wait.

What is told, and how often, the rules of their queue say; one of its comforting announcements goes
with each, and the key by which they would be called back, once that is offered. Keys pressed while
they wait are handed on.

Nothing here can delay a connection: an announcement is cut by the agent's answer like the music,
and one still being spoken into a file when the caller has left is thrown away.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from agents.acd.overflow import WaitingRules
from agents.acd.queue import Wait
from agents.timer import Timer
from cti.call.control import CallControl, PlayEnd
from cti.kernel.clock import Clock
from cti.kernel.identifiers import CallId
from cti.kernel.vocabulary import Language
from prompts.catalogue import Announcement
from prompts.spoken.values import WaitRange


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


class Hosts(Protocol):
    """Who knows of the callers what they are told (`agents.acd.engine`)."""

    def place(self, call_id: CallId) -> Place | None:
        """The caller's place; None while a phone rings for them."""

    def call_back_key(self, call_id: CallId) -> str:
        """The key by which they are called back, empty while that is not offered to them."""

    def pressed(self, call_id: CallId, key: str) -> None:
        """They pressed a key."""


@dataclass(slots=True)
class _Guest:
    call_id: CallId
    language: Language
    rules: WaitingRules
    timer: Timer
    told: int = 0
    """How many announcements they have heard."""


class WaitingRoom:
    """Entertains the callers of every queue."""

    log = Logger()

    def __init__(self, clock: Clock, control: CallControl, sounds: Sounds, hosts: Hosts) -> None:
        self._clock, self._control, self._sounds = clock, control, sounds
        self._hosts = hosts
        self._guests: dict[CallId, _Guest] = {}

    def enter(
        self,
        call_id: CallId,
        language: Language,
        rules: WaitingRules,
        greeting: Sequence[Path] = (),
    ) -> None:
        """Play the greeting, then music, and what the rules say, as often as they say."""
        self.leave(call_id)
        guest = self._guests[call_id] = _Guest(call_id, language, rules, Timer(self._clock))
        if rules.call_back is not None:
            self._control.collect(call_id, lambda key: self._hosts.pressed(call_id, key))
        if greeting:
            self._speak(guest, greeting, _soon(guest))
        else:
            self._play_music(guest)
            self._arm(guest, _soon(guest))

    def leave(self, call_id: CallId) -> None:
        """The caller waits no more; what plays is left to whoever took the call."""
        guest = self._guests.pop(call_id, None)
        if guest is None:
            return
        guest.timer.disarm()
        if guest.rules.call_back is not None:
            self._control.collect(call_id, None)

    def _play_music(self, guest: _Guest) -> None:
        music = Path(guest.rules.music) if guest.rules.music else self._sounds.music()
        self._control.play(guest.call_id, [music], repeat=True)

    def _arm(self, guest: _Guest, delay: float) -> None:
        if guest.rules.every > 0:
            guest.timer.arm(delay, lambda: self._announce(guest))

    def _announce(self, guest: _Guest) -> None:
        place = self._hosts.place(guest.call_id)
        if place is None:
            self._arm(guest, _soon(guest))
            return
        key = self._hosts.call_back_key(guest.call_id)
        told = announcements(place, guest.rules, guest.told, key)
        fetched = self._sounds.sounds(told, guest.language)
        fetched.addCallback(self._say, guest).addErrback(self._not_said, guest)

    def _say(self, paths: list[Path], guest: _Guest) -> None:
        if not self._waits(guest) or self._hosts.place(guest.call_id) is None or not paths:
            self._sounds.release(paths)
            self._resume(guest)
            return
        guest.told += 1
        self._speak(guest, paths, guest.rules.every)

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
            self._arm(guest, guest.rules.every)

    def _waits(self, guest: _Guest) -> bool:
        return self._guests.get(guest.call_id) is guest


def _soon(guest: _Guest) -> float:
    return min(guest.rules.every, guest.rules.first)


def announcements(
    place: Place, rules: WaitingRules, told: int = 0, key: str = ""
) -> list[Announcement]:
    """What a caller at that place hears, who has heard so many before.

    `key` is the one by which they are called back, empty where that is not offered.
    """
    said = list(_standing(place, rules))
    if rules.comfort:
        said.append(Announcement(rules.comfort[told % len(rules.comfort)]))
    if key:
        said.append(Announcement("queue.call_back", {"key": key}, public=True))
    return said


def _standing(place: Place, rules: WaitingRules) -> Iterator[Announcement]:
    if rules.place and place.position == 1:
        yield Announcement("queue.next")
    elif rules.place:
        yield Announcement("queue.position", {"position": place.position}, public=True)
    if rules.expected and place.wait is not None and place.position > 1:
        wait = WaitRange(place.wait.low, place.wait.high)
        yield Announcement("queue.wait", {"wait": wait}, public=True)
