"""Every agent's session, by whose it is and by their telephone."""

from collections.abc import Iterator

from agents.acd.policy import Agent
from agents.errors import agent_unknown
from agents.model import Staff
from agents.session import AgentSession
from agents.surroundings import Distributor, Surroundings
from cti.kernel.identifiers import AgentId, DeviceId


class Sessions:
    """Who can be at work here."""

    def __init__(self, house: Surroundings, distributor: Distributor) -> None:
        self._house, self._distributor = house, distributor
        self._by_agent: dict[AgentId, AgentSession] = {}
        self._by_extension: dict[DeviceId, AgentSession] = {}

    def __iter__(self) -> Iterator[AgentSession]:
        return iter(self._by_agent.values())

    def admit(self, staff: Staff) -> None:
        """A session for that agent, who has a telephone."""
        assert staff.extension is not None
        agent = Agent(staff.agent_id, staff.skills, staff.languages, priorities=staff.priorities)
        session = AgentSession(agent, staff.extension, self._house, self._distributor)
        self._by_agent[staff.agent_id] = self._by_extension[staff.extension] = session

    def of(self, agent_id: AgentId) -> AgentSession:
        """That agent's session; Refused (``agent.unknown``) for nobody's id."""
        session = self._by_agent.get(agent_id)
        if session is None:
            raise agent_unknown(agent_id)
        return session

    def find(self, agent_id: AgentId) -> AgentSession | None:
        """That agent's session, None for nobody's id."""
        return self._by_agent.get(agent_id)

    def at(self, extension: DeviceId) -> AgentSession | None:
        """The session of whose telephone that is."""
        return self._by_extension.get(extension)
