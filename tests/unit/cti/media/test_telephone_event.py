"""Key presses: each told once, whatever the network does to the packets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.errors import RemoteError
from cti.media.rtp import RtpPacket
from cti.media.telephone_event import (
    KEYS,
    MOST_WAITING,
    KeyReceiver,
    KeySender,
    TelephoneEvent,
    press_steps,
)

SSRC = 7


def _packet(payload: bytes, timestamp: int, *, marker: bool = False, ssrc: int = SSRC) -> RtpPacket:
    return RtpPacket(101, 0, timestamp % 2**32, ssrc, payload, marker)


def _event(key: str, timestamp: int, duration: int = 160, *, end: bool = False) -> RtpPacket:
    event = TelephoneEvent(KEYS.index(key), end=end, volume=10, duration=duration)
    return _packet(bytes(event), timestamp)


def _train(keys: str, start: int = 1000) -> list[RtpPacket]:
    return [
        _packet(step.payload, start + 1600 * number, marker=step.first)
        for number, key in enumerate(keys)
        for step in press_steps(key)
        if step.payload is not None
    ]


def _heard(packets: list[RtpPacket]) -> str:
    receiver = KeyReceiver()
    return "".join(key for packet in packets if (key := receiver.receive(packet)))


def test_every_key_is_told_at_its_first_packet() -> None:
    receiver = KeyReceiver()
    for number, key in enumerate(KEYS):
        first, *rest = _train(key, 1000 + 1600 * number)
        assert receiver.receive(first) == key
        assert [receiver.receive(packet) for packet in rest] == [None] * 7


@given(st.text(KEYS, min_size=1, max_size=12), st.integers(0, 2**32 - 1), st.data())
def test_losses_and_repetitions_change_nothing(keys: str, start: int, data: st.DataObject) -> None:
    packets: list[RtpPacket] = []
    for number, key in enumerate(keys):
        train = _train(key, start + 1600 * number)
        # At least one packet of each key arrives, in order, some of them twice.
        kept = data.draw(st.lists(st.sampled_from(range(8)), min_size=1, max_size=10))
        packets += [train[place] for place in sorted(kept)]
    assert _heard(packets) == keys


@given(st.text(KEYS, min_size=2, max_size=8), st.data())
def test_late_packets_of_earlier_keys_are_not_told(keys: str, data: st.DataObject) -> None:
    packets = _train(keys)
    for _ in range(6):
        # A packet is late by up to eleven others, but each key's first comes before the next's.
        place = data.draw(st.integers(0, len(packets) - 1))
        late = packets[place]
        later = data.draw(st.integers(place, min(len(packets), place + 11)))
        packets.insert(later + 1, late)
    assert _heard(packets) == keys


def test_the_same_key_twice_with_the_first_end_lost() -> None:
    assert _heard([_event("5", 1000), _event("5", 1000, 320), _event("5", 3000)]) == "55"


def test_only_the_end_arrives() -> None:
    assert _heard([_event("9", 1000, 800, end=True)] * 3) == "9"


def test_a_key_held_beyond_the_longest_segment_is_one_key() -> None:
    segments = [
        _event("0", 1000, 0xFFFF),
        _event("0", 1000 + 0xFFFF, 160),
        _event("0", 1000 + 0xFFFF, 0xFFFF),
        _event("0", 1000 + 2 * 0xFFFF, 400, end=True),
    ]
    assert _heard(segments) == "0"
    pressed_anew = _event("0", 1000, 800, end=True), _event("0", 1000 + 0xFFFF, 160)
    assert _heard(list(pressed_anew)) == "00"


def test_a_new_source_or_a_clock_begun_anew_is_heard() -> None:
    assert _heard([_event("1", 4_000_000_000), _event("2", 5)]) == "12"
    again = RtpPacket(101, 0, 900, SSRC + 1, _event("1", 1000).payload)
    assert _heard([_event("1", 1000), again]) == "11"


def test_a_key_without_a_timestamp_of_its_own_is_heard_when_it_differs() -> None:
    assert _heard([_event("1", 1000), _event("2", 1000)]) == "12"


def test_events_that_are_no_keys_are_passed_over() -> None:
    flash = bytes(TelephoneEvent(16, end=False, volume=10, duration=160))
    assert _heard([_packet(flash, 1000), _event("1", 3000)]) == "1"


def test_a_payload_cut_short_is_the_far_sides_fault() -> None:
    with pytest.raises(RemoteError):
        KeyReceiver().receive(_packet(b"\1\2\3", 1000))


@given(st.integers(0, 255), st.booleans(), st.integers(0, 63), st.integers(0, 0xFFFF))
def test_events_survive_the_wire(code: int, end: bool, volume: int, duration: int) -> None:
    event = TelephoneEvent(code, end=end, volume=volume, duration=duration)
    assert TelephoneEvent.parse(bytes(event)) == event


def test_a_press_is_100_ms_and_a_pause_of_100_ms() -> None:
    sender = KeySender()
    sender.press("1 x#")
    steps = []
    while (step := sender.step()) is not None:
        steps.append(step)
    assert len(steps) == 20
    events = [step.payload and TelephoneEvent.parse(step.payload) for step in steps[:10]]
    durations = [(event.duration, event.end) for event in events if event]
    assert durations == [
        *((160 * n, False) for n in range(1, 6)),
        *[(800, True)] * 3,
    ]
    assert [step.first for step in steps] == ([True] + [False] * 9) * 2
    assert steps[10].payload is not None
    assert TelephoneEvent.parse(steps[10].payload).code == 11


def test_keys_that_come_faster_than_they_can_be_pressed_do_not_pile_up() -> None:
    sender = KeySender()
    for _ in range(10_000):
        sender.press("1")
    steps = 0
    while sender.step() is not None:
        steps += 1
    assert steps == MOST_WAITING * 10
