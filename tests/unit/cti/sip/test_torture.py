"""The torture tests of RFC 4475, each with the RFC's verdict, and datagrams nobody thought of."""

from itertools import islice
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sipmessage import Response

from cti.sip.access import digest
from cti.sip.access.contacts import Contact
from cti.sip.addresses import parse_via
from cti.sip.events import (
    Endpoint,
    MalformedReceived,
    SendDatagram,
    SessionOffered,
    StartTimer,
    StopTimer,
)
from cti.sip.message import InboundRequest, InboundResponse, all_values, parse, uri_text
from cti.sip.settings import UserAgentSettings
from cti.sip.stream import Message, StreamError, StreamReader
from cti.sip.user_agent import UserAgent
from tests.support.lossy_link import KnownAccounts, counting_entropy
from tests.support.sip_messages import OFFER, TRUNK, request_bytes

FOLDER = Path(__file__).parents[3] / "data" / "rfc4475"
OFFERED = "offered"
DROPPED = "dropped"

VERDICTS = [
    # section, file, what we answer, what the RFC asks of it
    ("3.1.1.1", "wsinv", 481, "valid; inside a dialog nobody here has (its To has a tag)"),
    ("3.1.1.2", "intmeth", 405, "valid; a method nobody knows"),
    ("3.1.1.3", "esc01", OFFERED, "valid; escapes are parts of the names they stand in"),
    ("3.1.1.4", "escnull", 401, "valid; the NUL ends no name"),
    ("3.1.1.5", "esc02", 405, "valid; RE%47IST%45R is not REGISTER"),
    ("3.1.1.6", "lwsdisp", 200, "valid; no space between display name and <"),
    ("3.1.1.7", "longreq", OFFERED, "valid; nothing in it is too long"),
    ("3.1.1.8", "dblreq", 401, "valid; what follows the body is ignored"),
    ("3.1.1.9", "semiuri", 200, "valid; the semicolon belongs to the user"),
    ("3.1.1.10", "transports", 200, "valid; nobody need know the transports behind the first"),
    ("3.1.1.11", "mpart01", 405, "valid; MESSAGE is not supported here"),
    ("3.1.1.12", "unreason", DROPPED, "valid; a phrase that is no ASCII, and answers nothing"),
    ("3.1.1.13", "noreason", DROPPED, "valid; no phrase, and answers nothing"),
    ("3.1.2.1", "badinv01", 400, "400: empty parameters"),
    ("3.1.2.2", "clerr", 400, "400: Content-Length beyond the datagram"),
    ("3.1.2.3", "ncl", 400, "400: negative Content-Length"),
    ("3.1.2.4", "scalar02", 400, "400: a CSeq above 2**31"),
    ("3.1.2.5", "scalarlg", DROPPED, "discarded: a CSeq above 2**31"),
    ("3.1.2.6", "quotbal", 400, "400: a quotation without end"),
    ("3.1.2.7", "ltgtruri", 400, "400: angle brackets around the request URI"),
    ("3.1.2.8", "lwsruri", 400, "400: space in the request URI"),
    ("3.1.2.9", "lwsstart", 400, "400: more than one space in the request line"),
    ("3.1.2.10", "trws", 400, "400: space behind the request line"),
    ("3.1.2.11", "escruri", 400, "400: headers in the request URI"),
    ("3.1.2.12", "baddate", OFFERED, "400, or accepted by who does not use the Date"),
    ("3.1.2.13", "regbadct", 401, "400, once it is known who asks"),
    ("3.1.2.14", "badaspec", 400, "400: space in an addr-spec"),
    ("3.1.2.15", "baddn", 400, "400: a comma in a display name without quotes"),
    ("3.1.2.16", "badvers", 505, "505: SIP/7.0"),
    ("3.1.2.17", "mismatch01", 400, "400: the CSeq names another method"),
    ("3.1.2.18", "mismatch02", 400, "501 or 400: it does, and the request's own is unknown"),
    ("3.1.2.19", "bigcode", DROPPED, "discarded: a status of 4294967301"),
    ("3.2.1", "badbranch", 200, "a branch that is only the cookie identifies nothing"),
    ("3.3.1", "insuf", 400, "400: no Call-ID, From or To"),
    ("3.3.2", "unkscm", 416, "416: a scheme nobody knows"),
    ("3.3.3", "novelsc", 416, "416: a scheme that is not for SIP"),
    ("3.3.4", "unksm2", 400, "read without failure; 400 of a registrar, for its To"),
    ("3.3.5", "bext01", 420, "420: extensions nobody knows"),
    ("3.3.6", "invut", 415, "415: a body that is no SDP"),
    ("3.3.7", "regaut01", 401, "401: an authorization scheme nobody knows is none"),
    ("3.3.8", "multi01", 400, "400: headers twice that may be there once"),
    ("3.3.9", "mcl01", 400, "400: two Content-Lengths"),
    ("3.3.10", "bcast", DROPPED, "discarded: a response whose Via is not ours"),
    ("3.3.11", "zeromf", 200, "with no hops left it has arrived all the same"),
    ("3.3.12", "cparam01", 401, "valid; a parameter of the Contact"),
    ("3.3.13", "cparam02", 401, "valid; a parameter of the Contact's URI"),
    ("3.3.14", "regescrt", 401, "valid; a header in the Contact's URI"),
    ("3.3.15", "sdp01", 406, "406: who calls accepts no SDP"),
    ("3.4.1", "inv2543", OFFERED, "valid in RFC 2543: no tag, no branch, no Content-Length"),
]


