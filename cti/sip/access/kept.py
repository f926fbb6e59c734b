"""Where a telephone can be reached, as plain values for another process (RFC 3261, 10.3).

Telephones register anew after minutes only; until then they are called by what was kept. A binding
that is reached over a connection is not kept: it ends with the connection (RFC 5626, 5.3), and
whoever made that one notices and registers over another.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from cti.sip.access.registrar import Binding
from cti.sip.events import Endpoint


@dataclass(frozen=True, slots=True)
class KeptBinding:
    """One contact of an account; `cti.kernel.plain` writes it down."""

    account: str
    uri: str
    destination: Endpoint
    call_id: str
    sequence: int
    until: datetime
    """Aware UTC."""
    quality: float = 1.0
    instance: str = ""
    flow_number: int = 0
    routes: tuple[str, ...] = ()

    @classmethod
    def of(cls, account: str, binding: Binding) -> "KeptBinding":
        """As it is kept."""
        return cls(
            account,
            binding.uri,
            binding.destination,
            binding.call_id,
            binding.sequence,
            datetime.fromtimestamp(binding.expires, UTC),
            binding.quality,
            binding.instance,
            binding.flow_number,
            binding.routes,
        )

    @property
    def binding(self) -> Binding:
        """As the registrar has it."""
        return Binding(
            self.uri,
            self.destination,
            self.call_id,
            self.sequence,
            self.until.timestamp(),
            self.quality,
            self.instance,
            self.flow_number,
            self.routes,
        )


def lasting(bindings: tuple[Binding, ...]) -> tuple[Binding, ...]:
    """Those of them that do not end with a connection of this process."""
    return tuple(each for each in bindings if not _over_connection(each.destination))


def _over_connection(destination: Endpoint) -> bool:
    return destination.transport.reliable and bool(destination.flow)
