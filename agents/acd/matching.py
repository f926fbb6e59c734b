"""The matcher in the reactor: it is told what happens as it happens, and obeyed at once.

The matcher knows no clock; here it is told each instant, and woken at the next one that moves a
waiting call. An assignment that cannot be carried out is taken back before the next is made.
"""

from collections.abc import Callable

from twisted.logger import Logger

from agents.acd.leading import Due, Look
from agents.acd.matcher import (
    AgentFree,
    AgentGone,
    AgentStaffed,
    AgentTaken,
    AgentUnstaffed,
    Assignment,
    CallArrived,
    CallChanged,
    CallHandled,
    CallLeft,
    Input,
    Matcher,
    OfferFailed,
    OfferTaken,
    TimePassed,
)
from agents.acd.policy import Agent
from agents.acd.queue import WaitingCall
from agents.acd.waiting import Place
from agents.timer import Timer
from cti.kernel.clock import Clock
from cti.kernel.errors import Refused
from cti.kernel.identifiers import AgentId, CallId, QueueId


class Matching:
    """Tells the matcher what happens, and lets `assign` give each caller it pairs with an agent.

    `lost` takes back what `assign` refused; `stir` is called after everything that happens.
    """

    log = Logger()

    def __init__(
        self,
        clock: Clock,
        matcher: Matcher,
        *,
        assign: Callable[[Assignment], None],
        lost: Callable[[CallId], None],
        stir: Callable[[], None],
    ) -> None:
        self.matcher = matcher
        self._clock = clock
        self._assign, self._lost, self._stir = assign, lost, stir
        self._relaxing = Timer(clock)

    # --- calls ------------------------------------------------------------------------------

    def arrived(self, call: WaitingCall) -> None:
        """The call waits, or waits again, at the place that its arrival gives it."""
        self._happened(CallArrived(call, self._clock.seconds()))

    def changed(self, call: WaitingCall) -> None:
        """More is known of the call that waits."""
        self._happened(CallChanged(call, self._clock.seconds()))

    def left(self, call_id: CallId) -> None:
        """The call waits no more; nothing if it did not."""
        self._happened(CallLeft(call_id))

    def taken(self, call_id: CallId) -> None:
        """The agent whom the call was offered talks with the caller."""
        self._happened(OfferTaken(call_id, self._clock.seconds()))

    def failed(self, call_id: CallId) -> None:
        """The agent whom the call was offered did not take it: it waits on."""
        self._happened(OfferFailed(call_id, self._clock.seconds()))

    def handled(self, queue_id: QueueId, seconds: float) -> None:
        """An agent was taken by a call of that queue for so long."""
        self._happened(CallHandled(queue_id, seconds, self._clock.seconds()))

    # --- agents -----------------------------------------------------------------------------

    def agent_free(self, agent: Agent) -> None:
        """The agent takes the next call."""
        self._happened(AgentFree(agent, self._clock.seconds()))

    def agent_gone(self, agent_id: AgentId) -> None:
        """The agent takes no calls."""
        self._happened(AgentGone(agent_id, self._clock.seconds()))

    def agent_taken(self, agent_id: AgentId, queue_id: QueueId) -> None:
        """The agent talks with somebody of that queue whom the matcher did not know."""
        self._happened(AgentTaken(agent_id, queue_id, self._clock.seconds()))

    def agent_staffed(self, agent: Agent) -> None:
        """The agent serves callers from now on, though they may be taken at first."""
        self._happened(AgentStaffed(agent, self._clock.seconds()))

    def agent_unstaffed(self, agent_id: AgentId) -> None:
        """The agent serves nobody any more."""
        self._happened(AgentUnstaffed(agent_id, self._clock.seconds()))

    # --- looking ----------------------------------------------------------------------------

    def place(self, call_id: CallId) -> Place | None:
        """The caller's place and expected wait; None unless the call waits unoffered."""
        position = self.matcher.position(call_id)
        if position is None:
            return None
        return Place(position, self.matcher.forecast(call_id, self._clock.seconds()))

    def unoffered(self, call_id: CallId) -> bool:
        """Whether the call waits and no telephone rings for it."""
        return self.matcher.position(call_id) is not None

    def offered(self, call_id: CallId) -> bool | None:
        """Whether the call that waits is offered; None where the matcher does not know it."""
        return self.matcher.offered(call_id)

    def free(self, agent_id: AgentId) -> bool:
        """Whether the matcher may give the agent a call."""
        return self.matcher.free(agent_id)

    def rung_ahead(self, look: Look) -> Due:
        """Which call-backs go out though no agent is theirs yet."""
        return self.matcher.rung_ahead(look, self._clock.seconds())

    def stop(self) -> None:
        """No instant wakes the matcher any more."""
        self._relaxing.disarm()

    # --- inside -----------------------------------------------------------------------------

    def _happened(self, event: Input) -> None:
        pairs = self.matcher.handle(event)
        self._arm()
        for pair in pairs:
            try:
                self._assign(pair)
            except Refused as refused:
                self.log.error(
                    "{agent_id} cannot be given {call_id}: {why}",
                    agent_id=pair.agent_id,
                    call_id=pair.call.call_id,
                    why=refused,
                )
                self._lost(pair.call.call_id)
        self._stir()

    def _arm(self) -> None:
        """Let the matcher know when the next instant passes that moves a waiting call."""
        if (instant := self.matcher.next_change()) is not None:
            self._relaxing.arm_at(instant, self._relax)
        else:
            self._relaxing.disarm()

    def _relax(self) -> None:
        self._happened(TimePassed(self._clock.seconds()))
