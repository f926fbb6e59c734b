from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis.strategies import integers, lists

from cti.kernel.identifiers import RESERVOIR, SystemEntropy


@given(lists(integers(0, 3 * RESERVOIR), max_size=20))
def test_tokens_have_the_length_asked_for(sizes: list[int]) -> None:
    entropy = SystemEntropy()
    assert [len(entropy(size)) for size in sizes] == [2 * size for size in sizes]


def test_no_token_is_given_twice_whoever_asks() -> None:
    entropy = SystemEntropy()
    with ThreadPoolExecutor(4) as threads:
        tokens = list(threads.map(entropy, [8] * 4000))
    assert len(set(tokens)) == 4000
