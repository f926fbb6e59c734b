"""Which entry serves the number dialled (DNIS)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cti.kernel.identifiers import CallId

Entry = Callable[[CallId], None]
"""Takes a delivered, unanswered call and answers it."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Numbers dialled and who takes them; a number is matched as the request URI's user part."""

    entries: Mapping[str, Entry]

    def entry(self, called: str) -> Entry | None:
        """The entry of that number, or None when the house does not have it."""
        return self.entries.get(called.removeprefix("+86"), self.entries.get(called))
