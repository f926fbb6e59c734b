"""What a text can be found by, in Chinese and in letters and digits, without knowing any word.

A run of Chinese characters is indexed by each character and each pair of neighbours, since most
Chinese words have two: 柜台排队 gives 柜 台 排 队, 柜台 台排 排队. A run of letters or digits is
indexed whole and by each three neighbours, so that the last digits of a telephone number find it.
One way for both databases: trigram indexes find nothing for a word of two characters.

A term is kept as a number of 31 bits. Facets, what is filtered by, are terms of a range of their
own, so no text can look like one.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from zlib import crc32

HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
LONGEST_WHOLE = 40
"""Letters or digits in a row that are indexed as a whole; a longer run by its parts alone."""
PART = 3
FACET = 1 << 30
_PLAIN = f"[^\\W_{HAN}]"
_RUN = re.compile(f"(?P<han>[{HAN}]+)|(?P<plain>{_PLAIN}+)")
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF10, 0xFF5B)}
"""Full-width digits and letters, as input methods write them, become plain ones."""


def folded(text: str) -> str:
    """The text with capitals and widths made equal; as long as before or nearly so."""
    return text.translate(_NARROW).casefold()


def words_of(text: str) -> frozenset[str]:
    """Everything that the text can be found by."""
    return frozenset(_indexed(folded(text)))


def needed(word: str) -> frozenset[str]:
    """What a text that holds the word, or the words in this order, must be indexed by."""
    return frozenset(_asked(folded(word)))


def stands_in(word: str, text: str) -> bool:
    """Whether the text, folded, holds the word: letters as a word of their own, or as its plural.

    Chinese is written without gaps, so its words stand anywhere; ``app`` is not in ``happened``.
    """
    return _standing(folded(word)).search(text) is not None


def proves(word: str) -> bool:
    """Whether being indexed by `needed` is already proof of holding the word."""
    return len(needed(word)) == 1


def text_terms(words: Iterable[str]) -> frozenset[int]:
    """The terms of such words."""
    return frozenset(map(_term, words))


def facet_terms(facets: Iterable[str]) -> frozenset[int]:
    """The terms of facets such as ``kind:complaint``."""
    return frozenset(_term(facet) | FACET for facet in facets)


@lru_cache(maxsize=1 << 12)
def _standing(word: str) -> re.Pattern[str]:
    before = f"(?<!{_PLAIN})" if re.match(_PLAIN, word) else ""
    after = f"(?:e?s)?(?!{_PLAIN})" if re.search(f"{_PLAIN}$", word) else ""
    return re.compile(before + re.escape(word) + after)


@lru_cache(maxsize=1 << 16)
def _term(word: str) -> int:
    return crc32(word.encode()) & (FACET - 1)


def _indexed(text: str) -> Iterator[str]:
    for run in _RUN.finditer(text):
        if run["han"]:
            yield from run["han"]
            yield from _neighbours(run["han"], 2)
        else:
            plain = run["plain"]
            if len(plain) <= LONGEST_WHOLE:
                yield plain
            yield from _neighbours(plain, PART)


def _asked(text: str) -> Iterator[str]:
    for run in _RUN.finditer(text):
        size = 2 if run["han"] else PART
        word = run[0]
        if len(word) <= size:
            yield word
        else:
            yield from _neighbours(word, size)


def _neighbours(run: str, size: int) -> Iterator[str]:
    return (run[place : place + size] for place in range(len(run) - size + 1))
