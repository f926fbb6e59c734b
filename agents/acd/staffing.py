"""How many agents serve each queue in each language, kept as they come and go. Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping

from agents.acd.policy import Agent
from agents.model import Queue
from cti.kernel.identifiers import AgentId, QueueId
from cti.kernel.vocabulary import Language

Serving = tuple[QueueId, Language]


class Staffing:
    """Who serves callers now or soon: ready, talking, or working after a call."""

    def __init__(self, queues: Callable[[], Mapping[QueueId, Queue]]) -> None:
        self._queues = queues
        self._served: dict[AgentId, Collection[Serving]] = {}
        self._counts: Counter[Serving] = Counter()

    def add(self, agent: Agent) -> None:
        """The agent serves callers; replaces what was known of them."""
        self.remove(agent.agent_id)
        served = [
            (queue_id, language)
            for queue_id, queue in self._queues().items()
            if queue.rules.served_with(agent.skills)
            for language in agent.languages
        ]
        self._served[agent.agent_id] = served
        self._counts.update(served)

    def remove(self, agent_id: AgentId) -> list[Serving]:
        """The agent serves nobody; gives the queues that are left with nobody by that."""
        served = self._served.pop(agent_id, ())
        self._counts.subtract(served)
        return [each for each in served if not self._counts[each]]

    def count(self, queue_id: QueueId, language: Language) -> int:
        """How many serve callers of that queue who speak that language."""
        return self._counts[queue_id, language]
