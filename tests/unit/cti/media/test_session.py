"""Whom a session listens to and what it sends."""

from dataclasses import replace

import pytest

from cti.kernel.errors import RemoteError
from cti.media.port import Codec, MediaTarget
from cti.media.rtp import RtpPacket
from cti.media.session import Session

TARGET = MediaTarget("10.0.0.7", 4000, Codec.PCMA, 101)
BEHIND_NAT = ("192.0.2.1", 6000)
STRANGER = ("198.51.100.9", 6000)


def _session(target: MediaTarget | None = TARGET) -> Session:
    session = Session(ssrc=1, sequence=2, timestamp=3)
    if target is not None:
        session.configure(target)
    return session


def _data(kind: int = 8, sequence: int = 1) -> bytes:
    return bytes(RtpPacket(kind, sequence, 160 * sequence, 77, bytes(160)))


def test_nothing_is_heard_before_configure() -> None:
    session = _session(None)
    assert session.receive(_data(), BEHIND_NAT, 0) is None
    assert session.destination is None


def test_the_first_valid_packet_locks_the_source_and_draws_the_sound() -> None:
    session = _session()
    assert session.destination == ("10.0.0.7", 4000)
    assert session.receive(_data(), BEHIND_NAT, 0) is not None
    assert session.destination == BEHIND_NAT
    assert session.receive(_data(sequence=2), STRANGER, 0) is None
    assert session.destination == BEHIND_NAT


@pytest.mark.parametrize("kind", [3, 9, 18, 96])
def test_a_kind_nobody_agreed_on_locks_nothing(kind: int) -> None:
    session = _session()
    assert session.receive(_data(kind), STRANGER, 0) is None
    assert session.receive(_data(), BEHIND_NAT, 0) is not None


@pytest.mark.parametrize("kind", [0, 8, 13, 101])
def test_both_laws_events_and_comfort_noise_are_taken(kind: int) -> None:
    assert _session().receive(_data(kind), BEHIND_NAT, 0) is not None


def test_a_malformed_packet_locks_nothing() -> None:
    session = _session()
    with pytest.raises(RemoteError):
        session.receive(b"\x80\x08", STRANGER, 0)
    assert session.receive(_data(), BEHIND_NAT, 0) is not None


def test_configure_unlocks_and_keeps_the_way_through_a_nat() -> None:
    session = _session()
    session.receive(_data(), BEHIND_NAT, 0)
    session.configure(replace(TARGET, sending=False))
    assert session.destination == BEHIND_NAT
    assert session.receive(_data(), STRANGER, 0) is not None
    session.configure(replace(TARGET, port=4002))
    assert session.destination == ("10.0.0.7", 4002)


def test_relayed_sound_is_translated_and_events_take_the_agreed_number() -> None:
    session = _session(replace(TARGET, codec=Codec.PCMU, events=96))
    sound = session.relay(RtpPacket(8, 1, 160, 77, b"\xd5" * 160), 0)
    assert sound is not None
    assert (sound.payload_type, sound.ssrc) == (0, 1)
    assert sound.payload == b"\xfe" * 160  # the smallest A-law step above zero
    event = session.relay(RtpPacket(101, 2, 160, 77, b"\1\12\0\0"), 0)
    assert event is not None
    assert event.payload_type == 96


def test_what_the_far_side_cannot_take_is_not_relayed() -> None:
    session = _session(replace(TARGET, events=None))
    assert session.relay(RtpPacket(101, 2, 160, 77, b"\1\12\0\0"), 0) is None
    assert session.relay(RtpPacket(13, 2, 160, 77, b"\1"), 0) is None
    assert session.event(b"\1\12\0\0", 0, first=True) is None


def test_statistics_count_both_ways() -> None:
    session = _session()
    for sequence in (1, 2, 4):
        session.receive(_data(sequence=sequence), BEHIND_NAT, sequence * 0.02)
    session.receive(_data(sequence=5), STRANGER, 0.1)
    session.frame(session.quiet, 0.0)
    seen = session.statistics()
    assert (seen.sent, seen.received, seen.lost) == (1, 3, 1)
    assert seen.jitter == pytest.approx(0, abs=0.001)
