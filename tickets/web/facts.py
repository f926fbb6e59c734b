"""What the ticket pages ask about a call, whoever knows it."""

from dataclasses import dataclass
from typing import Protocol

from cti.kernel.identifiers import CallId, CustomerId
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
