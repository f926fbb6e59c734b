"""Where one agent stands: the owner of their status, who tells the house of every change of it."""

from dataclasses import replace
from datetime import datetime

from agents.events import AgentPendingChanged, AgentState, AgentStateChanged, BusyKind
from agents.state import Move, Presence, Status, advance
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import AgentId, CallId, DeviceId, StaffId


class Standing:
    """The status of one agent and since when; the only one to publish changes of it."""

    def __init__(self, agent_id: AgentId, extension: DeviceId, clock: Clock, bus: Bus) -> None:
        self._agent_id, self._extension = agent_id, extension
        self._clock, self._bus = clock, bus
        self.status = Status()
        self.since = utc(clock)
        self.idle_since = clock.seconds()
        """Since when they wait for a call; one whose caller left while it rang changes nothing."""

    def restore(self, status: Status, since: datetime, idle_since: float) -> None:
        """Be as the server before us left the agent, without a word."""
        self.status, self.since, self.idle_since = status, since, idle_since

    def choose_next(self, presence: Presence) -> None:
        """What comes after this call and its after-call work."""
        before, self.status = self.status, replace(self.status, next=presence)
        self._tell_next(before, self.status, None)

    def decide_next(self, presence: Presence) -> None:
        """What comes after this is decided already, without a word: the move that follows tells."""
        self.status = replace(self.status, next=presence)

    def move(
        self,
        move: Move,
        reason: str = "",
        *,
        busy: BusyKind | None = None,
        call_id: CallId | None = None,
        by: StaffId | None = None,
    ) -> tuple[AgentState, AgentState]:
        """Advance and tell it: the state before and after. Refused where the tables say so.

        `call_id` is the call that occupies the agent from now on, `by` who forces the move.
        """
        before, after = self.status, advance(self.status, move, reason, busy)
        self.status = after
        told = before.state, before.reason, before.busy
        if told == (after.state, after.reason, after.busy):
            self._tell_next(before, after, by)
            return before.state, after.state
        self.since = utc(self._clock)
        if after.state is AgentState.READY and move is not Move.RELEASE:
            self.idle_since = self._clock.seconds()
        self._bus.publish(
            AgentStateChanged(
                at=self.since,
                agent_id=self._agent_id,
                previous=before.state,
                state=after.state,
                reason=after.reason,
                device_id=self._extension,
                busy=after.busy,
                call_id=call_id,
                forced_by=by,
            )
        )
        return before.state, after.state

    def _tell_next(self, before: Status, after: Status, by: StaffId | None) -> None:
        if after.next is not None and after.next != before.next:
            self._bus.publish(
                AgentPendingChanged(
                    at=utc(self._clock),
                    agent_id=self._agent_id,
                    state=after.next.state,
                    reason=after.next.reason,
                    forced_by=by,
                )
            )
