"""The lists that each role works with, as tabs; `tickets.visibility` says which tickets at all."""

from dataclasses import dataclass
from enum import Enum

from cti.kernel.identifiers import DepartmentId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets.search import places
from tickets.search.finding import PAGE, Mark, Query, Viewer
from tickets.search.query import EVERYTHING as ANYTHING
from tickets.search.query import Asked
from tickets.visibility import EVERYTHING
from tickets.workflow import ABOVE, DEPARTMENT, FRONT

READERS = tuple(sorted(EVERYTHING | DEPARTMENT, key=lambda role: role.value))
"""Who opens ticket pages at all."""
DESK = frozenset({Role.DISPATCHER, Role.SUPERVISOR})


class View(Enum):
    """A list of tickets, as its tab names it."""

    DISPATCH = "dispatch"
    REVIEW = "review"
    SENT = "sent"
    WORKING = "working"
    SIGN = "sign"
    DEPARTMENT = "department"
    MINE = "mine"
    REPLY = "reply"
    ANSWER = "answer"
    CALL_BACK = "call_back"
    CLOSING = "closing"
    OVERDUE = "overdue"
    URGED = "urged"
    SUPERVISED = "supervised"
    OPEN = "open"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Tab:
    """A list as one person has it: the place it shows, None for every ticket there is."""

    view: View
    place: str | None
    overdue: bool = False

    @property
    def key(self) -> str | None:
        """Its entity on the board; a list of everything is not counted there."""
        return self.place and f"{'late' if self.overdue else 'count'}/{self.place}"


def tabs_of(principal: Principal) -> list[Tab]:
    """The person's lists, the one they start with first."""
    roles, unit = principal.roles, principal.department_id
    tabs = list[Tab]()
    if roles & DESK:
        tabs.append(Tab(View.DISPATCH, places.DISPATCH))
    if roles & (DESK | ABOVE):
        tabs.append(Tab(View.REVIEW, places.REVIEW))
    if roles & DEPARTMENT and unit:
        tabs += _of_department(unit)
    if roles & FRONT:
        tabs += [
            Tab(View.MINE, places.mine(principal.staff_id)),
            Tab(View.REPLY, places.REPLY),
            Tab(View.ANSWER, places.ANSWER),
            Tab(View.CALL_BACK, places.CALL_BACK),
        ]
    if roles & DESK:
        tabs.append(Tab(View.CLOSING, places.CLOSING))
    if not roles & EVERYTHING:
        own = places.department(unit or DepartmentId(""))
        urged = places.department(unit or DepartmentId(""), places.URGED)
        return [*tabs, Tab(View.OVERDUE, own, overdue=True), Tab(View.URGED, urged), _EVER]
    return [*tabs, *_OF_ALL]


def viewer_of(principal: Principal) -> Viewer:
    """For whom lists are made."""
    within = principal.department_id or DepartmentId("")
    limited = not principal.roles & EVERYTHING
    return Viewer(principal.staff_id, principal.unit, within if limited else None)


def query_for(
    principal: Principal,
    tab: Tab,
    asked: Asked = ANYTHING,
    mark: Mark | None = None,
    limit: int = PAGE,
) -> Query:
    """What that list asks for; a department's people never ask beyond it."""
    return Query(tab.place, asked, tab.overdue, viewer_of(principal), mark, limit)


def _of_department(unit: DepartmentId) -> list[Tab]:
    return [
        Tab(View.SENT, places.department(unit, places.SENT)),
        Tab(View.WORKING, places.department(unit, places.WORKING)),
        Tab(View.SIGN, places.department(unit, places.SIGN)),
        Tab(View.DEPARTMENT, places.department(unit)),
    ]


_EVER = Tab(View.ALL, None)
_OF_ALL = (
    Tab(View.OVERDUE, places.OPEN, overdue=True),
    Tab(View.URGED, places.URGED),
    Tab(View.SUPERVISED, places.SUPERVISED),
    Tab(View.OPEN, places.OPEN),
    _EVER,
)
