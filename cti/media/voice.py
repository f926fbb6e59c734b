"""What a leg says of its own, all through one coder: the far side's decoder meets no joint.

A G.722 decoder goes on from whatever it heard before. Announcements, silence, keys as tones and
what is mixed therefore pass one coder per leg, frame by frame. Packets of others, passed on as they
are, teach the decoder what our coder does not know: it is led through the last of them before it
speaks again.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from cti.media import g711
from cti.media.coding import WIDEBAND, Decoder, Encoder, halved, kept_samples, rate_of, silence
from cti.media.g711 import FRAME_SAMPLES, LAWS, SAMPLES_PER_SECOND, Samples
from cti.media.model import Codec

HALF = 12
"""Samples at 8000 per second on either side that a sample between two is made of."""
KAISER = 6.0
"""Shape of the window: mirror images lie some 60 dB below."""
FOLLOWED = 5
"""Packets passed on that bring our coder where the decoder is: 100 ms, longer than both remember.

Measured: a tone after a tone is then less than 3 dB too strong for 10 ms; without, 10 to 20 dB for
40 ms.
"""
_NO_SOUND = np.zeros(FRAME_SAMPLES * WIDEBAND // SAMPLES_PER_SECOND, np.int16)


class Voice:
    """One leg's own sound in the codec it has now.

    Measured for 20 ms: G.711 0.1 us played, 1.3 us mixed; G.722 11 to 14 us, and 20 us where it was
    mixed at 8000 samples per second. 200 legs that hear music in G.722 take 14 % of a core.
    """

    def __init__(self, codec: Codec) -> None:
        self.codec, self._rate = codec, rate_of(codec)
        self._encoder = Encoder(codec, self._rate)
        self._widening = Widening()
        self._passed: deque[bytes] = deque(maxlen=FOLLOWED)

    def say(self, samples: Samples, rate: int) -> bytes:
        """The octets of 20 ms at that rate, 8000 or 16000."""
        if self._passed:
            self._follow()
        if rate < self._rate:
            samples = self._widening.widen(samples)
        elif rate > self._rate:
            samples = halved(samples)
        return self._encoder.encode(samples)

    def play(self, frame: bytes, codec: Codec) -> bytes:
        """The octets of 20 ms that a player kept for that codec."""
        if self.codec in LAWS and codec in LAWS:
            return g711.translate(frame, codec, self.codec)
        return self.say(kept_samples(frame, codec), rate_of(codec))

    def silence(self) -> bytes:
        """20 ms without a sound."""
        return silence(self.codec) if self.codec in LAWS else self.say(_NO_SOUND, WIDEBAND)

    def passed(self, payload: bytes) -> None:
        """The far side was sent these octets of somebody else."""
        if self.codec not in LAWS:
            self._passed.append(payload)

    def _follow(self) -> None:
        """Some 0.1 ms, once at each change from others to ourselves."""
        decoder = Decoder(self.codec, self._rate)
        for payload in self._passed:
            self._encoder.encode(decoder.decode(payload))
        self._passed.clear()


class Widening:
    """A stream of 8000 samples per second at 16000: every second sample is one that came.

    It comes 1.5 ms later. Those between are weighed by a sinc in a Kaiser window.
    """

    def __init__(self) -> None:
        self._before: Samples = np.zeros(2 * HALF - 1, np.int16)

    def widen(self, samples: Samples) -> Samples:
        """Twice as many samples as came."""
        line = np.concatenate((self._before, samples))
        self._before = line[len(samples) :]
        wide = np.empty(2 * len(samples), np.int16)
        wide[0::2] = line[HALF - 1 : HALF - 1 + len(samples)]
        wide[1::2] = np.clip(np.rint(np.convolve(line, _WEIGHTS, "valid")), -32768, 32767)
        return wide


def _weights() -> NDArray[np.float32]:
    weights = np.sinc(np.arange(2 * HALF) - HALF + 0.5) * np.kaiser(2 * HALF, KAISER)
    scaled: NDArray[np.float32] = (weights / weights.sum()).astype(np.float32)
    return scaled


_WEIGHTS = _weights()
