"""Who sees a ticket at all: one question, asked by pages, lists, search, exports and messages.

The hotline's own people see every ticket, a department's people what was sent to their
department. A complaint about an employee is seen by neither that employee nor their unit,
whatever their role: who is complained of does not read who complains.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cti.kernel.errors import Refused
from cti.kernel.identifiers import DepartmentId, StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets.model import Case
from tickets.workflow import FRONT

EVERYTHING = FRONT | {Role.QUALITY, Role.PROTECTION, Role.EXECUTIVE}
"""Roles that see every ticket but those about themselves."""


@dataclass(frozen=True, slots=True)
class Concern:
    """What of a ticket decides who sees it."""

    departments: Collection[DepartmentId] = ()
    """Where it was ever sent."""
    about_staff: StaffId | None = None
    """The employee complained of."""
    about_unit: DepartmentId | None = None
    """That employee's unit when the ticket was registered."""


def concern_of(case: Case) -> Concern:
    """What of the case decides who sees it."""
    draft = case.draft
    departments = [each.department_id for each in case.dispatches]
    return Concern(departments, draft.about_staff, draft.about_unit)


def visible(principal: Principal, concern: Concern) -> bool:
    """Whether the person may see a ticket, or hear of it in any way."""
    if concerns(principal, concern):
        return False
    return bool(principal.roles & EVERYTHING) or principal.department_id in concern.departments


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, and their unit: what is about them they are not shown."""

    staff_id: StaffId
    unit: DepartmentId | None = None


def concern_in(draft: Mapping[str, Any]) -> Concern:
    """Whom a ticket is about, by its draft as it is stored."""
    return Concern((), draft.get("about_staff"), draft.get("about_unit"))


def concerns(principal: Principal | Reader, concern: Concern) -> bool:
    """Whether the ticket is a complaint about the person or somebody of their unit."""
    if concern.about_staff is not None and concern.about_staff == principal.staff_id:
        return True
    return concern.about_unit is not None and concern.about_unit == principal.unit


def check_visible(principal: Principal, number: str, concern: Concern) -> None:
    """Refused unless the person may see the ticket.

    Whom it concerns is told what anybody is told of a number that was never given
    (``ticket.unknown``), others that it is not their department's (``ticket.other_department``).
    """
    if concerns(principal, concern):
        raise Refused("ticket.unknown", number=number)
    if not visible(principal, concern):
        raise Refused("ticket.other_department")
