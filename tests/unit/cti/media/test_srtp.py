"""SRTP of a leg: what passes, what is refused, and that new offers lose nothing (RFC 3711)."""

import pytest

from cti.media.rtcp import ReceiverReport
from cti.media.rtp import RtpPacket
from cti.media.srtp import MOST_KEYS, MasterKey, Srtp, Suite, is_control


def key(suite: Suite, octet: int) -> MasterKey:
    return MasterKey(suite, bytes([octet]) * suite.octets)


def packet(sequence: int, payload: bytes = b"sound" * 32) -> bytes:
    return bytes(RtpPacket(8, sequence % 2**16, sequence * 160, 77, payload))


def pair(suite: Suite) -> tuple[Srtp, Srtp]:
    one, other = Srtp(), Srtp()
    for srtp, sends, receives in ((one, 1, 2), (other, 2, 1)):
        srtp.send_with(key(suite, sends))
        srtp.receive_with(key(suite, receives))
    return one, other


@pytest.mark.parametrize("suite", Suite)
def test_what_is_wrapped_is_unwrapped_by_the_other_alone(suite: Suite) -> None:
    one, other = pair(suite)
    wrapped = one.wrap(packet(1))
    assert wrapped is not None
    assert packet(1)[12:] not in wrapped
    assert other.unwrap(wrapped) == packet(1)
    assert one.unwrap(wrapped) is None
    assert (one.refused, other.refused) == (1, 0)


@pytest.mark.parametrize("suite", Suite)
def test_reports_are_protected_too(suite: Suite) -> None:
    one, other = pair(suite)
    report = bytes(ReceiverReport(77, ()))
    wrapped = one.wrap_control(report)
    assert wrapped is not None
    assert wrapped != report
    assert other.unwrap_control(wrapped) == report
    assert is_control(wrapped)
    assert not is_control(packet(1))


def test_copies_and_forgeries_are_counted() -> None:
    one, other = pair(Suite.AES_CM_128_HMAC_SHA1_80)
    wrapped = one.wrap(packet(1))
    assert wrapped is not None
    assert other.unwrap(wrapped) is not None
    assert other.unwrap(wrapped) is None
    assert other.unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1])) is None
    assert other.unwrap(b"\x80") is None
    assert other.unwrap(bytes(3000)) is None
    assert other.refused == 4


def test_late_packets_pass_within_the_window() -> None:
    one, other = pair(Suite.AEAD_AES_128_GCM)
    wrapped = [one.wrap(packet(number)) for number in range(1000)]
    for each in reversed(wrapped):
        assert each is not None
        assert other.unwrap(each) is not None


def test_the_same_keys_again_keep_the_packet_counts() -> None:
    suite = Suite.AES_CM_128_HMAC_SHA1_80
    one, other = pair(suite)
    wrapped: bytes | None = None
    for number in range(65_530, 65_545):
        one.send_with(key(suite, 1))
        other.receive_with(key(suite, 1))
        wrapped = one.wrap(packet(number))
        assert wrapped is not None
        assert other.unwrap(wrapped) is not None
    assert wrapped is not None
    assert other.unwrap(wrapped) is None


def test_a_key_come_back_to_counts_on_where_it_was() -> None:
    one, other = pair(Suite.AES_CM_128_HMAC_SHA1_80)
    for sequence in range(65_530, 65_540):
        wrapped = one.wrap(packet(sequence))
        assert wrapped is not None
        assert other.unwrap(wrapped) == packet(sequence)
    elsewhere = key(Suite.AES_CM_128_HMAC_SHA1_32, 3)
    one.send_with(elsewhere)
    one.send_with(key(Suite.AES_CM_128_HMAC_SHA1_80, 1))
    wrapped = one.wrap(packet(65_540))
    assert wrapped is not None
    assert other.unwrap(wrapped) == packet(65_540)
    for octet in range(3, 40):
        other.receive_with(key(Suite.AES_CM_128_HMAC_SHA1_80, octet))
    assert len(other._receivers) == MOST_KEYS


def test_a_new_key_of_theirs_shuts_the_old_one_out() -> None:
    suite = Suite.AES_CM_128_HMAC_SHA1_80
    one, other = pair(suite)
    before = one.wrap(packet(1))
    other.receive_with(key(suite, 9))
    assert before is not None
    assert other.unwrap(before) is None
    one.send_with(key(suite, 9))
    after = one.wrap(packet(2))
    assert after is not None
    assert other.unwrap(after) == packet(2)


def test_without_keys_nothing_passes() -> None:
    srtp = Srtp()
    assert not srtp.ready
    assert srtp.wrap(packet(1)) is None
    assert srtp.wrap_control(packet(1)) is None
    assert srtp.unwrap(packet(1)) is None
    assert srtp.unwrap_control(packet(1)) is None
    assert srtp.refused == 0


def test_too_long_a_packet_and_a_number_used_twice_are_lost_not_raised() -> None:
    one, _ = pair(Suite.AES_CM_128_HMAC_SHA1_80)
    assert one.wrap(packet(1, bytes(1490))) is None
    assert one.wrap(packet(2)) is not None
    assert one.wrap(packet(2)) is None


def test_no_key_is_shown_and_a_short_one_is_none() -> None:
    assert "key=" not in repr(key(Suite.AEAD_AES_128_GCM, 7))
    with pytest.raises(ValueError, match="28 octets"):
        MasterKey(Suite.AEAD_AES_128_GCM, bytes(27))
