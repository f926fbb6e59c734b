"""The E-model against figures of the Recommendations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.opinion import Opinion, mos, opinion
from cti.media.model import Codec
from cti.media.quality import one_way_delay, rating

CODECS = st.sampled_from(list(Codec))


@pytest.mark.parametrize(
    ("rated", "score"), [(93.2, 4.41), (90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)]
)
def test_scores_are_those_of_g107_annex_b(rated: float, score: float) -> None:
    assert mos(rated) == pytest.approx(score, abs=0.01)


@pytest.mark.parametrize(
    ("loss", "delay", "rated"),
    [
        (0.0, 0, 93.2),
        (0.01, 0, 89.6),  # Ie-eff = 95 * 1 / (1 + 25.1)
        (0.05, 0, 77.4),
        (0.0, 150, 93.0),
        (0.0, 400, 69.1),
    ],
)
def test_g711_is_rated_as_the_recommendation_says(loss: float, delay: float, rated: float) -> None:
    assert rating(Codec.PCMA, loss, delay) == pytest.approx(rated, abs=0.2)


def test_a_clean_wideband_leg_is_rated_on_its_own_scale() -> None:
    assert rating(Codec.G722, 0, 50) == 116
    assert mos(116, "G722") == pytest.approx(4.33, abs=0.02)


@given(CODECS, st.floats(0, 1), st.floats(0, 1), st.floats(0, 2000), st.floats(0, 2000))
def test_more_loss_and_more_delay_are_never_better(
    codec: Codec, loss: float, more: float, delay: float, longer: float
) -> None:
    at_best = rating(codec, min(loss, more), min(delay, longer))
    at_worst = rating(codec, max(loss, more), max(delay, longer))
    assert 0 <= at_worst <= at_best <= 116
    assert 1 <= mos(at_worst, codec.name) <= mos(at_best, codec.name) <= 4.5


@pytest.mark.parametrize(
    ("score", "said"),
    [(4.4, Opinion.GOOD), (4.0, Opinion.GOOD), (3.7, Opinion.FAIR), (3.2, Opinion.POOR)],
)
def test_a_score_in_a_word(score: float, said: Opinion) -> None:
    assert opinion(score) is said
    assert opinion(1.0) is Opinion.BAD


def test_delay_is_half_the_way_a_packet_and_the_buffer() -> None:
    assert one_way_delay(0, 0) == 40
    assert one_way_delay(100, 30) == 130
    assert one_way_delay(0, 5000) == 220
