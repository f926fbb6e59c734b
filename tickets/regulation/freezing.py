"""A quarter as it was submitted (报送): its facts and codes of that moment, what differs since.

What was handed to a regulator does not move any more. Complaints that change later show as
differences, each with its ticket, until somebody submits the quarter again as the next revision.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cti.kernel.identifiers import StaffId, TicketNumber
from tickets.regulation.codes import CodeBook
from tickets.regulation.facts import Fact
from tickets.regulation.quarter import By, Count, Quarter, answers, key_of


@dataclass(frozen=True, slots=True)
class Submission:
    """One revision of a quarter; the first is 1."""

    quarter: Quarter
    revision: int
    at: datetime
    """The figures are those of this instant."""
    by: StaffId
    by_name: str
    note: str
    """Why it was submitted again; empty for the first revision."""
    codes: CodeBook
    """The codes by which it is told."""

    @property
    def codes_version(self) -> str:
        """The first twelve hexadecimal digits of the SHA-256 digest of its codes."""
        return version_of(self.codes)


@dataclass(frozen=True, slots=True)
class Difference:
    """A complaint that would be counted otherwise now than it was submitted."""

    number: TicketNumber
    now: Fact | None
    """None where it belongs to the quarter no more."""
    known: bool
    """Whether it was among those submitted."""
    rows: Mapping[By, tuple[str, str]]
    """By the rows it stood in and stands in now, where these differ."""
    left: tuple[Count, ...]
    """Columns that do not count it any more."""
    joined: tuple[Count, ...]
    """Columns that count it now."""
    about: Fact
    """As it is now, or as it was where it is no more; tells whom it must not be shown to."""


def differences(
    submission: Submission, frozen: Iterable[Fact], present: Iterable[Fact], now: datetime
) -> Iterator[Difference]:
    """What moved since, complaint by complaint, in the order of the present ones.

    Both are counted by the codes submitted: a list that is renamed since moves no complaint.
    """
    before = {fact.number: fact for fact in frozen}
    for fact in present:
        was = before.pop(fact.number, None)
        found = _difference(submission, was, fact, now)
        if found is not None:
            yield found
    for fact in before.values():
        found = _difference(submission, fact, None, now)
        if found is not None:
            yield found


def version_of(codes: CodeBook) -> str:
    """The version that the codes' content has."""
    lists = {
        name: {each.code: (each.zh, each.en, each.parent) for each in codes.codes(name)}
        for name in sorted(codes.lists)
    }
    text = json.dumps((codes.standard, lists), ensure_ascii=False, sort_keys=True)
    return sha256(text.encode()).hexdigest()[:12]


def _difference(
    submission: Submission, was: Fact | None, fact: Fact | None, now: datetime
) -> Difference | None:
    about = fact or was
    assert about is not None, "one of both is there"
    rows = {by: _rows(submission.codes, by, was, fact) for by in By}
    moved = {by: pair for by, pair in rows.items() if pair[0] != pair[1] and was and fact}
    old = answers(was, submission.at) if was else frozenset[Count]()
    new = answers(fact, now) if fact else frozenset[Count]()
    if not moved and old == new:
        return None
    return Difference(
        number=about.number,
        now=fact,
        known=was is not None,
        rows=moved,
        left=tuple(each for each in Count if each in old - new),
        joined=tuple(each for each in Count if each in new - old),
        about=about,
    )


def _rows(codes: CodeBook, by: By, was: Fact | None, fact: Fact | None) -> tuple[str, str]:
    return (key_of(was, by, codes) if was else "", key_of(fact, by, codes) if fact else "")
