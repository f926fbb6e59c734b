"""A floor of two queues and four agents for what monitoring asks of them."""

from collections.abc import Collection, Sequence

from cti.kernel.identifiers import AgentId, QueueId
from cti.kernel.vocabulary import Language
from monitoring.wallboard import BoardQueue
from tests.support.simulated_house import AGENTS, QUEUES


class SmallFloor:
    """Implements `monitoring.wallboard.Floor`; all agents serve the first queue, two the second."""

    def queues(self) -> Sequence[BoardQueue]:
        names = ("普通", "General"), ("投诉", "Complaints")
        return [
            BoardQueue(queue_id, {Language.CHINESE: zh, Language.ENGLISH: en}, 20.0)
            for queue_id, (zh, en) in zip(QUEUES, names, strict=True)
        ]

    def serving(self, queue_id: QueueId) -> Collection[AgentId]:
        return AGENTS if queue_id == QUEUES[0] else AGENTS[:2]

    def agent_name(self, agent_id: AgentId) -> str:
        return f"Agent {agent_id}"

    def agent_extension(self, agent_id: AgentId) -> str:
        return f"10{agent_id[1:]}"
