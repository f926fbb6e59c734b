"""Sound for legs, made by media worker processes: a `MediaPort` over N of them.

A group's legs live in one worker, because hearing does not cross processes. A worker that dies
takes its own legs with it and no others; another takes its place. When the server dies, workers and
legs live on: the next server finds them in the folder, adopts the legs it knows the calls of, and
closes the rest. Until it has, what is reported of them waits.
"""

import os
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from twisted.internet.defer import Deferred, DeferredList, fail, succeed
from twisted.logger import Logger
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
from cti.transport.media_place import Place, places
from cti.transport.media_process import GIVE_UP_AFTER, MediaWorker, ProcessReactor
from cti.transport.unclosed import Unclosed
from cti.worker import messages
from cti.worker.disk import ThreadDisk
from cti.worker.messages import HeldLeg, LegCommand, Report
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
    """A leg that a worker holds for a server before us, where it receives, and whom it hears."""

    home: Home
    address: MediaAddress
    hears: tuple[ConnectionId, ...]


class MediaWorkers:
    """Finds or starts the workers, spreads groups over them, hands reports to `listener`.

    `run` is the folder by which workers are found again; one server at a time may use it.
    """

    def __init__(
        self,
        reactor: ProcessReactor,
        settings: MediaSettings,
        run: Path,
        listener: MediaListener | None = None,
        *,
        count: int = 0,
    ) -> None:
        self.listener: MediaListener = listener or Unheard()
        self._reactor = reactor
        self._settings = settings
        self._run = run
        self._homes: dict[ConnectionId, Home] = {}
        self._groups: dict[CallId, set[ConnectionId]] = {}
        self._strays: dict[ConnectionId, Stray] = {}
        """Legs that outlived the server before us, and that nobody adopted yet."""
        self._untold: list[Report] | None = None
        """Reports that wait until it is clear whose the survivors are."""
        self._opening: set[ConnectionId] = set()
        self._awaiting: list[Deferred[None]] = []
        self._disk = ThreadDisk(reactor)
        number = count or max(1, (os.cpu_count() or 1) - 1)
        self._workers = [self._worker(n, number) for n in range(number)]
        self._leaving: list[MediaWorker] = []
        """Those that a house with more workers left behind."""

    # --- their life -------------------------------------------------------------------------

    def start(self) -> Deferred[None]:
        """Take up the workers that live on and start the others; fires as `ready` does."""
        ours = {worker.number for worker in self._workers}
        for place in places(self._run):
            if place.number not in ours:
                self._leaving.append(self._worker(place.number, place.number + 1))
                self._leaving[-1].stop()
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
        self._strays.clear()
        ended = DeferredList([worker.stop() for worker in (*self._workers, *self._leaving)])
        return ended.addCallback(lambda _: self._disk.stop())

    def release(self) -> None:
        """Leave the workers and their legs to the server that comes after us."""
        self._homes.clear()
        self._groups.clear()
        self._strays.clear()
        for worker in (*self._workers, *self._leaving):
            worker.release()
        self._disk.stop()

    @property
    def survivors(self) -> frozenset[ConnectionId]:
        """Legs that outlived the server before us, and that nobody adopted yet."""
        return frozenset(self._strays)

    @property
    def alone(self) -> float:
        """Seconds that survivors were without a server; 0 where there are none."""
        return max((stray.home.worker.alone for stray in self._strays.values()), default=0.0)

    @property
    def outlived(self) -> bool:
        """Whether a worker is here that served a server before us, be it without legs."""
        return any(worker.inherited and worker.link for worker in self._workers)

    @property
    def recording(self) -> frozenset[Path]:
        """The files that workers write now: whole only when they are reported closed."""
        return frozenset(path for worker in self._workers for path in worker.unclosed.paths)

    def close_strays(self) -> Deferred[None]:
        """Close the survivors nobody adopted; fires when their recordings are closed too.

        From now on reports are told, those that waited first: before it fires.
        """
        told: Deferred[None] = Deferred()
        told.addCallback(lambda _: self._tell_all())
        self._reactor.callLater(0, told.callback, None)
        return DeferredList([told, self.close_all_but(())]).addCallback(lambda _: None)

    def close_all_but(self, known: Container[ConnectionId]) -> Deferred[None]:
        """Close the survivors that nobody knows; fires when their recordings are closed too."""
        strays = {leg: stray for leg, stray in self._strays.items() if leg not in known}
        for leg, stray in strays.items():
            del self._strays[leg]
            self._settle(leg, stray.home)
        closing = DeferredList([self.close(leg) for leg in strays])
        return closing.addCallback(lambda _: None)

    @property
    def processes(self) -> list[int]:
        """Process ids of the workers that live."""
        return [worker.pid for worker in self._workers if worker.pid is not None]

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
        if worker is None or worker.link is None or leg in self._homes or leg in self._strays:
            return fail(MediaUnavailable(f"no media worker for leg {leg}"))
        self._settle(leg, Home(worker, group))
        self._opening.add(leg)
        opened = worker.link.open(leg, group, security)
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

    def hears(self, leg: ConnectionId) -> tuple[ConnectionId, ...]:
        """Whom a survivor hears that nobody adopted yet."""
        stray = self._strays.get(leg)
        return stray.hears if stray is not None else ()

    def configure(self, leg: ConnectionId, target: MediaTarget) -> None:
        """Send as agreed."""
        self._say(messages.Configure(leg, target))

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
        # The worker may have been started in another folder than we.
        paths = tuple([file.absolute() for file in files])
        self._say(messages.Play(leg, play, paths, repeat, barge_in))

    def stop(self, leg: ConnectionId) -> None:
        """End what plays."""
        self._say(messages.Stop(leg))

    def hear(self, leg: ConnectionId, sources: Sequence[ConnectionId]) -> None:
        """Let the leg hear these and nobody else."""
        self._say(messages.Hear(leg, tuple(sources)))

    def record(self, leg: ConnectionId, path: Path, tracks: Tracks = Tracks.BOTH) -> None:
        """Record to that file."""
        home = self._homes.get(leg)
        if home is not None:
            home.worker.unclosed.begun(leg, path.absolute())
            self._say(messages.Record(leg, path.absolute(), tracks))

    def mask(self, leg: ConnectionId, masked: bool) -> None:
        """Keep what follows out of recordings and others' ears, or no more."""
        self._say(messages.Mask(leg, masked))

    def pause_recording(self, leg: ConnectionId, paused: bool) -> None:
        """Write silence in place of both sides, or no more."""
        self._say(messages.PauseRecording(leg, paused))

    def mark_recording(self, leg: ConnectionId, label: str) -> None:
        """Note this instant in the recording."""
        self._say(messages.MarkRecording(leg, label))

    def send_keys(self, leg: ConnectionId, keys: str) -> None:
        """Press keys towards the far side."""
        self._say(messages.SendKeys(leg, keys))

    def close(self, leg: ConnectionId) -> Deferred[LegStatistics]:
        """Close the leg; fires after its recording was reported closed."""
        home = self._homes.get(leg)
        self._forget(leg)
        if home is None or home.worker.link is None:
            return self._sealed(leg)
        unclosed = home.worker.unclosed

        def seen(figures: LegStatistics) -> LegStatistics:
            unclosed.forget(leg)
            return figures

        return home.worker.link.close_leg(leg).addCallbacks(seen, lambda _: self._sealed(leg))

    # --- told by the workers ----------------------------------------------------------------

    def worker_ready(self, worker: MediaWorker, held: Sequence[HeldLeg]) -> None:
        """A worker is connected; it held legs for a server before us."""
        log.info("Media worker {number} is ready", number=worker.number)
        if held:
            log.info("It holds {count} legs of the server before", count=len(held))
            self._untold = self._untold or []
        for each in held:
            address = replace(each.address, codecs=self._settings.codecs)
            self._strays[each.leg] = Stray(Home(worker, each.group), address, each.hears)
        if all(each.link for each in self._workers):
            self._answer(lambda waiting: waiting.callback(None))

    def worker_died(self, worker: MediaWorker) -> None:
        """Its process ended unasked; several young deaths in a row make a start fail."""
        if worker.failures >= GIVE_UP_AFTER:
            error = MediaUnavailable(f"media worker {worker.number} does not start")
            self._answer(lambda waiting: waiting.errback(error))

    def worker_lost(self, worker: MediaWorker) -> None:
        """Its connection is gone and so are its legs."""
        strays = self._strays.items()
        self._strays = {leg: stray for leg, stray in strays if stray.home.worker is not worker}
        lost = tuple(leg for leg in worker.legs if leg not in self._opening)
        for leg in tuple(worker.legs):
            self._forget(leg)
        if lost:
            self.reported(messages.LegsLost(lost))

    @property
    def tells(self) -> bool:
        """Whether it is clear by now whose the survivors are."""
        return self._untold is None

    def reported(self, report: Report) -> None:
        """Tell the listener, unless it is not yet clear whose the survivors are."""
        if self._untold is not None:
            self._untold.append(report)
            return
        listener = self.listener
        match report:
            case messages.KeyPressed(leg, key):
                listener.key_pressed(leg, key)
            case messages.PlayEnded(leg, play, outcome):
                listener.play_ended(leg, play, outcome)
            case messages.RecordingClosed(leg, path, seconds, digest):
                listener.recording_closed(leg, path, seconds, digest)
            case messages.LegsLost(legs):
                listener.legs_lost(legs)

    # --- inside -----------------------------------------------------------------------------

    def _worker(self, number: int, count: int) -> MediaWorker:
        unclosed = Unclosed(self._disk, self._was_closed)
        place, settings = Place(self._run, number), _share(self._settings, number, count)
        return MediaWorker(place, self._reactor, settings, self, unclosed)

    def _was_closed(self, leg: ConnectionId, path: Path, seconds: float, digest: str) -> None:
        self.reported(messages.RecordingClosed(leg, path, seconds, digest))

    def _tell_all(self) -> None:
        untold, self._untold = self._untold or [], None
        for report in untold:
            with log.failuresHandled("A media listener failed"):
                self.reported(report)

    def _sealed(self, leg: ConnectionId) -> Deferred[LegStatistics]:
        """There are no figures of a leg whose worker died; fires when its recordings are closed."""
        sealing = DeferredList([worker.unclosed.sealed(leg) for worker in self._workers])
        return sealing.addCallback(lambda _: LegStatistics())

    def _worker_of(self, group: CallId) -> MediaWorker | None:
        for leg in self._groups.get(group, ()):
            return self._homes[leg].worker
        connected = [worker for worker in self._workers if worker.link is not None]
        return min(connected, key=lambda worker: len(worker.legs), default=None)

    def _opened(self, address: MediaAddress, leg: ConnectionId) -> MediaAddress:
        self._opening.discard(leg)
        return replace(address, codecs=self._settings.codecs)

    def _not_opened(self, failure: Failure, leg: ConnectionId) -> Failure:
        self._opening.discard(leg)
        self._forget(leg)
        return failure

    def _say(self, command: LegCommand) -> None:
        home = self._homes.get(command.leg)
        if home is not None and home.worker.link is not None:
            home.worker.link.say(command)

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
