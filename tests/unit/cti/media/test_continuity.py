"""What is missing from a track is concealed up to 60 ms and a gap beyond."""

from hypothesis import given
from hypothesis import strategies as st

from cti.media.continuity import LONGEST_CONCEALED, Continuity, Hole, Stretch
from cti.recording.marks import Mark, MarkKind, joined


def _sound(*starts: int) -> list[Stretch]:
    return [Stretch(start, start + 160) for start in starts]


def test_three_lost_packets_are_concealed_and_four_are_a_gap() -> None:
    holes = Continuity().holes(_sound(0, 640, 1440), [], 1600, 4800)
    assert holes == [Hole(160, 640, MarkKind.CONCEALED), Hole(800, 1440, MarkKind.GAP)]


def test_nothing_is_made_up_before_the_first_packet_or_beside_a_silence() -> None:
    holes = Continuity().holes(_sound(320, 800), [Stretch(640, 800)], 960, 4160)
    assert holes == [Hole(0, 320, None), Hole(480, 640, None)]


def test_an_end_without_packets_is_a_gap_only_when_it_is_long() -> None:
    assert Continuity().holes(_sound(0), [], 600, 600) == [Hole(160, 600, None)]
    assert Continuity().holes(_sound(0), [], 641, 641) == [Hole(160, 641, MarkKind.GAP)]


@given(
    st.lists(st.integers(0, 60), unique=True, max_size=40),
    st.lists(st.tuples(st.integers(0, 9000), st.integers(1, 2000)), max_size=2),
    st.lists(st.integers(1, 9600), max_size=8),
)
def test_cuts_change_nothing(
    frames: list[int], silences: list[tuple[int, int]], cuts: list[int]
) -> None:
    """However the track is cut, its holes are those of the uncut one, and cover what is open."""
    sound = _sound(*(160 * frame for frame in frames))
    silent = [Stretch(start, start + length) for start, length in silences]
    end = 9760
    whole = Continuity().holes(sound, silent, end, end + 3200)
    parts = Continuity()
    cut = [
        hole
        for place in (*sorted(cuts), end)
        for hole in parts.holes(sound, silent, place, place + 3200)
    ]

    def marks(holes: list[Hole]) -> object:
        return joined(
            Mark(hole.kind or MarkKind.LABEL, hole.start, hole.end - hole.start) for hole in holes
        )

    assert marks(cut) == marks(list(whole))
    covered = {at for each in (*sound, *silent) for at in range(each.start, each.end)}
    holes = {at for hole in whole for at in range(hole.start, hole.end)}
    assert holes == set(range(end)) - covered
    for hole in whole:
        if hole.kind is MarkKind.CONCEALED:
            assert hole.end - hole.start <= LONGEST_CONCEALED