def house(*accounts: str) -> UserAgent:
    settings = UserAgentSettings("192.0.2.9", 5060, trunks={TRUNK.host: "carrier"})
    return UserAgent(settings, KnownAccounts(*accounts), counting_entropy())


def statuses(output: list[object]) -> list[int]:
    """The final statuses sent."""
    sent = [each.data for each in output if isinstance(each, SendDatagram)]
    codes = [int(data.split(b" ", 2)[1]) for data in sent if data.startswith(b"SIP/2.0")]
    return [code for code in codes if code >= 200]


def test_every_message_of_the_rfc_has_a_verdict() -> None:
    assert {name for _, name, _, _ in VERDICTS} == {path.stem for path in FOLDER.glob("*.dat")}


@pytest.mark.parametrize(
    ("name", "verdict"),
    [pytest.param(name, what, id=f"{section}-{name}") for section, name, what, _ in VERDICTS],
)
def test_rfc_4475(name: str, verdict: int | str) -> None:
    output = house().datagram_received((FOLDER / f"{name}.dat").read_bytes(), TRUNK, 0.0)
    offered = [each for each in output if isinstance(each, SessionOffered)]
    match verdict:
        case int():
            assert statuses([*output]) == [verdict]
            assert offered == []
        case "offered":
            assert statuses([*output]) == []
            assert len(offered) == 1
        case _:
            assert not any(isinstance(each, SendDatagram) for each in output)
            assert offered == []


def understood(name: str) -> InboundRequest:
    """The message as the user agent reads it."""
    message = parse((FOLDER / f"{name}.dat").read_bytes(), TRUNK)
    assert isinstance(message, InboundRequest)
    return message


def answered(name: str, *accounts: str) -> Response:
    """The last thing sent back; a challenge is answered with the account's password."""
    agent = house(*accounts)
    data = (FOLDER / f"{name}.dat").read_bytes()
    found = _answer(agent, data)
    if found.code == 401 and accounts:
        credentials = digest.strongest(found.headers.getlist("WWW-Authenticate"))
        assert credentials is not None
        user, uri = accounts[0], "sip:example.com"
        value = digest.authorization(credentials, user, f"secret-{user}", "REGISTER", uri, "cnonce")
        start, _, rest = data.partition(b"\r\n")
        signed = b"\r\n".join((start, f"Authorization: {value}".encode(), b""))
        found = _answer(agent, signed + rest)
    return found


def _answer(agent: UserAgent, data: bytes) -> Response:
    *_, last = (each for each in agent.datagram_received(data, TRUNK, 0.0) if is_response(each))
    assert isinstance(last, SendDatagram)
    message = parse(last.data, TRUNK)
    assert isinstance(message, InboundResponse)
    return message.message


def is_response(each: object) -> bool:
    return isinstance(each, SendDatagram) and each.data.startswith(b"SIP/2.0")


# --- 3.1.1: what must have been understood ----------------------------------------------------


