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
"""Samples at 8000 per second that are converted at once."""
WIDE_FRAME_OCTETS = 2 * FRAME_SAMPLES * WIDEBAND // SAMPLES_PER_SECOND
"""20 ms of 16-bit samples at 16000 per second."""
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


def keep(samples: Samples, codec: Codec) -> bytes:
    """A whole sound of 8000 samples per second as it is kept to be played in that codec.

    G.711 is kept as it is sent. G.722 is kept as samples of its whole band: each leg's own coder
    must encode them, as its far side's decoder goes on from what it heard before.
    """
    return b"".join(keeping(samples, codec))


def keeping(samples: Samples, codec: Codec) -> Iterator[bytes]:
    """The same piece by piece, each below a millisecond: others run meanwhile."""
    if codec in LAWS:
        for at in range(0, len(samples), LAW_PIECE):
            yield g711.encode(samples[at : at + LAW_PIECE], codec)
        return
    widening = soxr.ResampleStream(SAMPLES_PER_SECOND, WIDEBAND, 1, dtype="int16")
    for at in range(0, len(samples), WIDEBAND_PIECE):
        last = at + WIDEBAND_PIECE >= len(samples)
        yield widening.resample_chunk(samples[at : at + WIDEBAND_PIECE], last=last).tobytes()


def kept_frame(codec: Codec) -> bytes:
    """20 ms of silence as sounds are kept for that codec."""
    return g711.silence(codec) if codec in LAWS else bytes(WIDE_FRAME_OCTETS)


def kept_samples(frame: bytes, codec: Codec) -> Samples:
    """What was kept as samples, at the codec's whole rate."""
    return g711.decode(frame, codec) if codec in LAWS else np.frombuffer(frame, np.int16)


def _check(codec: Codec, rate: int) -> None:
    assert rate in (SAMPLES_PER_SECOND, rate_of(codec)), f"{codec} at {rate}"
