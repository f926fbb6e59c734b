"""Where an order had better go: what the dispatch catalogue proposes for a matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cti.kernel.identifiers import DepartmentId
from tickets.model import Draft


@dataclass(frozen=True, slots=True)
class Proposal:
    """A department that a matter belongs to, by a line of the catalogue.

    `reasons` are what the line asked, by name, and what the ticket answers.
    """

    department_id: DepartmentId
    line_id: str
    reasons: tuple[tuple[str, str], ...] = ()
    limit: str = ""
    """What the bank promises for such matters, in the catalogue's words."""
    lead: bool = True
    """It answers for the matter; else it assists."""


class CatalogueProposals(Protocol):
    """The dispatch catalogue (派单目录): which department answers for which matter."""

    def proposals(self, draft: Draft) -> Sequence[Proposal]:
        """The departments it proposes, the best first; none where it says nothing."""


class NoCatalogue:
    """Proposes nothing: no catalogue is kept."""

    def proposals(self, draft: Draft) -> Sequence[Proposal]:  # noqa: ARG002  (see CatalogueProposals)
        """Nothing."""
        return ()
