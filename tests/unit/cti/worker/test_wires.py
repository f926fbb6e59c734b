"""What leaves and enters a leg: plain, with keys from descriptions, and as a browser's."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

import pytest
from twisted.internet.task import Clock

from cti.kernel.identifiers import ConnectionId
from cti.media import stun
from cti.media.ice_lite import CONSENT_SECONDS
from cti.media.model import BrowserKeys, Codec, MediaTarget, SdesKey, Security
from cti.media.rtcp import ReceiverReport
from cti.media.rtp import RtpPacket
from cti.media.source_lock import Source
from cti.media.srtp import Srtp
from cti.media.stun import Kind, Name, StunMessage
from cti.worker.browser_wire import GOODBYE_SECONDS
from cti.worker.dtls import Certificate, Handshake, HandshakeError, Progress
from cti.worker.wires import ROTATE_AFTER, Wires

LEG = ConnectionId("leg")
PEER, STRANGER = ("192.0.2.1", 4000), ("198.51.100.7", 9)
SOUND = bytes(RtpPacket(8, 1, 160, 77, b"\xd5" * 160))
REPORT = bytes(ReceiverReport(77, ()))
PLAIN = MediaTarget(*PEER, Codec.PCMA, 101)


@dataclass
class FakeSocket:
    """A leg's socket: what was sent through it."""

    sent: list[tuple[bytes, Source]] = field(default_factory=list)
    receive: Callable[[bytes, Source], None] = lambda _data, _source: None
    peer: Source | None = None

    def join(self, peer: Source | None) -> None:
        self.peer = peer

    def transmit(self, data: bytes, destination: Source) -> bool:
        self.sent.append((data, destination))
        return True


class End:
    """A wire, its sockets and what the leg got."""

    def __init__(self, security: Security, wires: Wires | None = None) -> None:
        numbers = count(1)
        self.clock = Clock()
        self.clock.advance(1.7e9)
        wires = wires or Wires(self.clock, lambda size: f"{next(numbers):02x}" * size)
        self.sound, self.control = FakeSocket(), FakeSocket()
        self.lost = 0
        self.got: list[tuple[bytes, Source]] = []
        self.reports: list[tuple[bytes, Source]] = []
        sockets = (self.sound, self.control)
        self.wire = wires.make(security, LEG, sockets, self._lose)  # type: ignore[arg-type]  # a fake
        self.wire.attach(
            lambda data, source: self.got.append((data, source)),
            lambda data, source: self.reports.append((data, source)),
        )

    def _lose(self) -> None:
        self.lost += 1


# --- plain ----------------------------------------------------------------------------------


def test_a_plain_wire_is_the_socket_itself() -> None:
    end = End(Security.NONE)
    assert end.wire.own is None
    assert end.wire.transmit == end.sound.transmit
    assert end.wire.configure(PLAIN)
    end.wire.transmit_control(REPORT, STRANGER)
    assert end.control.sent == [(REPORT, STRANGER)]
    end.sound.receive(SOUND, PEER)
    assert end.got == [(SOUND, PEER)]


def test_reports_on_the_port_of_sound_are_told_from_it() -> None:
    end = End(Security.NONE)
    assert end.wire.configure(replace(PLAIN, mux=True))
    end.sound.receive(REPORT, PEER)
    end.sound.receive(SOUND, PEER)
    assert (end.reports, end.got) == ([(REPORT, PEER)], [(SOUND, PEER)])
    end.wire.transmit_control(REPORT, PEER)
    assert end.sound.sent == [(REPORT, PEER)]


# --- keys from descriptions -----------------------------------------------------------------


def _sdes(mux: bool = False, suite: int = 0) -> tuple[End, End]:
    one, other = End(Security.SDES), End(Security.SDES)
    for end, far in ((one, other), (other, one)):
        assert isinstance(far.wire.own, tuple)
        assert end.wire.configure(replace(PLAIN, security=far.wire.own[suite], mux=mux))
    return one, other


