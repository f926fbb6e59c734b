"""Lines outside without trunks: numbers, the gateways that lead there, and what is counted."""

from collections import Counter
from collections.abc import Sequence

from cti.call.lines import Identity, Route
from cti.call.no_lines import NoLines
from cti.kernel.errors import Refused
from cti.sip.events import SessionOffered


class FakeLines:
    """Implements `cti.call.lines.Lines`; `ways` are the trunks to each number, the best first."""

    def __init__(self) -> None:
        self.ways: dict[str, tuple[str, ...]] = {}
        self.room: dict[str, int] = {}
        """How many calls a trunk takes at once; any number where nothing is said."""
        self.up: Counter[tuple[str, bool]] = Counter()
        """Calls counted on each trunk now, with whether they are outgoing."""
        self.refusals: list[tuple[str, int, bool]] = []
        self.identity: Identity | None = None

    def identify(self, report: SessionOffered) -> Identity:
        return self.identity or NoLines().identify(report)

    def written(self, number: str) -> str:
        return number

    def admit(self, trunk: str) -> bool:
        return self._count(trunk, outgoing=False)

    def routes(self, number: str, calling: str = "") -> Sequence[Route]:
        if number not in self.ways:
            raise Refused("call.no_route", number=number)
        return tuple(
            Route(trunk, f"sip:{number}@{trunk}.example", calling or "95588", "192.0.2.9")
            for trunk in self.ways[number]
        )

    def seize(self, route: Route) -> bool:
        return self._count(route.trunk, outgoing=True)

    def failed(self, route: Route, status: int, *, silent: bool = False) -> bool:
        self.refusals.append((route.trunk, status, silent))
        return status in (408, 500, 503)

    def retake(self, trunk: str, *, outgoing: bool = False) -> None:
        self.up[trunk, outgoing] += 1

    def secret(self, trunk: str) -> str:
        return f"secret of {trunk}"

    def release(self, trunk: str, *, outgoing: bool = False) -> None:
        assert self.up[trunk, outgoing] > 0, f"{trunk} is counted on no such call"
        self.up[trunk, outgoing] -= 1

    def _count(self, trunk: str, *, outgoing: bool) -> bool:
        if self.up[trunk, True] + self.up[trunk, False] >= self.room.get(trunk, 1000):
            return False
        self.up[trunk, outgoing] += 1
        return True
