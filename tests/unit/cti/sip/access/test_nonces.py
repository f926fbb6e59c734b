"""Nonces: whose they are, how long they last, and that each count is good once."""

from hypothesis import given
from hypothesis import strategies as st

from cti.sip.access.nonces import NONCE_LIFE, WINDOW, CountWindow, Nonces
from tests.support.lossy_link import counting_entropy

HOST = "192.0.2.1"


def nonces(remembered: int = 100) -> Nonces:
    return Nonces("hotline", counting_entropy(), remembered)


@given(st.lists(st.integers(0, 3 * WINDOW)))
def test_in_any_order_each_count_is_accepted_at_most_once(counts: list[int]) -> None:
    house = nonces()
    nonce = house.issue(HOST, 0.0)
    accepted: set[int] = set()
    for count in counts:
        behind = max(accepted, default=0) - count
        good = house.take(nonce, HOST, count, 1.0)
        assert good == (count > 0 and count not in accepted and behind < WINDOW)
        if good:
            accepted.add(count)


@given(st.lists(st.integers(1, 2**32 - 1), max_size=50))
def test_a_window_stays_small(counts: list[int]) -> None:
    window = CountWindow()
    for count in counts:
        window = window.take(count) or window
    assert window.used < 1 << WINDOW


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), max_size=80))
def test_what_was_forgotten_is_not_accepted_again(uses: list[tuple[int, int]]) -> None:
    house = nonces(remembered=3)
    issued = [house.issue(HOST, number / 1000) for number in range(10)]
    accepted = [use for use in uses if house.take(issued[use[0]], HOST, use[1], 1.0)]
    assert len(accepted) == len(set(accepted))
    assert len(house) <= 3


def test_a_nonce_issued_after_the_forgotten_ones_is_good() -> None:
    house = nonces(remembered=1)
    old, newer = house.issue(HOST, 0.0), house.issue(HOST, 1.0)
    assert house.take(old, HOST, 1, 1.0)
    assert house.take(newer, HOST, 1, 1.0)
    assert not house.take(old, HOST, 2, 1.0)
    assert house.take(house.issue(HOST, 2.0), HOST, 1, 2.0)


def test_a_nonce_is_one_hosts_own_and_grows_old() -> None:
    house = nonces()
    nonce = house.issue(HOST, 1000.0)
    assert not house.take(nonce, "192.0.2.2", 1, 1000.0)
    assert not house.take(nonce, HOST, 1, 1000.0 + NONCE_LIFE)
    assert not house.take(nonce[:-1] + "x", HOST, 1, 1000.0)
    assert not house.take("é" * 60, HOST, 1, 1000.0)
    assert not house.take("", HOST, 1, 1000.0)
    assert not house.aging(nonce, 1000.0 + NONCE_LIFE / 2)
    assert house.aging(nonce, 1001.0 + NONCE_LIFE / 2)
    assert len(house) == 0, "what was not used is not remembered"
    assert house.take(nonce, HOST, 1, 1000.0)
