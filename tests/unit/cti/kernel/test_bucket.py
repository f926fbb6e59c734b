"""A bucket lets its rate through, and no more."""

from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.bucket import Bucket


def test_a_full_bucket_gives_its_size_at_once_and_then_its_rate() -> None:
    bucket = Bucket.full(2.0, 5.0, 100.0)
    assert [bucket.take(100.0) for _ in range(6)] == [True] * 5 + [False]
    assert not bucket.take(100.4)
    assert bucket.take(100.5)
    assert not bucket.take(100.5)


@given(
    rate=st.floats(0.1, 100),
    size=st.floats(1, 100),
    pauses=st.lists(st.floats(-1, 10), max_size=200),
)
def test_over_any_time_it_gives_at_most_its_size_and_the_rate_times_the_time(
    rate: float, size: float, pauses: list[float]
) -> None:
    bucket, now, latest, given_out = Bucket.full(rate, size, 50.0), 50.0, 50.0, 0
    for pause in pauses:
        now += pause
        latest = max(latest, now)
        given_out += bucket.take(now)
    back = sum(-pause for pause in pauses if pause < 0)
    assert given_out <= size + rate * (latest - 50.0 + back) + 1e-6
