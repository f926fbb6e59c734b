"""Sound to octets and back for every codec, at the rate that is asked for.

G.711 is a table, so any octet can be read alone; G.722 (ITU-T G.722, mode 1) predicts from what
went before, so each direction of each leg has a coder of its own. Its RTP clock counts 8000 per
second for 16000 samples (RFC 3551, 4.5.2): in every codec here an octet is one tick of the clock.
"""

from collections.abc import Iterator

import numpy as np
import soxr
from G722 import G722

from cti.media import g711
from cti.media.g711 import FRAME_SAMPLES, LAWS, SAMPLES_PER_SECOND, Samples
from cti.media.model import Codec

WIDEBAND = 16000
"""Samples per second of G.722's whole band."""
BIT_RATE = 64000
LAW_PIECE, WIDEBAND_PIECE = 80_000, 4_000
"""Samples at 8000 per second that are encoded at once."""
_QUIET = b"\xff"
"""G.722's smallest difference in both bands: whatever was heard before dies away."""


class Decoder:
    """One source's octets to samples; `rate` is 8000, or 16000 for G.722 in its whole band."""

    def __init__(self, codec: Codec, rate: int = SAMPLES_PER_SECOND) -> None:
        self.codec, self.rate = codec, rate
        self._coder = None if codec in LAWS else G722(rate, BIT_RATE)
        _check(codec, rate)

    def decode(self, payload: bytes) -> Samples:
        """Samples of the octets that follow those before; measured: 1.3 us, G.722 5 to 10 us."""
        if self._coder is None:
            return g711.decode(payload, self.codec)
        return np.frombuffer(self._coder.decode(payload), np.int16)


class Encoder:
    """Samples to one leg's octets; `rate` as of the decoder."""

    def __init__(self, codec: Codec, rate: int = SAMPLES_PER_SECOND) -> None:
        self.codec, self.rate = codec, rate
        self._coder = None if codec in LAWS else G722(rate, BIT_RATE)
        _check(codec, rate)

    def encode(self, samples: Samples) -> bytes:
        """Octets of the samples that follow those before; measured: 1.3 us, G.722 5 to 11 us."""
        if self._coder is None:
            return g711.encode(samples, self.codec)
        return bytes(self._coder.encode(samples))


class Conversion:
    """One stream's octets in another codec."""

    def __init__(self, source: Codec, target: Codec) -> None:
        self.source, self.target = source, target
        self._pair = None if passes(source, target) else (Decoder(source), Encoder(target))

    def convert(self, payload: bytes) -> bytes:
        """The octets that follow those before."""
        if self._pair is None:
            return g711.translate(payload, self.source, self.target)
        decoder, encoder = self._pair
        return encoder.encode(decoder.decode(payload))


def passes(source: Codec, target: Codec) -> bool:
    """Whether packets of the one can be sent as the other octet by octet."""
    return source is target or (source in LAWS and target in LAWS)


def rate_of(codec: Codec) -> int:
    """The samples per second that the codec can carry."""
    return SAMPLES_PER_SECOND if codec in LAWS else WIDEBAND


def silence(codec: Codec, octets: int = FRAME_SAMPLES) -> bytes:
    """So many octets of digital silence."""
    return g711.silence(codec, octets) if codec in LAWS else _QUIET * octets


def halved(samples: Samples) -> Samples:
    """Half as many samples per second, for ears that need no more: each the mean of two."""
    mean: Samples = (samples[0::2] // 2 + samples[1::2] // 2).astype(np.int16)
    return mean


def encode_sound(samples: Samples, codec: Codec) -> bytes:
    """A whole sound of 8000 samples per second, encoded by a coder that begins with it."""
    return b"".join(encoded(samples, codec))


def encoded(samples: Samples, codec: Codec) -> Iterator[bytes]:
    """The same piece by piece, each below a millisecond: others run meanwhile."""
    if codec in LAWS:
        for at in range(0, len(samples), LAW_PIECE):
            yield g711.encode(samples[at : at + LAW_PIECE], codec)
        return
    encoder = Encoder(codec, WIDEBAND)
    widening = soxr.ResampleStream(SAMPLES_PER_SECOND, WIDEBAND, 1, dtype="int16")
    rest: Samples = np.zeros(0, np.int16)
    for at in range(0, len(samples), WIDEBAND_PIECE):
        piece = samples[at : at + WIDEBAND_PIECE]
        last = at + WIDEBAND_PIECE >= len(samples)
        wide = np.concatenate((rest, widening.resample_chunk(piece, last=last)))
        # Two samples are an octet.
        even = len(wide) - len(wide) % 2
        rest = wide[even:]
        yield encoder.encode(wide[:even])


def _check(codec: Codec, rate: int) -> None:
    assert rate in (SAMPLES_PER_SECOND, rate_of(codec)), f"{codec} at {rate}"