@pytest.mark.parametrize("suite", range(3))
@pytest.mark.parametrize("mux", [False, True])
def test_two_ends_understand_each_other_in_every_suite(suite: int, mux: bool) -> None:
    one, other = _sdes(mux, suite)
    one.wire.transmit(SOUND, PEER)
    one.wire.transmit_control(REPORT, PEER)
    for socket, far in ((one.sound, other.sound), (one.control, other.control)):
        for data, destination in socket.sent:
            assert data not in (SOUND, REPORT)
            assert destination == PEER
            far.receive(data, PEER)
    assert (other.got, other.reports) == ([(SOUND, PEER)], [(REPORT, PEER)])
    assert other.wire.refused == 0


def test_plain_sound_is_not_let_in_and_none_goes_out() -> None:
    one, _ = _sdes()
    one.sound.receive(SOUND, STRANGER)
    one.control.receive(REPORT, STRANGER)
    assert (one.got, one.reports, one.wire.refused) == ([], [], 2)
    before = End(Security.SDES)
    assert not before.wire.transmit(SOUND, PEER)
    before.wire.transmit_control(REPORT, PEER)
    before.sound.receive(SOUND, PEER)
    assert before.sound.sent == before.control.sent == before.got == []


@pytest.mark.parametrize(
    "theirs",
    [
        None,
        BrowserKeys("f", "p", "sha-256 00"),
        SdesKey(1, "AES_256_CM_HMAC_SHA1_80", "AAAA"),
        SdesKey(1, "AEAD_AES_128_GCM", "AAAA"),
        SdesKey(1, "AEAD_AES_128_GCM", "no base64"),
    ],
)
def test_another_security_is_not_taken(theirs: SdesKey | BrowserKeys | None) -> None:
    end = End(Security.SDES)
    assert not end.wire.configure(replace(PLAIN, security=theirs))
    end.wire.transmit(SOUND, PEER)
    assert end.sound.sent == []


def test_a_secure_target_is_not_taken_by_a_plain_or_a_browsers_wire() -> None:
    key = SdesKey(1, "AEAD_AES_128_GCM", "A" * 40)
    for security in (Security.NONE, Security.DTLS):
        end = End(security)
        assert not end.wire.configure(replace(PLAIN, security=key))
        end.wire.close()


# --- browsers -------------------------------------------------------------------------------

CERTIFICATE = Certificate(1.7e9)


class Browser:
    """The far side of a browser's wire."""

    def __init__(
        self, end: End, *, expected: str = CERTIFICATE.fingerprint, ice: bool = True
    ) -> None:
        self.end = end
        own = end.wire.own
        assert isinstance(own, BrowserKeys)
        self.own = own
        self.keys = BrowserKeys("far" if ice else "", "p" * 24, expected)
        self.handshake = Handshake(CERTIFICATE, own.fingerprint, active=True)
        self.srtp = Srtp()

    def agree(self, **changes: object) -> bool:
        keys = replace(self.keys, **changes)  # type: ignore[arg-type]  # fields by name
        target = MediaTarget("0.0.0.0", 9, Codec.PCMA, 101, True, keys, True)
        return self.end.wire.configure(target if keys.fragment else replace(target, host=PEER[0]))

    def check(self, source: Source = PEER) -> StunMessage:
        asked = stun.request(bytes(12), f"{self.own.fragment}:far", (Name.USE_CANDIDATE, b""))
        self.end.sound.receive(asked.encode(self.own.password), source)
        return StunMessage.parse(self.end.sound.sent.pop()[0])

    def shake_hands(self, source: Source = PEER) -> None:
        self.say(self.handshake.start(), source)

    def say(self, datagrams: list[bytes], source: Source = PEER) -> None:
        for datagram in datagrams:
            self.end.sound.receive(datagram, source)
        answers, self.end.sound.sent = self.end.sound.sent, []
        for data, destination in answers:
            assert destination == source
            self.say(self.handshake.receive(data), source)
        if self.handshake.keys is not None:
            self.srtp.send_with(self.handshake.keys.ours)
            self.srtp.receive_with(self.handshake.keys.theirs)


def _talking() -> tuple[End, Browser]:
    end = End(Security.DTLS)
    browser = Browser(end)
    assert browser.agree()
    assert browser.check().kind is Kind.SUCCESS
    browser.shake_hands()
    return end, browser


