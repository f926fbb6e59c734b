"""One stream out of frames, keys and packets of others."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cti.media.rtp import RtpPacket, sequence_distance, timestamp_distance
from cti.media.sending import SendingStream

FRAME = bytes(160)


def _stream() -> SendingStream:
    return SendingStream(ssrc=9, sequence=65_530, timestamp=2**32 - 800)


def _other(number: int, *, ssrc: int = 5, start: int = 1000) -> RtpPacket:
    return RtpPacket(8, (start + number) % 2**16, (start + number * 160) % 2**32, ssrc, FRAME)


def _relay(stream: SendingStream, packet: RtpPacket, now: float) -> RtpPacket:
    return stream.relay(packet, packet.payload, 8, now, audio=True)


def test_frames_follow_each_other_across_the_wraps() -> None:
    stream = _stream()
    packets = [stream.frame(FRAME, 8, n * 0.02) for n in range(12)]
    assert [packet.marker for packet in packets] == [True] + [False] * 11
    assert [packet.sequence for packet in packets[4:8]] == [65534, 65535, 0, 1]
    assert [packet.timestamp for packet in packets[4:7]] == [2**32 - 160, 0, 160]
    assert {packet.ssrc for packet in packets} == {9}
    assert stream.sent == 12


def test_a_late_frame_is_not_marked_and_one_far_too_late_is_set_right() -> None:
    stream = _stream()
    first = stream.frame(FRAME, 8, 0)
    late = stream.frame(FRAME, 8, 0.07)
    assert (late.timestamp - first.timestamp, late.marker) == (160, False)
    very_late = stream.frame(FRAME, 8, 1.0)
    assert timestamp_distance(very_late.timestamp, first.timestamp) == 8000
    assert very_late.marker


@given(st.permutations(range(1, 20)), st.integers(0, 19))
def test_a_relayed_source_keeps_its_order_and_its_losses(order: list[int], kept: int) -> None:
    stream = _stream()
    packets = {0: _relay(stream, _other(0), 0.0)}
    for number in order[: kept + 1]:
        packets[number] = _relay(stream, _other(number), number * 0.02)
    for number, packet in packets.items():
        assert sequence_distance(packet.sequence, packets[0].sequence) == number
        assert timestamp_distance(packet.timestamp, packets[0].timestamp) == 160 * number
        assert packet.marker == (number == 0)


@given(st.lists(st.tuples(st.sampled_from(["own", "a", "b"]), st.integers(1, 30)), max_size=12))
def test_whatever_is_sent_sequence_and_time_only_go_forward(parts: list[tuple[str, int]]) -> None:
    stream = _stream()
    sent: list[tuple[str, RtpPacket]] = []
    tick = 0
    for source, count in parts:
        for _ in range(count):
            now = tick * 0.02
            if source == "own":
                sent.append((source, stream.frame(FRAME, 8, now)))
            else:
                start = 1000 if source == "a" else 60_000
                packet = _other(tick, ssrc=ord(source), start=start)
                sent.append((source, _relay(stream, packet, now)))
            tick += 1
    for (before, one), (after, two) in pairwise(sent):
        assert sequence_distance(two.sequence, one.sequence) == 1
        assert timestamp_distance(two.timestamp, one.timestamp) == 160
        assert two.marker == (before != after)


def test_a_relayed_source_whose_clock_jumps_is_joined_anew() -> None:
    stream = _stream()
    first = _relay(stream, _other(0), 0.0)
    jumped = _relay(stream, RtpPacket(8, 1001, 5_000_000, 5, FRAME), 0.02)
    assert jumped.marker
    assert timestamp_distance(jumped.timestamp, first.timestamp) == 160


def test_what_was_not_passed_on_during_a_hold_is_no_loss() -> None:
    stream = _stream()
    before = _relay(stream, _other(0), 0.0)
    stream.interrupt()
    after = _relay(stream, _other(50), 1.0)
    assert sequence_distance(after.sequence, before.sequence) == 1
    assert timestamp_distance(after.timestamp, before.timestamp) == 8000
    assert after.marker


def test_a_clock_set_back_marks_once() -> None:
    stream = _stream()
    packets = [_relay(stream, _other(0), 1000.0)]
    packets += [_relay(stream, _other(n), 500.0 + n * 0.02) for n in range(1, 5)]
    assert [packet.marker for packet in packets] == [True, True, False, False, False]
    own = [stream.frame(FRAME, 8, 100.0 + n * 0.02) for n in range(3)]
    assert [packet.marker for packet in own] == [True, False, False]


def test_all_packets_of_a_key_carry_its_first_instant() -> None:
    stream = _stream()
    frame = stream.frame(FRAME, 8, 0.0)
    events = [stream.event(b"\1\12\0\0", 101, 0.02 * (n + 1), first=n == 0) for n in range(8)]
    assert {timestamp_distance(e.timestamp, frame.timestamp) for e in events} == {160}
    assert [event.marker for event in events] == [True] + [False] * 7
    after = stream.frame(FRAME, 8, 0.18)
    assert timestamp_distance(after.timestamp, frame.timestamp) == 1440
    assert after.marker


def test_a_long_relayed_key_stays_one_event() -> None:
    stream = _stream()
    _relay(stream, _other(0), 0.0)
    events = [
        stream.relay(
            RtpPacket(101, 1001 + n, 1160, 5, b"\1\12\0\0"), b"\1\12\0\0", 96, 0.02 * n, audio=False
        )
        for n in range(200)
    ]
    assert len({event.timestamp for event in events}) == 1
    assert not any(event.marker for event in events)
