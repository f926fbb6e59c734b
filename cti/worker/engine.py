"""Sound for legs, made in this process: sockets, one pacer, players, who hears whom, recordings.

The media worker is this engine behind a Unix socket; command-line telephones and tests use it
directly. What it reports, it reports in a reactor turn of its own, never inside a command.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from twisted.internet.defer import Deferred, DeferredList, fail, succeed
from twisted.logger import Logger

from cti.kernel.identifiers import CallId, ConnectionId, Entropy, system_entropy
from cti.media.player import Player
from cti.media.port import (
    BrowserKeys,
    Codec,
    LegStatistics,
    MediaAddress,
    MediaListener,
    MediaTarget,
    MediaUnavailable,
    PlayOutcome,
    Security,
    Tracks,
)
from cti.media.session import Session
from cti.media.source_lock import Source
from cti.recording.keys import read_keys
from cti.recording.writer import Held
from cti.worker.desk import Desk, DiskDesk
from cti.worker.disk import Disk, ThreadDisk
from cti.worker.hearing import Hearing
from cti.worker.leg import FILL_AFTER, Leg, Play
from cti.worker.pacer import Pacer
from cti.worker.poller import Poller, PollingReactor
from cti.worker.recording import Recording
from cti.worker.reports import Reports, Unheard
from cti.worker.settings import MediaSettings
from cti.worker.shelf import Shelf
from cti.worker.slices import Slices
from cti.worker.sockets import LegSocket, PortRange, Receive, is_destination
from cti.worker.wire import Wire
from cti.worker.wires import Wires

log = Logger()

VISIT_TICKS = 5
"""Every 100 ms each leg is looked after, a fifth of them in each tick."""
GOLDEN = 0.618
"""Of a second between the beginnings of two recordings' seconds: however many there are, they are
spread evenly."""


class MediaEngine:
    """A `MediaPort` on sockets of this process."""

    def __init__(
        self,
        reactor: PollingReactor,
        settings: MediaSettings,
        listener: MediaListener | None = None,
        *,
        desk: Desk | None = None,
        sounds: Disk | None = None,
        entropy: Entropy = system_entropy,
    ) -> None:
        self.reports = Reports(reactor, listener or Unheard())
        self._reactor = reactor
        self._settings = settings
        self._entropy = entropy
        self._ports = PortRange(settings.bind, settings.ports, self._number(2))
        self._desk = desk or DiskDesk(
            ThreadDisk(reactor), read_keys(settings.keys) if settings.keys else None
        )
        self._shelf = Shelf(settings.cache_octets, sounds or ThreadDisk(reactor, "sounds"))
        self._pacer = Pacer(reactor, self._tick)
        self._slices = Slices(reactor, self._pace)
        self._poller = Poller(reactor)
        self._ticks = self._recorded = 0
        self._hearing = Hearing()
        self._legs: dict[ConnectionId, Leg] = {}
        self._sockets: dict[ConnectionId, tuple[LegSocket, LegSocket]] = {}
        self._wires = Wires(reactor, entropy)
        self._wire_of: dict[ConnectionId, Wire] = {}

    # --- the port ---------------------------------------------------------------------------

    def open(
        self, leg: ConnectionId, group: CallId, security: Security = Security.NONE
    ) -> Deferred[MediaAddress]:
        """Bind a port for the leg; MediaUnavailable when there is none."""
        if leg in self._legs:
            return fail(MediaUnavailable(f"leg {leg} is open"))
        try:
            sockets = self._ports.bind()
        except MediaUnavailable as error:
            return fail(error)
        session = Session(
            ssrc=self._number(4),
            sequence=self._number(2),
            timestamp=self._number(4),
            cname=self._entropy(12),
        )
        sound, control = (LegSocket(sock) for sock in sockets)
        wire = self._wires.make(security, leg, (sound, control), lambda: self._lost(leg))
        opened = Leg(
            leg, group, session, wire.transmit, self.reports, wire.transmit_control, wire.join
        )
        wire.attach(self._receiver(opened, opened.datagram), self._receiver(opened, opened.control))
        self._legs[leg] = opened
        self._hearing.add(opened)
        self._sockets[leg] = (sound, control)
        self._wire_of[leg] = wire
        self._poller.add(sound, control)
        self._pacer.start()
        return succeed(self._address_of(leg))

    def adopt(self, leg: ConnectionId, group: CallId) -> MediaAddress | None:
        """Where such a leg receives, if it is there: it goes on as it is."""
        found = self._legs.get(leg)
        return self._address_of(leg) if found is not None and found.group == group else None

    def hears(self, leg: ConnectionId) -> tuple[ConnectionId, ...]:
        """Whom the leg hears."""
        found = self._legs.get(leg)
        return tuple(source.name for source in found.sources) if found is not None else ()

    def configure(self, leg: ConnectionId, target: MediaTarget) -> None:
        """Send as agreed from the next tick on."""
        found = self._legs.get(leg)
        if found is None:
            return
        if not self._wire_of[leg].configure(target):
            log.error("Leg {leg_id} stays silent: the far side's security is another", leg_id=leg)
            found.deconfigure()
            return
        by_checks = isinstance(target.security, BrowserKeys) and target.security.fragment
        if not by_checks and not is_destination(target.host, target.port):
            log.info("Leg {leg_id} has nowhere to send to: {host}", leg_id=leg, host=target.host)
            # What is known of the far side stands meanwhile: it is on hold in the old way.
            host, port = (found.target.host, found.target.port) if found.target else ("", 0)
            target = replace(target, host=host, port=port, sending=False)
        found.configure(target, self._reactor.seconds())
        self._hearing.configured(found)

    def play(
        self,
        leg: ConnectionId,
        play: int,
        files: Sequence[Path],
        *,
        repeat: bool = False,
        barge_in: bool = False,
    ) -> None:
        """Send the files; one that cannot be read is logged and left out."""
        found = self._legs.get(leg)
        if found is not None:
            codec = found.codec or Codec.PCMA
            player = Player(None, codec, repeat=repeat)
            found.start_play(Play(play, player, codec, barge_in=barge_in))
            self._shelf.fetch(files, codec, player.provide)

    def stop(self, leg: ConnectionId) -> None:
        """End what plays."""
        if leg in self._legs:
            self._legs[leg].end_play(PlayOutcome.STOPPED)

    def hear(self, leg: ConnectionId, sources: Sequence[ConnectionId]) -> None:
        """Let the leg hear these legs of its group from the next packet on, and nobody else."""
        found = self._legs.get(leg)
        if found is not None:
            known = [self._legs[name] for name in sources if name in self._legs]
            self._hearing.hear(found, known, self._reactor.seconds())

    def record(self, leg: ConnectionId, path: Path, tracks: Tracks = Tracks.BOTH) -> None:
        """Record to that file from now on; a recording under way is closed first."""
        found = self._legs.get(leg)
        if found is not None:
            self._close_recording(found)
            now = self._reactor.seconds()
            phase = self._recorded * GOLDEN % 1.0
            self._recorded += 1
            found.record(Recording(path, tracks, now, self._desk), now, phase)

    def mask(self, leg: ConnectionId, masked: bool) -> None:
        """Keep what follows out of recordings and others' ears, or no more."""
        if leg in self._legs:
            self._legs[leg].mask(masked, self._reactor.seconds())

    def pause_recording(self, leg: ConnectionId, paused: bool) -> None:
        """Leave both sides out of the recording, or no more."""
        if leg in self._legs:
            self._legs[leg].pause_recording(paused, self._reactor.seconds())

    def mark_recording(self, leg: ConnectionId, label: str) -> None:
        """Note this instant in the recording."""
        found = self._legs.get(leg)
        if found is not None and found.recording is not None:
            found.recording.mark(label, self._reactor.seconds())

    def send_keys(self, leg: ConnectionId, keys: str) -> None:
        """Press keys towards the far side."""
        if leg in self._legs:
            self._legs[leg].press(keys)

    def close(self, leg: ConnectionId) -> Deferred[LegStatistics]:
        """Fires when all is reported and the recording is closed."""
        found = self._legs.pop(leg, None)
        if found is None:
            return succeed(LegStatistics())
        now = self._reactor.seconds()
        self._hearing.forget(found, now)
        found.leave(now)
        self._close_wire(found)
        sockets = self._sockets.pop(leg)
        unreachable = sum(each.unreachable for each in sockets)
        if unreachable:
            log.info("Leg {leg_id}: {count} ICMP errors", leg_id=leg, count=unreachable)
        self._poller.remove(*sockets)
        for each in sockets:
            each.close()
        if not self._legs:
            self._pacer.stop()
            self._slices.stop()
        closed: Deferred[LegStatistics] = Deferred()
        self._close_recording(found).addCallback(
            lambda _: self.reports.later(lambda: closed.callback(found.statistics()))
        )
        return closed

    # --- its life ---------------------------------------------------------------------------

    @property
    def listener(self) -> MediaListener:
        """Who is told; may be set at any time."""
        return self.reports.listener

    @listener.setter
    def listener(self, listener: MediaListener) -> None:
        self.reports.listener = listener

    @property
    def legs(self) -> int:
        """How many legs are open."""
        return len(self._legs)

    @property
    def masked(self) -> list[ConnectionId]:
        """The legs on which something secret is keyed."""
        return [leg.name for leg in self._legs.values() if leg.masked]

    def held(
        self,
    ) -> list[tuple[ConnectionId, CallId, MediaAddress, Path | None, tuple[ConnectionId, ...]]]:
        """Every leg: its group, where it receives, the file it is recorded to, whom it hears."""
        return [
            (
                leg.name,
                leg.group,
                self._address_of(leg.name),
                leg.recording.path if leg.recording else None,
                self.hears(leg.name),
            )
            for leg in self._legs.values()
        ]

    def shut_down(self) -> Deferred[None]:
        """Close every leg, fire when every recording is on disk."""
        closing = DeferredList([self.close(leg) for leg in tuple(self._legs)])
        self._shelf.stop()
        return closing.addCallback(lambda _: self._desk.stop())

    # --- inside -----------------------------------------------------------------------------

    def _address_of(self, leg: ConnectionId) -> MediaAddress:
        given, (sound, _) = self._settings, self._sockets[leg]
        return MediaAddress(given.host, sound.port, self._wire_of[leg].own, given.codecs)

    def _tick(self, now: float) -> None:
        self._ticks += 1
        self._slices.finish()  # whoever is late says what was mixed for them, and not the next
        self._mix(now)
        legs = tuple(self._legs.values())
        self._slices.begin(legs, now)
        self._look_after(legs[self._ticks % VISIT_TICKS :: VISIT_TICKS], now)

    def _pace(self, leg: Leg, now: float) -> None:
        """The leg's part of the tick that began then, unless it was closed meanwhile."""
        if leg.resting and now - leg.relayed_at < FILL_AFTER:
            return
        if self._legs.get(leg.name) is not leg:
            return
        try:
            leg.tick(now)
        except Exception:  # noqa: BLE001  (our mistake in one leg may not silence the others)
            self._give_up(leg)

    def _look_after(self, legs: Sequence[Leg], now: float) -> None:
        usual, lost = self._settings.rtp_timeout, []
        for leg in legs:
            try:
                leg.look_after(now)
            except Exception:  # noqa: BLE001  (likewise)
                self._give_up(leg)
            patience = leg.target.patience if leg.target is not None else 0.0
            if leg.heard_at is not None and now - leg.heard_at > (patience or usual):
                leg.heard_at = None
                lost.append(leg.name)
        if lost:
            log.info("No RTP for {legs}", legs=lost)
            self.reports.legs_lost(lost)

    def _mix(self, now: float) -> None:
        for mixed in tuple(self._hearing.mixes):
            try:
                mixed.tick(now, self._give_up)
            except Exception:  # noqa: BLE001  (likewise)
                for leg in mixed.hearers:
                    self._give_up(leg)

    def _receiver(self, leg: Leg, take: Callable[[bytes, Source, float], None]) -> Receive:
        seconds = self._reactor.seconds

        def receive(data: bytes, source: Source) -> None:
            try:
                take(data, source, seconds())
            except Exception:  # noqa: BLE001  (the reactor would close the socket and say no more)
                self._give_up(leg)

        return receive

    def _lost(self, leg: ConnectionId) -> None:
        """Whoever is at the other end can no longer be sent to."""
        if leg in self._legs:
            self._legs[leg].deconfigure()
            self.reports.legs_lost([leg])

    def _close_wire(self, leg: Leg) -> None:
        wire = self._wire_of.pop(leg.name)
        wire.close()
        refused = wire.refused + leg.refused
        if refused:
            log.info("Leg {leg_id} refused {count} datagrams", leg_id=leg.name, count=refused)

    def _give_up(self, leg: Leg) -> None:
        """A mistake of ours: log it, and let that call be cleared."""
        log.failure("Leg {leg_id} failed", leg_id=leg.name)
        self._hearing.forget(leg, self._reactor.seconds())
        leg.deconfigure()
        self.reports.legs_lost([leg.name])

    def _close_recording(self, leg: Leg) -> Deferred[None]:
        recording, leg.recording = leg.recording, None
        if recording is None:
            return succeed(None)

        def closed(held: Held) -> None:
            self.reports.recording_closed(leg.name, recording.path, held.seconds, held.digest)

        return recording.close(self._reactor.seconds()).addCallback(closed)

    def _number(self, octets: int) -> int:
        return int(self._entropy(octets), 16)
