"""Excerpts: what stands around a hit, and nothing lost of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.search.excerpts import BEFORE, WIDTH, Piece, excerpt


def test_hits_are_marked_whatever_their_case() -> None:
    assert excerpt("在 ATM 机前排队", ["atm", "排队"]) == (
        Piece("在 "),
        Piece("ATM", hit=True),
        Piece(" 机前"),
        Piece("排队", hit=True),
    )


def test_a_long_text_is_cut_around_the_first_hit() -> None:
    pieces = excerpt("前" * 100 + "卡" + "后" * 100, ["卡"])
    assert [piece.text for piece in pieces if piece.hit] == ["卡"]
    assert pieces[0] == pieces[-1] == Piece("…")
    assert pieces[1] == Piece("前" * BEFORE)


@pytest.mark.parametrize("words", [[], ["没有"]])
def test_nothing_without_a_hit(words: list[str]) -> None:
    assert excerpt("柜台排队", words) == ()


def test_the_longer_of_two_words_is_marked_whole() -> None:
    assert Piece("信用卡", hit=True) in excerpt("办理信用卡", ["信用", "信用卡"])


@given(st.text(max_size=300), st.lists(st.text(min_size=1, max_size=5), max_size=3))
def test_an_excerpt_is_a_part_of_its_text(text: str, words: list[str]) -> None:
    pieces = excerpt(text, words)
    shown = "".join(piece.text for piece in pieces).removeprefix("…").removesuffix("…")
    assert len(shown) <= WIDTH + max(map(len, words), default=0)
    assert shown.split() == [] or " ".join(shown.split()) in " ".join(text.split())
