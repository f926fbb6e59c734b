"""What server and media worker say to each other over a private Unix socket, and its framing.

A frame is all that one side says in one turn: four octets of length, then a JSON list of messages,
each a list of its name and its fields. What is answered carries the number of its request; the
answer comes after everything reported before it, because one stream carries both.
"""

import json
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cti.kernel.errors import RemoteError
from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.model import LegStatistics, MediaAddress, MediaTarget, PlayOutcome, Security, Tracks
from cti.worker.packing import Convert, packing, shape

LENGTH = struct.Struct("!I")
LARGEST_FRAME = 1 << 24
"""Octets; a survivor with ten thousand legs says two million in its welcome."""


class FrameError(RemoteError):
    """The other side says what nobody of this version says."""


# --- server to worker -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hello:
    """A server is there; the worker ends when version or settings are not its own."""

    version: str
    settings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """Open a leg; answered by `Opened` or `NotOpened`."""

    request: int
    leg: ConnectionId
    group: CallId
    security: Security


@dataclass(frozen=True, slots=True)
class Configure:
    """Send to that target."""

    leg: ConnectionId
    target: MediaTarget


@dataclass(frozen=True, slots=True)
class Play:
    """Play files."""

    leg: ConnectionId
    play: int
    files: tuple[Path, ...]
    repeat: bool
    barge_in: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop what plays."""

    leg: ConnectionId


@dataclass(frozen=True, slots=True)
class Hear:
    """Hear these legs and nobody else."""

    leg: ConnectionId
    sources: tuple[ConnectionId, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """Record to a file."""

    leg: ConnectionId
    path: Path
    tracks: Tracks


@dataclass(frozen=True, slots=True)
class Mask:
    """Keep what follows out of recordings and others' ears, or no more."""

    leg: ConnectionId
    masked: bool


@dataclass(frozen=True, slots=True)
class PauseRecording:
    """Write silence in place of both sides, or no more."""

    leg: ConnectionId
    paused: bool


@dataclass(frozen=True, slots=True)
class MarkRecording:
    """Note this instant in the recording."""

    leg: ConnectionId
    label: str


@dataclass(frozen=True, slots=True)
class SendKeys:
    """Press keys towards the far side."""

    leg: ConnectionId
    keys: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close a leg; answered by `Closed` when its recording is closed."""

    request: int
    leg: ConnectionId


@dataclass(frozen=True, slots=True)
class Ping:
    """Answered at once by a worker that works; `heard` lasting reports have been dealt with."""

    heard: int


@dataclass(frozen=True, slots=True)
class ShutDown:
    """Close every leg and end."""


# --- worker to server -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HeldLeg:
    """A leg that outlived its server: where it receives, what it is recorded to, whom it hears."""

    leg: ConnectionId
    group: CallId
    address: MediaAddress
    recording: Path | None
    hears: tuple[ConnectionId, ...] = ()


@dataclass(frozen=True, slots=True)
class Welcome:
    """The answer to `Hello`: who serves, and what it holds for the server before."""

    pid: int
    legs: tuple[HeldLeg, ...]
    alone: float = 0.0
    """Seconds without a server."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The leg is open."""

    request: int
    address: MediaAddress


@dataclass(frozen=True, slots=True)
class NotOpened:
    """No port is free, or there is such a leg."""

    request: int
    reason: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The leg is closed and all of it reported."""

    request: int
    seen: LegStatistics


@dataclass(frozen=True, slots=True)
class Pong:
    """The worker works."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """An event of the worker's log."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key began."""

    leg: ConnectionId
    key: str


@dataclass(frozen=True, slots=True)
class PlayEnded:
    """A play command is over."""

    leg: ConnectionId
    play: int
    outcome: PlayOutcome


@dataclass(frozen=True, slots=True)
class RecordingClosed:
    """A recording is whole on disk."""

    leg: ConnectionId
    path: Path
    seconds: float
    digest: str


@dataclass(frozen=True, slots=True)
class LegsLost:
    """No RTP came for these legs."""

    legs: tuple[ConnectionId, ...]


LegCommand = (
    Configure | Play | Stop | Hear | Record | Mask | PauseRecording | MarkRecording | SendKeys
)
"""Wants no answer."""
Command = LegCommand | Hello | Open | Close | Ping | ShutDown
LastingReport = PlayEnded | RecordingClosed | LegsLost
"""What stays true until a server has dealt with it."""
Report = LastingReport | KeyPressed
Answer = Opened | NotOpened | Closed
Message = Command | Report | Answer | Welcome | Pong | LogLine

KINDS: dict[str, Any] = {kind.__name__: kind for kind in Message.__args__}
VERSION = f"{zlib.crc32(repr(sorted(shape(kind) for kind in KINDS.values())).encode()):08x}"
"""Another one as soon as any message has another field."""

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def _packs() -> dict[Any, Callable[[Any], list[Any]]]:
    def packed(name: str, pack: Convert) -> Callable[[Any], list[Any]]:
        return lambda message: [name, *pack(message)]

    return {kind: packed(name, packing(kind).pack or list) for name, kind in KINDS.items()}


_PACK = _packs()
_UNPACK: dict[str, Convert] = {name: packing(kind).unpack or kind for name, kind in KINDS.items()}


def frame(messages: Sequence[Message]) -> bytes:
    """Everything said in one turn, as it goes over the wire."""
    body = _encode([_PACK[type(message)](message) for message in messages]).encode()
    return LENGTH.pack(len(body)) + body


class Frames:
    """Cuts a stream of octets into messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are whole now; FrameError for what is none."""
        data = self._rest + data if self._rest else data
        start = 0
        while len(data) - start >= LENGTH.size:
            (length,) = LENGTH.unpack_from(data, start)
            if length > LARGEST_FRAME:
                raise FrameError(f"a frame of {length} octets")
            end = start + LENGTH.size + length
            if len(data) < end:
                break
            # Kept before it is handed on: who takes it may stop in between.
            body, start = data[start + LENGTH.size : end], end
            self._rest = data[start:]
            yield from _messages(body)
        self._rest = data[start:]


def _messages(body: bytes) -> list[Message]:
    try:
        return [_UNPACK[name](values) for name, *values in json.loads(body)]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise FrameError(f"what comes is no message: {error!r}") from error
