"""The torture tests of RFC 4475, each with the RFC's verdict, and datagrams nobody thought of."""

from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.sip.events import (
    Endpoint,
    MalformedReceived,
    SendDatagram,
    SessionOffered,
    StartTimer,
    StopTimer,
)
from cti.sip.settings import UserAgentSettings
from cti.sip.user_agent import UserAgent
from tests.support.lossy_link import KnownAccounts, counting_entropy
from tests.support.sip_messages import OFFER, TRUNK, request_bytes

FOLDER = Path(__file__).parents[3] / "data" / "rfc4475"
OFFERED = "offered"
DROPPED = "dropped"

VERDICTS = [
    # section, file, what we answer, why
    ("3.1.1.1", "wsinv", 481, "valid; its To has a tag we never gave"),
    ("3.1.1.2", "intmeth", 405, "valid; a method nobody knows"),
    ("3.1.1.3", "esc01", OFFERED, "valid"),
    ("3.1.1.4", "escnull", 401, "valid; we register nobody unknown"),
    ("3.1.1.5", "esc02", 405, "valid; RE%47IST%45R is not REGISTER"),
    ("3.1.1.6", "lwsdisp", 200, "valid"),
    ("3.1.1.7", "longreq", OFFERED, "valid"),
    ("3.1.1.8", "dblreq", 401, "valid; what follows the body is dropped"),
    ("3.1.1.9", "semiuri", 200, "valid; the semicolon belongs to the user"),
    ("3.1.1.10", "transports", 200, "valid"),
    ("3.1.1.11", "mpart01", 405, "valid; MESSAGE is not supported"),
    ("3.1.1.12", "unreason", DROPPED, "valid; answers nothing of ours"),
    ("3.1.1.13", "noreason", DROPPED, "valid; answers nothing of ours"),
    ("3.1.2.1", "badinv01", 400, "extra separators"),
    ("3.1.2.2", "clerr", 400, "Content-Length beyond the datagram"),
    ("3.1.2.3", "ncl", 400, "negative Content-Length"),
    ("3.1.2.4", "scalar02", 400, "numbers out of range"),
    ("3.1.2.5", "scalarlg", DROPPED, "numbers out of range in a response"),
    ("3.1.2.6", "quotbal", 400, "unterminated quoted string"),
    ("3.1.2.7", "ltgtruri", 400, "angle brackets around the request URI"),
    ("3.1.2.8", "lwsruri", 400, "white space in the request URI"),
    ("3.1.2.9", "lwsstart", 400, "more than one space in the request line"),
    ("3.1.2.10", "trws", 400, "white space after the request line"),
    ("3.1.2.11", "escruri", 400, "headers in the request URI"),
    ("3.1.2.12", "baddate", OFFERED, "a Date we do not use may be wrong"),
    ("3.1.2.13", "regbadct", 401, "its Contact is looked at once it is authenticated"),
    ("3.1.2.14", "badaspec", 400, "white space in an addr-spec"),
    ("3.1.2.15", "baddn", 400, "separators in an unquoted display name"),
    ("3.1.2.16", "badvers", 505, "SIP/7.0"),
    ("3.1.2.17", "mismatch01", 400, "CSeq names another method"),
    ("3.1.2.18", "mismatch02", 400, "CSeq names another method, and neither is known"),
    ("3.1.2.19", "bigcode", DROPPED, "a status of 4294967301"),
    ("3.2.1", "badbranch", 200, "a branch that is only the cookie counts as none"),
    ("3.3.1", "insuf", 400, "no Call-ID, From or To"),
    ("3.3.2", "unkscm", 416, "unknown scheme"),
    ("3.3.3", "novelsc", 416, "a scheme that is no SIP"),
    ("3.3.4", "unksm2", 400, "From and To that are no telephones"),
    ("3.3.5", "bext01", 420, "extensions nobody knows"),
    ("3.3.6", "invut", 415, "a body that is no SDP"),
    ("3.3.7", "regaut01", 401, "an authorization scheme nobody knows"),
    ("3.3.8", "multi01", 400, "single headers that are there twice"),
    ("3.3.9", "mcl01", 400, "two Content-Length"),
    ("3.3.10", "bcast", DROPPED, "a response whose Via is not ours"),
    ("3.3.11", "zeromf", 200, "an OPTIONS with no hops left has arrived"),
    ("3.3.12", "cparam01", 401, "valid"),
    ("3.3.13", "cparam02", 401, "valid"),
    ("3.3.14", "regescrt", 401, "its Contact is looked at once it is authenticated"),
    ("3.3.15", "sdp01", 406, "the caller does not accept SDP"),
    ("3.4.1", "inv2543", OFFERED, "a caller from the time of RFC 2543"),
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
