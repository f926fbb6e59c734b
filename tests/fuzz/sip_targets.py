"""Targets that are whole user agents: strangers' messages, those of a call, answers to ours."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from sipmessage import URI
from sipmessage import Address as NameAddress

from cti.sip.events import Invitation, SessionOffered
from cti.sip.sdp import answer, offer
from tests.fuzz.driven import STRANGER, Driven
from tests.support.sip_messages import HOUSE, OFFER, TRUNK, Changes, request_bytes, response_bytes

DATA = Path(__file__).parents[1] / "data"
SIPFRAG = b"SIP/2.0 200 OK"


@cache
def torture() -> tuple[bytes, ...]:
    """The messages of RFC 4475 and RFC 5118."""
    names = sorted([*(DATA / "rfc4475").glob("*.dat"), *(DATA / "rfc5118").glob("*.dat")])
    return tuple(each.read_bytes() for each in names)


@cache
def requests() -> tuple[bytes, ...]:
    """What strangers, telephones and trunks send outside a dialog."""
    digest = (
        'Digest username="1001", realm="hotline", nonce="0", uri="sip:a", response="0", qop=auth,'
        ' nc=00000001, cnonce="0", algorithm=SHA-256'
    )
    return (
        *torture(),
        request_bytes("INVITE", {}, OFFER),
        request_bytes("INVITE", {"Session-Expires": "1800;refresher=uac", "Min-SE": "90"}, OFFER),
        request_bytes("INVITE", {"Replaces": "a@b;to-tag=c;from-tag=d;early-only"}, OFFER),
        request_bytes("INVITE", {"P-Asserted-Identity": '"A" <sip:+1@b>, <tel:+1>'}, OFFER),
        request_bytes("REGISTER", {"To": "<sip:1001@b>", "Authorization": digest}),
        request_bytes("REGISTER", {"To": "<sip:1001@b>", "Path": "<sip:p;lr;ob>"}),
        request_bytes("CANCEL"),
        request_bytes("OPTIONS", {"Accept": "application/sdp"}),
    )


def run_requests(data: bytes) -> None:
    """A datagram from a trunk, the same again, and from a stranger."""
    driven = Driven()
    for source in (TRUNK, TRUNK, STRANGER):
        driven.receive(data, source)
    driven.settle()
    assert_nothing_is_left(driven)


@cache
def requests_inside() -> tuple[bytes, ...]:
    """What a far side sends in a call that it began."""
    to = to_of(called().sent[-1])
    refer: Changes = {"Refer-To": "<sip:1002@b?Replaces=a%40b%3Bto-tag%3Dc%3Bfrom-tag%3Dd>"}
    notify: Changes = {"Event": "refer", "Subscription-State": "active;expires=60"}
    plans: Sequence[tuple[str, Changes, bytes]] = (
        ("INVITE", {"CSeq": "2 INVITE"}, OFFER.replace(b"1 1 IN", b"1 2 IN")),
        ("ACK", {"CSeq": "1 ACK"}, b""),
        ("BYE", {"Reason": 'Q.850;cause=16;text="over"'}, b""),
        ("UPDATE", {"Session-Expires": "90;refresher=uas", "Supported": "timer"}, OFFER),
        ("PRACK", {"RAck": "1 1 INVITE"}, OFFER),
        ("INFO", {"Content-Type": "application/dtmf-relay"}, b"Signal=5\r\nDuration=160\r\n"),
        ("INFO", {"Content-Type": "application/dtmf"}, b"5"),
        ("REFER", refer, b""),
        ("NOTIFY", {**notify, "Content-Type": "message/sipfrag;version=2.0"}, SIPFRAG),
        ("OPTIONS", {}, b""),
    )
    return tuple(
        request_bytes(
            method,
            {
                "To": to,
                "Via": f"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-{place};rport",
                "CSeq": f"{place + 2} {method}",
                **changes,
            },
            body,
        )
        for place, (method, changes, body) in enumerate(plans)
    )


def run_inside(data: bytes) -> None:
    """A datagram in a call that is answered, before and after it is acknowledged."""
    driven = called()
    driven.receive(data)
    driven.receive(requests_inside()[1])
    driven.receive(data)
    driven.settle()
    assert_nothing_is_left(driven)


def called() -> Driven:
    """A user agent that answered a call; its 200 is the last that was sent."""
    driven = Driven()
    output = driven.receive(request_bytes("INVITE", {}, OFFER))
    (report,) = (each for each in output if isinstance(each, SessionOffered))
    assert report.offer is not None
    description = answer(report.offer, HOUSE.host, 7000)
    driven.judge(driven.agent.accept(report.session, description))
    return driven


@cache
def responses() -> tuple[bytes, ...]:
    """What a far side answers to an INVITE of ours."""
    invite = calling().sent[-1]
    challenge = 'Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth,auth-int", opaque="o"'
    reliable: Changes = {"Require": "100rel", "RSeq": "1"}
    plans: Sequence[tuple[int, Changes, bytes]] = (
        (100, {}, b""),
        (180, {}, b""),
        (183, reliable, OFFER),
        (200, {"Session-Expires": "1800;refresher=uas", "Record-Route": "<sip:p;lr>"}, OFFER),
        (302, {"Contact": "<sip:a@b>;q=0.5, <tel:+1>"}, b""),
        (401, {"WWW-Authenticate": challenge}, b""),
        (407, {"Proxy-Authenticate": challenge}, b""),
        (422, {"Min-SE": "3600"}, b""),
        (486, {"Reason": "Q.850;cause=17"}, b""),
        (503, {"Retry-After": "18000;duration=3600"}, b""),
    )
    return tuple(response_bytes(invite, code, "far", each, body) for code, each, body in plans)


def run_responses(data: bytes) -> None:
    """An answer to a call of ours: at once, after a 180, and once more after a good one."""
    driven = calling()
    for each in (data, responses()[1], data, responses()[3], data):
        driven.receive(each)
    driven.settle()
    assert_nothing_is_left(driven)


def calling() -> Driven:
    """A user agent that calls; its INVITE is the last that was sent."""
    driven = Driven()
    here, there = URI("sip", HOUSE.host, "95588"), URI("sip", TRUNK.host, "13800138000")
    invitation = Invitation(
        str(there),
        NameAddress(here),
        NameAddress(there),
        offer(HOUSE.host, 7000),
        destination=TRUNK,
        user="house",
        secret="unguessed",
    )
    _, output = driven.agent.invite(invitation)
    driven.judge(output)
    return driven


def assert_nothing_is_left(driven: Driven) -> None:
    """No session and no transaction outlives its timers."""
    assert driven.agent.idle
    assert driven.timers == {}


def to_of(ok: bytes) -> str:
    """The To of our 200, as the far side writes it from then on."""
    line = next(each for each in ok.split(b"\r\n") if each.startswith(b"To:"))
    return line.partition(b":")[2].strip().decode()
