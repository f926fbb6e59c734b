"""A bare RTP telephone on loopback: sends what a test says, keeps what it hears."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import DatagramProtocol

from cti.kernel.identifiers import ConnectionId
from cti.media.coding import Decoder, Encoder
from cti.media.g711 import FRAME_SAMPLES, FRAME_SECONDS
from cti.media.port import Codec, MediaTarget, PlayOutcome
from cti.media.rtp import RTCP_TYPES, RtpPacket
from cti.media.telephone_event import TelephoneEvent, press_steps
from tests.support.audio import Samples
from tests.support.reactor import begin, pause, reactor, stood_still

EVENTS = 101


class RtpPhone(DatagramProtocol):
    """Speaks one codec; sequence and timestamp go on by themselves."""

    def __init__(self, codec: Codec, ssrc: int = 0x1234) -> None:
        self.codec = codec
        self.packets: list[RtpPacket] = []
        self.times: list[float] = []
        self.silences = 0.0
        """Seconds in which it said nothing while it talked, for this process stood still."""
        self._encoder = Encoder(codec)
        self._ssrc = ssrc
        self._sequence = 65_500
        self._timestamp = 2**32 - 4000
        self._destination: tuple[str, int] | None = None
        self._talking: Deferred[None] | None = None
        self._port: Any = reactor().listenUDP(0, self, interface="127.0.0.1")

    @property
    def target(self) -> MediaTarget:
        """What a leg is configured with to talk to this telephone."""
        return MediaTarget("127.0.0.1", self._port.getHost().port, self.codec, EVENTS)

    @property
    def said(self) -> int:
        """The sequence number of the packet that was sent last."""
        return self._sequence - 1

    def call(self, host: str, port: int) -> None:
        """Send there from now on."""
        self._destination = (host, port)

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        del addr
        if datagram[1] in RTCP_TYPES:
            return
        self.packets.append(RtpPacket.parse(datagram))
        self.times.append(reactor().seconds())

    async def talk(self, samples: Samples) -> None:
        """Send the samples, 20 ms at a time, in real time."""
        begun = said = reactor().seconds()
        still = stood_still()
        for number in range(len(samples) // FRAME_SAMPLES):
            part = samples[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES]
            self.send(self._encoder.encode(part), self.codec.value)
            self._timestamp += FRAME_SAMPLES
            now = reactor().seconds() + stood_still() - still
            self.silences += max(0.0, now - said - 2 * FRAME_SECONDS)
            said = now
            await pause(max(0, begun + (number + 1) * FRAME_SECONDS - reactor().seconds()))

    def keep_talking(self, samples: Samples) -> None:
        """Send the samples beside what goes on, until they end or the telephone falls silent."""
        self.hush()
        self._talking = begin(self.talk(samples))
        self._talking.addErrback(lambda failure: failure.trap(CancelledError))

    def hush(self) -> None:
        """Fall silent."""
        if self._talking is not None:
            self._talking.cancel()

    async def press(self, key: str) -> None:
        """Press a key for 100 ms."""
        for step in press_steps(key):
            if step.payload is not None:
                self.send(step.payload, EVENTS, marker=step.first)
            await pause(FRAME_SECONDS)
        self._timestamp += 1600

    def tap(self, key: str) -> None:
        """Press a key for 100 ms, told of at once."""
        for step in press_steps(key):
            if step.payload is not None:
                self.send(step.payload, EVENTS, marker=step.first)
        self._timestamp += 1600

    def send(self, payload: bytes, payload_type: int, *, marker: bool = False) -> None:
        """Send one packet."""
        packet = RtpPacket(
            payload_type,
            self._sequence % 2**16,
            self._timestamp % 2**32,
            self._ssrc,
            payload,
            marker,
        )
        self._sequence += 1
        self.transport.write(bytes(packet), self._destination)  # type: ignore[union-attr]

    def send_control(self, data: bytes) -> None:
        """Send RTCP to the port above."""
        assert self._destination is not None
        host, port = self._destination
        self.transport.write(data, (host, port + 1))  # type: ignore[union-attr]

    def heard(self, since: int = 0) -> Samples:
        """What was heard, packet after packet, of the packets from that one on."""
        decoders = {codec: Decoder(codec) for codec in Codec}
        audio = (p for p in self.packets[since:] if p.payload_type != EVENTS)
        frames = [decoders[Codec(p.payload_type)].decode(p.payload) for p in audio]
        return np.concatenate(frames) if frames else np.zeros(0, np.int16)

    def lateness(self) -> float:
        """Seconds in which this end or the other stood still while it listened."""
        lasted = self.times[-1] - self.times[0] + stood_still()
        return stood_still() + max(0.0, lasted - FRAME_SECONDS * (len(self.times) - 1))

    def audio(self) -> list[RtpPacket]:
        """The packets of sound."""
        return [packet for packet in self.packets if packet.payload_type != EVENTS]

    def events(self) -> list[TelephoneEvent]:
        """The key presses' packets."""
        return [TelephoneEvent.parse(p.payload) for p in self.packets if p.payload_type == EVENTS]

    def hang_up(self) -> Deferred[None]:
        """Fall silent and close the socket."""
        self.hush()
        closed: Deferred[None] = self._port.stopListening()
        return closed


class Ear:
    """A `MediaListener` that keeps everything in order."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def key_pressed(self, leg: ConnectionId, key: str) -> None:
        self.told.append(("key", leg, key))

    def play_ended(self, leg: ConnectionId, play: int, outcome: PlayOutcome) -> None:
        self.told.append(("play", leg, play, outcome))

    def recording_closed(self, leg: ConnectionId, path: Path, seconds: float, digest: str) -> None:
        self.told.append(("recording", leg, path, round(seconds, 1), digest))

    def legs_lost(self, legs: Sequence[ConnectionId]) -> None:
        self.told.append(("lost", *legs))
