"""The lists that each role works with."""

from dataclasses import replace
from enum import Enum

from cti.kernel.identifiers import DepartmentId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets.search import Query
from tickets.visibility import EVERYTHING
from tickets.workflow import DEPARTMENT, FRONT

READERS = tuple(sorted(EVERYTHING | DEPARTMENT, key=lambda role: role.value))
"""Who opens ticket pages at all; `tickets.visibility` says which tickets."""


class View(Enum):
    """A list of tickets, as its tab names it."""

    DESK = "desk"
    DEPARTMENT = "department"
    MINE = "mine"
    OPEN = "open"
    OVERDUE = "overdue"
    ALL = "all"


def views_of(principal: Principal) -> list[View]:
    """The person's lists, the one they start with first."""
    roles = principal.roles
    chosen = [
        (View.DESK, roles & {Role.DISPATCHER, Role.SUPERVISOR}),
        (View.DEPARTMENT, roles & DEPARTMENT and principal.department_id),
        (View.MINE, roles & FRONT),
        (View.OPEN, roles & EVERYTHING),
        (View.OVERDUE, True),
        (View.ALL, True),
    ]
    return [view for view, given in chosen if given]


def query_for(principal: Principal, view: View, text: str = "", offset: int = 0) -> Query:
    """What that list asks for; a department's people never ask beyond it."""
    query = Query(text=text, offset=offset)
    if not principal.roles & EVERYTHING:
        query = replace(query, department_id=principal.department_id or DepartmentId(""))
    match view:
        case View.DESK:
            return replace(query, desk=True)
        case View.DEPARTMENT:
            return replace(query, department_id=principal.department_id)
        case View.MINE:
            return replace(query, opened_by=principal.staff_id)
        case View.OVERDUE:
            return replace(query, overdue_only=True)
        case View.ALL:
            return replace(query, open_only=False)
        case View.OPEN:
            return query
