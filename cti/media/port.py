"""What call control asks of sound, whoever makes it.

`cti.transport.media_client` sends these to a worker process; `cti.worker.engine` does them in
this process, which is how the command-line telephones and the tests use it. A leg is one RTP
session; it is named by the connection it carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.model import (
    BrowserKeys,
    Codec,
    LegStatistics,
    MediaAddress,
    MediaTarget,
    PlayOutcome,
    SdesKey,
    Security,
    Tracks,
)

__all__ = [
    "BrowserKeys",
    "Codec",
    "LegStatistics",
    "MediaAddress",
    "MediaListener",
    "MediaPort",
    "MediaTarget",
    "MediaUnavailable",
    "PlayOutcome",
    "SdesKey",
    "Security",
    "Tracks",
]

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


class MediaListener(Protocol):
    """Told what happens to legs; called in the reactor thread."""

    def key_pressed(self, leg: ConnectionId, key: str) -> None:
        """One key, at its beginning, once (RFC 4733, 2.5)."""

    def play_ended(self, leg: ConnectionId, play: int, outcome: PlayOutcome) -> None: ...

    def recording_closed(self, leg: ConnectionId, path: Path, seconds: float, digest: str) -> None:
        """The file holds so much sound; `digest` is the end of its chain, empty without one."""

    def legs_lost(self, legs: Sequence[ConnectionId]) -> None:
        """Their worker died, or no RTP came for the configured time."""


class MediaPort(Protocol):
    """Sound for legs. Commands on a leg that is gone do nothing."""

    def open(
        self, leg: ConnectionId, group: CallId, security: Security = Security.NONE
    ) -> Deferred[MediaAddress]:
        """Open a leg on the worker that holds the other legs of `group`; MediaUnavailable.

        Legs that may ever hear each other belong to one group.
        """

    def adopt(self, leg: ConnectionId, group: CallId) -> MediaAddress | None:
        """Take up a leg of that group that is already there; None: there is none.

        It goes on as it is: where it sends, what it plays, whom it hears, what it records. The
        address is the one it opened with, keys included: nobody else knows them any more.
        """

    def hears(self, leg: ConnectionId) -> tuple[ConnectionId, ...]:
        """Whom a leg hears that can be adopted: what it was told last, whoever knows of it."""

    def configure(self, leg: ConnectionId, target: MediaTarget) -> None: ...

    def play(
        self,
        leg: ConnectionId,
        play: int,
        files: Sequence[Path],
        *,
        repeat: bool = False,
        barge_in: bool = False,
    ) -> None:
        """Send the files one after the other; `play` comes back in `play_ended`, exactly once."""

    def stop(self, leg: ConnectionId) -> None: ...

    def hear(self, leg: ConnectionId, sources: Sequence[ConnectionId]) -> None:
        """From now on the leg hears exactly these legs of its group, in place of what plays.

        One source is passed through packet by packet, several are mixed. With none the leg hears
        silence, or what is played to it next. What plays later takes the sources' place while it
        lasts. A masked source is not heard.
        """

    def record(self, leg: ConnectionId, path: Path, tracks: Tracks = Tracks.BOTH) -> None:
        """Write the leg to a WAV file from now until `close`, readable at every moment."""

    def mask(self, leg: ConnectionId, masked: bool) -> None:
        """Keep what the far side says and keys out of recordings and others' ears, or no more."""

    def pause_recording(self, leg: ConnectionId, paused: bool) -> None:
        """Write silence in place of both sides, length kept; everybody goes on hearing."""

    def mark_recording(self, leg: ConnectionId, label: str) -> None:
        """Note this instant in the recording under that label."""

    def send_keys(self, leg: ConnectionId, keys: str) -> None:
        """Press keys, 100 ms each with 100 ms between (RFC 4733); as tones where not agreed."""

    def close(self, leg: ConnectionId) -> Deferred[LegStatistics]: ...


class MediaUnavailable(Exception):  # noqa: N818  (says what is the matter)
    """No media worker can take the leg now."""
