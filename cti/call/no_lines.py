"""Lines of a house without trunks: callers are who they say, and no number outside is reached."""

from collections.abc import Sequence

from cti.call.lines import Identity, Route
from cti.kernel.errors import Refused
from cti.sip.events import SessionOffered

WITHHELD = "anonymous"
LONGEST_NUMBER = 32
"""Characters: twice what E.164 allows, so that extensions and names have room."""


class NoLines:
    """Implements `cti.call.lines.Lines`."""

    def identify(self, report: SessionOffered) -> Identity:
        """What From and the request URI say."""
        # A telephone number may carry parameters behind it (RFC 3261, 19.1.6).
        called = (report.request.uri.user or "").partition(";")[0]
        user = report.request.from_address.uri.user or ""
        withheld = user.lower() == WITHHELD
        return Identity("" if withheld else _shown(user), called, withheld=withheld)

    def written(self, number: str) -> str:
        """As it came."""
        return number

    def admit(self, trunk: str) -> bool:
        del trunk
        return True

    def routes(self, number: str, calling: str = "") -> Sequence[Route]:
        """Refused ``call.no_route``: there is none."""
        del calling
        raise Refused("call.no_route", number=number)

    def seize(self, route: Route) -> bool:
        del route
        return False

    def failed(self, route: Route, status: int, *, silent: bool = False) -> bool:
        del route, status, silent
        return False

    def retake(self, trunk: str, *, outgoing: bool = False) -> None: ...

    def secret(self, trunk: str) -> str:
        del trunk
        return ""

    def release(self, trunk: str, *, outgoing: bool = False) -> None: ...


def _shown(user: str) -> str:
    """What can be shown and stored of a SIP user part, which may hold anything, NUL included."""
    return "".join(filter(str.isprintable, user))[:LONGEST_NUMBER]
