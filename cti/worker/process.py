"""The media process: an engine that does what the server says and dies with it.

When the connection is lost, the server is: recordings are closed and the process ends.
"""

import argparse
import gc
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.logger import (
    ILogObserver,
    Logger,
    LogLevel,
    formatEvent,
    globalLogBeginner,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import (
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
from cti.recording.keys import KeyPlace
from cti.worker import commands
from cti.worker.engine import MediaEngine
from cti.worker.settings import DEFAULT_CACHE, MediaSettings

log = Logger()

NICENESS = -10
ROUND_ROBIN_PRIORITY = 10
GARBAGE_THRESHOLDS = (50_000, 50, 1000)
"""What legs leave behind is freed by counting references; full collections are nearly never."""
SWITCH_SECONDS = 0.0005
"""The thread that writes recordings gives the interpreter back sooner than the usual 5 ms."""


class WorkerLink(commands.Link):
    """The worker's end of the wire: commands in, reports out."""

    def __init__(self, engine: MediaEngine, gone: Deferred[None]) -> None:
        super().__init__()
        self._engine = engine
        self._gone = gone

    def connectionMade(self) -> None:
        """Say who we are, and leave it to the server when to end.

        Ctrl-C and a service manager signal every process at once; the server ends calls first.
        """
        super().connectionMade()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._engine.listener = self
        self.callRemote(commands.Hello).addErrback(lambda _: None)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # untyped in AMP
        """The server is gone."""
        super().connectionLost(reason)
        self._gone.callback(None)

    # --- reports ----------------------------------------------------------------------------

    def key_pressed(self, leg: ConnectionId, key: str) -> None:
        """Tell the server."""
        self.callRemote(commands.KeyPressed, leg=leg, key=key)

    def play_ended(self, leg: ConnectionId, play: int, outcome: PlayOutcome) -> None:
        """Tell the server."""
        self.callRemote(commands.PlayEnded, leg=leg, play=play, outcome=outcome.value)

    def recording_closed(self, leg: ConnectionId, path: Path, seconds: float, digest: str) -> None:
        """Tell the server."""
        self.callRemote(
            commands.RecordingClosed, leg=leg, path=path, seconds=seconds, digest=digest
        )

    def legs_lost(self, legs: Sequence[ConnectionId]) -> None:
        """Tell the server."""
        self.callRemote(commands.LegsLost, legs=legs)

    # --- commands ---------------------------------------------------------------------------

    @commands.Open.responder
    def _open(self, leg: ConnectionId, group: CallId, security: str) -> Deferred[dict[str, Any]]:
        def opened(address: MediaAddress) -> dict[str, Any]:
            return {"host": address.host, "port": address.port, "security": address.security}

        return self._engine.open(leg, group, Security(security)).addCallback(opened)

    @commands.Configure.responder
    def _configure(
        self,
        leg: ConnectionId,
        host: str,
        port: int,
        codec: int,
        events: int | None,
        sending: bool,
        mux: bool,
        security: SdesKey | BrowserKeys | None = None,
    ) -> dict[str, Any]:
        target = MediaTarget(host, port, Codec(codec), events, sending, security, mux)
        self._engine.configure(leg, target)
        return {}

    @commands.Play.responder
    def _play(
        self, leg: ConnectionId, play: int, files: list[Path], repeat: bool, barge_in: bool
    ) -> dict[str, Any]:
        self._engine.play(leg, play, files, repeat=repeat, barge_in=barge_in)
        return {}

    @commands.Stop.responder
    def _stop(self, leg: ConnectionId) -> dict[str, Any]:
        self._engine.stop(leg)
        return {}

    @commands.Hear.responder
    def _hear(self, leg: ConnectionId, sources: list[ConnectionId]) -> dict[str, Any]:
        self._engine.hear(leg, sources)
        return {}

    @commands.Record.responder
    def _record(self, leg: ConnectionId, path: Path, tracks: str) -> dict[str, Any]:
        self._engine.record(leg, path, Tracks(tracks))
        return {}

    @commands.Mask.responder
    def _mask(self, leg: ConnectionId, masked: bool) -> dict[str, Any]:
        self._engine.mask(leg, masked)
        return {}

    @commands.PauseRecording.responder
    def _pause_recording(self, leg: ConnectionId, paused: bool) -> dict[str, Any]:
        self._engine.pause_recording(leg, paused)
        return {}

    @commands.MarkRecording.responder
    def _mark_recording(self, leg: ConnectionId, label: str) -> dict[str, Any]:
        self._engine.mark_recording(leg, label)
        return {}

    @commands.SendKeys.responder
    def _send_keys(self, leg: ConnectionId, keys: str) -> dict[str, Any]:
        self._engine.send_keys(leg, keys)
        return {}

    @commands.Close.responder
    def _close(self, leg: ConnectionId) -> Deferred[dict[str, Any]]:
        def closed(seen: LegStatistics) -> dict[str, Any]:
            return asdict(seen)

        return self._engine.close(leg).addCallback(closed)

    @commands.Ping.responder
    def _ping(self) -> dict[str, Any]:
        return {}

    @commands.ShutDown.responder
    def _shut_down(self) -> Deferred[dict[str, Any]]:
        return self._engine.shut_down().addCallback(lambda _: {})


@implementer(ILogObserver)
class LineObserver:
    """Writes each log event as one line, its level first, for the server to pass on."""

    def __call__(self, event: dict[str, Any]) -> None:
        level: LogLevel = event.get("log_level", LogLevel.info)
        text = formatEvent(event)
        failure = event.get("log_failure")
        if failure is not None:
            text = f"{text}: {failure.getTraceback()}"
        line = " | ".join(part for part in text.splitlines() if part.strip())
        print(level.name, line, file=sys.stderr, flush=True)  # noqa: T201  (this is the log)


def run(reactor: Any, arguments: Sequence[str]) -> None:
    """Be a media worker until the server goes away."""
    options = _parser().parse_args(arguments)
    globalLogBeginner.beginLoggingTo([LineObserver()], redirectStandardIO=False)
    settings = MediaSettings(
        bind=options.bind,
        advertised=options.advertised,
        first_port=options.first_port,
        last_port=options.last_port,
        rtp_timeout=options.rtp_timeout,
        cache_octets=options.cache_octets,
        keys=KeyPlace(options.keys, options.key) if options.keys else None,
    )
    _prepare_process()
    engine = MediaEngine(reactor, settings)
    gone: Deferred[None] = Deferred()
    factory = Factory.forProtocol(lambda: WorkerLink(engine, gone))
    with socket.socket(fileno=commands.LINK) as link:
        link.setblocking(False)
        reactor.adoptStreamConnection(link.fileno(), socket.AF_UNIX, factory)
    gone.addCallback(lambda _: engine.shut_down())
    gone.addErrback(lambda failure: log.failure("The media worker failed", failure))
    gone.addBoth(lambda _: reactor.stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reactor.run(installSignalHandlers=False)


def _prepare_process() -> None:
    """Before others in the scheduler where we may, and without the collector's long pauses."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(ROUND_ROBIN_PRIORITY))
    except PermissionError:
        try:
            os.nice(NICENESS)
        except PermissionError:
            log.debug("The media worker runs at ordinary priority")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cti.worker", description="A media worker of Hotline.")
    parser.add_argument("--bind", default="127.0.0.1", help="local IP address for RTP")
    parser.add_argument("--advertised", default="", help="IP address the far side sends to")
    parser.add_argument("--first-port", type=int, required=True)
    parser.add_argument("--last-port", type=int, required=True)
    parser.add_argument("--rtp-timeout", type=float, default=60.0, help="seconds")
    parser.add_argument("--cache-octets", type=int, default=DEFAULT_CACHE)
    parser.add_argument("--keys", type=Path, help="what recordings are encrypted with")
    parser.add_argument("--key", default="", help="the name of the key for new ones")
    return parser
