"""Session descriptions: reading, writing, offering, answering (RFC 8866, RFC 3264)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.sip import sdp
from cti.sip.errors import DescriptionError, NotAcceptableError
from cti.sip.sdp import Direction, SessionDescription

PHONE = b"""v=0\r
o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r
s=Call to John Smith\r
i=SDP Offer #1\r
e=Jane Doe <jane@jdoe.example.com>\r
c=IN IP4 198.51.100.1\r
t=0 0\r
m=audio 49170 RTP/AVP 9 0 8 97 101\r
a=rtpmap:97 opus/48000/2\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-16\r
a=ptime:20\r
m=video 51372 RTP/AVP 99\r
c=IN IP6 2001:db8::2\r
a=rtpmap:99 h263-1998/90000\r
"""


def with_lines(old: str, new: str) -> SessionDescription:
    return SessionDescription.parse(PHONE.decode().replace(old, new).encode())


def test_reading_a_telephones_offer() -> None:
    offer = SessionDescription.parse(PHONE)
    assert (offer.origin.session_id, offer.origin.version) == (3724394400, 3724394405)
    audio = offer.audio
    assert audio is not None
    assert audio.port == 49170
    encodings = [item.encoding for item in audio.encodings()]
    assert encodings == ["G722", "PCMU", "PCMA", "telephone-event"]
    assert offer.host_of(offer.media[1]) == "2001:db8::2"
    assert offer.direction_of(audio) is Direction.SENDRECV
    assert not offer.held


def test_what_is_written_can_be_read_again() -> None:
    for description in (
        sdp.offer("192.0.2.9", 40000),
        sdp.offer("2001:db8::9", 40000, codecs=("PCMU",), direction=Direction.SENDONLY),
        sdp.answer(SessionDescription.parse(PHONE), "192.0.2.9", 40000),
    ):
        assert SessionDescription.parse(bytes(description)) == description


def test_an_answer_takes_one_codec_and_the_events_and_refuses_the_rest() -> None:
    answer = sdp.answer(SessionDescription.parse(PHONE), "192.0.2.9", 40000)
    audio, video = answer.media
    assert audio.formats == ("9", "101")
    assert (video.kind, video.port, video.formats) == ("video", 0, ("99",))
    agreed = sdp.agree(SessionDescription.parse(PHONE), answer)
    assert agreed == sdp.Agreement("198.51.100.1", 49170, 9, "G722", 101, sending=True)


def test_the_codecs_we_support_decide_what_can_be_answered() -> None:
    offer = SessionDescription.parse(PHONE)
    audio = sdp.answer(offer, "192.0.2.9", 40000, codecs=("PCMA",)).media[0]
    assert audio.formats == ("8", "101")
    with pytest.raises(NotAcceptableError):
        sdp.answer(with_lines("9 0 8 97 101", "97 101"), "192.0.2.9", 40000)


def test_dynamic_numbers_are_the_offerers() -> None:
    offer = SessionDescription.parse(
        b"v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n"
        b"m=audio 6000 RTP/AVP 96 110\na=rtpmap:96 pcma/8000\n"
        b"a=rtpmap:110 Telephone-Event/8000\n"
    )
    answer = sdp.answer(offer, "192.0.2.9", 40000)
    assert answer.media[0].formats == ("96", "110")
    assert sdp.agree(offer, answer) == sdp.Agreement(
        "192.0.2.1", 6000, 96, "PCMA", 110, sending=True
    )


def test_without_events_none_are_agreed() -> None:
    offer = with_lines("97 101", "97")
    answer = sdp.answer(offer, "192.0.2.9", 40000)
    assert sdp.agree(offer, answer).events is None


@pytest.mark.parametrize(
    ("offered", "wanted", "answered"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendonly", "sendrecv", "recvonly"),
        ("recvonly", "sendrecv", "sendonly"),
        ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "sendonly", "sendonly"),
        ("sendonly", "sendonly", "inactive"),
        ("recvonly", "recvonly", "inactive"),
    ],
)
def test_directions_are_answered_as_rfc_3264_6_1_says(
    offered: str, wanted: str, answered: str
) -> None:
    offer = with_lines("a=ptime:20", f"a=ptime:20\r\na={offered}")
    answer = sdp.answer(offer, "192.0.2.9", 40000, direction=Direction(wanted))
    assert answer.media[0].direction is Direction(answered)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a=ptime:20", "a=sendonly"),
        ("a=ptime:20", "a=inactive"),
        ("t=0 0", "t=0 0\r\na=inactive"),
        ("c=IN IP4 198.51.100.1", "c=IN IP4 0.0.0.0"),
    ],
)
def test_hold_in_every_way_it_is_written(old: str, new: str) -> None:
    offer = with_lines(old, new)
    assert offer.held
    answer = sdp.answer(offer, "192.0.2.9", 40000)
    assert not sdp.agree(offer, answer).sending


def test_recvonly_is_no_hold() -> None:
    assert not with_lines("a=ptime:20", "a=recvonly").held


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("m=audio 49170", "m=audio 0"),
        ("RTP/AVP 9", "RTP/SAVP 9"),
        ("c=IN IP4 198.51.100.1", "c=IN IP4 phone.example.com"),
        ("m=audio", "m=text"),
    ],
)
def test_what_cannot_be_answered_is_refused(old: str, new: str) -> None:
    with pytest.raises(NotAcceptableError):
        sdp.check(with_lines(old, new))


def test_the_version_counts_changes_only() -> None:
    first = sdp.offer("192.0.2.9", 40000)
    assert sdp.offer("192.0.2.9", 40000, previous=first) is first
    held = sdp.offer("192.0.2.9", 40000, direction=Direction.SENDONLY, previous=first)
    assert (held.origin.session_id, held.origin.version) == (40000, 2)
    moved = sdp.offer("192.0.2.9", 40002, previous=held)
    assert (moved.origin.session_id, moved.origin.version) == (40000, 3)


def test_an_answer_that_refuses_agrees_on_nothing() -> None:
    offer = SessionDescription.parse(PHONE)
    with pytest.raises(NotAcceptableError):
        sdp.agree(with_lines("m=audio 49170", "m=audio 0"), offer)
    with pytest.raises(NotAcceptableError):
        sdp.agree(with_lines("9 0 8 97 101", "8 101"), with_lines("9 0 8 97 101", "0 101"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"v=1\r\n",
        b"v=0\r\ns=-\r\n",
        b"v=0\r\no=- 1 1 IN IP4\r\n",
        b"v=0\r\no=- x 1 IN IP4 192.0.2.1\r\n",
        b"v=0\r\nnonsense\r\n",
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nm=audio\r\n",
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nm=audio 99999 RTP/AVP 0\r\n",
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nc=ATM\r\n",
        b"\xff\xfe",
    ],
)
def test_what_is_no_description_is_named_so(body: bytes) -> None:
    with pytest.raises(DescriptionError):
        SessionDescription.parse(body)


@given(
    st.lists(st.sampled_from(PHONE.splitlines(keepends=True)), max_size=20), st.binary(max_size=30)
)
def test_no_body_raises_anything_else(lines: list[bytes], noise: bytes) -> None:
    try:
        offer = SessionDescription.parse(b"v=0\r\n" + b"".join(lines) + noise)
        answer = sdp.answer(offer, "192.0.2.9", 40000)
        sdp.agree(offer, answer)
    except (DescriptionError, NotAcceptableError):
        return
    assert SessionDescription.parse(bytes(answer)) == answer