def test_a_browser_is_found_by_its_checks_and_talks() -> None:
    end, browser = _talking()
    sound = browser.srtp.wrap(SOUND)
    report = browser.srtp.wrap_control(REPORT)
    assert sound is not None
    assert report is not None
    end.sound.receive(sound, PEER)
    end.sound.receive(report, PEER)
    # The leg sees the address that signalling announced.
    announced = ("0.0.0.0", 9)
    assert (end.got, end.reports) == ([(SOUND, announced)], [(REPORT, announced)])
    end.wire.transmit(SOUND, announced)
    end.wire.transmit_control(REPORT, announced)
    (one, there), (other, here) = end.sound.sent
    assert there == here == PEER
    assert browser.srtp.unwrap(one) == SOUND
    assert browser.srtp.unwrap_control(other) == REPORT
    end.wire.close()
    assert not end.clock.getDelayedCalls()


def test_what_leaves_a_browsers_wire_is_told_from_what_does_not() -> None:
    end = End(Security.DTLS)
    browser = Browser(end)
    assert not end.wire.transmit(SOUND, PEER)
    browser.agree()
    browser.check()
    assert not end.wire.transmit(SOUND, PEER)
    browser.shake_hands()
    assert end.wire.transmit(SOUND, PEER)
    end.clock.advance(CONSENT_SECONDS + 0.1)
    assert not end.wire.transmit(SOUND, PEER)


def test_the_peer_may_move() -> None:
    end, browser = _talking()
    browser.check(STRANGER)
    end.sound.sent.clear()
    end.wire.transmit(SOUND, PEER)
    assert [destination for _, destination in end.sound.sent] == [STRANGER]


def test_whoever_was_not_checked_is_not_shaken_hands_with() -> None:
    end = End(Security.DTLS)
    browser = Browser(end)
    browser.agree()
    browser.check()
    browser.shake_hands(STRANGER)
    assert browser.handshake.keys is None
    assert end.sound.sent == []


def test_without_the_answer_the_handshake_waits() -> None:
    end = End(Security.DTLS)
    browser = Browser(end)
    assert browser.check().kind is Kind.SUCCESS
    hello = browser.handshake.start()
    browser.say(hello)
    assert browser.handshake.keys is None
    browser.agree()
    browser.check()
    browser.say(hello)
    assert browser.handshake.keys is not None


def test_a_wrong_fingerprint_ends_the_leg_and_lets_no_sound_through() -> None:
    end = End(Security.DTLS)
    browser = Browser(end, expected=end.wire.own.fingerprint)  # type: ignore[union-attr]
    browser.agree()
    browser.check()
    with pytest.raises(HandshakeError, match="alert"):
        browser.shake_hands()
    assert (end.lost, end.wire.refused) == (1, 1)
    end.wire.transmit(SOUND, PEER)
    assert end.sound.sent == []
    assert not browser.srtp.ready
    end.sound.receive(SOUND, PEER)
    assert end.got == []


def test_noise_and_strangers_are_counted_and_disturb_nobody() -> None:
    end, _ = _talking()
    for noise in (b"", b"\x00", b"\x50abc", b"\x80" * 40, SOUND, REPORT, b"\xff" * 9):
        end.sound.receive(noise, STRANGER)
    assert end.wire.refused == 7
    assert end.got == end.reports == []
    end.wire.transmit(SOUND, PEER)
    assert len(end.sound.sent) == 1


def test_a_lost_flight_is_said_again_and_the_timer_stops_at_the_end() -> None:
    end = End(Security.DTLS)
    browser = Browser(end)
    browser.agree()
    browser.check()
    for datagram in browser.handshake.start():
        end.sound.receive(datagram, PEER)
    lost, end.sound.sent = end.sound.sent, []
    assert lost
    waiting = min(call.getTime() for call in end.clock.getDelayedCalls())
    assert waiting - end.clock.seconds() <= 1.1
    for data, _ in lost:
        browser.say(browser.handshake.receive(data))
    assert browser.handshake.keys is not None
    times = [call.getTime() for call in end.clock.getDelayedCalls()]
    assert times == [end.clock.seconds() + CONSENT_SECONDS]
    end.wire.close()


