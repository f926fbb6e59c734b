"""What server and media worker say to each other: AMP commands over a pair of sockets.

Commands on legs want no answer, except where the port gives a Deferred; what is answered comes
after everything reported before it, because one stream carries both.
"""

# ruff: noqa: RUF012  (AMP reads these class attributes as they are)

import json
import pathlib
from dataclasses import asdict

from twisted.logger import Logger
from twisted.protocols import amp
from twisted.python.failure import Failure

from cti.media.port import BrowserKeys, MediaUnavailable, SdesKey

log = Logger()

OwnSecurity = tuple[SdesKey, ...] | BrowserKeys | None

LINK = 3
"""The worker's file descriptor of its end."""


class Link(amp.AMP):
    """An end of the wire that outlives a command that failed: the other calls go on."""

    def unhandledError(self, failure: Failure) -> None:  # noqa: N802  (Twisted's name)
        """Log it; AMP itself would end the connection, and with it every call."""
        log.failure("A media command failed", failure)


class LocalPath(amp.Unicode):
    """A `pathlib.Path` of this machine."""

    def toString(self, inObject: pathlib.Path) -> bytes:  # noqa: N802, N803  (Twisted's names)
        """The path in UTF-8."""
        return str(inObject).encode()

    def fromString(self, inString: bytes) -> pathlib.Path:  # noqa: N802, N803  (Twisted's names)
        """The path."""
        return pathlib.Path(inString.decode())


class SecurityOf(amp.Argument):
    """The keys of a leg's end, as JSON: the socket pair is nobody else's, and nothing logs it."""

    def toString(self, inObject: OwnSecurity | SdesKey) -> bytes:  # noqa: N802, N803  (Twisted's names)
        """JSON of the values' fields."""
        match inObject:
            case BrowserKeys():
                return json.dumps({"browser": asdict(inObject)}).encode()
            case SdesKey():
                return json.dumps({"key": asdict(inObject)}).encode()
            case _:
                return json.dumps({"keys": [asdict(key) for key in inObject or ()]}).encode()

    def fromString(self, inString: bytes) -> OwnSecurity | SdesKey:  # noqa: N802, N803  (likewise)
        """The values."""
        match json.loads(inString):
            case {"browser": fields}:
                return BrowserKeys(**fields)
            case {"key": fields}:
                return SdesKey(**fields)
            case {"keys": keys}:
                return tuple(SdesKey(**fields) for fields in keys)
        return None


class OneWay(amp.Command):
    """A command that is not answered."""

    requiresAnswer = False  # noqa: N815  (Twisted's name)


LEG = (b"leg", amp.Unicode())

# --- server to worker -----------------------------------------------------------------------


class Open(amp.Command):
    """Open a leg."""

    arguments = [LEG, (b"group", amp.Unicode()), (b"security", amp.Unicode())]
    response = [
        (b"host", amp.Unicode()),
        (b"port", amp.Integer()),
        (b"security", SecurityOf(optional=True)),
    ]
    errors = {MediaUnavailable: b"MEDIA_UNAVAILABLE"}


class Configure(OneWay):
    """Send to that target."""

    arguments = [
        LEG,
        (b"host", amp.Unicode()),
        (b"port", amp.Integer()),
        (b"codec", amp.Integer()),
        (b"events", amp.Integer(optional=True)),
        (b"sending", amp.Boolean()),
        (b"security", SecurityOf(optional=True)),
        (b"mux", amp.Boolean()),
    ]


class Play(OneWay):
    """Play files."""

    arguments = [
        LEG,
        (b"play", amp.Integer()),
        (b"files", amp.ListOf(LocalPath())),
        (b"repeat", amp.Boolean()),
        (b"barge_in", amp.Boolean()),
    ]


class Stop(OneWay):
    """Stop what plays."""

    arguments = [LEG]


class Hear(OneWay):
    """Hear these legs and nobody else."""

    arguments = [LEG, (b"sources", amp.ListOf(amp.Unicode()))]


class Record(OneWay):
    """Record to a file."""

    arguments = [LEG, (b"path", LocalPath()), (b"tracks", amp.Unicode())]


class Mask(OneWay):
    """Keep what follows out of recordings and others' ears, or no more."""

    arguments = [LEG, (b"masked", amp.Boolean())]


class PauseRecording(OneWay):
    """Write silence in place of both sides, or no more."""

    arguments = [LEG, (b"paused", amp.Boolean())]


class MarkRecording(OneWay):
    """Note this instant in the recording."""

    arguments = [LEG, (b"label", amp.Unicode())]


class SendKeys(OneWay):
    """Press keys towards the far side."""

    arguments = [LEG, (b"keys", amp.Unicode())]


class Close(amp.Command):
    """Close a leg; answered when its recording is closed."""

    arguments = [LEG]
    response = [
        (b"sent", amp.Integer()),
        (b"received", amp.Integer()),
        (b"lost", amp.Integer()),
        (b"jitter", amp.Float()),
        (b"remote_lost", amp.Integer()),
        (b"round_trip", amp.Float()),
        (b"remote_jitter", amp.Float()),
        (b"codec", amp.Unicode()),
        (b"rating", amp.Float()),
    ]


class Ping(amp.Command):
    """Answered at once by a worker that works."""


class ShutDown(amp.Command):
    """Close every leg; answered when every recording is closed."""


# --- worker to server -----------------------------------------------------------------------


class Hello(amp.Command):
    """The worker is there; the first thing it says."""


class KeyPressed(OneWay):
    """A key began."""

    arguments = [LEG, (b"key", amp.Unicode())]


class PlayEnded(OneWay):
    """A play command is over."""

    arguments = [LEG, (b"play", amp.Integer()), (b"outcome", amp.Unicode())]


class RecordingClosed(OneWay):
    """A recording is whole on disk."""

    arguments = [LEG, (b"path", LocalPath()), (b"seconds", amp.Float()), (b"digest", amp.Unicode())]


class LegsLost(OneWay):
    """No RTP came for these legs."""

    arguments = [(b"legs", amp.ListOf(amp.Unicode()))]
