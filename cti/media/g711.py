"""G.711 A-law and mu-law: samples to octets, octets to samples, one law to the other.

Samples are 16-bit linear at 8000 per second; A-law uses their upper 13 bits, mu-law their upper
14 (ITU-T G.711, tables 1 and 2; the arithmetic is that of ITU-T G.191's reference).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cti.media.model import Codec

SAMPLES_PER_SECOND = 8000
FRAME_SAMPLES = 160
"""Samples, and octets, of a 20 ms packet."""
FRAME_SECONDS = FRAME_SAMPLES / SAMPLES_PER_SECOND
LAWS = (Codec.PCMA, Codec.PCMU)
"""The codecs of this module: one octet says all of one sample, whatever came before it."""

Samples = NDArray[np.int16]
Integers = NDArray[np.int32]


def encode(samples: Samples, codec: Codec) -> bytes:
    """One octet per sample."""
    return _ENCODED[codec][samples.view(np.uint16)].tobytes()


def decode(payload: bytes, codec: Codec) -> Samples:
    """One sample per octet."""
    return _DECODED[codec][np.frombuffer(payload, np.uint8)]


def translate(payload: bytes, source: Codec, target: Codec) -> bytes:
    """The same sound in the other law, or the payload itself when the law is the same."""
    return payload if source is target else payload.translate(_TRANSLATED[source])


def translation(source: Codec, target: Codec) -> bytes | None:
    """The other law's octet for each octet, or None when the codec is the same."""
    return None if source is target else _TRANSLATED[source]


def silence(codec: Codec, samples: int = FRAME_SAMPLES) -> bytes:
    """So many octets of the law's positive zero."""
    return _SILENT[codec] * samples


def _encode_a(samples: Integers) -> NDArray[np.uint8]:
    magnitude = np.where(samples < 0, ~samples, samples) >> 4
    shift = np.searchsorted(np.array([32, 64, 128, 256, 512, 1024]), magnitude, side="right")
    code = (magnitude >> shift) + (shift << 4)
    octets: NDArray[np.uint8] = ((code | np.where(samples < 0, 0, 0x80)) ^ 0x55).astype(np.uint8)
    return octets


def _decode_a(octets: Integers) -> Integers:
    code = octets ^ 0x55
    segment, step = code >> 4 & 7, code & 0x0F
    magnitude = (step << 4) + np.where(segment > 0, 0x108, 8)
    magnitude <<= np.maximum(segment - 1, 0)
    return np.where(code & 0x80, magnitude, -magnitude)


def _encode_mu(samples: Integers) -> NDArray[np.uint8]:
    magnitude = np.minimum((np.where(samples < 0, ~samples, samples) >> 2) + 33, 0x1FFF)
    edges = np.array([64, 128, 256, 512, 1024, 2048, 4096])
    segment = np.searchsorted(edges, magnitude, side="right")
    code = (segment << 4) + (magnitude >> (segment + 1) & 0x0F)
    octets: NDArray[np.uint8] = (np.where(samples < 0, 0x7F, 0xFF) - code).astype(np.uint8)
    return octets


def _decode_mu(octets: Integers) -> Integers:
    code = ~octets & 0xFF
    segment, step = code >> 4 & 7, code & 0x0F
    magnitude = (((step << 3) + 0x84) << segment) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude)


def _tables() -> tuple[dict[Codec, NDArray[np.uint8]], dict[Codec, NDArray[Any]]]:
    every_sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    every_octet = np.arange(256, dtype=np.int32)
    return (
        {Codec.PCMA: _encode_a(every_sample), Codec.PCMU: _encode_mu(every_sample)},
        {
            Codec.PCMA: _decode_a(every_octet).astype(np.int16),
            Codec.PCMU: _decode_mu(every_octet).astype(np.int16),
        },
    )


_ENCODED, _DECODED = _tables()
_SILENT = {law: encode(np.zeros(1, np.int16), law) for law in LAWS}
_TRANSLATED = {
    Codec.PCMA: encode(_DECODED[Codec.PCMA], Codec.PCMU),
    Codec.PCMU: encode(_DECODED[Codec.PCMU], Codec.PCMA),
}
"""By source codec: the other law's octet for each octet."""
