import pytest

from agents.acd.estimate import HandlingTime, Wait, expected_wait

# Quantiles of the gamma distribution with scale 1 (exact, from tables).
EXACT = [
    (1, 0.6931, 1.6094),
    (2, 1.6783, 2.9943),
    (5, 4.6709, 6.7210),
    (10, 9.6687, 12.5188),
    (50, 49.6670, 55.8036),
]


@pytest.mark.parametrize(("position", "median", "percentile_80"), EXACT)
def test_quantiles_are_those_of_the_gamma_distribution(
    position: int, median: float, percentile_80: float
) -> None:
    wait = expected_wait(position, staffed=1, handling=1.0)
    assert wait is not None
    assert wait.low == pytest.approx(median, rel=0.02)
    assert wait.high == pytest.approx(percentile_80, rel=0.02)


def test_twice_the_agents_halve_the_wait() -> None:
    assert expected_wait(4, 2, 200.0) == expected_wait(4, 4, 400.0)


@pytest.mark.parametrize(("position", "staffed"), [(3, 0), (0, 3), (-1, -1)])
def test_no_figure_without_agents(position: int, staffed: int) -> None:
    assert expected_wait(position, staffed, 180.0) is None


def test_the_farther_back_the_longer() -> None:
    waits = [expected_wait(place, 3, 180.0) or Wait(0, 0) for place in range(1, 30)]
    assert waits == sorted(waits, key=lambda wait: wait.low)
    assert all(wait.low < wait.high for wait in waits)


def test_the_average_follows_what_calls_take() -> None:
    average = HandlingTime(180.0)
    for _ in range(60):
        average = average.after(60.0)
    assert average.average == pytest.approx(60.0, abs=1.0)
