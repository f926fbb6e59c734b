"""Messages out of a stream, however it was chunked."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.sip.stream import (
    LARGEST_BODY,
    LARGEST_HEAD,
    Item,
    Message,
    Ping,
    Pong,
    StreamError,
    StreamReader,
)
from tests.support.sip_messages import OFFER, request_bytes, response_bytes

INVITE = request_bytes("INVITE", {}, OFFER)
OPTIONS = request_bytes("OPTIONS")
COMPACT = request_bytes("OPTIONS", {"Content-Length": None, "l": "4"}) + b"abcd"
SMALL = request_bytes("OPTIONS", {"Content-Length": None, "CONTENT-LENGTH ": " 0"})
OK = response_bytes(OPTIONS, 200)

pieces = st.lists(st.sampled_from([INVITE, OPTIONS, COMPACT, SMALL, OK, b"\r\n\r\n", b"\r\n"]))


def read(chunks: list[bytes], pongs: int = 0) -> list[Item]:
    reader = StreamReader()
    for _ in range(pongs):
        reader.expect_pong()
    return [item for chunk in chunks for item in reader.receive(chunk)]


def test_messages_are_cut_where_their_length_says() -> None:
    assert read([INVITE + COMPACT + OK + SMALL]) == [
        Message(INVITE),
        Message(COMPACT),
        Message(OK),
        Message(SMALL),
    ]


def test_a_ping_is_noticed_before_and_between_messages() -> None:
    assert read([b"\r\n\r\n" + OPTIONS + b"\r\n\r\n"]) == [Ping(), Message(OPTIONS), Ping()]


def test_a_lone_line_end_is_a_pong_where_one_is_waited_for() -> None:
    assert read([b"\r\n"], pongs=1) == [Pong()]
    assert read([b"\r\n" + OPTIONS]) == [Message(OPTIONS)]
    assert read([b"\r\n\r\n\r\n"], pongs=1) == [Pong(), Ping()]


@given(pieces, st.lists(st.integers(0, 3000), max_size=12), st.integers(0, 3))
def test_any_chunking_gives_the_same_messages(
    sent: list[bytes], cuts: list[int], pongs: int
) -> None:
    stream = b"".join(sent)
    places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    chunks = [stream[a:b] for a, b in itertools.pairwise(places)]
    whole = read([stream], pongs)
    assert read(chunks, pongs) == whole
    assert read([bytes([byte]) for byte in stream], pongs) == whole
    assert [each.data for each in whole if isinstance(each, Message)] == [
        each for each in sent if each.strip()
    ]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (request_bytes("OPTIONS", {"Content-Length": None}), "no Content-Length"),
        (request_bytes("OPTIONS", {"Content-Length": "-1"}), "no number"),
        (request_bytes("OPTIONS", {"Content-Length": "x"}), "no number"),
        (request_bytes("OPTIONS", {"Content-Length": "0", "l": "3"}), "two different"),
        (request_bytes("OPTIONS", {"Content-Length": str(LARGEST_BODY + 1)}), "body of more"),
        (request_bytes("OPTIONS", {"Subject": "x" * LARGEST_HEAD}), "headers of more"),
        (b"x" * (LARGEST_HEAD + 1), "headers of more"),
        (b"\rOPTIONS", "half a line end"),
        (b"\r\n\rOPTIONS", "half a line end"),
    ],
)
def test_what_cannot_be_cut_ends_the_connection(data: bytes, why: str) -> None:
    with pytest.raises(StreamError, match=why):
        read([data])


@given(st.binary(max_size=400))
def test_noise_never_raises_anything_else(noise: bytes) -> None:
    reader = StreamReader()
    try:
        list(reader.receive(noise))
    except StreamError:
        return
    assert reader.waiting <= len(noise)
