"""What a ticket is about and whose it is, as keys that an index compares.

Two complaints are about one matter when they name the same business or product, not when their
titles are alike: people tell one thing in many words. How alike the words are (trigrams, Jaccard
1901) is a further hint, for people to judge.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from tickets.model import Draft
from tickets.search.terms import folded

PHONE_DIGITS = 11
"""As many last digits as a mobile number of mainland China has."""
FEWEST_DIGITS = 7
LONGEST_KEY = 120
LONGEST_COMPARED = 2000
"""Characters of a text that are compared with another."""
PART = 3
BUSINESS, PRODUCT, BRANCH, CAUSE = "business", "product", "branch", "cause"
_NO_WORD = re.compile(r"[\W_]+")
_DIGITS = re.compile(r"\D")


def people_of(draft: Draft) -> tuple[str, ...]:
    """The keys of who asks: the customer of the directory, and the telephones they gave."""
    return tuple(dict.fromkeys(_people(draft)))


def subjects_of(details: Mapping[str, str]) -> frozenset[str]:
    """The keys of what it is about: the business and the product."""
    named = ((name, normal(details.get(name, ""))) for name in (BUSINESS, PRODUCT))
    return frozenset(_key(name, value) for name, value in named if value)


def crowds_of(details: Mapping[str, str]) -> frozenset[str]:
    """The keys by which many customers have one matter: a branch with what is wrong there."""
    branch = normal(details.get(BRANCH, ""))
    if not branch:
        return frozenset()
    named = ((name, normal(details.get(name, ""))) for name in (PRODUCT, BUSINESS, CAUSE))
    return frozenset(_key("crowd", branch, name, value) for name, value in named if value)


def normal(text: str) -> str:
    """The text without what people write in many ways: widths, capitals, blanks, marks."""
    return _NO_WORD.sub("", folded(text))


def likeness(one: str, other: str) -> float:
    """How alike two texts are, from 0 to 1: shared parts of three characters among all parts."""
    first, second = _parts(one), _parts(other)
    if not first or not second:
        return 0.0
    return len(first & second) / len(first | second)


def _parts(text: str) -> frozenset[str]:
    plain = normal(text[:LONGEST_COMPARED])
    if len(plain) <= PART:
        return frozenset({plain} - {""})
    return frozenset(plain[place : place + PART] for place in range(len(plain) - PART + 1))


def _people(draft: Draft) -> Iterator[str]:
    who = draft.requester
    if who.customer_id:
        yield _key("customer", who.customer_id)
    yield from _phones((who.contact, draft.details.get("other_contact", "")))


def _phones(texts: Iterable[str]) -> Iterator[str]:
    for text in islice(texts, 4):
        digits = _DIGITS.sub("", text)
        if "@" not in text and len(digits) >= FEWEST_DIGITS:
            yield _key("phone", digits[-PHONE_DIGITS:])


def _key(*parts: str) -> str:
    return ":".join(parts)[:LONGEST_KEY]
