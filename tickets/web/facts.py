"""What the ticket pages ask about calls and colleagues, whoever knows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from twisted.internet.defer import Deferred, fail

from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, CustomerId, DepartmentId, StaffId
from cti.kernel.vocabulary import ServiceLevel


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What a call tells before anybody asks: who calls, from where, by which way."""

    call_id: CallId
    number: str
    """The number the call came from."""
    customer_id: CustomerId | None = None
    name: str = ""
    address: str = ""
    service_level: ServiceLevel = ServiceLevel.UNIFORM
    path: tuple[str, ...] = ()
    """The menu choices on the way to the agent."""


class CallFactsPort(Protocol):
    """Knows the calls that are up, and those that ended a short while ago."""

    def facts(self, call_id: CallId) -> CallFacts | None:
        """What is known of the call; None for one nobody remembers."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of staff whom a complaint may be about."""

    staff_id: StaffId
    name: str


class StaffUnits(Protocol):
    """Knows who works where (the roster does)."""

    def everybody(self) -> Sequence[Colleague]:
        """Everybody who works here, by name."""

    def unit_of(self, staff_id: StaffId) -> DepartmentId | None:
        """Their department, or their team at the hotline; None for who is in neither."""


def concerned(staff_id: str, units: StaffUnits) -> tuple[StaffId | None, DepartmentId | None]:
    """The colleague whom a form names, with their unit; Refused where nobody is called so."""
    if not staff_id:
        return None, None
    found = StaffId(staff_id)
    if all(each.staff_id != found for each in units.everybody()):
        raise Refused("ticket.staff_unknown")
    return found, units.unit_of(found)


class Dialler(Protocol):
    """Calls people for members of staff, by the telephones that they have (`agents` does)."""

    def dial(self, staff_id: StaffId, number: str) -> Deferred[CallId]:
        """Ring their telephone and call the number for it; Refused where that cannot be now."""


class NoTelephones:
    """A house in which nobody calls from the ticket pages."""

    def dial(self, staff_id: StaffId, _number: str) -> Deferred[CallId]:
        """Refused (``ticket.no_dialling``)."""
        return fail(Refused("ticket.no_dialling", staff=staff_id))
