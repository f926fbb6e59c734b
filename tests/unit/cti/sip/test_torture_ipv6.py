"""The torture tests of RFC 5118: IPv6 in requests, Via, Contact and session descriptions."""

from dataclasses import replace
from pathlib import Path

import pytest

from cti.sip.addresses import parse_address, parse_uri, parse_via
from cti.sip.events import Endpoint, SendDatagram, SessionOffered
from cti.sip.locating import endpoint_of
from cti.sip.message import InboundRequest, InboundResponse, all_values, parse
from cti.sip.sdp import SessionDescription
from cti.sip.settings import UserAgentSettings
from cti.sip.user_agent import UserAgent
from tests.support.lossy_link import KnownAccounts, counting_entropy
from tests.support.sip_messages import response_bytes

FOLDER = Path(__file__).parents[3] / "data" / "rfc5118"
CALLER = Endpoint("2001:db8::20", 5060)
OFFERED = "offered"

VERDICTS = [
    # section, file, what we answer, what the RFC asks of it
    ("4.1", "ipv6-good", 401, "well formed"),
    ("4.2", "ipv6-bad", 400, "400: an address without brackets in the request URI"),
    ("4.3", "port-ambiguous", 401, "well formed, whatever its writer meant"),
    ("4.4", "port-unambiguous", 401, "well formed"),
    ("4.5", "via-received-param-with-delim", 481, "read, though the grammar has no brackets"),
    ("4.5", "via-received-param-no-delim", 200, "read"),
    ("4.6", "ipv6-in-sdp", 488, "well formed; its one codec is none of ours"),
    ("4.7", "mult-ip-in-header", 481, "well formed"),
    ("4.8", "mult-ip-in-sdp", OFFERED, "well formed; each stream has an address of its own"),
    ("4.9", "ipv4-mapped-ipv6", 488, "read; its one codec is none of ours"),
    ("4.10", "ipv6-bug-abnf-3-colons", 200, "tolerated: the grammar of RFC 3261 asks for it"),
    ("4.10", "ipv6-correct-abnf-2-colons", 200, "tolerated: the grammar that was meant"),
]


def house() -> UserAgent:
    settings = UserAgentSettings("2001:db8::10", 5060, trunks={CALLER.host: "carrier"})
    return UserAgent(settings, KnownAccounts(), counting_entropy())


def received(name: str) -> bytes:
    return (FOLDER / f"{name}.dat").read_bytes()


def answers(data: bytes) -> list[InboundResponse]:
    output = house().datagram_received(data, CALLER, 0.0)
    sent = [parse(each.data, CALLER) for each in output if isinstance(each, SendDatagram)]
    return [each for each in sent if isinstance(each, InboundResponse)]


def offer(data: bytes) -> SessionDescription:
    output = house().datagram_received(data, CALLER, 0.0)
    (report,) = (each for each in output if isinstance(each, SessionOffered))
    assert report.offer is not None
    return report.offer


def understood(name: str) -> InboundRequest:
    message = parse(received(name), CALLER)
    assert isinstance(message, InboundRequest)
    return message


def test_every_message_of_the_rfc_has_a_verdict() -> None:
    assert {name for _, name, _, _ in VERDICTS} == {path.stem for path in FOLDER.glob("*.dat")}


@pytest.mark.parametrize(
    ("name", "verdict"),
    [pytest.param(name, what, id=f"{section}-{name}") for section, name, what, _ in VERDICTS],
)
def test_rfc_5118(name: str, verdict: int | str) -> None:
    final = [each.code for each in answers(received(name)) if each.code >= 200]
    if verdict == OFFERED:
        assert final == []
        assert offer(received(name))
    else:
        assert final == [verdict]


def test_a_port_inside_the_brackets_is_part_of_the_address() -> None:
    ambiguous = understood("port-ambiguous").message.uri
    unambiguous = understood("port-unambiguous").message.uri
    assert (ambiguous.host, ambiguous.port) == ("[2001:db8::10:5070]", None)
    assert (unambiguous.host, unambiguous.port) == ("[2001:db8::10]", 5070)


