"""A leg's own sound, whatever it is made of, as one decoder hears it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.media.coding import WIDEBAND, Decoder, keep, kept_frame, rate_of
from cti.media.g711 import FRAME_SAMPLES, SAMPLES_PER_SECOND, Samples
from cti.media.model import Codec
from cti.media.voice import HALF, Voice, Widening
from tests.support.audio import has_tone, level, tone


def _octets(voice: Voice, codec: Codec, sound: Samples) -> bytes:
    kept, size = keep(sound, codec), len(kept_frame(codec))
    frames = [kept[at : at + size] for at in range(0, len(kept), size)]
    return b"".join(voice.play(frame, codec) for frame in frames)


@pytest.mark.parametrize("kept", list(Codec))
@pytest.mark.parametrize("spoken", list(Codec))
def test_what_was_kept_for_one_codec_is_played_in_every_other(kept: Codec, spoken: Codec) -> None:
    octets = _octets(Voice(spoken), kept, tone(800, 0.4))
    heard = Decoder(spoken).decode(octets)[480:]
    assert has_tone(heard, 800, share=0.98)
    assert level(heard) == pytest.approx(-10, abs=0.5)


@pytest.mark.parametrize("codec", list(Codec))
def test_its_silence_is_silent_also_after_sound(codec: Codec) -> None:
    voice, decoder = Voice(codec), Decoder(codec)
    decoder.decode(_octets(voice, codec, tone(800, 0.4)))
    heard = [decoder.decode(voice.silence()) for _ in range(20)]
    assert [len(each) for each in heard] == [FRAME_SAMPLES] * 20
    assert level(np.concatenate(heard[2:])) < -65


MADE = st.lists(
    st.sampled_from(["narrow", "wide", "silence", "kept", "foreign"]), min_size=1, max_size=60
)


@given(MADE, st.sampled_from(list(Codec)))
def test_whatever_is_said_is_one_frame_and_never_louder(made: list[str], codec: Codec) -> None:
    voice, decoder = Voice(codec), Decoder(codec, rate_of(codec))
    other = next(each for each in Codec if each is not codec)
    narrow = tone(440, 0.02 * len(made), level=-20)
    heard = []
    for number, what in enumerate(made):
        frame = narrow[number * FRAME_SAMPLES :][:FRAME_SAMPLES]
        match what:
            case "narrow":
                octets = voice.say(frame, SAMPLES_PER_SECOND)
            case "wide":
                octets = voice.say(frame.repeat(2), WIDEBAND)
            case "silence":
                octets = voice.silence()
            case _:
                kept = codec if what == "kept" else other
                octets = voice.play(keep(frame, kept), kept)
        assert len(octets) == FRAME_SAMPLES
        heard.append(decoder.decode(octets))
    assert abs(np.concatenate(heard)).max() < 2 * abs(tone(440, 0.02, level=-20)).max()


@given(st.lists(st.integers(1, 400), min_size=1, max_size=20))
def test_widening_hears_no_joint(sizes: list[int]) -> None:
    sound = tone(440, sum(sizes) / SAMPLES_PER_SECOND)
    widening, pieces, at = Widening(), [], 0
    for size in sizes:
        pieces.append(widening.widen(sound[at : at + size]))
        at += size
    wide = np.concatenate(pieces)
    assert np.array_equal(wide, Widening().widen(sound))
    assert np.array_equal(wide[2 * HALF :: 2], sound[:-HALF] if len(sound) > HALF else sound[:0])


@pytest.mark.parametrize("frequency", [200, 1000, 3000])
def test_widening_keeps_what_it_hears_and_adds_no_mirror_image(frequency: int) -> None:
    wide = Widening().widen(tone(frequency, 1))[1000:]
    spectrum = np.abs(np.fft.rfft(wide * np.hanning(len(wide))))
    pitch = np.fft.rfftfreq(len(wide), 1 / WIDEBAND)
    assert level(wide) == pytest.approx(-10, abs=0.1)
    image = spectrum[pitch > 4000].max() / spectrum.max()
    assert 20 * np.log10(image) < -55


def test_the_loudest_sound_is_cut_not_turned_over() -> None:
    square = np.where(np.arange(FRAME_SAMPLES) // 10 % 2, -32768, 32767).astype(np.int16)
    wide = Widening().widen(square).astype(int)
    assert abs(np.diff(wide)).max() <= 65535
    assert set(np.sign(wide[22:40]).tolist()) <= {-1, 0, 1}
    assert (np.sign(wide[26:42:2]) == np.sign(wide[27:43:2])).mean() > 0.8
