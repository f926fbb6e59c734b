"""Both sides of a recording stand where they were spoken."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cti.media.coding import Encoder
from cti.media.g711 import decode, encode
from cti.media.port import Codec, Tracks
from cti.media.recorder import Recorder, Span
from cti.media.rendering import Renderer
from cti.media.rtp import RtpPacket
from cti.recording.marks import Mark, MarkKind, joined
from tests.support.audio import Samples, has_tone, level, tone, tone_begins

BEGAN = 1_700_000_000.0
TONE = encode(tone(600, 10), Codec.PCMA)


def _packet(number: int, *, ssrc: int = 1, base: int = 2**32 - 3000) -> RtpPacket:
    payload = TONE[number % 500 * 160 :][:160]
    return RtpPacket(8, number % 2**16, (base + number * 160) % 2**32, ssrc, payload)


def _read(*spans: Span, channels: int = 2) -> Samples:
    renderer = Renderer(channels)
    data = b"".join(renderer.samples(span) for span in spans)
    return np.frombuffer(data, "<i2").reshape(-1, channels)


def _hear(recorder: Recorder, numbers: range, *, at: float, **how: int) -> None:
    """Packets of a burst, the first of them at `at` seconds."""
    for number in numbers:
        arrival = BEGAN + at + (number - numbers.start) * 0.02
        recorder.received(_packet(number, **how), Codec.PCMA, arrival)


@given(st.floats(0, 3), st.lists(st.floats(0, 0.06), min_size=25, max_size=25))
@example(0.0, [0.055, 0.034, 0.031, 0.031, 0.031, 0.012] + [0.0] * 19)
def test_a_burst_lands_where_it_was_spoken(at: float, jitter: list[float]) -> None:
    recorder = Recorder(Tracks.BOTH, BEGAN)
    arrivals = sorted((at + n * 0.02 + late, n) for n, late in enumerate(jitter))
    for arrival, number in arrivals:
        recorder.received(_packet(number), Codec.PCMA, BEGAN + arrival)
    received, sent = _read(recorder.finish(BEGAN + 4)).T
    assert len(received) == 32_000
    begins = tone_begins(received, 600)
    assert begins is not None
    # Never before it was spoken, and not later than the quickest packet shows.
    assert at - 0.02 <= begins <= at + min(jitter) + 0.031
    assert not sent.any()


def test_both_sides_stay_aligned_through_losses_and_pauses() -> None:
    recorder = Recorder(Tracks.BOTH, BEGAN)
    spans = []
    for number in range(500):
        now = BEGAN + number * 0.02
        if 50 <= number < 75 or 200 <= number < 225:
            recorder.received(_packet(number), Codec.PCMA, now)
            recorder.sent(_packet(number, ssrc=9, base=5), Codec.PCMA, now)
        if number % 50 == 0:
            spans.append(recorder.collect(now))
    received, sent = _read(*spans, recorder.finish(BEGAN + 10)).T
    assert len(received) == 80_000
    assert np.array_equal(received, sent)
    for start in (8000, 32_000):
        assert level(received[start - 160 : start]) == float("-inf")
        expected = decode(TONE[start : start + 4000], Codec.PCMA)
        assert np.array_equal(received[start : start + 4000], expected)


@given(st.permutations(range(12)))
def test_packets_out_of_order_fall_into_place(order: list[int]) -> None:
    recorder = Recorder(Tracks.RECEIVED, BEGAN)
    recorder.received(_packet(0), Codec.PCMA, BEGAN)
    for number in order:
        recorder.received(_packet(number + 1), Codec.PCMA, BEGAN + 0.26)
    (received,) = _read(recorder.finish(BEGAN + 0.26), channels=1).T
    assert np.array_equal(received, decode(TONE[:2080], Codec.PCMA))


def test_what_is_collected_is_all_but_the_last_moment() -> None:
    recorder = Recorder(Tracks.RECEIVED, BEGAN)
    assert recorder.collect(BEGAN).length == 0
    _hear(recorder, range(100), at=0)
    first = recorder.collect(BEGAN + 2.0)
    assert (first.start, first.length) == (0, 12_800)
    last = recorder.finish(BEGAN + 2.0)
    assert (last.start, last.length) == (12_800, 3200)
    (received,) = _read(first, last, channels=1).T
    assert np.array_equal(received, decode(TONE[:16_000], Codec.PCMA))


def test_a_span_cut_through_a_packet_loses_nothing() -> None:
    recorder = Recorder(Tracks.RECEIVED, BEGAN)
    _hear(recorder, range(50), at=0)
    spans = [recorder.collect(BEGAN + 0.5 + n * 0.0137) for n in range(30)]
    (received,) = _read(*spans, recorder.finish(BEGAN + 1), channels=1).T
    assert np.array_equal(received, decode(TONE[:8000], Codec.PCMA))


def test_masking_keeps_the_length_and_nothing_else() -> None:
    recorder = Recorder(Tracks.BOTH, BEGAN)
    for number in range(150):
        now = BEGAN + number * 0.02
        if number == 50:
            recorder.mask(True, now)
        if number == 100:
            recorder.mask(False, now)
        recorder.received(_packet(number), Codec.PCMA, now)
        recorder.sent(_packet(number, ssrc=3), Codec.PCMA, now)
    for track in _read(recorder.finish(BEGAN + 3)).T:
        assert len(track) == 24_000
        assert level(track[7840:8000]) > -20
        assert not track[8000:16_000].any()
        assert level(track[16_000:16_160]) > -20


def test_a_packet_from_behind_the_mask_that_comes_late_stays_hidden() -> None:
    recorder = Recorder(Tracks.RECEIVED, BEGAN)
    _hear(recorder, range(10), at=0)
    recorder.mask(True, BEGAN + 0.2)
    recorder.mask(False, BEGAN + 0.4)
    recorder.received(_packet(15), Codec.PCMA, BEGAN + 0.45)
    recorder.received(_packet(25), Codec.PCMA, BEGAN + 0.5)
    (received,) = _read(recorder.finish(BEGAN + 1), channels=1).T
    assert not received[1600:4000].any()
    assert received[4000:4160].any()


@pytest.mark.parametrize("base", [77, 2**31])
def test_a_new_source_is_placed_when_it_comes(base: int) -> None:
    recorder = Recorder(Tracks.RECEIVED, BEGAN)
    _hear(recorder, range(10), at=0)
    _hear(recorder, range(10), at=1.0, ssrc=2, base=base)
    (received,) = _read(recorder.finish(BEGAN + 2), channels=1).T
    assert tone_begins(received[1600:], 600) == pytest.approx(0.8, abs=0.02)


def test_a_source_whose_timestamps_stood_still_is_placed_when_it_comes() -> None:
    recorder = Recorder(Tracks.RECEIVED, BEGAN)
    _hear(recorder, range(10), at=0)
    _hear(recorder, range(10, 20), at=3.0)
    (received,) = _read(recorder.finish(BEGAN + 4), channels=1).T
    assert tone_begins(received[1600:], 600) == pytest.approx(2.8, abs=0.02)


def test_a_quick_clock_stays_aligned_for_an_hour() -> None:
    recorder = Recorder(Tracks.RECEIVED, BEGAN)
    quick = 0.02 * (1 - 200e-6)
    count = 180_000
    for number in range(0, count, 50):
        recorder.received(_packet(number), Codec.PCMA, BEGAN + number * quick)
        recorder.collect(BEGAN + number * quick)
    last = recorder.finish(BEGAN + count * quick)
    (piece,) = (piece for piece in last.tracks[0][-1:])
    assert piece.position / 8000 == pytest.approx((count - 50) * quick, abs=0.025)


def test_a_gap_is_marked_with_its_length_and_stays_silent() -> None:
    recorder = Recorder(Tracks.BOTH, BEGAN)
    spans = []
    for number in range(400):
        now = BEGAN + number * 0.02
        if not 100 <= number < 250:
            recorder.received(_packet(number), Codec.PCMA, now)
        recorder.sent(_packet(number, ssrc=3), Codec.PCMA, now)
        if number % 50 == 0:
            spans.append(recorder.collect(now))
    spans.append(recorder.finish(BEGAN + 8))
    assert _marks(spans) == (Mark(MarkKind.GAP, 16_000, 24_000, 0),)
    received, sent = _read(*spans).T
    assert not received[16_000:40_000].any()
    assert received[15_840:16_000].any()
    assert received[40_000:40_160].any()
    assert np.array_equal(sent, decode(TONE[:64_000], Codec.PCMA))


@pytest.mark.parametrize("length", [5, 60])
def test_a_key_held_down_in_place_of_sound_is_no_gap(length: int) -> None:
    recorder = Recorder(Tracks.RECEIVED, BEGAN)
    spans = []
    for number in range(200):
        now, packet = BEGAN + number * 0.02, _packet(number)
        if 50 <= number < 50 + length:
            recorder.keyed(replace(packet, timestamp=_packet(50).timestamp), now)
        elif not 150 <= number < 160:
            recorder.received(packet, Codec.PCMA, now)
        if number % 10 == 0:
            spans.append(recorder.collect(now))
    spans.append(recorder.finish(BEGAN + 4))
    assert _marks(spans) == (Mark(MarkKind.GAP, 24_000, 1600, 0),)
    (received,) = _read(*spans, channels=1).T
    assert len(received) == 32_000
    assert not received[8000 : 8000 + 160 * length].any()


def test_a_key_before_any_sound_is_no_gap() -> None:
    recorder = Recorder(Tracks.RECEIVED, BEGAN)
    for number in range(10):
        recorder.keyed(_packet(0), BEGAN + number * 0.02)
    assert recorder.finish(BEGAN + 0.2).marks == ()


def test_a_lost_packet_sounds_on_and_is_noted() -> None:
    recorder = Recorder(Tracks.RECEIVED, BEGAN)
    for number in range(50):
        if number not in (20, 30, 31, 32):
            recorder.received(_packet(number), Codec.PCMA, BEGAN + number * 0.02)
    span = recorder.finish(BEGAN + 1)
    assert span.marks == (
        Mark(MarkKind.CONCEALED, 3200, 160, 0),
        Mark(MarkKind.CONCEALED, 4800, 480, 0),
    )
    (received,) = _read(span, channels=1).T
    assert level(received[3200:3360]) == pytest.approx(-10, abs=3)
    assert level(received[4800:5280]) > -25


def test_labels_keep_their_instant_and_the_last_is_not_lost() -> None:
    recorder = Recorder(Tracks.RECEIVED, BEGAN)
    recorder.mark("consent", BEGAN + 0.5)
    spans = [recorder.collect(BEGAN + 0.7), recorder.collect(BEGAN + 1.4)]
    recorder.mark("end", BEGAN + 1.5)
    spans.append(recorder.finish(BEGAN + 1.5))
    labels = [mark for mark in _marks(spans) if mark.kind is MarkKind.LABEL]
    assert [(mark.start, mark.label) for mark in labels] == [(4000, "consent"), (12_000, "end")]


def test_a_g722_leg_is_recorded_at_8000_samples_per_second() -> None:
    recorder = Recorder(Tracks.RECEIVED, BEGAN)
    octets = Encoder(Codec.G722).encode(tone(600, 1))
    for number in range(50):
        payload = octets[number * 160 :][:160]
        packet = RtpPacket(9, number, number * 160, 1, payload)
        recorder.received(packet, Codec.G722, BEGAN + number * 0.02)
    (received,) = _read(recorder.finish(BEGAN + 1), channels=1).T
    assert len(received) == 8000
    assert has_tone(received[800:], 600, share=0.95)


Move = tuple[str, float]
MOVES = st.lists(
    st.tuples(
        st.sampled_from(["receive", "send", "lose", "mask", "unmask", "pause", "resume", "flush"]),
        st.floats(0, 0.3),
    ),
    max_size=80,
)


@given(MOVES)
def test_whatever_happens_both_tracks_are_as_long_as_the_call(moves: list[Move]) -> None:
    """Masked and paused stretches are silent to the sample, and marked as long as they were."""
    recorder = Recorder(Tracks.BOTH, BEGAN)
    now, number = BEGAN, 0
    spans: list[Span] = []
    silent = {"mask": -1, "pause": -1}
    ends = {"unmask": "mask", "resume": "pause"}
    wanted: list[Mark] = []
    kinds = {"mask": MarkKind.MASKED, "pause": MarkKind.PAUSED}
    turn = {"mask": recorder.mask, "pause": recorder.pause}

    steps: dict[str, Callable[[], None]] = {
        "receive": lambda: recorder.received(_packet(number, base=0), Codec.PCMA, now),
        "send": lambda: recorder.sent(_packet(number, ssrc=5, base=9), Codec.PCMA, now),
        "flush": lambda: spans.append(recorder.collect(now)),
    }

    def position() -> int:
        return round((now - BEGAN) * 8000)

    def end(what: str) -> None:
        if 0 <= silent[what] < position():
            wanted.append(Mark(kinds[what], silent[what], position() - silent[what]))
        silent[what] = -1

    for move, wait in moves:
        now += wait
        number += max(1, round(wait / 0.02))
        if move in silent:
            turn[move](True, now)
            silent[move] = position() if silent[move] < 0 else silent[move]
        elif move in ends:
            turn[ends[move]](False, now)
            end(ends[move])
        elif move in steps:
            steps[move]()
    spans.append(recorder.finish(now))
    end("mask")
    end("pause")
    sound = _read(*spans)
    assert len(sound) == position()
    noted = [mark for mark in _marks(spans) if mark.kind in kinds.values()]
    # A stretch that begins where another of its kind ended is one with it.
    assert sorted(noted, key=_order) == sorted(joined(wanted), key=_order)
    for mark in noted:
        assert not sound[mark.start : mark.end].any()


def _order(mark: Mark) -> tuple[int, str]:
    return mark.start, mark.kind.value


def _marks(spans: list[Span]) -> tuple[Mark, ...]:
    return joined(mark for span in spans for mark in span.marks)
