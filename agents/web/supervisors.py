"""Who is at an agent's call: the entity ``supervised/<id>``, for houses that let agents know."""

from collections.abc import Callable, Mapping
from typing import Any

from agents.events import Supervised
from agents.supervision import SupervisorService
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.identifiers import AgentId, StaffId
from cti.web.live import LiveBoard


class SupervisorsBoard:
    """Keeps the supervisors of each agent's call on the agent's screen."""

    def __init__(
        self,
        board: LiveBoard,
        supervision: SupervisorService,
        bus: Bus,
        name_of: Callable[[StaffId], str],
    ) -> None:
        self._board, self._supervision, self._bus = board, supervision, bus
        self._name_of = name_of

    def start(self) -> Unsubscribe:
        """Begin to listen; gives what ends it."""
        return self._bus.subscribe(Supervised, self._changed)

    def of(self, agent_id: AgentId) -> Mapping[str, Any]:
        """What that agent's page is shown when it connects: name and mode of each."""
        there = [
            {"name": self._name_of(each.supervisor_id), "mode": each.mode}
            for each in self._supervision.of_agent(agent_id)
        ]
        return {f"supervised/{agent_id}": there} if there else {}

    def _changed(self, event: Supervised) -> None:
        key = f"supervised/{event.agent_id}"
        shown = self.of(event.agent_id)
        if key in shown:
            self._board.publish(key, shown[key])
        else:
            self._board.delete(key)