def test_folded_lines_and_spaces_change_nothing() -> None:
    wsinv = understood("wsinv")
    assert (wsinv.max_forwards, wsinv.cseq.sequence, wsinv.to_tag) == (68, 9, "1918181833n")
    assert (wsinv.from_address.name, wsinv.from_tag) == ('J Rosenberg \\"', "98asjd8")
    vias = [parse_via(each) for each in all_values(wsinv.message.headers, "Via")]
    assert [(via.transport, via.host, via.parameters["branch"]) for via in vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    (contact,) = all_values(wsinv.message.headers, "Contact")
    assert Contact.parse(contact).quality == 0.33
    assert wsinv.message.headers["NewFangledHeader"] == (
        "newfangled value continued newfangled value"
    )
    assert len(wsinv.message.body) == 150


def test_the_short_tortuous_invite_is_offered_where_it_begins_a_dialog() -> None:
    data = (FOLDER / "wsinv.dat").read_bytes()
    output = house().datagram_received(data.replace(b";   tag    = 1918181833n", b""), TRUNK, 0.0)
    (offered,) = [each for each in output if isinstance(each, SessionOffered)]
    assert offered.offer is not None
    assert offered.offer.host == "192.0.2.4"


def test_every_character_a_token_may_have_is_kept() -> None:
    intmeth = understood("intmeth")
    assert intmeth.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert intmeth.cseq.method == intmeth.method
    assert intmeth.message.uri.user == ("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
    assert intmeth.from_address.name == "token1~` token2'+_ token3*%!.-"
    assert intmeth.from_tag == "_token~1'+`*%!-."
    assert intmeth.from_address.parameters["fromparam''~+*_!.-%"] == "работающий"
    assert intmeth.to_address.name == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert "INVITE" in all_values(answered("intmeth").headers, "Allow")


def test_escaped_characters_separate_nothing() -> None:
    esc01 = understood("esc01")
    assert (esc01.message.uri.user, esc01.message.uri.host) == (
        "sips:user@example.com",
        "example.net",
    )
    assert esc01.from_address.uri.user == "I have spaces"
    assert esc01.to_address.uri.user == "user"


def test_an_escaped_nul_makes_a_contact_of_its_own() -> None:
    answer = answered("escnull", "null-\0-null")
    assert answer.code == 200
    assert [uri_text(each) for each in all_values(answer.headers, "Contact")] == [
        "sip:%00%00@host5.example.com",
        "sip:%00@host5.example.com",
    ]


def test_escapes_outside_uris_are_no_escapes() -> None:
    esc02 = understood("esc02")
    assert all_values(esc02.message.headers, "Contact") == [
        "<sip:alias1@host1.example.com>",
        "<sip:alias3@host3.example.com>",
    ]
    assert esc02.to_address.name == "%Z%45"
    assert (
        answered("esc02").headers["Via"].endswith("branch=z9hG4bK209%fzsnel234;received=192.0.2.1")
    )


def test_a_display_name_may_touch_its_bracket() -> None:
    assert understood("lwsdisp").from_address.name == "caller"


def test_long_values_are_answered_whole() -> None:
    longreq = understood("longreq")
    sender = longreq.from_address
    assert len(sender.uri.user or "") == 5 * len("amazinglylongcallername")
    assert len(all_values(longreq.message.headers, "Via")) == 34
    data, there = (FOLDER / "longreq.dat").read_bytes(), house()
    output = [each for _ in range(2) for each in there.datagram_received(data, TRUNK, 0.0)]
    (trying,) = (each.data for each in output if isinstance(each, SendDatagram))
    assert trying.count(b"\r\nVia:") == 34


def test_a_second_message_in_a_datagram_is_not_there_but_in_a_stream_it_is() -> None:
    data = (FOLDER / "dblreq.dat").read_bytes()
    assert understood("dblreq").message.body == b""
    items = StreamReader().receive(data)
    messages = islice((each for each in items if isinstance(each, Message)), 2)
    assert [each.data.split(b" ", 1)[0] for each in messages] == [b"REGISTER", b"INVITE"]


def test_a_semicolon_may_belong_to_the_user() -> None:
    uri = understood("semiuri").message.uri
    assert (uri.user, uri.host, len(uri.parameters)) == (
        "user;par=u@example.net",
        "example.com",
        0,
    )


def test_transports_nobody_knows_are_answered_through() -> None:
    vias = all_values(answered("transports").headers, "Via")
    assert [each.split()[0].rpartition("/")[2] for each in vias] == [
        *("UDP", "SCTP", "TLS", "UNKNOWN", "TCP"),
    ]


def test_a_binary_body_is_kept_to_the_octet() -> None:
    message = understood("mpart01").message
    assert len(message.body) == 553
    assert message.body.startswith(b"--7a9cbec02ceef655\r\n")
    assert message.body.rstrip().endswith(b"--7a9cbec02ceef655--")


def test_a_phrase_may_be_anything_and_nothing() -> None:
    phrases = []
    for name in ("unreason", "noreason"):
        response = parse((FOLDER / f"{name}.dat").read_bytes(), TRUNK)
        assert isinstance(response, InboundResponse)
        phrases.append(response.message.phrase)
    assert phrases == ["= 2**3 * 5**2 но сто девяносто девять - простое", ""]


# --- 3.1.2: over a stream ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ncl", "mcl01"])
def test_a_stream_whose_lengths_cannot_be_told_ends(name: str) -> None:
    with pytest.raises(StreamError):
        list(StreamReader().receive((FOLDER / f"{name}.dat").read_bytes()))


def test_a_stream_waits_for_the_rest_of_a_body() -> None:
    reader = StreamReader()
    assert list(reader.receive((FOLDER / "clerr.dat").read_bytes())) == []
    assert reader.waiting


# --- 3.2 and 3.3: what the answer must say ----------------------------------------------------


def test_a_branch_of_only_the_cookie_makes_no_two_requests_one() -> None:
    data, agent = (FOLDER / "badbranch.dat").read_bytes(), house()
    other = data.replace(b"badbranch.", b"another.")
    assert [_answer(agent, each).headers["Call-ID"][:5] for each in (data, other)] == [
        "badbr",
        "anoth",
    ]


def test_only_what_is_required_of_us_is_told_to_be_unsupported() -> None:
    assert all_values(answered("bext01").headers, "Unsupported") == [
        "nothingSupportsThis",
        "nothingSupportsThisEither",
    ]


@pytest.mark.parametrize("name", ["invut", "sdp01"])
def test_a_body_that_cannot_be_used_is_answered_with_what_can(name: str) -> None:
    assert "application/sdp" in answered(name).headers["Accept"]


def test_addresses_of_other_schemes_are_read() -> None:
    unksm2 = understood("unksm2")
    assert str(unksm2.to_address.uri) == "isbn:2983792873"
    assert str(unksm2.from_address.uri) == "http://www.example.com"
    assert unksm2.from_tag == "3234233"
    data = (FOLDER / "unksm2.dat").read_bytes().replace(b"REGISTER", b"OPTIONS")
    assert _answer(house(), data).code == 200


def test_no_password_makes_a_contact_without_brackets_good() -> None:
    assert answered("regbadct", "user").code == 400


@pytest.mark.parametrize(
    ("name", "account", "uri"),
    [
        ("cparam01", "watson", "sip:+19725552222@gw1.example.net"),
        ("cparam02", "watson", "sip:+19725552222@gw1.example.net;unknownparam"),
        ("regescrt", "user", "sip:user@example.com?Route=%3Csip:sip.example.com%3E"),
    ],
)
def test_a_contact_is_registered_as_it_is_written(name: str, account: str, uri: str) -> None:
    answer = answered(name, account)
    assert answer.code == 200
    assert [uri_text(each) for each in all_values(answer.headers, "Contact")] == [uri]


@pytest.mark.parametrize("keep_alive", [b"", b"\r\n", b"\x00", b"\x00\x00\x00\x00", b"  "])
def test_keep_alives_are_ignored(keep_alive: bytes) -> None:
    assert house().datagram_received(keep_alive, TRUNK, 0.0) == []


def test_a_ping_is_answered_with_a_pong() -> None:
    assert house().datagram_received(b"\r\n\r\n", TRUNK, 0.0) == [SendDatagram(b"\r\n", TRUNK)]


HEADERS = st.sampled_from(
    [
        "Via",
        "From",
        "To",
        "Call-ID",
        "CSeq",
        "Contact",
        "Max-Forwards",
        "Content-Length",
        "Content-Type",
        "Require",
        "Accept",
        "Record-Route",
        "Route",
        "Authorization",
        "Expires",
        "User-Agent",
        "Timestamp",
        "Supported",
    ]
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "",
            ",",
            ";",
            "<",
            ">",
            "<>",
            '"',
            "sip:",
            "<sip:>",
            "*",
            "-1",
            "99999999999",
            "0",
            ";self=1",
            "<sip:a@b>;self=x;tag=1",
            "<sip:a@[::1]:99999>",
            "SIP/2.0/UDP ;branch=z9hG4bK",
            "1 INVITE",
            "SIP/2.0/UDP a:0",
            "SIP/2.0/UDP a;rport=;received=",
            "SIP/2.0/UDP [::1];self",
            'Digest username="1001", realm="hotline", nonce="é", response="é", uri="x"',
            "<sip:1001@1.2.3.4>;expires=abc, <tel:+1>, <sip:a@b?x=y>",
            "\udcff",
        ]
    ),
)
METHODS = ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "INFO", "UPDATE", "x"]


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(METHODS),
    changes=st.dictionaries(HEADERS, st.none() | VALUES, max_size=4),
    body=st.sampled_from([b"", OFFER, b"v=0\r\n", b"\xff"]),
    cuts=st.lists(
        st.tuples(st.integers(0, 700), st.integers(0, 6), st.binary(max_size=6)), max_size=3
    ),
)
def test_no_datagram_raises(
    method: str,
    changes: dict[str, str | None],
    body: bytes,
    cuts: list[tuple[int, int, bytes]],
) -> None:
    agent = house("1001")
    clean = {
        name: value.encode("utf-8", "replace").decode() if value is not None else None
        for name, value in changes.items()
    }
    data = request_bytes(method, clean, body)
    for begin, length, instead in cuts:
        data = data[:begin] + instead + data[begin + length :]
    for source in (TRUNK, Endpoint("203.0.113.5", 1)):
        output = agent.datagram_received(data, source, 1.0)
        again = agent.datagram_received(data, source, 1.0)
        for each in (*output, *again):
            if isinstance(each, SendDatagram):
                assert_well_formed(each.data)
    for each in output:
        if isinstance(each, StartTimer):
            agent.timer_fired(each.key, 40.0)


