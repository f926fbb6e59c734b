"""Every codec at one door."""

import numpy as np
import pytest

from cti.media.coding import (
    WIDEBAND,
    Conversion,
    Decoder,
    Encoder,
    encode_sound,
    encoded,
    passes,
    silence,
)
from cti.media.g711 import FRAME_SAMPLES, LAWS
from cti.media.model import Codec
from tests.support.audio import has_tone, level, tone


@pytest.mark.parametrize("codec", list(Codec))
def test_an_octet_is_a_tick_of_the_clock(codec: Codec) -> None:
    assert len(Encoder(codec).encode(np.zeros(FRAME_SAMPLES, np.int16))) == FRAME_SAMPLES
    assert len(Decoder(codec).decode(bytes(FRAME_SAMPLES))) == FRAME_SAMPLES
    assert len(encode_sound(tone(500, 0.5), codec)) == 4000
    assert len(silence(codec)) == FRAME_SAMPLES


@pytest.mark.parametrize("codec", list(Codec))
def test_silence_is_silent(codec: Codec) -> None:
    assert level(Decoder(codec).decode(silence(codec, 1600))) < -65


@pytest.mark.parametrize("source", list(Codec))
@pytest.mark.parametrize("target", list(Codec))
def test_a_tone_stays_a_tone_when_converted(source: Codec, target: Codec) -> None:
    sound = tone(800, 0.4)
    encoder, conversion, decoder = Encoder(source), Conversion(source, target), Decoder(target)
    frames = [sound[at : at + 160] for at in range(0, len(sound), 160)]
    heard = [decoder.decode(conversion.convert(encoder.encode(frame))) for frame in frames]
    assert has_tone(np.concatenate(heard[3:]), 800, share=0.98)
    assert level(np.concatenate(heard[3:])) == pytest.approx(-10, abs=0.5)


def test_prompts_are_upsampled_for_wideband_legs() -> None:
    heard = Decoder(Codec.G722, WIDEBAND).decode(encode_sound(tone(1000, 0.5), Codec.G722))
    spectrum = np.abs(np.fft.rfft(heard[1600:].astype(float)))
    frequency = np.argmax(spectrum) * WIDEBAND / len(heard[1600:])
    assert frequency == pytest.approx(1000, abs=5)


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("seconds", [0.0, 0.1, 2.3003, 25.0])
def test_a_long_prompt_is_encoded_in_short_pieces_without_a_seam(
    codec: Codec, seconds: float
) -> None:
    sound = tone(400, seconds)
    pieces = list(encoded(sound, codec))
    assert all(len(piece) <= (80_000 if codec in LAWS else 5000) for piece in pieces)
    assert sum(map(len, pieces)) == len(sound)
    heard = Decoder(codec).decode(b"".join(pieces))[400:]
    assert not len(heard) or has_tone(heard, 400, share=0.99)


def test_only_the_two_laws_pass_octet_by_octet() -> None:
    assert passes(Codec.PCMA, Codec.PCMU)
    assert passes(Codec.G722, Codec.G722)
    assert not passes(Codec.G722, Codec.PCMA)
