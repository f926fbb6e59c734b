"""The catalogue as the dispatch form asks it: departments, each with the line that proposes it."""

from collections.abc import Sequence

from cti.kernel.identifiers import DepartmentId
from tickets.catalogue.choosing import Choice
from tickets.catalogue.service import CatalogueService
from tickets.model import Draft
from tickets.proposals import Proposal


class Proposing:
    """The `CatalogueProposals` of the house."""

    def __init__(self, catalogue: CatalogueService) -> None:
        self._catalogue = catalogue

    def proposals(self, draft: Draft) -> Sequence[Proposal]:
        """The departments that the lines name, the most precise line first, then who assists.

        The unit complained about is not among them: nothing is sent there.
        """
        found: dict[str, Proposal] = {}
        for choice in self._catalogue.choices(draft):
            for department in (choice.line.department_id, *choice.line.assist):
                if department != draft.about_unit:
                    found.setdefault(department, proposal(choice, department))
        return tuple(found.values())


def proposal(choice: Choice, department: str) -> Proposal:
    """What a line proposes; whoever it does not name as leading assists."""
    line = choice.line
    lead = department == line.department_id
    return Proposal(DepartmentId(department), line.line_id, choice.reasons, line.limit, lead=lead)
