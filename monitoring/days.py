"""An agent's day, and a queue's, as other rooms show it, read off the figures of the wall board."""

from datetime import datetime

from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import AgentId, QueueId
from cti.kernel.ports import AgentDay
from monitoring.agent_figures import AgentFigures
from monitoring.statistics import Figures, QueueFigures, turn
from monitoring.wallboard import WallBoard


class Days:
    """Implements `AgentDayPort` and `QueueDayPort` of `cti.kernel.ports`."""

    def __init__(self, board: WallBoard, clock: Clock) -> None:
        self._board, self._clock = board, clock

    def day_of(self, agent_id: AgentId) -> AgentDay:
        """Today's figures at this moment."""
        return day_of(self._board.figures, agent_id, utc(self._clock))

    def service_level_of(self, queue_id: QueueId) -> float | None:
        """Share from 0 to 1 of today's calls answered in time, by the formula of `statistics`."""
        return service_level_of(self._board.figures, queue_id, utc(self._clock))

    def forecasts_kept(self, queue_id: QueueId) -> tuple[float, float] | None:
        """Shares of today's callers within the lower and the upper end of what they were told."""
        figures = turn(self._board.figures, utc(self._clock))
        return figures.queues.get(queue_id, QueueFigures()).forecasts_kept


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


def service_level_of(figures: Figures, queue_id: QueueId, now: datetime) -> float | None:
    """The queue's service level on the day of that instant; None while nobody left the queue."""
    return turn(figures, now).queues.get(queue_id, QueueFigures()).service_level()