@pytest.mark.parametrize("name", ["via-received-param-with-delim", "via-received-param-no-delim"])
def test_received_is_the_address_with_brackets_or_without(name: str) -> None:
    via = understood(name).via
    assert (via.host, via.parameters["received"]) == ("[2001:db8::9:1]", "[2001:db8::9:255]")


def test_what_others_said_of_where_it_came_from_is_said_anew_without_brackets() -> None:
    (answer, *_) = answers(received("via-received-param-with-delim"))
    assert answer.message.headers["Via"] == (
        "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111;received=2001:db8::20"
    )


def test_an_answer_whose_via_names_our_address_without_brackets_is_ours() -> None:
    agent = house()
    (asked,) = (
        each
        for each in agent.probe("carrier", "sip:[2001:db8::20]")
        if isinstance(each, SendDatagram)
    )
    via = asked.data.partition(b"Via: ")[2].partition(b"\r\n")[0].decode()
    answer = response_bytes(asked.data, 200, changes={"Via": f"{via};received=2001:db8::10"})
    assert [type(each).__name__ for each in agent.datagram_received(answer, CALLER, 0.0)].count(
        "ProbeAnswered"
    ) == 1


@pytest.mark.parametrize("name", ["ipv6-in-sdp", "ipv4-mapped-ipv6"])
def test_with_a_codec_of_ours_the_description_is_an_offer(name: str) -> None:
    data = received(name).replace(b"RTP/AVP 2\r\n", b"RTP/AVP 8\r\n")
    found = offer(data.replace(b"a=rtpmap:2 G726-32", b"a=rtpmap:2 G726-32"))
    assert found.audio is not None
    assert found.host_of(found.audio) in ("2001:db8::20", "::ffff:192.0.2.2")


def test_each_stream_has_the_address_of_its_own_section() -> None:
    found = offer(received("mult-ip-in-sdp"))
    assert [found.host_of(each) for each in found.media] == ["192.0.2.1", "2001:db8::1"]
    assert found.origin.host == "host.example.com"


def test_every_via_goes_back_as_it_came() -> None:
    (answer, *_) = answers(received("mult-ip-in-header"))
    first, *others = all_values(answer.message.headers, "Via")
    assert first == "SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111;received=2001:db8::20"
    assert others == [
        "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144",
        "SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200",
    ]


def test_a_mapped_address_is_where_it_says() -> None:
    (contact,) = all_values(understood("ipv4-mapped-ipv6").message.headers, "Contact")
    found = endpoint_of(contact.partition("<")[2].rstrip(">"))
    assert found is not None
    assert replace(found, host="") == Endpoint("", 5060)
    assert found.host == "::ffff:c000:202"


def test_both_grammars_lead_to_the_same_address() -> None:
    uris = [
        understood(name).message.uri
        for name in ("ipv6-bug-abnf-3-colons", "ipv6-correct-abnf-2-colons")
    ]
    assert uris[0] == uris[1]
    assert uris[0].host == "[2001:db8::c000:201]"


@pytest.mark.parametrize(
    "text",
    [
        "sip:[2001:db8::192.0.2.256]",
        "sip:[2001:db8::192.0.2]",
        "sip:[::1",
        "sip:::1]",
        "sip:[::1]]",
        "sip:[fe80::1%eth0]",
        "sip:a@[]",
        "sip:[v1.fe]",
    ],
)
def test_what_is_no_reference_is_no_uri(text: str) -> None:
    with pytest.raises(ValueError, match="not valid"):
        parse_uri(text)
    with pytest.raises(ValueError, match="not valid"):
        parse_address(f"<{text}>")
    with pytest.raises(ValueError, match="not valid"):
        parse_via(f"SIP/2.0/UDP {text.removeprefix('sip:').removeprefix('a@')}")
