"""RTP packets against golden datagrams, and both ways for every packet there is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.errors import RemoteError
from cti.media.rtp import HeaderExtension, RtpPacket, sequence_distance, timestamp_distance

DATA = Path(__file__).parents[3] / "data" / "rtp"
GOOD = sorted((DATA / "good").glob("*.bin"))
BROKEN = sorted((DATA / "broken").glob("*.bin"))
AUDIO = bytes(range(160))

PACKETS = st.builds(
    RtpPacket,
    # 64 to 95 with the marker would read as RTCP on a shared port (RFC 5761, 4).
    payload_type=st.one_of(st.integers(0, 63), st.integers(96, 127)),
    sequence=st.integers(0, 2**16 - 1),
    timestamp=st.integers(0, 2**32 - 1),
    ssrc=st.integers(0, 2**32 - 1),
    payload=st.binary(max_size=200),
    marker=st.booleans(),
    csrc=st.lists(st.integers(0, 2**32 - 1), max_size=15).map(tuple),
    extension=st.none()
    | st.builds(
        HeaderExtension,
        st.integers(0, 2**16 - 1),
        st.lists(st.binary(min_size=4, max_size=4), max_size=5).map(b"".join),
    ),
    padding=st.integers(0, 255),
)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_golden_datagrams_come_back_byte_for_byte(path: Path) -> None:
    data = path.read_bytes()
    assert bytes(RtpPacket.parse(data)) == data


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_broken_datagrams_are_the_far_sides_fault(path: Path) -> None:
    with pytest.raises(RemoteError):
        RtpPacket.parse(path.read_bytes())


def test_the_data_is_there() -> None:
    assert len(GOOD) == 8
    assert len(BROKEN) == 11


def test_fields_of_the_golden_datagrams() -> None:
    def golden(name: str) -> RtpPacket:
        return RtpPacket.parse((DATA / "good" / f"{name}.bin").read_bytes())

    assert golden("pcma") == RtpPacket(8, 1, 160, 0xDEADBEEF, AUDIO)
    assert golden("pcmu_marker") == RtpPacket(0, 65535, 2**32 - 1, 1, b"\xff" * 160, marker=True)
    assert golden("everything") == RtpPacket(
        8,
        5,
        800,
        0xDEADBEEF,
        AUDIO[:20],
        marker=True,
        csrc=(0x33,),
        extension=HeaderExtension(0x1234, b"\1\2\3\4"),
        padding=4,
    )
    assert golden("padding").payload == AUDIO[:18]
    assert golden("no_payload").payload == b""


@given(PACKETS)
def test_every_packet_survives_the_wire(packet: RtpPacket) -> None:
    assert RtpPacket.parse(bytes(packet)) == packet


@given(st.binary(max_size=60))
def test_any_datagram_is_read_or_refused(data: bytes) -> None:
    try:
        packet = RtpPacket.parse(data)
    except RemoteError:
        return
    # What padding octets hold is not kept: it means nothing.
    assert len(bytes(packet)) == len(data)


@given(st.integers(0, 2**16 - 1), st.integers(-(2**15), 2**15 - 1))
def test_sequence_distance_across_the_wrap(old: int, distance: int) -> None:
    assert sequence_distance((old + distance) % 2**16, old) == distance


@given(st.integers(0, 2**32 - 1), st.integers(-(2**31), 2**31 - 1))
def test_timestamp_distance_across_the_wrap(old: int, distance: int) -> None:
    assert timestamp_distance((old + distance) % 2**32, old) == distance
