"""The desk as a whole: what stands beside the telephone on every agent's page."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from twisted.internet.defer import gatherResults

from agents.desk.codes import CodeTree
from agents.desk.customer_desk import CustomerDesk
from agents.desk.day import Days
from agents.desk.directory import Directory, Favourites
from agents.desk.model import OnCall
from agents.desk.wrap_up import WrapUp
from cti.kernel.identifiers import AgentId, CallId, StaffId

Show = Callable[[str, Any], None]

SHARED = frozenset({"codes", "directory"})
"""Kinds of entities that every agent sees."""


class Desk:
    """Puts the parts together; the console tells it which call is on whose card."""

    def __init__(
        self,
        customers: CustomerDesk,
        directory: Directory,
        favourites: Favourites,
        days: Days,
        wrap_up: WrapUp,
    ) -> None:
        self.customers, self.directory, self.favourites = customers, directory, favourites
        self.days, self.wrap_up = days, wrap_up

    async def start(self, calls: Collection[CallId]) -> None:
        """Begin to listen; done when what was kept is known, the codes of those calls included."""
        self.directory.start()
        kept = self.favourites.start(), self.days.start(), self.wrap_up.start(calls)
        await gatherResults(kept)

    def stop(self) -> None:
        """Listen no more."""
        self.directory.stop()
        self.days.stop()

    def put(self, agent_id: AgentId, call: OnCall | None) -> None:
        """That call is on the agent's card now."""
        self.customers.put(agent_id, call)
        if call is not None:
            self.wrap_up.put(agent_id, call)

    def entities(self, agent_id: AgentId) -> Mapping[str, Any]:
        """All that the agent's page is shown of it, by key."""
        own = {
            f"customer/{agent_id}": self.customers.entity(agent_id),
            f"wrap_up/{agent_id}": self.wrap_up.entity(agent_id),
        }
        return {
            **self.directory.entities(),
            "codes": codes_shown(self.wrap_up.codes),
            f"day/{agent_id}": self.days.entity(agent_id),
            f"favourites/{agent_id}": self.favourites.entity(StaffId(agent_id)),
            **{key: value for key, value in own.items() if value is not None},
        }


def codes_shown(codes: CodeTree) -> list[Mapping[str, Any]]:
    """The tree as pages get it."""
    return [each.shown() for each in codes.roots]
