"""What a text is found by: every word that stands in it, and next to nothing that does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.search.terms import FACET, facet_terms, folded, needed, proves, text_terms, words_of

HAN = st.text(st.sampled_from("柜台排队信用卡转账𠮷"), min_size=1, max_size=12)
PLAIN = st.text(st.sampled_from("abcXYZ0189ＡＢ１２éß"), min_size=3, max_size=12)
PIECES = st.lists(st.one_of(HAN, PLAIN, st.sampled_from([" ", "，", "-", "\n"])), max_size=12)


@given(PIECES, st.data())
def test_whatever_stands_in_a_text_is_found(pieces: list[str], data: st.DataObject) -> None:
    text = "".join(pieces)
    piece = data.draw(st.sampled_from([*pieces, ""]))
    start = data.draw(st.integers(0, len(piece)))
    word = piece[start : data.draw(st.integers(start, len(piece)))]
    if all(len(word) >= 3 or letter > "\u3000" for letter in folded(word)):
        assert needed(word) <= words_of(text)


@given(PIECES)
def test_a_whole_text_finds_itself(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert needed(text) <= words_of(text)


@given(HAN, HAN)
def test_what_proves_is_never_wrong(word: str, text: str) -> None:
    if proves(word) and needed(word) <= words_of(text):
        assert folded(word) in folded(text)


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("卡", "银行卡丢失", True),
        ("行卡", "银行卡丢失", True),
        ("卡行", "银行卡丢失", False),
        ("5678", "13812345678", True),
        ("５６７８", "13812345678", True),
        ("atm", "ATM吞卡", True),
        ("at", "ATM吞卡", False),
        ("K2", "窗口k2", True),
        ("11月20日", "11月20日上午", True),
        ("", "任何", True),
    ],
)
def test_by_examples(word: str, text: str, found: bool) -> None:
    assert (needed(word) <= words_of(text)) is found


def test_nothing_to_search_for() -> None:
    assert needed("，。！ -") == frozenset()


def test_no_text_looks_like_a_facet() -> None:
    word = "kind:complaint"
    assert max(text_terms(words_of(word))) < FACET
    assert min(facet_terms([word])) >= FACET
    assert max(facet_terms(str(number) for number in range(1000))) < 1 << 31


def test_a_long_run_is_found_by_its_parts() -> None:
    assert needed("x" * 30) <= words_of("x" * 100)
    assert "x" * 100 not in words_of("x" * 100)
