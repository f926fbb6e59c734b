"""What call control asks of the lines to the outside; `cti.trunks` does it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cti.media.model import Security
from cti.sip.events import SessionOffered


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls, as far as it can be believed, and what was dialled."""

    number: str
    """In E.164 with its plus sign where it is such a number, else as given; empty: not known."""
    called: str
    """The number dialled, as `hotline.yaml` writes the house's own numbers."""
    name: str = ""
    withheld: bool = False
    """The caller asked not to be shown (RFC 3323); `number` is then empty to everybody above."""
    diverted_from: str = ""
    """The number first dialled, where the call was diverted to us (RFC 7044, RFC 5806)."""
    diverted_why: str = ""
    """Why, in the words of RFC 5806, 4: ``user-busy``, ``no-answer``, ``unconditional`` ..."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way to an outside number: a gateway of a trunk, and what its INVITE says."""

    trunk: str
    target: str
    """Request URI; a name in it is looked up (RFC 3263)."""
    calling: str
    """User part of From."""
    host: str
    """Host of From."""
    headers: tuple[tuple[str, str], ...] = ()
    """P-Asserted-Identity, Privacy and what else the trunk asks for."""
    user: str = ""
    secret: str = field(default="", repr=False)
    security: Security = Security.NONE
    codecs: tuple[str, ...] = ()
    """What the trunk may be offered, by SDP's names, the best first; empty: what the house can."""
    proxy: str = ""
    """URI of the outbound proxy that the INVITE is sent to instead (RFC 3261, 8.1.2)."""
    patience: float = 4.0
    """Seconds without any answer at all, after which the next route is tried."""


class Lines(Protocol):
    """The trunks, seen from call control."""

    def identify(self, report: SessionOffered) -> Identity:
        """Who calls by this INVITE, from a trunk or from a telephone of the house."""

    def written(self, number: str) -> str:
        """The number as people of this place write and dial it, and read it on their telephones."""

    def admit(self, trunk: str) -> bool:
        """Whether the trunk may bring one more call now; counts it if so, until `release`."""

    def routes(self, number: str, calling: str = "") -> Sequence[Route]:
        """The ways to that number, the best first; Refused `call.no_route` when it has none.

        `calling` is the number to show; empty: the trunk's own.
        """

    def seize(self, route: Route) -> bool:
        """Whether the route's trunk takes one more call now; counts it if so, until `release`."""

    def failed(self, route: Route, status: int, *, silent: bool = False) -> bool:
        """The route was tried and refused with `status`; whether the next one is to be tried.

        `silent` when nobody said so: there was no answer at all (408).
        """

    def retake(self, trunk: str, *, outgoing: bool = False) -> None:
        """A call that another process had counted goes on here: counted, whatever the limits."""

    def secret(self, trunk: str) -> str:
        """What answers the trunk's challenges; empty where it needs nothing."""

    def release(self, trunk: str, *, outgoing: bool = False) -> None:
        """A call that was counted is over: one that `admit` or, `outgoing`, one `seize` let in."""
