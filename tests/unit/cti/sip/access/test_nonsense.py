"""A flood of nonsense costs a look each, and no good message is taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.sip.access.nonsense import (
    LONGEST_TRACED,
    READ,
    TRACED,
    TRACED_AT_ONCE,
    Nonsense,
    plausible,
)
from cti.sip.errors import MessageError
from cti.sip.message import parse
from tests.support.sip_messages import OFFER, TRUNK, Changes, request_bytes, response_bytes

GOOD = request_bytes("INVITE", body=OFFER)
WORTHLESS = b"\x00\x01\x02 no message at all"


def wary() -> Nonsense:
    nonsense = Nonsense()
    for _ in range(int(READ) + 1):
        nonsense.traces(WORTHLESS, 0.0)
    return nonsense


def test_as_long_as_little_is_malformed_everything_is_read_and_traced() -> None:
    nonsense = Nonsense()
    for second in range(100):
        assert nonsense.reads(WORTHLESS, float(second))
        assert nonsense.traces(WORTHLESS, float(second))
    assert nonsense.unread == nonsense.untraced == 0


def test_when_much_is_what_looks_like_no_message_is_not_read_until_it_is_quiet() -> None:
    nonsense = wary()
    assert not nonsense.reads(WORTHLESS, 0.5)
    assert nonsense.unread == 1
    assert nonsense.reads(GOOD, 0.5)
    assert nonsense.reads(b"\r\n\r\n", 0.5)
    assert nonsense.reads(WORTHLESS, 3.0)


def test_a_flood_puts_little_into_the_trace() -> None:
    nonsense = Nonsense()
    traced = sum(nonsense.traces(WORTHLESS, tick / 5000) for tick in range(50_000))
    assert traced <= TRACED_AT_ONCE + TRACED * 10
    assert nonsense.untraced == 50_000 - traced
    assert not Nonsense().traces(b"x" * (LONGEST_TRACED + 1), 0.0)


@pytest.mark.parametrize(
    "data",
    [
        WORTHLESS,
        b"INVITE" * 2000,
        GOOD.replace(b"SIP/2.0\r\n", b"SIP/7.0\r\n", 1),
        GOOD.replace(b"\r\n\r\n", b"\r\n"),
        *(request_bytes(changes={name: None}) for name in ("Via", "From", "To", "Call-ID", "CSeq")),
    ],
)
def test_what_lacks_something_looks_like_no_message(data: bytes) -> None:
    assert not plausible(data)


@given(
    st.dictionaries(
        st.sampled_from(["Via", "To", "t", "From", "f", "Call-ID", "i", "CSeq", "X"]),
        st.one_of(
            st.none(),
            st.sampled_from(
                ["<sip:1@a>;tag=1", "1 INVITE", "call", "SIP/2.0/UDP a;branch=z9hG4bK1", "a\r\n b"]
            ),
        ),
    ),
    st.sampled_from([b"", b"\r\n", b"\r\n\r\n"]),
    st.booleans(),
)
def test_whatever_is_read_as_a_message_looks_like_one(
    changes: Changes, before: bytes, answer: bool
) -> None:
    data = before + request_bytes("INVITE", changes, OFFER)
    if answer:
        data = before + response_bytes(request_bytes(), 200, changes=changes)
    try:
        parse(data, TRUNK)
    except MessageError:
        return
    assert plausible(data)


@given(st.binary(max_size=200))
def test_no_octets_are_a_surprise(noise: bytes) -> None:
    for data in (noise, GOOD + noise, noise + GOOD):
        try:
            parse(data, TRUNK)
        except MessageError:
            continue
        assert plausible(data) or not data.strip(b"\x00 \t\r\n")
