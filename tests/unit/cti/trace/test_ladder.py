"""Ladders: the parties, the arrows, what is joined, and what is asked for by which name."""

import struct
from datetime import UTC
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.vocabulary import Language
from cti.sip.events import Endpoint, Transport
from cti.trace.finding import find
from cti.trace.ladder import Style, columns, ladder
from cti.trace.pcap import capture
from cti.trace.records import Direction, Fact, Leg, Message, Record, decode, encode
from cti.trace.summary import Summary
from cti.trace.words import WORDS
from tests.support.sip_messages import OFFER, request_bytes, response_bytes

HOUSE, CALLER = Endpoint("192.0.2.9", 5060), Endpoint("192.0.2.1", 5060)
PHONE = Endpoint("192.0.2.7", 40000, Transport.TLS, "flow-1")
AT = 1_764_000_000.0
CALL = "20251124-160000-ab12cd34"
INVITE = request_bytes("INVITE", {}, OFFER)
RING = request_bytes(
    "INVITE",
    {"Call-ID": "leg-2@192.0.2.9", "To": "<sip:1001@192.0.2.7>"},
    OFFER.replace(b"RTP/AVP 0 8", b"RTP/SAVP 9 8") + b"a=sendonly\r\na=crypto:1 A inline:***\r\n",
)


def message(after: float, direction: Direction, remote: Endpoint, data: bytes) -> Message:
    return Message(AT + after, direction, HOUSE, remote, data)


STORY: list[Record] = [
    message(0.0, Direction.IN, CALLER, INVITE),
    Leg(AT + 0.001, CALL, f"{CALL}.1", "caller", "13800138000", "call-1@192.0.2.1"),
    Fact(AT + 0.001, CALL, f"{CALL}.1", "delivered"),
    message(0.5, Direction.IN, CALLER, INVITE),
    message(0.512, Direction.OUT, CALLER, response_bytes(INVITE, 200, body=OFFER)),
    Leg(AT + 1, CALL, f"{CALL}.2", "agent", "1001", "leg-2@192.0.2.9"),
    message(1.0, Direction.OUT, PHONE, RING),
    message(1.1, Direction.IN, PHONE, response_bytes(RING, 180)),
    message(1.2, Direction.IN, PHONE, response_bytes(RING, 486)),
    Fact(AT + 1.3, CALL, f"{CALL}.2", "failed", "busy"),
    message(2.0, Direction.IN, CALLER, request_bytes("BYE", {"CSeq": "2 BYE"})),
    Fact(AT + 2.1, CALL, "", "cleared", "normal"),
]


def lines(
    width: int = 80, language: Language = Language.ENGLISH, *, collapse: bool = True
) -> list[str]:
    (call,) = find(STORY, CALL)
    return [each.text for each in ladder(call, WORDS[language], width, UTC, collapse=collapse)]


def test_a_call_with_its_legs_at_80_columns() -> None:
    assert lines() == [
        "Call 20251124-160000-ab12cd34  2025-11-24 16:00:00 +0000",
        "",
        "        caller 13800138000                hotline                   agent 1001",
        "          192.0.2.1:5060              192.0.2.9:5060         192.0.2.7:40000 TLS",
        "    0.000        │── INVITE (1) x2 ─────────>│                           │",
        "                 │ PCMU PCMA keys            │                           │",
        "    0.001        │ · alerting                │                           │",
        "    0.512        │<── 200 Answer (1 INVITE) ─│                           │",
        "                 │ PCMU PCMA keys            │                           │",
        "    1.000        │                           │── INVITE (1) ────────────>│",
        "                 │                           │ G722 PCMA keys, SDES,     │",
        "                 │                           │ sendonly                  │",
        "    1.100        │                           │<── 180 Answer (1 INVITE) ─│",
        "    1.200        │                           │<── 486 Answer (1 INVITE) ─│",
        "    1.300        │                           │ · failed: busy            │",
        "    2.000        │── BYE (2) ───────────────>│                           │",
        "    2.100        │                           │ · call over: normal       │",
    ]


def test_a_fact_too_long_for_its_column_goes_on_below() -> None:
    figures = Fact(AT + 3, CALL, f"{CALL}.1", "media_reported", "59800/59900/12")
    (call,) = find([*STORY, figures], CALL)
    said = [each.text for each in ladder(call, WORDS[Language.ENGLISH], 80, UTC)][-2:]
    assert said == [
        "    3.000        │ · RTP out/in/lost:        │                           │",
        "                 │   59800/59900/12          │                           │",
    ]


def test_in_chinese_nothing_is_out_of_its_column() -> None:
    chinese = lines(language=Language.CHINESE)
    assert chinese[0].startswith("通话 ")
    assert chinese[2].split() == ["主叫", "13800138000", "热线", "坐席", "1001"]
    assert "· 未接通: 忙" in chinese[14]
    for here, there in pairwise(chinese[4:]):
        assert columns(here[: here.rindex("│")]) == columns(there[: there.rindex("│")])


def test_repetitions_can_be_shown_one_by_one() -> None:
    assert sum("INVITE (1) ─" in each for each in lines(collapse=False)) == 3


