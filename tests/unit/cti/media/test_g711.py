"""G.711 against the arithmetic of the recommendation, for every sample and every octet."""

import numpy as np
import pytest

from cti.media.g711 import decode, encode, silence, translate
from cti.media.port import Codec

EVERY_OCTET = bytes(range(256))
EVERY_SAMPLE = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)


def _a_law_code(sample: int) -> int:
    """ITU-T G.711 table 1 in the steps of G.191's alaw_compress."""
    value = (~sample if sample < 0 else sample) >> 4
    if value > 15:
        exponent = 1
        while value > 16 + 15:
            value >>= 1
            exponent += 1
        value = value - 16 + (exponent << 4)
    if sample >= 0:
        value |= 0x80
    return value ^ 0x55


def _a_law_value(code: int) -> int:
    """G.191's alaw_expand."""
    value = code ^ 0x55
    value &= 0x7F
    exponent, mantissa = value >> 4, value & 0x0F
    if exponent > 0:
        mantissa += 16
    mantissa = (mantissa << 4) + 8
    if exponent > 1:
        mantissa <<= exponent - 1
    return mantissa if code > 127 else -mantissa


def _mu_law_code(sample: int) -> int:
    """ITU-T G.711 table 2 in the steps of G.191's ulaw_compress."""
    value = min(((~sample if sample < 0 else sample) >> 2) + 33, 0x1FFF)
    segment, rest = 1, value >> 6
    while rest:
        segment += 1
        rest >>= 1
    code = ((8 - segment) << 4) | (0x0F - (value >> segment & 0x0F))
    return code | 0x80 if sample >= 0 else code


def _mu_law_value(code: int) -> int:
    """G.191's ulaw_expand."""
    inverted = ~code
    exponent, mantissa = inverted >> 4 & 7, inverted & 0x0F
    value = ((4 << (exponent + 1)) * (2 * mantissa + 33) - 4 * 33 * 2) // 2
    return value if code > 127 else -value


LAWS = {
    Codec.PCMA: (_a_law_code, _a_law_value),
    Codec.PCMU: (_mu_law_code, _mu_law_value),
}


@pytest.mark.parametrize("codec", list(LAWS))
def test_every_sample_is_encoded_as_the_recommendation_says(codec: Codec) -> None:
    code, _ = LAWS[codec]
    assert encode(EVERY_SAMPLE, codec) == bytes(code(int(sample)) for sample in EVERY_SAMPLE)


@pytest.mark.parametrize("codec", list(LAWS))
def test_every_octet_is_decoded_as_the_recommendation_says(codec: Codec) -> None:
    _, value = LAWS[codec]
    assert decode(EVERY_OCTET, codec).tolist() == [value(octet) for octet in EVERY_OCTET]


def test_the_ends_of_the_tables() -> None:
    assert decode(bytes((0xD5, 0x55, 0xAA, 0x2A)), Codec.PCMA).tolist() == [8, -8, 32256, -32256]
    assert decode(bytes((0xFF, 0x7F, 0x80, 0x00)), Codec.PCMU).tolist() == [0, 0, 32124, -32124]


@pytest.mark.parametrize("codec", list(LAWS))
def test_an_octet_decoded_and_encoded_is_itself(codec: Codec) -> None:
    back = encode(decode(EVERY_OCTET, codec), codec)
    # Mu-law has two zeros; both decode to 0, which is encoded as the positive one.
    expected = EVERY_OCTET if codec is Codec.PCMA else EVERY_OCTET.replace(b"\x7f", b"\xff")
    assert back == expected


@pytest.mark.parametrize(("source", "target"), [(Codec.PCMA, Codec.PCMU), (Codec.PCMU, Codec.PCMA)])
def test_translation_is_decoding_and_encoding(source: Codec, target: Codec) -> None:
    assert translate(EVERY_OCTET, source, target) == encode(decode(EVERY_OCTET, source), target)
    assert translate(EVERY_OCTET, source, source) is EVERY_OCTET


def test_silence_is_the_positive_zero() -> None:
    assert silence(Codec.PCMA) == b"\xd5" * 160
    assert silence(Codec.PCMU, 3) == b"\xff" * 3