def test_without_checks_consent_ends() -> None:
    end, browser = _talking()
    for _ in range(10):
        end.clock.advance(CONSENT_SECONDS / 3)
        browser.check()
    assert end.lost == 0
    end.clock.advance(CONSENT_SECONDS - 0.1)
    assert end.lost == 0
    end.clock.advance(0.2)
    assert end.lost == 1
    end.sound.sent.clear()
    end.wire.transmit(SOUND, PEER)
    assert end.sound.sent == []
    assert not end.clock.getDelayedCalls()


def test_a_browser_that_ends_its_sound_is_given_up_when_no_bye_follows() -> None:
    end, browser = _talking()
    browser.say(browser.handshake.close())
    end.sound.sent.clear()
    end.wire.transmit(SOUND, PEER)
    assert end.sound.sent == []
    assert end.lost == 0
    end.clock.advance(GOODBYE_SECONDS)
    assert end.lost == 1
    assert not end.clock.getDelayedCalls()


def test_a_browser_whose_bye_follows_is_not_given_up() -> None:
    end, browser = _talking()
    browser.say(browser.handshake.close())
    end.wire.close()
    end.clock.advance(2 * GOODBYE_SECONDS)
    assert end.lost == 0


def test_a_browser_is_told_when_its_leg_is_closed() -> None:
    end, browser = _talking()
    end.wire.close()
    browser.say([])
    assert browser.handshake.progress is Progress.CLOSED
    assert end.lost == 0


def test_a_browser_that_never_checks_is_given_up() -> None:
    end = End(Security.DTLS)
    Browser(end).agree()
    end.clock.advance(CONSENT_SECONDS)
    assert end.lost == 1


def test_a_new_offer_of_the_same_certificate_keeps_the_keys() -> None:
    end, browser = _talking()
    browser.agree()
    end.wire.transmit(SOUND, PEER)
    assert browser.srtp.unwrap(end.sound.sent[0][0]) == SOUND
    end.wire.close()


def test_where_the_far_side_waits_we_begin() -> None:
    end = End(Security.DTLS)
    browser = Browser(end)
    browser.handshake = Handshake(CERTIFICATE, browser.own.fingerprint, active=False)
    browser.agree(waits=True)
    asked = stun.request(bytes(12), f"{browser.own.fragment}:far")
    end.sound.receive(asked.encode(browser.own.password), PEER)
    answers, end.sound.sent = end.sound.sent, []
    assert [data[0] for data, _ in answers] == [1, 22]
    browser.say(browser.handshake.receive(answers[1][0]))
    assert browser.handshake.keys is not None
    end.wire.close()


def test_a_telephone_with_dtls_and_without_ice_is_found_at_its_address() -> None:
    end = End(Security.DTLS)
    browser = Browser(end, ice=False)
    assert browser.agree()
    browser.shake_hands((PEER[0], 4711))
    assert browser.handshake.keys is not None
    end.wire.transmit(SOUND, PEER)
    assert end.sound.sent[0][1] == (PEER[0], 4711)
    end.wire.close()


def test_a_telephone_without_ice_behind_a_nat_is_met_where_it_speaks_from() -> None:
    end = End(Security.DTLS)
    browser = Browser(end, ice=False)
    assert browser.agree()
    outside, stranger = ("203.0.113.5", 4711), ("203.0.113.66", 4711)
    browser.shake_hands(outside)
    assert browser.handshake.keys is not None
    end.sound.receive(bytes([22]) + bytes(20), stranger)
    end.wire.transmit(SOUND, PEER)
    assert [to for _, to in end.sound.sent] == [outside]
    end.wire.close()


def test_a_handshake_begun_before_signalling_told_of_it_is_not_waited_for() -> None:
    end = End(Security.DTLS)
    browser = Browser(end, ice=False)
    for hello in browser.handshake.start():
        end.sound.receive(hello, PEER)
    assert end.sound.sent == []
    browser.agree()
    browser.say([])
    assert browser.handshake.keys is not None
    end.wire.close()


def test_the_certificate_is_kept_for_a_day() -> None:
    clock = Clock()
    wires = Wires(clock, lambda size: "0" * size * 2)
    first, second = (End(Security.DTLS, wires).wire.own for _ in range(2))
    assert first == second
    clock.advance(ROTATE_AFTER + 1)
    assert End(Security.DTLS, wires).wire.own != first
