"""The handshake between two of us, in memory: keys, roles, losses, wrong certificates."""

import pytest
from OpenSSL import SSL

from cti.media.srtp import Suite
from cti.worker import dtls
from cti.worker.dtls import LARGEST_DATAGRAM, Certificate, Handshake, HandshakeError, Progress

HERE, THERE = Certificate(1.7e9), Certificate(1.7e9)


def pair(expected: str = THERE.fingerprint) -> tuple[Handshake, Handshake]:
    """The passive side, which expects that certificate, and the active one."""
    return (
        Handshake(HERE, expected, active=False),
        Handshake(THERE, HERE.fingerprint, active=True),
    )


def exchange(passive: Handshake, active: Handshake, *, lose: frozenset[int] = frozenset()) -> None:
    """Carry datagrams to and fro until nobody says anything; the numbered ones are lost."""
    number, waiting = 0, [(passive, each) for each in [*passive.start(), *active.start()]]
    while waiting:
        receiver, datagram = waiting.pop(0)
        number += 1
        assert len(datagram) <= LARGEST_DATAGRAM
        if number not in lose:
            sender = active if receiver is passive else passive
            waiting += [(sender, each) for each in receiver.receive(datagram)]


def test_both_ends_come_to_the_same_keys() -> None:
    passive, active = pair()
    exchange(passive, active)
    assert passive.progress is active.progress is Progress.DONE
    assert passive.keys is not None
    assert active.keys is not None
    assert passive.keys.ours == active.keys.theirs
    assert passive.keys.theirs == active.keys.ours
    assert passive.keys.ours != passive.keys.theirs
    assert passive.keys.ours.suite is Suite.AEAD_AES_128_GCM
    assert passive.keys.ours.key.hex() not in repr(passive.keys)


def test_nothing_is_waited_for_when_all_is_said() -> None:
    passive, active = pair()
    active.start()
    assert active.wait() is not None
    passive, active = pair()
    exchange(passive, active)
    assert passive.wait() is active.wait() is None
    assert passive.say_again() == active.say_again() == []


def test_another_certificate_is_refused() -> None:
    passive, active = pair(expected=HERE.fingerprint)
    with pytest.raises(HandshakeError, match="announced"):
        exchange(passive, active)
    assert passive.progress is Progress.FAILED
    assert passive.keys is None
    (alert,) = passive.farewell()
    with pytest.raises(HandshakeError, match="alert"):
        active.receive(alert)
    assert active.keys is None, "it never believes to be heard"
    assert passive.wait() is None
    assert passive.receive(b"\x16 more") == []


def test_a_far_side_without_a_common_profile_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dtls, "PROFILES", {b"SRTP_AES128_CM_SHA1_32": None})
    old = Certificate(1.7e9)
    monkeypatch.undo()
    passive = Handshake(HERE, old.fingerprint, active=False)
    with pytest.raises(HandshakeError, match="profile"):
        exchange(passive, Handshake(old, HERE.fingerprint, active=True))


def test_the_second_profile_is_taken_where_the_first_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        dtls, "PROFILES", {b"SRTP_AES128_CM_SHA1_80": Suite.AES_CM_128_HMAC_SHA1_80}
    )
    old = Certificate(1.7e9)
    monkeypatch.undo()
    passive = Handshake(HERE, old.fingerprint, active=False)
    active = Handshake(old, HERE.fingerprint, active=True)
    exchange(passive, active)
    assert passive.keys is not None
    assert passive.keys.ours.suite is Suite.AES_CM_128_HMAC_SHA1_80


def test_a_last_flight_that_was_lost_is_said_again_when_the_far_side_asks() -> None:
    passive, active = pair()
    hello = active.start()
    answer = [each for datagram in hello for each in passive.receive(datagram)]
    finish = [each for datagram in answer for each in active.receive(datagram)]
    lost = [each for datagram in finish for each in passive.receive(datagram)]
    assert lost
    assert passive.progress is Progress.DONE
    assert active.keys is None
    again = [each for datagram in finish for each in passive.receive(datagram)]
    for datagram in again or lost:
        active.receive(datagram)
    assert active.keys is not None


def test_an_association_ends_when_one_side_says_so_and_not_before() -> None:
    passive, active = pair()
    assert active.close() == []
    exchange(passive, active)
    (goodbye,) = active.close()
    passive.receive(goodbye[:-1] + bytes([goodbye[-1] ^ 1]))
    assert passive.progress is Progress.DONE, "somebody else said it"
    passive.receive(goodbye)
    assert passive.progress is active.progress is Progress.CLOSED
    assert passive.receive(goodbye) == passive.close() == active.close() == []
    assert passive.wait() is None


@pytest.mark.parametrize("noise", [b"", b"\x16", bytes(50), b"\x16\xfe\xfd" + bytes(80)])
def test_noise_does_not_disturb_a_handshake(noise: bytes) -> None:
    passive, active = pair()
    passive.receive(noise)
    exchange(passive, active)
    passive.receive(noise)
    assert passive.progress is Progress.DONE


def test_records_are_never_cut() -> None:
    passive, active = pair()
    for datagram in [each for first in active.start() for each in passive.receive(first)]:
        end = 0
        while end < len(datagram):
            end += 13 + int.from_bytes(datagram[end + 11 : end + 13], "big")
        assert end == len(datagram)


def test_certificates_tell_nothing_and_are_as_descriptions_write_them() -> None:
    assert HERE.fingerprint != THERE.fingerprint
    assert HERE.fingerprint.startswith("sha-256 ")
    assert len(HERE.fingerprint) == len("sha-256 ") + 95
    digest = HERE.fingerprint.split()[1]
    assert digest == digest.upper()
    assert isinstance(HERE.context, SSL.Context)
