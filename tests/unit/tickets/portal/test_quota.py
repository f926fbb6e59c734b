"""How often: never more than so many in any stretch of that length, and never for nothing."""

from hypothesis import given
from hypothesis import strategies as st

from tickets.portal.quota import Quota, Quotas

TEN = Quota("ten", 10, 100.0)
THREE = Quota("three", 3, 60.0)


@given(st.lists(st.floats(0, 40, allow_nan=False), max_size=120))
def test_no_stretch_holds_twice_what_is_allowed_and_a_quiet_one_all(gaps: list[float]) -> None:
    quotas, now, taken = Quotas(), 0.0, list[float]()
    for gap in gaps:
        now += gap
        if quotas.take(now, [(TEN, "a")]) == 0.0:
            taken.append(now)
    for first in taken:
        within = [at for at in taken if first <= at < first + TEN.seconds]
        assert len(within) < 2 * TEN.most


@given(st.lists(st.floats(0, 40, allow_nan=False), max_size=60))
def test_whoever_waits_as_long_as_told_is_let_in(gaps: list[float]) -> None:
    quotas, now = Quotas(), 0.0
    for gap in gaps:
        now += gap
        wait = quotas.take(now, [(THREE, "a"), (TEN, "b")])
        if wait > 0:
            now += wait + 1e-6
            assert quotas.take(now, [(THREE, "a"), (TEN, "b")]) == 0.0


def test_so_many_at_once_and_then_one_by_one() -> None:
    quotas = Quotas()
    assert [quotas.take(0.0, [(THREE, "a")]) for _ in range(5)] == [0.0, 0.0, 0.0, 20.0, 20.0]
    assert quotas.take(20.0, [(THREE, "a")]) == 0.0
    assert quotas.take(20.0, [(THREE, "a")]) == 20.0


def test_what_one_limit_refuses_costs_nothing_of_another() -> None:
    quotas = Quotas()
    for _ in range(3):
        quotas.take(0.0, [(THREE, "a")])
    for _ in range(50):
        assert quotas.take(0.0, [(THREE, "a"), (TEN, "b")]) > 0
    assert [quotas.take(0.0, [(TEN, "b")]) for _ in range(10)] == [0.0] * 10


def test_keys_and_quotas_are_counted_apart() -> None:
    quotas = Quotas()
    assert all(quotas.take(0.0, [(THREE, key)]) == 0.0 for key in "abc" for _ in range(3))
    assert quotas.take(0.0, [(TEN, "a")]) == 0.0


@given(st.lists(st.integers(0, 1000), max_size=200))
def test_memory_is_bounded(keys: list[int]) -> None:
    quotas = Quotas(remembered=16)
    for key in keys:
        quotas.take(0.0, [(TEN, str(key))])
        assert len(quotas) <= 16
