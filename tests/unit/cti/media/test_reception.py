"""Losses and jitter as RFC 3550 counts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.media.reception import Reception
from cti.media.rtp import RtpPacket


def _receive(seen: Reception, sequence: int, *, ssrc: int = 1, late: float = 0.0) -> bool:
    packet = RtpPacket(8, sequence % 2**16, sequence * 160 % 2**32, ssrc, bytes(160))
    return seen.receive(packet, 1000 + sequence * 0.02 + late, audio=True)


@given(st.integers(0, 2**16 - 1), st.sets(st.integers(1, 298)), st.data())
def test_lost_is_what_never_came(start: int, missing: set[int], data: st.DataObject) -> None:
    sequences = [start + n for n in range(300) if n not in missing]
    for _ in range(5):
        place = data.draw(st.integers(1, len(sequences) - 2)) if len(sequences) > 3 else None
        if place is not None:
            sequences[place : place + 2] = sequences[place : place + 2][::-1]
    seen = Reception()
    for sequence in sequences:
        _receive(seen, sequence)
    assert (seen.received, seen.lost) == (300 - len(missing), len(missing))


def test_nothing_received_is_nothing_lost() -> None:
    assert (Reception().lost, Reception().jitter) == (0, 0.0)


def test_repeated_packets_never_make_the_loss_negative() -> None:
    seen = Reception()
    for _ in range(3):
        _receive(seen, 7)
    assert seen.lost == 0


def test_a_source_that_counts_anew_keeps_the_losses_before() -> None:
    seen = Reception()
    for sequence in (1, 2, 4, 30_000, 30_001, 30_003):
        _receive(seen, sequence)
    assert (seen.received, seen.lost) == (6, 1)


def test_a_new_ssrc_keeps_the_losses_before() -> None:
    seen = Reception()
    for sequence, ssrc in ((1, 1), (3, 1), (60_000, 2), (60_001, 2), (60_003, 2)):
        _receive(seen, sequence, ssrc=ssrc)
    assert (seen.received, seen.lost, seen.changes) == (4, 2, 1)


def test_another_ssrc_takes_over_with_its_second_packet_once_the_first_is_silent() -> None:
    seen = Reception()
    assert _receive(seen, 1)
    assert not _receive(seen, 2, ssrc=2)
    assert _receive(seen, 3, ssrc=2)
    assert seen.ssrc == 2


@given(st.lists(st.integers(2, 5), max_size=200))
def test_while_a_source_is_heard_no_other_ssrc_takes_over(rivals: list[int]) -> None:
    seen = Reception()
    for sequence, ssrc in enumerate(rivals):
        assert _receive(seen, sequence)
        assert not _receive(seen, sequence, ssrc=ssrc, late=0.01)
    assert (seen.received, seen.lost, seen.changes) == (len(rivals), 0, 0)


def test_even_arrivals_have_no_jitter() -> None:
    seen = Reception()
    for sequence in range(2**16 - 20, 2**16 + 20):
        _receive(seen, sequence)
    assert seen.jitter == pytest.approx(0, abs=0.001)


def test_jitter_settles_at_the_mean_difference() -> None:
    seen = Reception()
    for sequence in range(500):
        _receive(seen, sequence, late=0.005 * (sequence % 2))
    assert seen.jitter == pytest.approx(5.0, rel=0.01)


def test_a_timestamp_begun_anew_is_no_jitter() -> None:
    seen = Reception()
    _receive(seen, 1)
    seen.receive(RtpPacket(8, 2, 900_000_000, 1, bytes(160)), 1000.04, audio=True)
    assert seen.jitter == 0
