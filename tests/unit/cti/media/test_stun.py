"""STUN binding messages (RFC 8489), against the published samples of RFC 5769."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.errors import RemoteError
from cti.media import stun
from cti.media.stun import Kind, Name, StunMessage
from tests.support.stun_answers import error_of

PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"
SAMPLE_REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)
"""RFC 5769, 2.1."""
SAMPLE_RESPONSE = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96"
)
"""RFC 5769, 2.2: 192.0.2.1, port 32853."""

TRANSACTION = bytes(range(12))
ASKED = stun.request(TRANSACTION, "ours:theirs", (Name.PRIORITY, bytes(4)))


def test_the_published_request_is_read() -> None:
    message = StunMessage.parse(SAMPLE_REQUEST)
    assert message.kind is Kind.REQUEST
    assert message.get(Name.USERNAME) == b"evtj:h6vY"
    assert message.get(Name.SOFTWARE) == b"STUN test client"
    assert message.authentic(PASSWORD)
    assert not message.authentic(PASSWORD + "x")
    assert message.not_understood == ()


def test_the_published_response_is_what_we_would_say() -> None:
    message = StunMessage.parse(SAMPLE_RESPONSE)
    assert message.authentic(PASSWORD)
    ours = stun.success(message, ("192.0.2.1", 32853))
    assert ours.get(Name.XOR_MAPPED_ADDRESS) == message.get(Name.XOR_MAPPED_ADDRESS)


def test_an_ipv6_address_is_hidden_by_cookie_and_transaction() -> None:
    # RFC 5769, 2.3.
    asked = StunMessage(Kind.REQUEST, bytes.fromhex("b7e7a701bc34d686fa87dfae"))
    ours = stun.success(asked, ("2001:db8:1234:5678:11:2233:4455:6677", 32853))
    assert ours.get(Name.XOR_MAPPED_ADDRESS) == bytes.fromhex(
        "0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    )


def test_what_is_written_can_be_read_and_proved() -> None:
    read = StunMessage.parse(ASKED.encode("secret"))
    assert read.attributes == ASKED.attributes
    assert read.authentic("secret")
    assert not StunMessage.parse(ASKED.encode()).authentic("secret")


def test_refusals_name_the_code_and_the_attributes() -> None:
    odd = StunMessage(Kind.REQUEST, TRANSACTION, ((0x0042, b"x"), (0x8042, b"y")))
    assert odd.not_understood == (0x0042,)
    no = StunMessage.parse(stun.refusal(odd, stun.UNKNOWN_ATTRIBUTE).encode())
    assert no.kind is Kind.ERROR
    assert error_of(no) == 420
    assert no.get(Name.UNKNOWN_ATTRIBUTES) == b"\x00\x42"
    assert error_of(stun.refusal(odd, stun.ROLE_CONFLICT)) == 487


def test_what_follows_the_digest_is_not_believed() -> None:
    body = ASKED.encode("secret")
    trailing = b"\x00\x25\x00\x00"
    cut = body[:-8]
    forged = cut[:2] + (len(cut) + len(trailing) - 20).to_bytes(2, "big") + cut[4:] + trailing
    read = StunMessage.parse(forged)
    assert read.get(Name.USE_CANDIDATE) is None
    assert read.authentic("secret")


@given(st.integers(0, (len(SAMPLE_REQUEST) - 8) * 8 - 1))
def test_no_bit_before_the_fingerprint_can_be_changed_unnoticed(bit: int) -> None:
    changed = bytearray(SAMPLE_REQUEST)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        message = StunMessage.parse(bytes(changed))
    except RemoteError:
        return
    assert not message.authentic(PASSWORD)


@pytest.mark.parametrize("cut", range(len(SAMPLE_REQUEST)))
def test_no_part_of_a_message_is_one(cut: int) -> None:
    with pytest.raises(RemoteError):
        StunMessage.parse(SAMPLE_REQUEST[:cut])


@given(st.binary(max_size=80), st.sampled_from(list(Kind)))
def test_any_octets_are_a_message_or_an_error(body: bytes, kind: Kind) -> None:
    head = stun.HEADER.pack(kind, len(body), stun.MAGIC_COOKIE, TRANSACTION)
    for data in (body, head + body):
        try:
            message = StunMessage.parse(data)
        except RemoteError:
            continue
        assert not message.authentic("secret")
