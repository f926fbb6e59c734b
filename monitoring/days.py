"""An agent's day as other rooms show it, read off the figures of the wall board."""

from datetime import datetime

from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import AgentId
from cti.kernel.ports import AgentDay
from monitoring.agent_figures import AgentFigures
from monitoring.statistics import Figures, turn
from monitoring.wallboard import WallBoard


class Days:
    """Implements `cti.kernel.ports.AgentDayPort`."""

    def __init__(self, board: WallBoard, clock: Clock) -> None:
        self._board, self._clock = board, clock

    def day_of(self, agent_id: AgentId) -> AgentDay:
        """Today's figures at this moment."""
        return day_of(self._board.figures, agent_id, utc(self._clock))


def day_of(figures: Figures, agent_id: AgentId, now: datetime) -> AgentDay:
    """The agent's figures of the day of that instant."""
    figures = turn(figures, now)
    agent = figures.agents.get(agent_id, AgentFigures()).until(now)
    return AgentDay(
        day=figures.day,
        handled=agent.wrapped_up,
        missed=agent.missed,
        coded=agent.coded,
        talked=agent.talked,
        held=agent.held,
        after_call=agent.after_call,
        occupancy=agent.occupancy,
    )
