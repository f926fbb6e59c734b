"""Media without sound: legs open at once, commands are kept, a test says what a worker would."""

from base64 import b64encode
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from twisted.internet.defer import Deferred, DeferredList

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import (
    BrowserKeys,
    LegStatistics,
    MediaAddress,
    MediaListener,
    MediaTarget,
    MediaUnavailable,
    PlayOutcome,
    SdesKey,
    Security,
    Tracks,
)

OWN: dict[Security, tuple[SdesKey, ...] | BrowserKeys | None] = {
    Security.NONE: None,
    Security.SDES: (SdesKey(1, "AES_CM_128_HMAC_SHA1_80", b64encode(bytes(30)).decode()),),
    Security.DTLS: BrowserKeys("frag", "p" * 24, "sha-256 " + ":".join(["4A"] * 32)),
}
"""What a leg tells the far side of itself."""


@dataclass(frozen=True)
class Play:
    """What a leg was told to play."""

    number: int
    files: tuple[Path, ...]
    repeat: bool
    barge_in: bool


class FakeMedia:
    """Implements `MediaPort`; `listener` hears what the test makes happen."""

    def __init__(self) -> None:
        self.listener: MediaListener | None = None
        self.unavailable = False
        self.slow = False
        """Whether `open` and `close` wait for `work`."""
        self._waiting: deque[Callable[[], object]] = deque()
        self.targets: dict[ConnectionId, MediaTarget] = {}
        self.playing: dict[ConnectionId, Play] = {}
        self.heard: dict[ConnectionId, tuple[ConnectionId, ...]] = {}
        """Whom each leg hears; a leg that hears nobody is not in it."""
        self.paused: set[ConnectionId] = set()
        self.marks: list[tuple[ConnectionId, str]] = []
        self.keys_sent: list[tuple[ConnectionId, str]] = []
        self.security: dict[ConnectionId, Security] = {}
        self.groups: dict[ConnectionId, CallId] = {}
        self.recordings: dict[ConnectionId, Path] = {}
        self.masked: set[ConnectionId] = set()
        self.open_legs: set[ConnectionId] = set()
        self.addresses: dict[ConnectionId, MediaAddress] = {}
        self.survivors: frozenset[ConnectionId] = frozenset()
        """Legs left by a server before, which nobody adopted yet."""

    def open(
        self, leg: ConnectionId, group: CallId, security: Security = Security.NONE
    ) -> Deferred[MediaAddress]:
        self.groups[leg], self.security[leg] = group, security
        opened: Deferred[MediaAddress] = Deferred()
        self._do(lambda: self._open(leg, opened, OWN[security]))
        return opened

    def adopt(self, leg: ConnectionId, group: CallId) -> MediaAddress | None:
        if leg not in self.survivors or self.groups[leg] != group:
            return None
        self.survivors -= {leg}
        return self.addresses[leg]

    def hears(self, leg: ConnectionId) -> tuple[ConnectionId, ...]:
        return tuple(self.heard.get(leg, ()))

    def configure(self, leg: ConnectionId, target: MediaTarget) -> None:
        self.targets[leg] = target

    def play(
        self,
        leg: ConnectionId,
        play: int,
        files: Sequence[Path],
        *,
        repeat: bool = False,
        barge_in: bool = False,
    ) -> None:
        self.playing[leg] = Play(play, tuple(files), repeat, barge_in)

    def stop(self, leg: ConnectionId) -> None:
        self.playing.pop(leg, None)

    def hear(self, leg: ConnectionId, sources: Sequence[ConnectionId]) -> None:
        self.playing.pop(leg, None)
        if sources:
            self.heard[leg] = tuple(sources)
        else:
            self.heard.pop(leg, None)

    def record(self, leg: ConnectionId, path: Path, tracks: Tracks = Tracks.BOTH) -> None:
        del tracks
        self.recordings[leg] = path

    def mask(self, leg: ConnectionId, masked: bool) -> None:
        (self.masked.add if masked else self.masked.discard)(leg)

    def pause_recording(self, leg: ConnectionId, paused: bool) -> None:
        (self.paused.add if paused else self.paused.discard)(leg)

    def mark_recording(self, leg: ConnectionId, label: str) -> None:
        self.marks.append((leg, label))

    def send_keys(self, leg: ConnectionId, keys: str) -> None:
        self.keys_sent.append((leg, keys))

    def close(self, leg: ConnectionId) -> Deferred[LegStatistics]:
        closed: Deferred[LegStatistics] = Deferred()
        self._do(lambda: self._close(leg, closed))
        return closed

    def release(self) -> None:
        """The server lets go of its legs, or is killed: all of them go on."""
        self.survivors, self.listener = frozenset(self.open_legs), None

    def close_strays(self) -> Deferred[None]:
        strays, self.survivors = sorted(self.survivors), frozenset()
        return DeferredList([self.close(leg) for leg in strays]).addCallback(lambda _: None)

    # --- what a worker would say ------------------------------------------------------------

    def work(self) -> None:
        """Do all that waits, and what comes of it."""
        while self._waiting:
            self._waiting.popleft()()

    def finish(self, leg: ConnectionId) -> None:
        """The announcement reached its end."""
        play = self.playing.pop(leg)
        assert self.listener is not None
        self.listener.play_ended(leg, play.number, PlayOutcome.FINISHED)

    def press(self, leg: ConnectionId, key: str) -> None:
        """A key begins; it cuts short what lets itself be cut."""
        assert self.listener is not None
        play = self.playing.get(leg)
        if play is not None and play.barge_in:
            del self.playing[leg]
            self.listener.play_ended(leg, play.number, PlayOutcome.KEY)
        self.listener.key_pressed(leg, key)

    # --- inside -----------------------------------------------------------------------------

    def _do(self, job: Callable[[], object]) -> None:
        self._waiting.append(job)
        if not self.slow:
            self.work()

    def _open(
        self,
        leg: ConnectionId,
        opened: Deferred[MediaAddress],
        own: tuple[SdesKey, ...] | BrowserKeys | None,
    ) -> None:
        if self.unavailable:
            opened.errback(MediaUnavailable("no worker"))
            return
        self.open_legs.add(leg)
        self.addresses[leg] = MediaAddress("192.0.2.9", 20000 + 2 * len(self.open_legs), own)
        opened.callback(self.addresses[leg])

    def _close(self, leg: ConnectionId, closed: Deferred[LegStatistics]) -> None:
        self.open_legs.discard(leg)
        self.heard.pop(leg, None)
        self.playing.pop(leg, None)
        path = self.recordings.pop(leg, None)
        if path is not None and self.listener is not None:
            self.listener.recording_closed(leg, path, 1.5, "5ea1")
        closed.callback(LegStatistics(sent=100, received=90, lost=2))
