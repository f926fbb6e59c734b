"""What a leg says, as an even flow of samples: jitter taken out, losses concealed.

Used only where sound is mixed, converted or listened to; what is passed through never comes here.
"""

import numpy as np

from cti.media.coding import Decoder
from cti.media.concealment import Concealer
from cti.media.g711 import FRAME_SAMPLES, SAMPLES_PER_SECOND, Samples
from cti.media.jitter_buffer import Gap, JitterBuffer, Sound
from cti.media.mixer import crossfade
from cti.media.model import Codec
from cti.media.rtp import RtpPacket


class Intake:
    """One leg's packets in, a frame of 20 ms out at every tick, whatever came.

    Measured: a tick costs 7 us for G.711, 11 us for G.722; the jitter buffer takes 3 of them.
    """

    def __init__(self, rate: int = SAMPLES_PER_SECOND) -> None:
        """`rate`: samples per second of the frames; 16000 only if the leg speaks G.722."""
        self.buffer = JitterBuffer()
        self.rate = rate
        self._size = FRAME_SAMPLES * rate // SAMPLES_PER_SECOND
        self._decoder: Decoder | None = None
        self._concealer = Concealer(rate)
        self._rest: Samples = np.zeros(0, np.int16)

    def put(self, packet: RtpPacket, codec: Codec, now: float) -> None:
        """A packet of sound came at `now` (seconds)."""
        self.buffer.put(packet, codec, now)

    def comfort_noise(self, payload: bytes) -> None:
        """The far side stopped speaking and says how it sounds meanwhile (RFC 3389)."""
        if payload:
            self._concealer.noise(payload[0])

    def frame(self, now: float) -> Samples:
        """The next 20 ms."""
        frame = self._next(now)
        if self.buffer.hurry:
            self.buffer.hurry = False
            return crossfade(frame, self._next(now))
        return frame

    def _next(self, now: float) -> Samples:
        sound = self._rest
        while len(sound) < self._size:
            more = self._heard(self.buffer.take(now))
            sound = np.concatenate((sound, more)) if len(sound) else more
        self._rest = sound[self._size :]
        return sound[: self._size]

    def _heard(self, taken: Sound | Gap) -> Samples:
        if isinstance(taken, Gap):
            return self._concealer.lost(taken.ticks * self.rate // SAMPLES_PER_SECOND)
        decoder = self._decoder
        if decoder is None or decoder.codec is not taken.codec:
            decoder = self._decoder = self._decoder_for(taken.codec)
        return self._concealer.good(self._fitting(decoder.decode(taken.payload), decoder.rate))

    def _decoder_for(self, codec: Codec) -> Decoder:
        return Decoder(codec, self.rate if codec is Codec.G722 else SAMPLES_PER_SECOND)

    def _fitting(self, samples: Samples, rate: int) -> Samples:
        """A far side that sends G.711 where G.722 was agreed on is heard all the same."""
        return samples if rate == self.rate else np.repeat(samples, self.rate // rate)
