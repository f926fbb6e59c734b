"""Percentiles, lines and the table that a person reads."""

import pytest

from benchmarks.figures import Figure, Line, spread, table


def test_percentiles_are_samples_that_were_taken() -> None:
    of = spread([float(each) for each in range(1, 101)])
    assert (of.p50, of.p95, of.p99, of.longest) == (50.0, 95.0, 99.0, 100.0)


def test_a_straight_line_is_found_and_what_is_off_it_told() -> None:
    exact = Line.through([(50, 12.0), (100, 22.0), (200, 42.0), (400, 82.0)])
    assert (exact.slope, exact.base) == pytest.approx((0.2, 2.0))
    assert exact.residual == pytest.approx(0.0)
    bent = Line.through([(0, 0.0), (1, 3.0), (2, 0.0)])
    assert (bent.slope, bent.base, bent.residual) == pytest.approx((0.0, 1.0, 2 / 3))


def test_two_points_are_no_line() -> None:
    with pytest.raises(ValueError, match="three"):
        Line.through([(1, 1.0), (2, 2.0)])


def test_figures_with_levels_make_a_grid_that_marks_what_is_missed() -> None:
    told = table(
        [
            Figure("music", "CPU", 0.21, "%", level="50 calls"),
            Figure("music", "p99", 3.0, "ms", 5.0, level="50 calls"),
            Figure("music", "p99", 9.5, "ms", 5.0, level="100 calls"),
            Figure("music", "slope", 0.2, "%"),
            Figure("setup", "rate", 300.0, "/s"),
        ]
    )
    assert told.splitlines() == [
        "",
        "music",
        "              CPU    p99",
        "                %     ms",
        "  50 calls   0.21   3.00",
        "  100 calls     -   9.50!",
        "  slope        0.20 %",
        "",
        "setup",
        "  rate       300.00 /s",
    ]
