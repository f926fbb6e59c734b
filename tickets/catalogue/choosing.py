"""Which department the catalogue proposes for a matter, and by which of its words it does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tickets.catalogue.model import ASKED, Catalogue, Line
from tickets.model import Draft
from tickets.regulation.codes import BUSINESS, NO_CODES, PRODUCT, CodeBook
from tickets.regulation.matters import BRANCH, normal
from tickets.search.terms import folded, stands_in

TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Choice:
    """A line that fits; `reasons` are what it asked, by name, and what the ticket answers."""

    line: Line
    reasons: tuple[tuple[str, str], ...]


def choices(
    catalogue: Catalogue, draft: Draft, day: date, codes: CodeBook = NO_CODES
) -> tuple[Choice, ...]:
    """The lines that speak for the ticket on that day, the most precise first."""
    matter = _Matter(draft, codes)
    found = [
        Choice(line, reasons)
        for line in catalogue.lines
        if line.holds_on(day) and (reasons := matter.reasons(line)) is not None
    ]
    return tuple(sorted(found, key=_precision, reverse=True))


def best(
    catalogue: Catalogue, draft: Draft, day: date, codes: CodeBook = NO_CODES
) -> Choice | None:
    """The line that speaks first; None where the catalogue says nothing."""
    found = choices(catalogue, draft, day, codes)
    return found[0] if found else None


def _precision(choice: Choice) -> tuple[tuple[int, ...], bool]:
    said = dict(choice.reasons)
    asked = tuple(len(said.get(name, "")) if name == BUSINESS else name in said for name in ASKED)
    return asked, choice.line.kind is not None


class _Matter:
    """What the lines ask of one ticket."""

    def __init__(self, draft: Draft, codes: CodeBook) -> None:
        self._kind = draft.kind
        self._codes = codes
        self._text = folded(f"{draft.title}\n{draft.text}")
        self._said = {
            BRANCH: normal(draft.details.get(BRANCH, "") or draft.about),
            PRODUCT: normal(draft.details.get(PRODUCT, "")),
            BUSINESS: draft.details.get(BUSINESS, ""),
            TOPIC: normal(draft.details.get(TOPIC, "")),
        }

    def reasons(self, line: Line) -> tuple[tuple[str, str], ...] | None:
        """Why the line fits; None where it does not."""
        if line.kind not in (None, self._kind):
            return None
        found = tuple(self._answers(line))
        if any(not fits for _, _, fits in found):
            return None
        kind = (("kind", line.kind.value),) if line.kind and not found else ()
        return (*((name, said) for name, said, _ in found), *kind)

    def _answers(self, line: Line) -> Iterator[tuple[str, str, bool]]:
        for name in (BRANCH, PRODUCT, TOPIC):
            wanted = getattr(line, name)
            if wanted:
                yield name, wanted, normal(wanted) == self._said[name]
        if line.business:
            yield BUSINESS, line.business, self._is_of(line.business)
        if line.words:
            hits = [word for word in line.words if stands_in(word, self._text)]
            yield "keyword", ", ".join(hits), bool(hits)

    def _is_of(self, business: str) -> bool:
        """Whether the ticket's code is that one or below it: as the codes say, where they do."""
        said = self._said[BUSINESS]
        above = self._codes.path(BUSINESS, said)
        return any(each.code == business for each in above) if above else said.startswith(business)
