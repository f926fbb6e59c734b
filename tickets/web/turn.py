"""Whose turn it is: who of the house must do something for a ticket in a list to go on."""

from collections.abc import Mapping
from dataclasses import dataclass

from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets.model import CaseState, DispatchState
from tickets.search.lines import Line
from tickets.web.shown import Words

OUTSIDE = "outside"
"""The turn of somebody who is not of the house: a customer, or who appraises."""
_BY_STATE: Mapping[CaseState, Role] = {
    CaseState.REGISTERED: Role.DISPATCHER,
    CaseState.IN_PROGRESS: Role.DISPATCHER,
    CaseState.RESULT_IN: Role.AGENT,
    CaseState.CALLBACK: Role.AGENT,
    CaseState.REPLIED: Role.DISPATCHER,
}
"""Whose turn it is where no department works at it."""
_BY_ORDER: Mapping[DispatchState, Role] = {
    DispatchState.SENT: Role.OFFICER,
    DispatchState.ACCEPTED: Role.OFFICER,
    DispatchState.REWORK: Role.OFFICER,
    DispatchState.RESULT_WRITTEN: Role.HEAD,
    DispatchState.REFUSAL_WRITTEN: Role.HEAD,
}
"""The same where one does; what it handed in waits for the dispatcher."""
_OF_DEPARTMENTS = frozenset({Role.OFFICER, Role.HEAD})


@dataclass(frozen=True, slots=True)
class Turn:
    """`who` in words, `beside`: which of a department's people; `mine`: the reader's own turn."""

    who: str = ""
    beside: str = ""
    mine: bool = False


NOBODYS = Turn()


def turn(line: Line, principal: Principal, words: Words) -> Turn:
    """Whose turn it is in words; nobody's once the ticket has ended."""
    if line.appraised or line.order is DispatchState.SUSPENDED:
        return Turn(words.text(f"ticket.turn.{OUTSIDE}"))
    role = Role.SUPERVISOR if line.asked else _role(line)
    if role is None:
        return NOBODYS
    mine = role in principal.roles
    if role not in _OF_DEPARTMENTS:
        return Turn(words.text(f"ticket.turn.{role.value}"), mine=mine)
    mine = mine and line.department_id == principal.department_id
    beside = words.text("ticket.turn.head") if role is Role.HEAD else ""
    return Turn(words.department(line.department_id), beside, mine)


def _role(line: Line) -> Role | None:
    if line.state is CaseState.IN_PROGRESS and line.order is not None:
        return _BY_ORDER.get(line.order, Role.DISPATCHER)
    return _BY_STATE.get(line.state)
