"""What an agent sees of the caller they lent to the IVR: the entity ``loan/<id>`` of the console.

It is there from the loan until the agent has done with the call, and says who is with the IVR since
when, then what came of it; what was keyed in is nowhere.
"""

from collections.abc import Callable, Mapping
from typing import Any

from agents.events import CallLent, CallLoanEnded, CallOffered, CallWrappedUp
from agents.lending import Lending, LoanView
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.identifiers import AgentId
from cti.web.live import LiveBoard


class LoanBoard:
    """Keeps the loan on each agent's screen."""

    def __init__(
        self,
        board: LiveBoard,
        lending: Lending,
        bus: Bus,
        show_agent: Callable[[AgentId], object],
    ) -> None:
        """`show_agent` shows the agent anew: what they can do depends on the loan."""
        self._board, self._lending, self._bus = board, lending, bus
        self._show_agent = show_agent
        self._shown: dict[AgentId, LoanView] = {}
        self._subscriptions: list[Unsubscribe] = []

    def start(self) -> None:
        """Begin to listen; loans of before a restart are shown at once."""
        for loan, view in self._lending.lasting():
            self._shown[loan.agent_id] = view
        listen = self._bus.subscribe
        self._subscriptions = [
            listen(CallLent, self._changed),
            listen(CallLoanEnded, self._changed),
            listen(CallOffered, self._gone),
            listen(CallWrappedUp, self._gone),
        ]

    def stop(self) -> None:
        """Listen no more."""
        for unsubscribe in self._subscriptions:
            unsubscribe()

    def of(self, agent_id: AgentId) -> Mapping[str, Any]:
        """What that agent's page is shown when it connects."""
        view = self._shown.get(agent_id)
        return {f"loan/{agent_id}": view} if view is not None else {}

    def _changed(self, event: CallLent | CallLoanEnded) -> None:
        if isinstance(event, CallLent):
            view = LoanView(event.call_id, event.purpose, event.at)
        else:
            since = self._shown.get(event.agent_id)
            view = LoanView(
                event.call_id,
                event.purpose,
                since.since if since is not None else event.at,
                event.at,
                event.result,
                event.services,
            )
        self._shown[event.agent_id] = view
        self._board.publish(f"loan/{event.agent_id}", view)
        self._show_agent(event.agent_id)

    def _gone(self, event: CallOffered | CallWrappedUp) -> None:
        if self._shown.pop(event.agent_id, None) is not None:
            self._board.delete(f"loan/{event.agent_id}")
