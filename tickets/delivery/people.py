"""Who is told: the staff as messages reach them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from cti.kernel.identifiers import DepartmentId, StaffId
from cti.kernel.vocabulary import Language, Role
from tickets.model import Audience


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member of staff; `email` is empty for whoever reads messages on their pages alone."""

    staff_id: StaffId
    name: str
    roles: frozenset[Role]
    language: Language
    department_id: DepartmentId | None = None
    email: str = ""
    unit: DepartmentId | None = None
    """Whom they work with: a department, or a team at the hotline."""


People = Callable[[], Sequence[Recipient]]
"""Everybody who works here now."""


def for_whom(audience: Audience, people: Sequence[Recipient]) -> Iterator[Recipient]:
    """The people the message is for: one person, or the holders of a role, in one department."""
    for each in people:
        if audience.staff_id is not None:
            if each.staff_id == audience.staff_id:
                yield each
        elif audience.role in each.roles and audience.department_id in (None, each.department_id):
            yield each


def without_those_meant(
    recipients: Iterable[Recipient], about: StaffId | None, unit: DepartmentId | None
) -> list[Recipient]:
    """The same without whom a complaint is about, and without their unit.

    What pages hide from them (`tickets.visibility`) is not sent to them either.
    """
    return [
        each
        for each in recipients
        if (about is None or each.staff_id != about)
        and (unit is None or unit not in (each.department_id, each.unit))
    ]