@pytest.mark.parametrize("width", [20, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal_where_that_can_be(width: int) -> None:
    assert max(map(columns, lines(width))) <= max(width, 11 + 6 + 2 * 16 + 9)


def test_styles_follow_the_answer() -> None:
    (call,) = find(STORY, CALL)
    drawn = ladder(call, WORDS[Language.ENGLISH], 80, UTC)
    styles = [each.style for each in drawn[4:] if each.style is not Style.PLAIN]
    assert styles == [
        Style.REQUEST,
        Style.SUCCESS,
        Style.REQUEST,
        Style.PROGRESS,
        Style.FAILURE,
        Style.REQUEST,
    ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (CALL, [CALL]),
        ("ab12", [CALL]),
        ("leg-2@192.0.2.9", [CALL]),
        ("+13800138000", [CALL]),
        ("138000", [CALL]),
        ("1001", [CALL]),
        ("95588", [CALL]),
        ("99", []),
        ("nothing", []),
        ("stranger@192.0.2.66", ["stranger@192.0.2.66"]),
    ],
)
def test_a_call_is_found_by_any_of_its_names(wanted: str, found: list[str]) -> None:
    stranger = request_bytes(
        "INVITE", {"Call-ID": "stranger@192.0.2.66", "From": "<sip:7@h>;tag=1"}
    )
    other = stranger.replace(b"95588", b"44444")
    refused = message(9.0, Direction.IN, Endpoint("192.0.2.66", 5060), other)
    assert [each.name for each in find([*STORY, refused], wanted)] == found


def test_a_leg_that_moved_to_another_call_is_shown_with_both() -> None:
    moved = Leg(AT + 3, "20251124-170000-0", f"{CALL}.2", "agent", "1001", "leg-2@192.0.2.9")
    calls = find([*STORY, moved], "1001")
    assert [(each.name, len(each.messages)) for each in calls] == [(CALL, 7), (moved.call_id, 3)]


def test_a_call_that_was_never_one_of_ours_has_a_ladder_too() -> None:
    refused = [
        message(0.0, Direction.IN, CALLER, INVITE),
        message(0.0, Direction.OUT, CALLER, response_bytes(INVITE, 403)),
    ]
    (call,) = find(refused, "13800138000")
    drawn = [each.text for each in ladder(call, WORDS[Language.ENGLISH], 80, UTC)]
    assert drawn[2].split() == ["peer", "13800138000", "hotline"]
    assert len(drawn) == 7


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=60)), min_size=1, max_size=5))
def test_rubbish_is_drawn_as_well(received: list[tuple[bool, bytes]]) -> None:
    records = [
        message(float(place), Direction(out), CALLER, b"INVITE sip:123@h SIP/2.0\r\n" + data)
        for place, (out, data) in enumerate(received)
    ]
    for call in find(records, "123"):
        for line in ladder(call, WORDS[Language.ENGLISH], 80, UTC):
            assert line.text.isprintable()


@pytest.mark.parametrize("record", STORY)
def test_records_are_read_as_they_were_written(record: Record) -> None:
    expected = record
    if isinstance(record, Message):
        remote = record.remote
        here = Endpoint(HOUSE.host, HOUSE.port, remote.transport)
        there = Endpoint(remote.host, remote.port, remote.transport)
        expected = Message(record.at, record.direction, here, there, record.data)
    assert decode(encode(record)) == expected


@given(st.binary(max_size=60))
def test_what_another_version_wrote_is_passed_over(data: bytes) -> None:
    decode(data)
    decode(b"L" + data)
    decode(b"M" + data)


def test_a_response_without_a_phrase_and_short_header_names() -> None:
    data = b"SIP/2.0 200\r\ni: x\r\nf: <sip:a@h>\r\nt: <sip:b@h>\r\nCSeq: 7 BYE\r\n\r\n"
    summary = Summary(message(0.0, Direction.IN, CALLER, data))
    assert (summary.label, summary.call_id) == ("200 (7 BYE)", "x")
    assert (summary.calling, summary.recipient, summary.method) == ("a", "b", "")


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_a_capture_holds_packets_whose_sums_are_right(host: str) -> None:
    far, near = Endpoint(host, 5062), Endpoint(host, 5060)
    data = b"".join(capture([Message(AT + 0.25, Direction.IN, near, far, b"odd")]))
    magic, _, _, _, _, _, link = struct.unpack_from("<IHHiIII", data)
    assert (magic, link) == (0xA1B2C3D4, 101)
    seconds, micros, length, _ = struct.unpack_from("<IIII", data, 24)
    assert (seconds, micros) == (int(AT), 250_000)
    packet = data[40:]
    assert len(packet) == length
    head = 20 if packet[0] >> 4 == 4 else 40
    assert struct.unpack_from("!HHH", packet, head) == (5062, 5060, 11)
    assert packet[head + 8 :] == b"odd"
    summed = packet[:20] if head == 20 else packet[8:] + b"\0" + struct.pack("!II", 11, 17)
    total = sum(struct.unpack(f"!{len(summed) // 2}H", summed))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert total == 0xFFFF
