"""The catalogue as the dispatch form asks it: departments, each with the line that proposes it."""

from collections.abc import Sequence

from tickets.catalogue.choosing import Choice
from tickets.catalogue.service import CatalogueService
from tickets.model import Draft
from tickets.proposals import Proposal


class Proposing:
    """The `CatalogueProposals` of the house."""

    def __init__(self, catalogue: CatalogueService) -> None:
        self._catalogue = catalogue

    def proposals(self, draft: Draft) -> Sequence[Proposal]:
        """The departments that the lines name, the most precise line first, then who assists."""
        found: dict[str, Proposal] = {}
        for choice in self._catalogue.choices(draft):
            line = choice.line
            for department in (line.department_id, *line.assist):
                found.setdefault(department, Proposal(department, why(choice)))
        return tuple(found.values())


def why(choice: Choice) -> str:
    """Which line it is, and the words of the ticket that it goes by."""
    line = choice.line
    said = " · ".join(text for _, text in choice.reasons)
    limit = f" · {line.limit}" if line.limit else ""
    return f"派单目录 #{line.line_id} · {said}{limit}"
