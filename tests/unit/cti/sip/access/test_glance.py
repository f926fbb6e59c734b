"""What is told from octets alone is what parsing them tells, and the answer is RFC 3261's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.sip.access.glance import Refusals, begins_call, call_id, dialled
from cti.sip.errors import MessageError
from cti.sip.events import Endpoint, Transport
from cti.sip.message import InboundRequest, InboundResponse, parse
from tests.support.lossy_link import counting_entropy
from tests.support.sip_messages import OFFER, TRUNK, Changes, request_bytes

RETRY = 7


def refusals() -> Refusals:
    return Refusals(counting_entropy(), "Hotline")


def refused(data: bytes, source: Endpoint = TRUNK) -> tuple[InboundResponse, Endpoint]:
    answer = refusals().of(data, source, RETRY)
    assert answer is not None
    response = parse(answer[0], source)
    assert isinstance(response, InboundResponse)
    return response, answer[1]


@pytest.mark.parametrize(
    ("changes", "begins"),
    [
        ({}, True),
        ({"To": None, "t": "<sip:1@a>"}, True),
        ({"To": "<sip:1@a>;tag=9"}, False),
        ({"To": "<sip:1@a>\r\n ;TAG=9"}, False),
        ({"To": None}, False),
        ({"Replaces": "a;to-tag=1;from-tag=2"}, False),
    ],
)
def test_new_calls_are_told_from_what_is_up(changes: Changes, begins: bool) -> None:
    assert begins_call(request_bytes("INVITE", changes, OFFER)) is begins
    assert not begins_call(request_bytes("BYE", changes))


def test_what_stands_in_the_body_tells_nothing() -> None:
    assert begins_call(request_bytes("INVITE", body=b"a=1\r\nReplaces: x\r\nTo: <sip:1@a>;tag=2"))


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("sip:110@192.0.2.9", "110"),
        ("SIPS:110;x=1@192.0.2.9", "110"),
        ("tel:110;phone-context=+86", "110"),
        ("urn:service:sos", ""),
    ],
)
def test_the_number_dialled_is_told(uri: str, number: str) -> None:
    assert dialled(request_bytes(uri=uri)) == number


def test_a_refusal_repeats_what_the_request_says_and_when_to_come_back() -> None:
    changes: Changes = {
        "Via": "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1;rport\r\nv: SIP/2.0/UDP a;branch=z9hG4bK-0",
        "From": '"Li\r\n Lei" <sip:1@a>;tag=caller',
        "Call-ID": None,
        "i": "call-1@192.0.2.1",
    }
    response, to = refused(request_bytes("INVITE", changes, OFFER))
    assert response.code == 503
    assert response.message.headers["Retry-After"] == str(RETRY)
    assert len(response.message.headers.getlist("Via")) == 2
    assert response.via.parameters["rport"] == str(TRUNK.port)
    assert (response.call_id, response.from_tag) == ("call-1@192.0.2.1", "caller")
    assert response.to_tag
    assert to == TRUNK


@pytest.mark.parametrize(
    ("via", "port"),
    [
        ("SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK-1", 5070),
        ("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1", 5060),
        ("SIP/2.0/UDP [2001:db8::1]:5071;branch=z9hG4bK-1", 5071),
        ("SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK-1;rport", 40000),
        ("SIP/2.0/UDP 192.0.2.1:99999;branch=z9hG4bK-1", 40000),
    ],
)
def test_it_goes_where_responses_go(via: str, port: int) -> None:
    source = Endpoint(TRUNK.host, 40000)
    answer = refusals().of(request_bytes(changes={"Via": via}), source, RETRY)
    assert answer is not None
    assert answer[1] == Endpoint(TRUNK.host, port)


def test_over_a_connection_it_goes_back_there() -> None:
    source = Endpoint(TRUNK.host, 40000, Transport.TCP, "flow")
    _response, to = refused(request_bytes(), source)
    assert to == source


def test_a_repetition_is_answered_alike_and_other_calls_otherwise() -> None:
    given_by = refusals()
    first, again = (given_by.of(request_bytes(), TRUNK, RETRY) for _ in range(2))
    other = given_by.of(request_bytes(changes={"Call-ID": "other"}), TRUNK, RETRY)
    assert first == again != other


def test_the_acknowledgement_is_known_and_no_other() -> None:
    given_by = refusals()
    answer = given_by.of(request_bytes(), TRUNK, RETRY)
    assert answer is not None
    response = parse(answer[0], TRUNK)
    assert isinstance(response, InboundResponse)
    ack = request_bytes("ACK", {"To": response.message.headers["To"]})
    assert given_by.acknowledged(ack)
    assert not given_by.acknowledged(ack.replace(b"ACK ", b"BYE "))
    assert not given_by.acknowledged(request_bytes("ACK", {"To": "<sip:1@a>;tag=other"}))


@pytest.mark.parametrize("name", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_what_cannot_be_answered_is_not(name: str) -> None:
    assert refusals().of(request_bytes(changes={name: None}), TRUNK, RETRY) is None


@given(st.binary(max_size=300))
def test_no_octets_are_a_surprise(noise: bytes) -> None:
    for data in (noise, b"INVITE " + noise, request_bytes() + noise, noise + request_bytes()):
        begins_call(data)
        call_id(data)
        dialled(data)
        refusals().of(data, TRUNK, RETRY)


@given(
    st.dictionaries(
        st.sampled_from(["To", "From", "Call-ID", "Replaces", "Subject"]),
        st.text('abc;=tag"<>@: \t1', min_size=1, max_size=30),
    ),
)
def test_the_glance_never_takes_a_request_in_a_dialog_for_a_new_call(changes: Changes) -> None:
    data = request_bytes("INVITE", changes)
    try:
        message = parse(data, TRUNK)
    except MessageError:
        return
    assert isinstance(message, InboundRequest)
    if message.to_tag or message.message.headers.get("Replaces") is not None:
        assert not begins_call(data)
    elif "tag=" not in message.message.headers["To"]:
        assert begins_call(data)
        assert call_id(data).decode() in message.call_id
