"""A flood is cut to what a telephone sends; who was kept back by the network loses nothing."""

from hypothesis import given
from hypothesis import strategies as st

from cti.media.allowance import BURST, PACKETS_PER_SECOND, Allowance


def test_a_flood_is_cut_to_what_a_telephone_sends() -> None:
    allowance = Allowance()
    taken = sum(allowance.take(1000 + n / 10_000) for n in range(20_000))
    assert taken <= BURST + 2 * PACKETS_PER_SECOND + 1
    assert allowance.refused == 20_000 - taken


def test_what_a_network_held_back_for_a_second_is_let_in_at_once() -> None:
    allowance = Allowance()
    assert all(allowance.take(1000 + n * 0.005) for n in range(1000))
    assert all(allowance.take(1006.0) for _ in range(200))


@given(st.lists(st.floats(0.0, 0.1), max_size=600))
def test_no_stretch_of_time_lets_in_more_than_its_share(steps: list[float]) -> None:
    allowance, now, taken = Allowance(), 1000.0, 0
    for step in steps:
        now += step
        taken += allowance.take(now)
    assert taken <= BURST + (now - 1000) * PACKETS_PER_SECOND + 1
    assert taken + allowance.refused == len(steps)
