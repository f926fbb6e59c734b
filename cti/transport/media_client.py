"""Sound for legs, made by media worker processes: a `MediaPort` over N of them.

A group's legs live in one worker, because hearing does not cross processes. A worker that dies
takes its own legs with it and no others; another takes its place.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, fail, succeed
from twisted.logger import Logger
from twisted.protocols import amp
from twisted.python.failure import Failure

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import (
    LegStatistics,
    MediaAddress,
    MediaListener,
    MediaTarget,
    MediaUnavailable,
    Security,
    Tracks,
)
from cti.transport.media_process import GIVE_UP_AFTER, MediaWorker, ProcessReactor
from cti.transport.unclosed import Unclosed
from cti.worker import commands
from cti.worker.disk import ThreadDisk
from cti.worker.reports import Unheard
from cti.worker.settings import MediaSettings

log = Logger()


@dataclass(frozen=True, slots=True)
class Home:
    """Where a leg lives."""

    worker: MediaWorker
    group: CallId


@dataclass(frozen=True, slots=True)
class Stray:
    """A leg that a worker holds for a server before us, and where it receives."""

    home: Home
    address: MediaAddress


class MediaWorkers:
    """Starts the workers, spreads groups over them, and hands reports to `listener`."""

    def __init__(
        self,
        reactor: ProcessReactor,
        settings: MediaSettings,
        listener: MediaListener | None = None,
        *,
        count: int = 0,
    ) -> None:
        self.listener: MediaListener = listener or Unheard()
        self._reactor = reactor
        self._codecs = settings.codecs
        self._homes: dict[ConnectionId, Home] = {}
        self._strays: dict[ConnectionId, Stray] = {}
        """Those that nobody adopted yet."""
        self._groups: dict[CallId, set[ConnectionId]] = {}
        self._opening: set[ConnectionId] = set()
        self._awaiting: list[Deferred[None]] = []
        self._disk = ThreadDisk(reactor)
        number = count or max(1, (os.cpu_count() or 1) - 1)
        self._workers = [
            MediaWorker(n, reactor, _share(settings, n, number), self, self._unclosed())
            for n in range(number)
        ]

    # --- their life -------------------------------------------------------------------------

    def start(self) -> Deferred[None]:
        """Start every worker; fires as `ready` does."""
        for worker in self._workers:
            worker.start()
        return self.ready()

    def ready(self) -> Deferred[None]:
        """Fires when every worker is connected; MediaUnavailable when one cannot be started."""
        if all(worker.link for worker in self._workers):
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._awaiting.append(waiting)
        return waiting

    def shut_down(self) -> Deferred[None]:
        """Close every leg and end every process."""
        for leg in tuple(self._homes):
            self._forget(leg)
        ended = DeferredList([worker.stop() for worker in self._workers])
        return ended.addCallback(lambda _: self._disk.stop())

    def release(self) -> Deferred[None]:
        """Leave the legs to themselves; fires when nothing of the workers is ours any more."""
        self._homes.clear()
        self._groups.clear()
        released = DeferredList([worker.release() for worker in self._workers])
        return released.addCallback(lambda _: self._disk.stop())

    @property
    def processes(self) -> list[int]:
        """Process ids of the workers that live."""
        return [worker.pid for worker in self._workers if worker.pid is not None]

    @property
    def survivors(self) -> frozenset[ConnectionId]:
        """Legs that outlived the server before us, and that nobody adopted yet."""
        return frozenset(self._strays)

    def close_strays(self) -> Deferred[None]:
        """Close the survivors nobody adopted; fires when their recordings are closed too."""
        strays, self._strays = self._strays, {}
        for leg, stray in strays.items():
            self._settle(leg, stray.home)
        return DeferredList([self.close(leg) for leg in strays]).addCallback(lambda _: None)

    @property
    def open_legs(self) -> int:
        """How many legs there are now."""
        return len(self._homes)

    def process_of(self, leg: ConnectionId) -> int | None:
        """Process id of the worker the leg lives in."""
        home = self._homes.get(leg)
        return None if home is None else home.worker.pid

    # --- the port ---------------------------------------------------------------------------

    def open(
        self, leg: ConnectionId, group: CallId, security: Security = Security.NONE
    ) -> Deferred[MediaAddress]:
        """Open the leg where its group lives, or on the worker with the fewest legs."""
        worker = self._worker_of(group)
        if worker is None or worker.link is None or leg in self._homes:
            return fail(MediaUnavailable(f"no media worker for leg {leg}"))
        self._settle(leg, Home(worker, group))
        self._opening.add(leg)
        opened: Deferred[dict[str, Any]]
        opened = worker.link.callRemote(
            commands.Open, leg=leg, group=group, security=security.value
        )
        return opened.addCallbacks(
            self._opened, self._not_opened, callbackArgs=(leg,), errbackArgs=(leg,)
        )

    def adopt(self, leg: ConnectionId, group: CallId) -> MediaAddress | None:
        """Take up a survivor of that group; None: there is none."""
        stray = self._strays.get(leg)
        if stray is None or stray.home.group != group:
            return None
        del self._strays[leg]
        self._settle(leg, stray.home)
        return stray.address

    def configure(self, leg: ConnectionId, target: MediaTarget) -> None:
        """Send as agreed."""
        self._tell(
            leg,
            commands.Configure,
            host=target.host,
            port=target.port,
            codec=target.codec.value,
            events=target.events,
            sending=target.sending,
            security=target.security,
            mux=target.mux,
        )

    def play(
        self,
        leg: ConnectionId,
        play: int,
        files: Sequence[Path],
        *,
        repeat: bool = False,
        barge_in: bool = False,
    ) -> None:
        """Send the files."""
        self._tell(leg, commands.Play, play=play, files=files, repeat=repeat, barge_in=barge_in)

    def stop(self, leg: ConnectionId) -> None:
        """End what plays."""
        self._tell(leg, commands.Stop)

    def hear(self, leg: ConnectionId, sources: Sequence[ConnectionId]) -> None:
        """Let the leg hear these and nobody else."""
        self._tell(leg, commands.Hear, sources=list(sources))

    def record(self, leg: ConnectionId, path: Path, tracks: Tracks = Tracks.BOTH) -> None:
        """Record to that file."""
        home = self._homes.get(leg)
        if home is not None:
            home.worker.unclosed.begun(leg, path.absolute())
            self._tell(leg, commands.Record, path=path.absolute(), tracks=tracks.value)

    def mask(self, leg: ConnectionId, masked: bool) -> None:
        """Keep what follows out of recordings and others' ears, or no more."""
        self._tell(leg, commands.Mask, masked=masked)

    def pause_recording(self, leg: ConnectionId, paused: bool) -> None:
        """Write silence in place of both sides, or no more."""
        self._tell(leg, commands.PauseRecording, paused=paused)

    def mark_recording(self, leg: ConnectionId, label: str) -> None:
        """Note this instant in the recording."""
        self._tell(leg, commands.MarkRecording, label=label)

    def send_keys(self, leg: ConnectionId, keys: str) -> None:
        """Press keys towards the far side."""
        self._tell(leg, commands.SendKeys, keys=keys)

    def close(self, leg: ConnectionId) -> Deferred[LegStatistics]:
        """Close the leg; fires after its recording was reported closed."""
        home = self._homes.get(leg)
        self._forget(leg)
        if home is None or home.worker.link is None:
            return self._sealed(leg)
        unclosed = home.worker.unclosed

        def seen(figures: dict[str, Any]) -> LegStatistics:
            unclosed.forget(leg)
            return LegStatistics(**figures)

        closed: Deferred[dict[str, Any]]
        closed = home.worker.link.callRemote(commands.Close, leg=leg)
        return closed.addCallbacks(seen, lambda _: self._sealed(leg))

    # --- told by the workers ----------------------------------------------------------------

    def worker_ready(self, worker: MediaWorker) -> None:
        """A worker is connected."""
        log.info("Media worker {number} is ready", number=worker.number)
        if all(each.link for each in self._workers):
            self._answer(lambda waiting: waiting.callback(None))

    def worker_died(self, worker: MediaWorker) -> None:
        """Its process ended unasked; several young deaths in a row make a start fail."""
        if worker.failures >= GIVE_UP_AFTER:
            error = MediaUnavailable(f"media worker {worker.number} does not start")
            self._answer(lambda waiting: waiting.errback(error))

    def worker_lost(self, worker: MediaWorker) -> None:
        """Its connection is gone and so are its legs."""
        lost = [leg for leg in worker.legs if leg not in self._opening]
        for leg in tuple(worker.legs):
            self._forget(leg)
        if lost:
            self.listener.legs_lost(lost)

    # --- inside -----------------------------------------------------------------------------

    def _unclosed(self) -> Unclosed:
        return Unclosed(self._disk, lambda *closed: self.listener.recording_closed(*closed))

    def _sealed(self, leg: ConnectionId) -> Deferred[LegStatistics]:
        """There are no figures of a leg whose worker died; fires when its recordings are closed."""
        sealing = DeferredList([worker.unclosed.sealed(leg) for worker in self._workers])
        return sealing.addCallback(lambda _: LegStatistics())

    def _worker_of(self, group: CallId) -> MediaWorker | None:
        for leg in self._groups.get(group, ()):
            return self._homes[leg].worker
        connected = [worker for worker in self._workers if worker.link is not None]
        return min(connected, key=lambda worker: len(worker.legs), default=None)

    def _opened(self, answer: dict[str, Any], leg: ConnectionId) -> MediaAddress:
        self._opening.discard(leg)
        return MediaAddress(**answer, codecs=self._codecs)

    def _not_opened(self, failure: Failure, leg: ConnectionId) -> Failure:
        self._opening.discard(leg)
        self._forget(leg)
        return Failure(MediaUnavailable(str(failure.value)))

    def _tell(self, leg: ConnectionId, command: type[amp.Command], **arguments: Any) -> None:
        home = self._homes.get(leg)
        if home is not None and home.worker.link is not None:
            home.worker.link.callRemote(command, leg=leg, **arguments)

    def _settle(self, leg: ConnectionId, home: Home) -> None:
        self._homes[leg] = home
        self._groups.setdefault(home.group, set()).add(leg)
        home.worker.legs.add(leg)

    def _forget(self, leg: ConnectionId) -> None:
        home = self._homes.pop(leg, None)
        if home is None:
            return
        home.worker.legs.discard(leg)
        legs = self._groups[home.group]
        legs.discard(leg)
        if not legs:
            del self._groups[home.group]

    def _answer(self, how: Callable[[Deferred[None]], None]) -> None:
        awaiting, self._awaiting = self._awaiting, []
        for waiting in awaiting:
            how(waiting)


def _share(settings: MediaSettings, number: int, count: int) -> MediaSettings:
    """A worker's part of the port range."""
    ports = settings.ports
    part = ports[len(ports) * number // count : len(ports) * (number + 1) // count]
    return replace(settings, first_port=part[0], last_port=part[-1])
