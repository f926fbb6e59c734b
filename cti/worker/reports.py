"""Reports to the listener, each in order and in a reactor turn of its own."""

from collections.abc import Callable, Sequence
from pathlib import Path

from twisted.logger import Logger

from cti.kernel.clock import Clock
from cti.kernel.identifiers import ConnectionId
from cti.media.port import MediaListener, PlayOutcome

log = Logger()


class Unheard:
    """The listener of media nobody listens to yet."""

    def key_pressed(self, leg: ConnectionId, key: str) -> None:
        """Nobody hears it."""

    def play_ended(self, leg: ConnectionId, play: int, outcome: PlayOutcome) -> None:
        """Nobody hears it."""

    def recording_closed(self, leg: ConnectionId, path: Path, seconds: float, digest: str) -> None:
        """Nobody hears it."""

    def legs_lost(self, legs: Sequence[ConnectionId]) -> None:
        """Nobody hears it."""


class Reports:
    """A `MediaListener` that tells `listener` a moment later: never inside a command."""

    def __init__(self, clock: Clock, listener: MediaListener) -> None:
        self.listener = listener
        self._clock = clock
        self._waiting: list[Callable[[], None]] = []

    def key_pressed(self, leg: ConnectionId, key: str) -> None:
        """A key began."""
        self._tell(lambda listener: listener.key_pressed(leg, key))

    def play_ended(self, leg: ConnectionId, play: int, outcome: PlayOutcome) -> None:
        """A play command is over."""
        self._tell(lambda listener: listener.play_ended(leg, play, outcome))

    def recording_closed(self, leg: ConnectionId, path: Path, seconds: float, digest: str) -> None:
        """A recording is whole on disk."""
        self._tell(lambda listener: listener.recording_closed(leg, path, seconds, digest))

    def legs_lost(self, legs: Sequence[ConnectionId]) -> None:
        """No RTP came for these, or their worker died."""
        self._tell(lambda listener: listener.legs_lost(legs))

    def later(self, report: Callable[[], None]) -> None:
        """Call `report` after those before it."""
        if not self._waiting:
            self._clock.callLater(0, self._deliver)
        self._waiting.append(report)

    def _tell(self, report: Callable[[MediaListener], None]) -> None:
        self.later(lambda: report(self.listener))

    def _deliver(self) -> None:
        reports, self._waiting = self._waiting, []
        for report in reports:
            with log.failuresHandled("A media listener failed"):
                report()