SIZE = 60_000
HOSTILE = {
    "never closed": "<" * SIZE,
    "never unquoted": '"' + '\\"' * (SIZE // 2) + "\\",
    "commas": "," * SIZE,
    "spaces": " a" * (SIZE // 2),
    "parameters": "<sip:a@b>" + ";a=b" * (SIZE // 4) + "!",
    "labels": "<sip:" + "a." * (SIZE // 2) + "!>",
    "dashes": "SIP/2.0/UDP " + "a-" * (SIZE // 2) + "!",
    "address": "<sip:[" + "1:" * (SIZE // 2) + "x>",
    "digits": "1" * SIZE,
    "credentials": "Digest " + 'a="b",' * (SIZE // 6),
}


@pytest.mark.parametrize("name", ["Via", "From", "To", "CSeq", "Contact", "Authorization"])
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_header_takes_long_to_read(name: str, value: str) -> None:
    changes = {"To": "<sip:1001@192.0.2.9>", name: value}
    begin = perf_counter()
    house("1001").datagram_received(request_bytes("REGISTER", {**changes}), TRUNK, 1.0)
    assert perf_counter() - begin < 0.5


def test_too_many_headers_are_not_even_looked_at() -> None:
    many = b"".join(b"X-%x: 1\r\n" % number for number in range(6000))
    data = request_bytes("OPTIONS").replace(b"Max-Forwards", many + b"Max-Forwards")
    begin = perf_counter()
    (report,) = house().datagram_received(data, TRUNK, 1.0)
    assert report == MalformedReceived(TRUNK, "too many header lines")
    assert perf_counter() - begin < 0.1


def assert_well_formed(data: bytes) -> None:
    """Nothing of theirs may end a line of ours."""
    head = data.partition(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n"):
        assert b"\r" not in line
        assert b"\n" not in line


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_no_noise_raises(noise: bytes) -> None:
    output = house().datagram_received(noise, TRUNK, 0.0)
    assert not any(isinstance(each, StopTimer) for each in output)
