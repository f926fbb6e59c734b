"""A leg at work: packets in, packets out, and what plays, presses and records on it.

It is given the time and a way to transmit, and reports through the listener it is given; it knows
no socket and no reactor.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from twisted.logger import Logger

from cti.kernel.errors import RemoteError
from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.coding import halved, passes, rate_of
from cti.media.g711 import FRAME_SAMPLES, SAMPLES_PER_SECOND, Samples
from cti.media.intake import Intake
from cti.media.player import Player
from cti.media.port import Codec, LegStatistics, MediaTarget, PlayOutcome
from cti.media.rtp import RtpPacket
from cti.media.session import CODECS, COMFORT_NOISE, Session
from cti.media.source_lock import Source
from cti.media.telephone_event import KeyReceiver, KeySender, KeyStep
from cti.media.tone_detector import ToneDetector
from cti.media.tones import tone_frame
from cti.media.voice import Voice
from cti.worker.passage import Onward, Passage, Transmit
from cti.worker.recording import Recording

log = Logger()

FLUSH_SECONDS = 0.95
"""Recordings are written once a second, when the leg is looked after next."""
REPORT_SECONDS = 5.0
"""Between RTCP reports (RFC 3550, 6.2)."""
FILL_AFTER = 0.5
"""Seconds a leg waits for packets to pass on before it sends silence of its own."""

TransmitControl = Callable[[bytes, Source], None]
Join = Callable[[Source | None], None]
"""Lets in packets of that address alone; of any if there is none."""


class LegListener(Protocol):
    """Told what a leg hears and when its play ends."""

    def key_pressed(self, leg: ConnectionId, key: str) -> None: ...

    def play_ended(self, leg: ConnectionId, play: int, outcome: PlayOutcome) -> None: ...


class Play:
    """A play command under way, its frames kept for the codec the leg had at its beginning."""

    def __init__(self, number: int, player: Player, codec: Codec, *, barge_in: bool) -> None:
        self.number, self.codec, self.barge_in = number, codec, barge_in
        self._player = player

    def frame(self) -> bytes | None:
        """The next 20 ms, kept for `codec`; None at the end."""
        return self._player.frame()


class Leg:
    """One RTP session and what is done with it."""

    def __init__(
        self,
        name: ConnectionId,
        group: CallId,
        session: Session,
        transmit: Transmit,
        listener: LegListener,
        transmit_control: TransmitControl = lambda _data, _destination: None,
        join: Join = lambda _peer: None,
    ) -> None:
        self.name = name
        self.group = group
        self.sources: tuple[Leg, ...] = ()
        """Whom it hears."""
        self.hearers: tuple[Leg, ...] = ()
        """Who hears it."""
        self.passed_to: tuple[Leg, ...] = ()
        """Those of them who get its packets as they come."""
        self.mixed = False
        """Whether what it hears is made for it, not passed on."""
        self.mixture: Samples | None = None
        """The next 20 ms made for it."""
        self.masked = False
        self._unmasking = False
        """To be heard again when the tone of a secret key has ended."""
        self.paused = False
        """Whether what is recorded is left silent meanwhile."""
        self.recording: Recording | None = None
        """Set by `record`."""
        self.heard_at: float | None = None
        """When the last packet came, or since when one is waited for; None: none is expected."""
        self.relayed_at = 0.0
        """When a packet was passed on to it last, or since when one may be."""
        self.resting = False
        """Whether it has nothing of its own to say while packets are passed on to it."""
        self.passage: Passage | None = None
        """The short way of its packets, as long as nothing changes."""
        self.malformed = 0
        self._session = session
        self._transmit = transmit
        self._transmit_control = transmit_control
        self._join = join
        self._listener = listener
        self._keys_heard = KeyReceiver()
        self._keys_sent = KeySender()
        self._pressing = False
        self._key_for: tuple[Leg, ...] = ()
        """Who gets the packets of the key that is down."""
        self._intake: Intake | None = None
        self._frame: Samples | None = None
        self._frame_at = 0.0
        self._voice: Voice | None = None
        self._mixed_at = SAMPLES_PER_SECOND
        self._tones: ToneDetector | None = None
        self._play: Play | None = None
        self._reported = False
        self._reported_at = self._flushed_at = 0.0

    def configure(self, target: MediaTarget, now: float) -> None:
        """Send there from now on; packets are expected if the far side may send."""
        self.changed()
        if self._session.target is None:
            self._reported_at = now
        self._session.configure(target)
        if self._session.certain(now) is None:
            self._join(None)
        # Where telephone-event was agreed no tone is a key: none is pressed twice.
        self._tones = ToneDetector() if target.events is None else None
        self.take_in(None if self._intake is None else self._intake.rate)
        self.heard_at = now if target.sending else None

    def deconfigure(self) -> None:
        """Neither send nor listen any more."""
        self.changed()
        self._session.target = None
        self.heard_at = None

    @property
    def target(self) -> MediaTarget | None:
        """What was agreed on; None before `configure`."""
        return self._session.target

    @property
    def refused(self) -> int:
        """Packets of a flood that were not looked at."""
        return self._session.refused

    @property
    def takes_events(self) -> bool:
        """Whether the far side agreed to telephone-event."""
        return self.target is not None and self.target.events is not None

    @property
    def codec(self) -> Codec | None:
        """The codec agreed on; None before `configure`."""
        return None if self.target is None else self.target.codec

    def datagram(self, data: bytes, source: Source, now: float) -> None:
        """Take what came: count it, record it, hear its keys, pass it on."""
        session = self._session
        if not session.lets_in(source, now):
            return
        # Made only for a source that is certain, so what is let in now is of that source.
        if self.passage is not None and self.passage.take(data, now):
            return
        destination = session.destination
        try:
            packet = session.read(data, source, now)
            if session.destination != destination:
                self.changed()
            if packet is None:
                return
            if self.heard_at is not None:
                self.heard_at = now
            codec = CODECS.get(packet.payload_type)
            if codec is not None:
                self._hear(packet, codec, now)
                self._settle(codec, now)
            elif packet.payload_type == COMFORT_NOISE:
                if self._intake is not None:
                    self._intake.comfort_noise(packet.payload)
            else:
                self._hear_event(packet, now)
        except RemoteError as error:
            self._count_malformed(error)

    def control(self, data: bytes, source: Source, now: float) -> None:
        """Take an RTCP datagram."""
        try:
            self._session.receive_control(data, source, now)
        except RemoteError as error:
            self._count_malformed(error)

    def look_after(self, now: float) -> None:
        """Do what is due from time to time: write what was recorded, send a report.

        Who was silent may come back from another address.
        """
        if self._session.look_around(now):
            self.changed()
            self._join(None)
        if self.recording is not None and now - self._flushed_at >= FLUSH_SECONDS:
            self._flushed_at = now
            self.recording.flush(now)
        if now - self._reported_at >= REPORT_SECONDS:
            self._reported_at = now
            self.report(now)

    def report(self, now: float) -> None:
        """Send an RTCP report."""
        if self._session.target is not None and self._session.control_destination is not None:
            self._reported = True
            self._transmit_control(self._session.report(now), self._session.control_destination)

    def leave(self, now: float) -> None:
        """Say goodbye to a far side that was sent reports (RFC 3550, 6.3.7)."""
        self.end_play(PlayOutcome.STOPPED)
        if self._reported and self._session.control_destination is not None:
            self._transmit_control(self._session.goodbye(now), self._session.control_destination)

    def tick(self, now: float) -> None:
        """Send this 20 ms: a key, or a frame of what plays, is mixed for it, or is silence.

        Nothing while packets are passed on.
        """
        target = self._session.target
        if target is None:
            return
        self._listen(now)
        playing = self._next_frame(now)
        step = self._keys_sent.step()
        if self._pressing != (step is not None):
            self._pressing = step is not None
            self.changed()
        if not target.sending or self._send_step(step, now):
            return
        payload = self._say(self._voice_in(target.codec), step, playing, now)
        if payload is not None:
            self._speak(payload, target.codec, now)
        else:
            self.resting = self._tones is None and not self._unmasking

    def relay(self, packet: RtpPacket, now: float) -> None:
        """Send another leg's packet, unless something of our own is being sent."""
        target = self._session.target
        if target is None or not self.is_open:
            return
        relayed = self._session.relay(packet, now)
        if relayed is None:
            return
        self.relayed_at = now
        if relayed.payload_type != target.codec.value:
            self._send(relayed)
            return
        self._send_sound(relayed, target.codec, now)
        self._voice_in(target.codec).passed(relayed.payload)

    def start_play(self, play: Play) -> None:
        """Play this in place of what plays now."""
        self.end_play(PlayOutcome.STOPPED)
        self._play = play
        self.changed()

    def end_play(self, outcome: PlayOutcome) -> None:
        """End what plays, if anything does."""
        play, self._play = self._play, None
        if play is not None:
            self.changed()
            self._listener.play_ended(self.name, play.number, outcome)

    def press(self, keys: str) -> None:
        """Press keys towards the far side."""
        self._keys_sent.press(keys)
        self.changed()

    def changed(self) -> None:
        """What was settled for its packets, and for those passed on to it, holds no more."""
        self.resting = False
        self.passage = None
        for each in self.sources:
            each.passage = None

    def hear(self, sources: tuple["Leg", ...], now: float) -> None:
        """Send what these say, in place of what plays."""
        self.end_play(PlayOutcome.STOPPED)
        self.changed()
        self.sources = sources
        self.mixture = None
        self.relayed_at = now

    def take_in(self, rate: int | None) -> None:
        """Have frames of that rate ready for `frame`; None: nobody asks for any."""
        self.changed()
        if rate is None and self._tones is not None:
            rate = SAMPLES_PER_SECOND
        if rate is None:
            self._intake = None
        elif self._intake is None or self._intake.rate != rate:
            self._intake = Intake(rate)

    def frame(self, now: float) -> Samples:
        """What the far side says in this tick: silence in secrecy."""
        frame = self._taken_in(now)
        return np.zeros_like(frame) if self.masked else frame

    def speak_at(self, rate: int) -> None:
        """What is mixed for it comes at that rate."""
        self._mixed_at = rate

    def record(self, recording: Recording, now: float, phase: float = 0.0) -> None:
        """Record from now on, masked or paused if the leg is; `phase` of a second has passed."""
        self.recording, self._flushed_at = recording, now - phase * FLUSH_SECONDS
        recording.mask(self.masked, now)
        recording.pause(self.paused, now)

    def mask(self, masked: bool, now: float) -> None:
        """Keep what is said and keyed out of the recording and from the other leg, or no more.

        A key that is held as a tone meanwhile stays secret to its end.
        """
        ends = self.masked and not masked
        self._unmasking = ends and self._tones is not None and self._tones.held
        if self._unmasking:
            return
        self.masked = masked
        self.changed()
        if ends and self._intake is not None:
            # What still waits in it was said in secrecy.
            self._intake = Intake(self._intake.rate)
        if self.recording is not None:
            self.recording.mask(masked, now)

    def pause_recording(self, paused: bool, now: float) -> None:
        """Leave both sides out of the recording, or no more."""
        self.paused = paused
        if self.recording is not None:
            self.recording.pause(paused, now)

    def statistics(self) -> LegStatistics:
        """What the leg saw so far."""
        return self._session.statistics()

    def _count_malformed(self, error: RemoteError) -> None:
        self.malformed += 1
        if self.malformed == 1:
            log.info("Leg {leg_id}: {reason}", leg_id=self.name, reason=error)

    def _hear(self, packet: RtpPacket, codec: Codec, now: float) -> None:
        if self.recording is not None:
            self.recording.received(packet, codec, now)
        if self._intake is not None:
            self._intake.put(packet, codec, now)
        # Keys can be heard as tones, and numbers be said aloud: in secrecy nothing goes on.
        if not self.masked:
            for hearer in self.passed_to:
                hearer.relay(packet, now)

    def _settle(self, codec: Codec, now: float) -> None:
        """The next packets of this kind may go the short way."""
        source = self._session.certain(now)
        if source is None:
            return
        self._join(source)
        if self._intake is not None:
            return
        hearers = () if self.masked else tuple(each for each in self.passed_to if each.is_open)
        if len(hearers) > 1:
            return
        onward = hearers[0].onward() if hearers else None
        if onward is None or passes(codec, onward.codec):
            self.passage = Passage(self, codec, self._session.reception, onward)

    @property
    def is_open(self) -> bool:
        """Whether packets are passed on to it now."""
        target = self.target
        return target is not None and target.sending and self._play is None and not self._pressing

    def onward(self) -> Onward | None:
        """Its side of a passage; None while it is not known where packets go."""
        target, session = self._session.target, self._session
        if target is None or session.destination is None:
            return None
        voice = self._voice_in(target.codec)
        way = session.destination
        return Onward(self, session.stream, target.codec, self._transmit, way, voice)

    def _hear_event(self, packet: RtpPacket, now: float) -> None:
        key = self._keys_heard.receive(packet)
        if self.recording is not None:
            self.recording.keyed(packet, now)
        if key is not None:
            self._take_key(key)
        # What went down before anybody heard it, or in secrecy, stays with us until it is let go.
        if self._key_for and not self.masked:
            for hearer in self._key_for:
                if hearer in self.hearers and not hearer.masked:
                    hearer.relay(packet, now)

    def _take_key(self, key: str) -> None:
        self._press_heard(key)
        ears = () if self.masked else tuple(each for each in self.hearers if not each.masked)
        self._key_for = tuple(each for each in ears if each.takes_events and not each.mixed)
        for hearer in ears:
            if hearer not in self._key_for:
                hearer.press(key)

    def _press_heard(self, key: str) -> None:
        if self._play is not None and self._play.barge_in:
            self.end_play(PlayOutcome.KEY)
        self._listener.key_pressed(self.name, key)

    def _next_frame(self, now: float) -> tuple[bytes, Codec] | None:
        """What plays next, and the codec it is kept for."""
        play = self._play
        if play is None:
            return None
        frame = play.frame()
        if frame is None:
            self.relayed_at = now
            self.end_play(PlayOutcome.FINISHED)
            return None
        return frame, play.codec

    def _taken_in(self, now: float) -> Samples:
        """Taken once in each tick, however many ask."""
        assert self._intake is not None, "take_in comes first"
        if self._frame is None or self._frame_at != now:
            self._frame, self._frame_at = self._intake.frame(now), now
        return self._frame

    def _listen(self, now: float) -> None:
        """Keys pressed as tones."""
        if self._tones is not None:
            frame = self._taken_in(now)
            key = self._tones.hear(frame if len(frame) == FRAME_SAMPLES else halved(frame))
            if key is not None:
                self._press_heard(key)
        if self._unmasking:
            self.mask(False, now)

    def _say(
        self, voice: Voice, step: KeyStep | None, playing: tuple[bytes, Codec] | None, now: float
    ) -> bytes | None:
        """What goes out in this tick; nothing while packets are passed on.

        A key sounds where the far side agreed to nothing better.
        """
        if step is not None and step.key and not self.takes_events:
            rate = rate_of(voice.codec)
            return voice.say(tone_frame(step.key, step.place, rate), rate)
        if playing is not None:
            return voice.play(*playing)
        if self.mixed and self.mixture is not None and not self._pressing:
            return voice.say(self.mixture, self._mixed_at)
        passed = self.sources and not self.mixed and now - self.relayed_at < FILL_AFTER
        return None if passed and not self._pressing else voice.silence()

    def _voice_in(self, codec: Codec) -> Voice:
        if self._voice is None or self._voice.codec is not codec:
            self._voice = Voice(codec)
        return self._voice

    def _send_step(self, step: KeyStep | None, now: float) -> bool:
        if step is None or step.payload is None:
            return False
        event = self._session.event(step.payload, now, first=step.first)
        if event is None:
            return False
        self._send(event)
        return True

    def _speak(self, payload: bytes, codec: Codec, now: float) -> None:
        stream, destination = self._session.stream, self._session.destination
        data = None if destination is None else stream.steady(payload, codec.value, now)
        if data is None or destination is None:
            self._send_sound(self._session.frame(payload, now), codec, now)
            return
        if not self._transmit(data, destination):
            stream.take_back(len(payload))
        if self.recording is not None:
            self.recording.said(data, codec.value, now)

    def _send_sound(self, packet: RtpPacket, codec: Codec, now: float) -> None:
        self._send(packet)
        if self.recording is not None:
            self.recording.sent(packet, codec, now)

    def _send(self, packet: RtpPacket) -> None:
        destination = self._session.destination
        if destination is None or not self._transmit(bytes(packet), destination):
            self._session.take_back(packet)
            if not self._session.begun:
                # The far side's coder is still at its beginning.
                self._voice = None
