"""Every codec at one door."""

import numpy as np
import pytest

from cti.media.coding import (
    WIDEBAND,
    Decoder,
    Encoder,
    keep,
    keeping,
    kept_frame,
    kept_samples,
    passes,
    silence,
)
from cti.media.g711 import FRAME_SAMPLES, LAWS
from cti.media.model import Codec
from tests.support.audio import level, tone


@pytest.mark.parametrize("codec", list(Codec))
def test_an_octet_is_a_tick_of_the_clock(codec: Codec) -> None:
    assert len(Encoder(codec).encode(np.zeros(FRAME_SAMPLES, np.int16))) == FRAME_SAMPLES
    assert len(Decoder(codec).decode(bytes(FRAME_SAMPLES))) == FRAME_SAMPLES
    assert len(silence(codec)) == FRAME_SAMPLES


@pytest.mark.parametrize("codec", list(Codec))
def test_silence_is_silent(codec: Codec) -> None:
    assert level(Decoder(codec).decode(silence(codec, 1600))) < -65


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("seconds", [0.0, 0.1, 2.3003, 25.0])
def test_a_long_prompt_is_kept_in_short_pieces_without_a_seam(codec: Codec, seconds: float) -> None:
    sound = tone(400, seconds)
    pieces = list(keeping(sound, codec))
    assert all(len(piece) <= (80_000 if codec in LAWS else 20_000) for piece in pieces)
    whole = b"".join(pieces)
    assert len(whole) == len(keep(sound, codec))
    assert len(whole) == len(sound) * len(kept_frame(codec)) // FRAME_SAMPLES
    heard = kept_samples(whole, codec)
    assert not len(heard) or level(heard) == pytest.approx(-10, abs=0.1)
    if codec not in LAWS and len(heard):
        spectrum = np.abs(np.fft.rfft(heard.astype(float)))
        frequency = np.argmax(spectrum) * WIDEBAND / len(heard)
        assert frequency == pytest.approx(400, abs=5)


def test_only_the_two_laws_pass_octet_by_octet() -> None:
    assert passes(Codec.PCMA, Codec.PCMU)
    assert passes(Codec.G722, Codec.G722)
    assert not passes(Codec.G722, Codec.PCMA)
