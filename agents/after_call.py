"""After-call work as a value: how long an agent may finish what a conversation left to do. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agents.errors import no_more_time
from agents.model import AfterCallMode, AfterCallRules


@dataclass(frozen=True, slots=True)
class AfterCall:
    """After-call work that goes on; without a `deadline` it ends only when the agent says so."""

    rules: AfterCallRules
    deadline: datetime | None
    extensions_left: int

    @classmethod
    def begun(cls, rules: AfterCallRules, at: datetime) -> "AfterCall":
        """The work that begins at that instant."""
        timed = rules.mode is not AfterCallMode.UNTIL_FINISHED
        extendable = rules.mode is AfterCallMode.EXTENDABLE
        return cls(
            rules,
            at + timedelta(seconds=rules.limit) if timed else None,
            rules.extensions if extendable else 0,
        )

    def resumed(self, deadline: datetime | None, extensions: int) -> "AfterCall":
        """The same after so many extensions, the last of which moved the end to `deadline`."""
        left = max(0, self.extensions_left - extensions)
        return replace(self, deadline=deadline or self.deadline, extensions_left=left)

    def extended(self) -> "AfterCall":
        """More time; Refused (``agent.no_more_time``) when it is used up or not meant to be."""
        if self.deadline is None or self.extensions_left == 0:
            raise no_more_time()
        later = self.deadline + timedelta(seconds=self.rules.extension)
        return replace(self, deadline=later, extensions_left=self.extensions_left - 1)
