"""What departments think of the catalogue: which of its lines lead to refusals (退单).

A refusal granted says that the order went to the wrong department; a ticket that was handed back
twice or more went to and fro (退单拉锯). Where such orders went in the end is what the line should
perhaps say.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from cti.kernel.identifiers import DepartmentId, TicketNumber


@dataclass(frozen=True, slots=True)
class Route:
    """An order as the catalogue saw it when it was sent."""

    number: TicketNumber
    dispatch: int
    department_id: DepartmentId
    line_id: str
    """The line that proposed best; empty where none spoke."""
    proposed: DepartmentId
    refusals: int
    """How often the department asked to hand it back."""
    refused: bool
    """It was granted: the order was wrong there."""

    @property
    def followed(self) -> bool:
        """Whether it went where the line said."""
        return bool(self.line_id) and self.department_id == self.proposed


@dataclass(frozen=True, slots=True)
class Returns:
    """What became of the orders of one line."""

    line_id: str
    sent: int
    followed: int
    asked: int
    """Orders of it that their department asked to hand back."""
    wrong: int
    """Of these, granted: wrongly dispatched."""
    to_and_fro: int
    """Tickets of it that were handed back twice or more."""
    went_to: tuple[tuple[DepartmentId, int], ...]
    """Where tickets ended that it had sent wrongly, the most frequent first."""


def returns(routes: Iterable[Route]) -> tuple[Returns, ...]:
    """The lines that orders were sent by, those most often wrong first."""
    tickets: dict[TicketNumber, list[Route]] = {}
    for route in routes:
        tickets.setdefault(route.number, []).append(route)
    lines: dict[str, _Counting] = {}
    for of_ticket in tickets.values():
        of_ticket.sort(key=lambda each: each.dispatch)
        refusals = sum(each.refusals for each in of_ticket)
        for each in of_ticket:
            lines.setdefault(each.line_id, _Counting()).add(each, of_ticket[-1], refusals)
    made = (counting.made(line_id) for line_id, counting in lines.items())
    return tuple(sorted(made, key=lambda each: (-each.wrong, -each.asked, -each.sent)))


class _Counting:
    """The orders of a line that are being counted."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._bouncing: set[TicketNumber] = set()
        self._went_to: Counter[DepartmentId] = Counter()

    def add(self, route: Route, last: Route, refusals: int) -> None:
        wrong = route.followed and route.refused
        self._counts["sent"] += 1
        self._counts["followed"] += route.followed
        self._counts["asked"] += route.followed and route.refusals > 0
        self._counts["wrong"] += wrong
        if refusals > 1 and route.followed:
            self._bouncing.add(route.number)
        if wrong and last.department_id != route.department_id and not last.refused:
            self._went_to[last.department_id] += 1

    def made(self, line_id: str) -> Returns:
        counts = self._counts
        return Returns(
            line_id,
            counts["sent"],
            counts["followed"],
            counts["asked"],
            counts["wrong"],
            len(self._bouncing),
            tuple(self._went_to.most_common(3)),
        )
