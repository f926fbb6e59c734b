"""RTCP against golden datagrams, and both ways for every packet there is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.errors import RemoteError
from cti.media.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    middle_bits,
    ntp_time,
    parse_compound,
)

DATA = Path(__file__).parents[3] / "data" / "rtcp"
GOOD = sorted((DATA / "good").glob("*.bin"))
BROKEN = sorted((DATA / "broken").glob("*.bin"))

WORD = st.integers(0, 2**32 - 1)
BLOCKS = st.lists(
    st.builds(
        ReportBlock,
        WORD,
        st.integers(0, 255),
        st.integers(-(2**23), 2**23 - 1),
        WORD,
        WORD,
        WORD,
        WORD,
    ),
    max_size=4,
).map(tuple)
PACKETS = st.one_of(
    st.builds(SenderReport, WORD, st.integers(0, 2**64 - 1), WORD, WORD, WORD, BLOCKS),
    st.builds(ReceiverReport, WORD, BLOCKS),
    st.builds(SourceDescription, WORD, st.text(max_size=60)),
    st.builds(Goodbye, st.lists(WORD, max_size=3).map(tuple)),
)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_golden_datagrams_come_back_byte_for_byte(path: Path) -> None:
    data = path.read_bytes()
    assert b"".join(map(bytes, parse_compound(data))) == data


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_broken_datagrams_are_the_far_sides_fault(path: Path) -> None:
    with pytest.raises(RemoteError):
        parse_compound(path.read_bytes())


def test_the_data_is_there() -> None:
    assert (len(GOOD), len(BROKEN)) == (3, 8)


def test_fields_of_a_golden_sender_report() -> None:
    report, description = parse_compound((DATA / "good" / "sender_report.bin").read_bytes())
    assert report == SenderReport(
        ssrc=1,
        ntp=0xE9000000_80000000,
        timestamp=160,
        packets=100,
        octets=16_000,
        blocks=(ReportBlock(0xDEADBEEF, 0x40, -2, 0x00010203, 16, 0x8000, 0x10000),),
    )
    assert description == SourceDescription(1, "ABCD")


@given(st.lists(PACKETS, min_size=1, max_size=4))
def test_every_compound_survives_the_wire(packets: list[SenderReport]) -> None:
    assert parse_compound(b"".join(map(bytes, packets))) == tuple(packets)


@given(st.binary(max_size=80))
def test_any_datagram_is_read_or_refused(data: bytes) -> None:
    try:
        parse_compound(b"\x81\xca" + data)
    except RemoteError:
        return


def test_packets_of_other_kinds_are_passed_over() -> None:
    feedback = bytes.fromhex("81cd0002 00000001 00000002".replace(" ", ""))
    assert parse_compound(feedback + bytes(Goodbye((5,)))) == (Goodbye((5,)),)


def test_ntp_time_is_seconds_since_1900() -> None:
    assert ntp_time(0.5) == (2_208_988_800 << 32) + (1 << 31)
    assert middle_bits(0x11112222_33334444) == 0x22223333
