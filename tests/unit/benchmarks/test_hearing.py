"""What the packets that were heard tell."""

import numpy as np

from benchmarks import hearing
from benchmarks.hearing import Batch

MS = 1_000_000
FRAME = 20 * MS


def batch(*packets: tuple[int, int, int, int]) -> Batch:
    """Of (stream, number, sent, arrived)."""
    stream, number, sent, at = np.array(packets, np.int64).T
    timestamp = number * 160 & 0xFFFFFFFF
    return Batch(stream, number & 0xFFFF, timestamp, sent, at, np.ones(len(packets), bool))


def test_lateness_is_against_each_streams_fastest_packet() -> None:
    one = batch((1, 0, 0, 5 * MS), (2, 9, 0, 50 * MS), (1, 1, FRAME, FRAME + 7 * MS))
    told = hearing.judge([one, batch((1, 2, 2 * FRAME, 2 * FRAME + 4 * MS))])
    assert (told["streams"], told["packets"], told["lost"]) == (2, 4, 0)
    assert (told["late"].longest, told["late"].p50) == (3 * MS, 0)
    assert (told["transit"].longest, told["variation"].longest) == (50 * MS, 3 * MS)


def test_numbers_and_timestamps_wrap_around() -> None:
    first = 65534
    told = hearing.judge(
        [batch(*((1, first + each, each * FRAME, each * FRAME) for each in range(5)))]
    )
    assert told["lost"] == 0
    assert told["late"].longest == 0


def test_what_is_missing_is_counted() -> None:
    told = hearing.judge([batch((1, 0, 0, 0), (1, 3, 3 * FRAME, 3 * FRAME))])
    assert told["lost"] == 2


def test_what_somebody_else_said_has_no_way_through_the_server() -> None:
    told = hearing.judge([batch((1, 0, -(1 << 60), 0), (1, 1, 1 << 60, FRAME))])
    assert told["transit"] is told["variation"] is None
    assert told["late"].longest == 0


def test_what_is_no_sound_is_not_counted() -> None:
    key = batch((1, 0, 0, 0), (1, 1, FRAME, FRAME))
    key.sound[1] = False
    assert hearing.judge([key])["packets"] == 1


def test_nothing_heard_is_no_stream() -> None:
    assert hearing.judge([])["streams"] == 0
