"""Whom a session listens to and what it sends."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.errors import RemoteError
from cti.media.g711 import silence
from cti.media.port import Codec, MediaTarget
from cti.media.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    parse_compound,
)
from cti.media.rtp import RtpPacket
from cti.media.session import Session
from cti.media.source_lock import PROVING_PACKETS, Source

TARGET = MediaTarget("10.0.0.7", 4000, Codec.PCMA, 101)
BEHIND_NAT = ("192.0.2.1", 6000)
STRANGER = ("198.51.100.9", 6000)
ANNOUNCED = (TARGET.host, TARGET.port)
SILENCE = silence(Codec.PCMA)


def _session(target: MediaTarget | None = TARGET) -> Session:
    session = Session(ssrc=1, sequence=2, timestamp=3)
    if target is not None:
        session.configure(target)
    return session


def _data(kind: int = 8, sequence: int = 1, ssrc: int = 77) -> bytes:
    return bytes(RtpPacket(kind, sequence % 2**16, 160 * sequence, ssrc, bytes(160)))


def _behind_nat(target: MediaTarget = TARGET, since: float = 0.0) -> Session:
    """A session that learned where the far side really sends from."""
    session = _session(target)
    for number in range(PROVING_PACKETS):
        session.receive(_data(sequence=-number % 2**16), STRANGER, since)
        session.receive(_data(sequence=1000 + number), BEHIND_NAT, since + number * 0.02)
    assert session.destination == BEHIND_NAT
    return session


def test_nothing_is_heard_before_configure() -> None:
    session = _session(None)
    assert session.receive(_data(), BEHIND_NAT, 0) is None
    assert session.destination is None


def test_a_source_that_proves_plausible_draws_the_sound() -> None:
    session = _session()
    heard = [session.receive(_data(sequence=n), BEHIND_NAT, n * 0.02) for n in range(5)]
    assert [packet is not None for packet in heard] == [False, False, False, True, True]
    assert session.destination == BEHIND_NAT
    assert session.receive(_data(sequence=5), STRANGER, 0.1) is None
    assert (session.destination, session.refused) == (BEHIND_NAT, 1)
    assert session.statistics().received == 2


def test_who_was_announced_takes_the_place_of_a_stranger_who_came_first() -> None:
    session = _behind_nat()
    assert session.receive(_data(ssrc=8), ANNOUNCED, 0.1) is not None
    assert session.destination == ANNOUNCED
    assert session.receive(_data(sequence=2, ssrc=8), ANNOUNCED, 0.12) is not None
    assert session.receive(_data(sequence=3), BEHIND_NAT, 0.12) is None
    assert session.destination == ANNOUNCED


def test_reports_leave_a_stranger_together_with_the_sound() -> None:
    session = _behind_nat()
    told = bytes(ReceiverReport(77, (ReportBlock(1, 0, 0, 0, 0, 0, 0),)))
    session.receive_control(told, (BEHIND_NAT[0], 9000), 0.1)
    assert session.control_destination == (BEHIND_NAT[0], 9000)
    session.receive(_data(sequence=1), ANNOUNCED, 0.2)
    assert session.control_destination == (TARGET.host, TARGET.port + 1)


def _silent(since: float = 0.0) -> Session:
    """A session whose far side spoke until then, and no more."""
    session = _session()
    for number in range(10):
        session.receive(_data(sequence=number), ANNOUNCED, since + number * 0.02)
    return session


def test_who_was_silent_goes_on_from_the_port_that_a_nat_gives_it_next() -> None:
    session = _silent()
    assert not session.look_around(0.9)
    assert session.receive(_data(sequence=10), BEHIND_NAT, 0.95) is None
    assert session.look_around(40.0)
    assert not session.look_around(40.1)
    assert session.receive(_data(sequence=12), BEHIND_NAT, 40.2) is not None
    assert (session.destination, session.certain(40.2)) == (BEHIND_NAT, BEHIND_NAT)
    assert session.receive(_data(sequence=13), ANNOUNCED, 40.22) is None
    assert session.statistics().lost == 2


@pytest.mark.parametrize(("sequence", "ssrc"), [(10, 78), (9, 77), (3010, 77), (40_000, 77)])
def test_a_silence_opens_nothing_to_who_does_not_know_the_stream(sequence: int, ssrc: int) -> None:
    session = _silent()
    assert session.look_around(40.0)
    for number in range(10):
        data = _data(sequence=sequence + number * (ssrc != 77), ssrc=ssrc)
        assert session.receive(data, STRANGER, 40 + number * 0.02) is None
    assert (session.destination, session.refused) == (ANNOUNCED, 10)
    assert session.receive(_data(sequence=10), ANNOUNCED, 41.0) is not None
    assert session.receive(_data(sequence=11), STRANGER, 41.02) is None


@pytest.mark.parametrize("kind", [3, 4, 18, 96])
def test_a_kind_nobody_agreed_on_locks_nothing(kind: int) -> None:
    session = _session()
    for number in range(10):
        assert session.receive(_data(kind, number), STRANGER, number * 0.02) is None
    assert session.receive(_data(kind), ANNOUNCED, 0) is None
    assert session.destination == ANNOUNCED
    assert session.receive(_data(), ANNOUNCED, 0) is not None


@pytest.mark.parametrize("kind", [0, 8, 13, 101])
def test_both_laws_events_and_comfort_noise_are_taken(kind: int) -> None:
    assert _session().receive(_data(kind), ANNOUNCED, 0) is not None


def test_a_malformed_packet_locks_nothing() -> None:
    session = _session()
    with pytest.raises(RemoteError):
        session.receive(b"\x80\x08", STRANGER, 0)
    assert session.receive(_data(), ANNOUNCED, 0) is not None


def test_the_same_address_again_keeps_the_lock_and_another_opens_it() -> None:
    session = _behind_nat()
    session.configure(replace(TARGET, sending=False))
    assert session.destination == BEHIND_NAT
    for number in range(10):
        assert session.receive(_data(sequence=number), STRANGER, 1 + number * 0.02) is None
    assert session.destination == BEHIND_NAT
    session.configure(replace(TARGET, port=4002))
    assert session.destination == ("10.0.0.7", 4002)
    assert session.receive(_data(sequence=1004), ("10.0.0.7", 4002), 2.0) is not None


OTHERS = st.tuples(
    st.sampled_from([STRANGER, ("10.0.0.7", 4001), ("192.0.2.1", 6001)]),
    st.sampled_from([0, 8, 13, 101, 96, 72]),
    st.integers(0, 2**16 - 1) | st.integers(0, 40),
    st.sampled_from([77, 78]),
)


@given(st.lists(st.lists(OTHERS, max_size=6), min_size=30, max_size=30), st.booleans())
def test_whatever_strangers_send_between_its_packets_the_far_side_alone_is_heard(
    attack: list[list[tuple[Source, int, int, int]]], announced: bool
) -> None:
    session = _session() if announced else _behind_nat(since=-1.0)
    far, first = (ANNOUNCED, 500) if announced else (BEHIND_NAT, 1000 + PROVING_PACKETS)
    before = session.statistics().received
    for number, others in enumerate(attack):
        now = number * 0.02
        assert session.receive(_data(sequence=first + number), far, now) is not None
        for source, kind, sequence, ssrc in others:
            assert session.receive(_data(kind, sequence, ssrc), source, now + 0.01) is None
            assert session.destination == far
            with suppress(RemoteError):
                session.receive_control(bytes(ReceiverReport(79)), source, now)
    seen = session.statistics()
    assert (seen.received - before, seen.lost) == (len(attack), 0)
    assert session.control_destination == (far[0], far[1] + 1)


def test_relayed_sound_is_translated_and_events_take_the_agreed_number() -> None:
    session = _session(replace(TARGET, codec=Codec.PCMU, events=96))
    sound = session.relay(RtpPacket(8, 1, 160, 77, b"\xd5" * 160), 0)
    assert sound is not None
    assert (sound.payload_type, sound.ssrc) == (0, 1)
    assert sound.payload == b"\xfe" * 160  # the smallest A-law step above zero
    event = session.relay(RtpPacket(101, 2, 160, 77, b"\1\12\0\0"), 0)
    assert event is not None
    assert event.payload_type == 96


def test_a_far_side_that_takes_the_call_back_sees_no_loss() -> None:
    session = _session()
    relayed = []
    for number, held in enumerate((False, True, True, False)):
        if held:
            session.configure(replace(TARGET, sending=False))
            continue
        session.configure(TARGET)
        relayed.append(session.relay(RtpPacket.parse(_data(sequence=number)), number * 0.02))
    first, last = relayed
    assert first is not None
    assert last is not None
    assert last.sequence - first.sequence == 1


def test_what_the_far_side_cannot_take_is_not_relayed() -> None:
    session = _session(replace(TARGET, events=None))
    assert session.relay(RtpPacket(101, 2, 160, 77, b"\1\12\0\0"), 0) is None
    assert session.relay(RtpPacket(13, 2, 160, 77, b"\1"), 0) is None
    assert session.event(b"\1\12\0\0", 0, first=True) is None


def test_statistics_count_both_ways() -> None:
    session = _session()
    for sequence in (1, 2, 4):
        session.receive(_data(sequence=sequence), ANNOUNCED, sequence * 0.02)
    session.receive(_data(sequence=5), STRANGER, 0.1)
    session.frame(SILENCE, 0.0)
    seen = session.statistics()
    assert (seen.sent, seen.received, seen.lost) == (1, 3, 1)
    assert seen.jitter == pytest.approx(0, abs=0.001)


NOW = 1_700_000_000.0


def _two_sessions() -> tuple[Session, Session]:
    one = Session(ssrc=1, sequence=2, timestamp=3, cname="one")
    two = Session(ssrc=9, sequence=2, timestamp=3, cname="two")
    one.configure(TARGET)
    two.configure(TARGET)
    for number in range(50):
        now = NOW + number * 0.02
        packet = bytes(one.frame(SILENCE, now))
        if number not in (10, 11):
            two.receive(packet, ANNOUNCED, now)
        one.receive(bytes(two.frame(SILENCE, now)), ANNOUNCED, now)
    return one, two


def test_reports_tell_the_far_side_its_losses_and_the_way_there_and_back() -> None:
    one, two = _two_sessions()
    control = ("10.0.0.7", 4001)
    two.receive_control(one.report(NOW + 1), control, NOW + 1.05)
    one.receive_control(two.report(NOW + 2), control, NOW + 2.05)
    seen = one.statistics()
    assert seen.remote_lost == 2
    assert seen.round_trip == pytest.approx(100, abs=1)
    assert two.statistics().remote_lost == 0


def test_a_report_says_what_was_sent_and_how_much_was_lost_since_the_last() -> None:
    one, two = _two_sessions()
    report, description = parse_compound(two.report(NOW + 1))
    assert isinstance(report, SenderReport)
    assert (report.ssrc, report.packets, report.octets) == (9, 50, 8000)
    assert report.timestamp == 3 + 8000
    (block,) = report.blocks
    assert (block.ssrc, block.lost, block.fraction) == (1, 2, 2 * 256 // 50)
    assert description == SourceDescription(9, "two")
    (again,) = parse_compound(two.report(NOW + 6))[:1]
    assert isinstance(again, SenderReport)
    assert (again.blocks[0].lost, again.blocks[0].fraction) == (2, 0)
    assert parse_compound(one.goodbye(NOW))[-1] == Goodbye((1,))


def test_a_session_that_sent_nothing_only_reports() -> None:
    session = _session()
    session.receive(_data(), ANNOUNCED, NOW)
    report = parse_compound(session.report(NOW))[0]
    assert isinstance(report, ReceiverReport)
    assert report.blocks[0].ssrc == 77


def test_reports_go_where_the_far_sides_come_from() -> None:
    report = bytes(ReceiverReport(77))
    session = _session()
    assert session.control_destination == ("10.0.0.7", 4001)
    session.receive_control(report, ("192.0.2.1", 7000), NOW)
    session = _behind_nat()
    assert session.control_destination == ("192.0.2.1", 6001)
    session.receive_control(report, STRANGER, NOW)
    session.receive_control(bytes(ReceiverReport(78)), ("192.0.2.1", 7002), NOW)
    assert session.control_destination == ("192.0.2.1", 6001)
    session.receive_control(report, ("192.0.2.1", 7000), NOW)
    assert session.control_destination == ("192.0.2.1", 7000)
    session.receive_control(report, ("192.0.2.1", 7002), NOW)
    assert session.control_destination == ("192.0.2.1", 7000)
    session.receive_control(report, ("192.0.2.1", 6001), NOW)
    session.receive_control(report, ("192.0.2.1", 7000), NOW)
    assert session.control_destination == ("192.0.2.1", 6001)


def test_a_round_trip_from_a_wrong_clock_is_not_believed() -> None:
    one, _ = _two_sessions()
    block = ReportBlock(1, lost=-5, last_report=0x12345678, delay=0)
    one.receive_control(bytes(ReceiverReport(9, (block,))), ("10.0.0.7", 4001), NOW + 2)
    assert (one.statistics().round_trip, one.statistics().remote_lost) == (0.0, 0)


def test_an_address_is_the_same_however_it_is_written() -> None:
    session = _session(replace(TARGET, host="2001:DB8:0::7"))
    assert session.receive(_data(), ("2001:db8::7", 4000), 0.0) is not None


def test_there_is_no_port_above_the_highest_to_report_to() -> None:
    session = _session(replace(TARGET, port=65_535))
    session.receive(_data(), ("10.0.0.7", 65_535), 0.0)
    assert session.destination == ("10.0.0.7", 65_535)
    assert session.control_destination is None


def test_a_far_side_without_an_address_is_sent_nothing_until_it_is_heard() -> None:
    nowhere = replace(TARGET, host="", port=0, sending=False)
    session = _session(nowhere)
    assert session.destination is session.control_destination is None
    assert _behind_nat(nowhere).control_destination == ("192.0.2.1", 6001)
