"""Keys in descriptions: crypto lines, fingerprints, ICE (RFC 4568, RFC 5763, RFC 8839)."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.sip import sdp
from cti.sip.errors import DescriptionError, NotAcceptableError
from cti.sip.sdp import SUITES, Crypto, DtlsIdentity, Keying, SessionDescription, Setup

FINGERPRINT = "sha-256 " + ":".join(["4A"] * 32)
THEIRS = "sha-256 " + ":".join(["B7"] * 32)
OURS = DtlsIdentity(FINGERPRINT, fragment="abcd", password="p" * 24)


def key(suite: str, octet: int = 1) -> str:
    return b64encode(bytes([octet]) * SUITES[suite]).decode()


def crypto(tag: int, suite: str, octet: int = 1) -> Crypto:
    return Crypto(tag, suite, key(suite, octet))


OWN = tuple(crypto(number, suite) for number, suite in enumerate(SUITES, 1))

BROWSER = f"""v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS stream
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 8 13 110 126
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2122260223 4f3c.local 50000 typ host generation 0
a=ice-ufrag:Yb4c
a=ice-pwd:sSgPKC7JC4nVnlY6IVpVHPsd
a=ice-options:trickle
a=fingerprint:{THEIRS}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendrecv
a=msid:stream track
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtpmap:63 red/48000/2
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
a=ssrc:1234 cname:x
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=rtpmap:96 VP8/90000
"""


def phone(*lines: str, protocol: str = "RTP/SAVP", host: str = "192.0.2.1") -> SessionDescription:
    head = f"v=0\no=- 1 1 IN IP4 {host}\ns=-\nc=IN IP4 {host}\nt=0 0\nm=audio 6000 {protocol} 8 101"
    mapped = "a=rtpmap:101 telephone-event/8000"
    return SessionDescription.parse("\n".join([head, mapped, *lines]).encode())


def browser(old: str = "", new: str = "") -> SessionDescription:
    assert old in BROWSER
    return SessionDescription.parse(BROWSER.replace(old, new).encode())


# --- crypto lines ---------------------------------------------------------------------------


@pytest.mark.parametrize("suite", SUITES)
def test_a_crypto_line_is_what_it_was_written_as(suite: str) -> None:
    written = crypto(3, suite)
    assert Crypto.parse(str(written)) == written
    assert written.key not in repr(written)


@pytest.mark.parametrize(
    ("more", "usable"),
    [
        ("", True),
        ("|2^31", True),
        ("|2^20|1:4", False),
        ("|1:4", False),
        (" WSH=64", True),
        (" KDR=0", True),
        (" KDR=5", False),
        (" UNENCRYPTED_SRTP", False),
        (" UNAUTHENTICATED_SRTP", False),
        (";inline:AAAA", False),
    ],
)
def test_parameters_that_change_packets_make_a_line_unusable(more: str, usable: bool) -> None:
    written = f"{crypto(1, 'AES_CM_128_HMAC_SHA1_80')}{more}"
    assert (Crypto.parse(written) is not None) is usable


@pytest.mark.parametrize(
    "line",
    [
        "",
        "0 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
        "1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
        "1 AES_CM_128_HMAC_SHA1_80 uri:AAAA",
        "1 AES_256_CM_HMAC_SHA1_80 inline:" + key("AES_CM_128_HMAC_SHA1_80"),
        "1 AEAD_AES_128_GCM inline:" + key("AES_CM_128_HMAC_SHA1_80"),
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + "é" * 40,
    ],
)
def test_lines_that_name_no_key_of_ours(line: str) -> None:
    assert Crypto.parse(line) is None
    with pytest.raises(NotAcceptableError):
        sdp.check(phone(f"a=crypto:{line}"))


@given(st.permutations(tuple(SUITES)), st.sets(st.sampled_from(tuple(SUITES)), min_size=1))
def test_the_first_suite_of_the_offer_that_is_ours_is_taken(
    offered: list[str], ours: set[str]
) -> None:
    offer = phone(*(f"a=crypto:{crypto(7 + n, suite, 2)}" for n, suite in enumerate(offered)))
    own = tuple(line for line in OWN if line.suite in ours)
    answer = sdp.answer(offer, "192.0.2.9", 40000, security=own)
    wanted = next(suite for suite in offered if suite in ours)
    tag = 7 + offered.index(wanted)
    assert answer.media[0].protocol == "RTP/SAVP"
    assert [v for n, v in answer.media[0].attributes if n == "crypto"] == [
        str(crypto(tag, wanted, 1))
    ]
    assert sdp.agree(offer, answer).security == crypto(tag, wanted, 2)
    assert sdp.agree(answer, answer).security == crypto(tag, wanted, 1)


def test_no_suite_in_common_and_other_protections_are_refused() -> None:
    offer = phone(f"a=crypto:{crypto(1, 'AEAD_AES_128_GCM')}")
    for own in ((crypto(1, "AES_CM_128_HMAC_SHA1_32"),), OURS, None):
        with pytest.raises(NotAcceptableError):
            sdp.answer(offer, "192.0.2.9", 40000, security=own)


def test_a_crypto_line_beside_plain_sound_is_answered_plain() -> None:
    offer = phone(f"a=crypto:{crypto(1, 'AEAD_AES_128_GCM')}", protocol="RTP/AVP")
    answer = sdp.answer(offer, "192.0.2.9", 40000)
    assert sdp.offered_keying(offer) is Keying.PLAIN
    assert answer.media[0].protocol == "RTP/AVP"
    assert "crypto" not in str(answer)


def test_an_offer_of_keys_and_its_answer() -> None:
    offer = sdp.offer("192.0.2.9", 40000, security=OWN)
    assert sdp.offer("192.0.2.9", 40000, security=OWN, previous=offer) is offer
    theirs = crypto(2, "AES_CM_128_HMAC_SHA1_80", 9)
    assert sdp.agree(phone(f"a=crypto:{theirs}"), phone(f"a=crypto:{theirs}")).security == theirs
    with pytest.raises(NotAcceptableError):
        sdp.agree(phone(f"a=crypto:{theirs}"), offer)


def test_the_second_section_is_taken_where_the_first_has_no_keys() -> None:
    theirs = crypto(1, "AES_CM_128_HMAC_SHA1_80")
    offer = phone("m=audio 6002 RTP/SAVP 0", f"a=crypto:{theirs}")
    answer = sdp.answer(offer, "192.0.2.9", 40000, security=OWN)
    assert [media.port for media in answer.media] == [0, 40000]
    agreed = sdp.agree(offer, answer)
    assert (agreed.port, agreed.encoding, agreed.security) == (6002, "PCMU", theirs)


# --- browsers -------------------------------------------------------------------------------


def test_answering_a_browser() -> None:
    offer = browser()
    assert sdp.offered_keying(offer) is Keying.DTLS
    assert not offer.held
    answer = sdp.answer(offer, "203.0.113.9", 40000, security=OURS)
    assert SessionDescription.parse(bytes(answer)) == answer
    audio, video = answer.media
    assert (audio.formats, video.port) == (("0", "126"), 0)
    written = set(str(answer).split("\r\n"))
    assert written >= {
        "a=group:BUNDLE 0",
        "a=ice-lite",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:" + "p" * 24,
        "a=candidate:1 1 UDP 2130706431 203.0.113.9 40000 typ host",
        "a=end-of-candidates",
        f"a=fingerprint:{FINGERPRINT}",
        "a=setup:passive",
        "a=mid:0",
        "a=rtcp-mux",
    }
    assert "extmap" not in str(answer)
    agreed = sdp.agree(offer, answer)
    assert agreed.mux
    assert agreed.sending
    assert agreed.events == 126
    assert agreed.security == DtlsIdentity(THEIRS, Setup.ACTIVE, "Yb4c", "sSgPKC7JC4nVnlY6IVpVHPsd")


def test_ice_lite_stands_in_the_session_not_in_the_section() -> None:
    answer = sdp.answer(browser(), "203.0.113.9", 40000, security=OURS)
    assert ("ice-lite", None) in answer.attributes


@pytest.mark.parametrize(
    ("offered", "answered", "far"),
    [
        ("actpass", "passive", Setup.ACTIVE),
        ("active", "passive", Setup.ACTIVE),
        ("passive", "active", Setup.PASSIVE),
    ],
)
def test_who_begins_the_handshake(offered: str, answered: str, far: Setup) -> None:
    offer = browser("a=setup:actpass", f"a=setup:{offered}")
    answer = sdp.answer(offer, "203.0.113.9", 40000, security=OURS)
    assert ("setup", answered) in answer.media[0].attributes
    agreed = sdp.agree(offer, answer).security
    assert isinstance(agreed, DtlsIdentity)
    assert agreed.setup is far


def test_a_new_offer_keeps_the_roles_of_the_handshake() -> None:
    first = sdp.answer(
        browser("a=setup:actpass", "a=setup:passive"), "203.0.113.9", 40000, security=OURS
    )
    again = sdp.answer(browser(), "203.0.113.9", 40000, security=OURS, previous=first)
    assert again is first


def test_our_offer_to_a_browser() -> None:
    offer = sdp.offer("203.0.113.9", 40000, security=OURS)
    assert offer.media[0].protocol == "UDP/TLS/RTP/SAVPF"
    assert ("setup", "actpass") in offer.media[0].attributes
    assert ("ice-lite", None) in offer.attributes
    agreed = sdp.agree(offer, offer).security
    assert isinstance(agreed, DtlsIdentity)
    # Nobody checks from an ICE-lite side.
    assert agreed.fragment == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"a=fingerprint:{THEIRS}\n", ""),
        ("sha-256 B7", "sha-1 B7"),
        ("sha-256 B7:", "sha-256 "),
        ("a=setup:actpass", "a=setup:holdconn"),
        ("a=ice-pwd:sSgPKC7JC4nVnlY6IVpVHPsd", "a=ice-pwd:short"),
        ("a=ice-ufrag:Yb4c", "a=ice-ufrag:é"),
    ],
)
def test_a_browser_that_does_not_prove_itself_is_refused(old: str, new: str) -> None:
    with pytest.raises(NotAcceptableError):
        sdp.check(browser(old, new))


def test_dtls_without_ice_needs_an_address() -> None:
    lines = (f"a=fingerprint:{THEIRS}", "a=setup:actpass")
    offer = phone(*lines, protocol="UDP/TLS/RTP/SAVP")
    answer = sdp.answer(offer, "203.0.113.9", 40000, security=OURS)
    assert "ice" not in str(answer)
    agreed = sdp.agree(offer, answer)
    assert (agreed.host, agreed.mux) == ("192.0.2.1", False)
    with pytest.raises(NotAcceptableError):
        sdp.check(phone(*lines, protocol="UDP/TLS/RTP/SAVP", host="phone.example.com"))


def test_a_held_browser_is_held_by_its_direction() -> None:
    offer = browser("a=sendrecv", "a=inactive")
    assert offer.held
    assert not sdp.agree(offer, sdp.answer(offer, "192.0.2.9", 4, security=OURS)).sending


def test_no_key_is_shown() -> None:
    secret = crypto(1, "AES_CM_128_HMAC_SHA1_80")
    for shown in (
        repr(phone(f"a=crypto:{secret}")),
        repr(sdp.offer("192.0.2.9", 40000, security=OWN)),
        repr(browser()),
        repr(OURS),
    ):
        assert secret.key not in shown
        assert "sSgPKC7JC4nVnlY6IVpVHPsd" not in shown
        assert OURS.password not in shown


@given(
    st.lists(
        st.sampled_from(BROWSER.splitlines(keepends=True))
        | st.sampled_from([f"a=crypto:{line}\n" for line in OWN])
        | st.just("m=audio 6000 RTP/SAVP 8\n"),
        max_size=30,
    ),
    st.binary(max_size=30),
    st.sampled_from([OWN, OURS, None]),
)
def test_no_body_raises_anything_but_what_is_declared(
    lines: list[str], noise: bytes, own: sdp.OwnSecurity
) -> None:
    try:
        offer = SessionDescription.parse(b"v=0\n" + "".join(lines).encode() + noise)
        answer = sdp.answer(offer, "192.0.2.9", 40000, security=own)
        sdp.agree(offer, answer)
    except (DescriptionError, NotAcceptableError):
        return
    assert SessionDescription.parse(bytes(answer)) == answer
