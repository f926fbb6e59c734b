"""Targets that are one parser each: bodies, header values, packets, streams and frames."""

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from cti.kernel.errors import RemoteError
from cti.media import stun
from cti.media.ice_lite import IceLite
from cti.media.model import Codec, MediaTarget
from cti.media.rtcp import ReceiverReport, SenderReport, SourceDescription, parse_compound
from cti.media.rtp import RtpPacket
from cti.media.session import Session
from cti.media.srtp import MasterKey, Srtp, Suite
from cti.media.stun import Kind, Name, StunMessage
from cti.media.telephone_event import KeyReceiver
from cti.sip.access import digest
from cti.sip.access.contacts import Contact
from cti.sip.addresses import parse_address, parse_uri, parse_via
from cti.sip.locating import target_of
from cti.sip.message import InboundRequest, parse, split_values, uri_text
from cti.sip.sdp import SessionDescription, agree, answer, check, offer
from cti.sip.session.bodies import description_of, key_of, offer_of
from cti.sip.session.replaces import ReferTarget, Replaces
from cti.sip.stream import StreamReader
from cti.trace.records import Direction as TraceDirection
from cti.trace.records import Message as TraceMessage
from cti.trace.records import decode, encode
from cti.trace.stripping import strip
from tests.fuzz.sip_targets import DATA, requests, requests_inside, responses
from tests.support.lossy_link import counting_entropy
from tests.support.sip_messages import HOUSE, OFFER, TRUNK

SOURCE = (TRUNK.host, 4000)
CAPACITY = 64 * 1024 + 64 * 1024 + 4
"""Octets one connection may keep waiting: the largest head and the largest body."""


def _files(folder: Path) -> tuple[bytes, ...]:
    return tuple(each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file())


# --- descriptions -----------------------------------------------------------------------------


@cache
def descriptions() -> tuple[bytes, ...]:
    """Offers as telephones, gateways and browsers write them."""
    bodies = [each.partition(b"\r\n\r\n")[2] for each in requests()]
    keys = b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + b"A" * 40 + b"|2^31\r\n"
    fingerprint = b"a=fingerprint:sha-256 " + b":".join([b"AB"] * 32) + b"\r\n"
    ice = b"a=ice-ufrag:abcd\r\na=ice-pwd:" + b"p" * 22 + b"\r\na=setup:actpass\r\na=mid:0\r\n"
    browser = OFFER.replace(b"RTP/AVP", b"UDP/TLS/RTP/SAVPF") + fingerprint + ice
    return (
        *(each for each in bodies if each.startswith(b"v=0")),
        OFFER + b"a=sendonly\r\nm=video 0 RTP/AVP 31\r\n",
        OFFER.replace(b"RTP/AVP", b"RTP/SAVP") + keys,
        browser.replace(b"t=0 0\r\n", b"t=0 0\r\na=group:BUNDLE 0\r\n") + b"a=rtcp-mux\r\n",
        bytes(offer(HOUSE.host, 7000)),
    )


def run_description(data: bytes) -> None:
    """Read, answered, agreed on; and as the answer to an offer of ours."""
    with suppress(RemoteError):
        offered = SessionDescription.parse(data)
        repr(offered), offered.held
        assert SessionDescription.parse(bytes(offered)).media == offered.media
        with suppress(RemoteError):
            agree(offered, offer(HOUSE.host, 7000))
        check(offered)
        answered = answer(offered, HOUSE.host, 7000)
        agree(offered, answered)
        assert len(answered.media) == len(offered.media)


# --- header values and bodies -----------------------------------------------------------------


@cache
def values() -> tuple[bytes, ...]:
    """Every value of every header that is sent to us."""
    heads = (each.partition(b"\r\n\r\n")[0] for each in (*requests(), *requests_inside()))
    lines = {line.partition(b":")[2].strip() for head in heads for line in head.split(b"\r\n")[1:]}
    more = (*responses(), b"<sip:a@[2001:db8::192.0.2.1]>;tag=b", b"SIP/2.0/UDP [::1];received=::1")
    return (*sorted(lines), *more)


def run_value(data: bytes) -> None:
    """Read as each of the headers that have a grammar of their own."""
    text = data.decode("utf-8", "replace")
    uri_text(text)
    target_of(text)
    digest.parameters(text)
    digest.strongest([text])
    for each in split_values(text):
        assert each == each.strip()
    for read in (parse_uri, parse_address, parse_via, Contact.parse):
        with suppress(ValueError):
            str(read(text))
    for understand in (Replaces.parse, ReferTarget.parse):
        with suppress(RemoteError):
            str(understand(text))


def run_bodies(data: bytes) -> None:
    """The bodies of whatever is a message."""
    try:
        message = parse(data, TRUNK)
    except RemoteError:
        return
    if message is None:
        return
    description_of(message.message)
    if isinstance(message, InboundRequest):
        with suppress(RemoteError):
            key_of(message.message)
        with suppress(RemoteError):
            offer_of(message.message, ("PCMA",))


