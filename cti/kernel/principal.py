"""Who is asking: the signed-in member of staff, as pages and services see them."""

from dataclasses import dataclass

from cti.kernel.errors import Refused
from cti.kernel.identifiers import DepartmentId, StaffId
from cti.kernel.vocabulary import Language, Role


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in member of staff. `staff_id` of an agent is also the agent's `AgentId`."""

    staff_id: StaffId
    name: str
    roles: frozenset[Role]
    language: Language
    department_id: DepartmentId | None = None
    extension: str | None = None
    unit: DepartmentId | None = None
    """Whom they work with, who do not read a complaint about one of them: a department or a team.

    That of the department, where nothing else is said.
    """

    def __post_init__(self) -> None:
        if self.unit is None:
            object.__setattr__(self, "unit", self.department_id)

    def require(self, *roles: Role) -> None:
        """Refused unless the principal has one of these roles."""
        if not self.roles.intersection(roles):
            raise Refused("access.role_missing", needed=", ".join(role.value for role in roles))