def run_credentials(data: bytes) -> None:
    """An Authorization header, checked as if anything in it could be right."""
    text = data.decode("utf-8", "replace")
    authenticator = digest.Authenticator("hotline", counting_entropy())
    account = digest.account("1001", "hotline", "secret-1001")
    if authenticator.username(text):
        algorithms = tuple(digest.Algorithm)
        authenticator.check(text, "INVITE", account, TRUNK.host, algorithms, 1.0)


# --- streams and traces -----------------------------------------------------------------------


def run_stream(data: bytes) -> None:
    """The same messages, however the bytes were cut; what waits is bounded."""
    whole = _framed([data])
    pieces = _framed([data[at : at + 7] for at in range(0, len(data), 7)])
    assert whole == pieces


def _framed(chunks: Sequence[bytes]) -> list[object]:
    reader, found = StreamReader(), list[object]()
    try:
        for chunk in chunks:
            found += reader.receive(chunk)
            assert reader.waiting <= CAPACITY
    except RemoteError as error:
        found.append(str(error))
    return found


def run_trace(data: bytes) -> None:
    """Stripped of secrets, written and read again; a record of any octets."""
    stripped = strip(data)
    message = TraceMessage(1.0, TraceDirection.IN, HOUSE, TRUNK, stripped)
    assert decode(encode(message)) == message
    decode(data)


# --- packets ----------------------------------------------------------------------------------


@cache
def packets() -> tuple[bytes, ...]:
    """RTP as it should be, and as it should not."""
    sound = RtpPacket(8, 7, 160, 77, b"sound" * 32)
    key = RtpPacket(101, 8, 320, 77, b"\x05\x8a\x03\x20", marker=True)
    return (*_files(DATA / "rtp"), bytes(sound), bytes(key))


def run_packet(data: bytes) -> None:
    """RTP into a session that expects it, and once more as a key press."""
    session = Session(ssrc=1, sequence=1, timestamp=1)
    session.configure(MediaTarget(*SOURCE, Codec.PCMA, 101))
    with suppress(RemoteError):
        session.receive(data, SOURCE, 1.0)
    with suppress(RemoteError):
        packet = RtpPacket.parse(data)
        assert RtpPacket.parse(bytes(packet)) == packet
        session.relay(packet, 1.0)
        KeyReceiver().receive(packet)
    assert session.report(2.0)


@cache
def reports() -> tuple[bytes, ...]:
    """RTCP likewise."""
    described = bytes(SourceDescription(77, "far@192.0.2.1"))
    sender = bytes(SenderReport(77, 1 << 63, 160, 50, 8000, ()))
    return (*_files(DATA / "rtcp"), sender + described, bytes(ReceiverReport(77, ())) + described)


def run_report(data: bytes) -> None:
    """RTCP into a session."""
    session = Session(ssrc=1, sequence=1, timestamp=1)
    session.configure(MediaTarget(*SOURCE, Codec.PCMA, 101))
    session.receive(packets()[-2], SOURCE, 1.0)
    with suppress(RemoteError):
        session.receive_control(data, SOURCE, 1.0)
    assert session.statistics()
    with suppress(RemoteError):
        parse_compound(data)


@cache
def checks() -> tuple[bytes, ...]:
    """Connectivity checks, their answers, and what they are mistaken for."""
    nominated = (Name.USE_CANDIDATE, b""), (Name.PRIORITY, b"\x00\x00\x00\x01")
    asked = stun.request(bytes(12), "ours:theirs", *nominated)
    return (
        asked.encode("secret"),
        asked.encode(),
        StunMessage(Kind.INDICATION, bytes(12)).encode(),
        stun.success(asked, SOURCE).encode("secret"),
        stun.refusal(asked, stun.UNKNOWN_ATTRIBUTE).encode("secret"),
        b"\x16\xfe\xfd" + bytes(10) + b"\x00\x20" + bytes(32),
        *packets()[-2:],
    )


def run_check(data: bytes) -> None:
    """STUN from somebody the agent expects, and from somebody else."""
    agent = IceLite("ours", "secret")
    agent.configure("theirs")
    for source in (SOURCE, ("198.51.100.7", 5000)):
        with suppress(RemoteError):
            answered = agent.receive(data, source, 1.0)
            if answered is not None:
                assert StunMessage.parse(answered).authentic("secret") or len(answered) < 200


@cache
def protected() -> tuple[bytes, ...]:
    """SRTP and SRTCP of each suite."""
    found = []
    for suite in Suite:
        sender = Srtp()
        sender.send_with(_key(suite))
        wrapped = (sender.wrap(packets()[-2]), sender.wrap_control(reports()[-1]))
        found += [each for each in wrapped if each is not None]
    return (*found, *packets()[-2:])


def run_protected(data: bytes) -> None:
    """Unwrapped with the keys of each suite, twice: the second time it is a copy."""
    for suite in Suite:
        receiver = Srtp()
        receiver.receive_with(_key(suite))
        receiver.unwrap(data)
        assert receiver.unwrap(data) is None
        receiver.unwrap_control(data)
        assert receiver.unwrap_control(data) is None


def _key(suite: Suite) -> MasterKey:
    return MasterKey(suite, bytes(range(suite.octets)))
