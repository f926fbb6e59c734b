"""The engine: joins the matcher with live calls and agents, in the reactor turn they come.

It owns the fact *this call waits*: from `CallQueued` to exactly one of `CallAnswered`,
`CallAbandoned` and `CallFlowedOut`. Agents are told of their calls through the `offer` function
it is given, which rings the phone at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from agents.acd.estimate import HandlingTime, expected_wait
from agents.acd.explanation import Explanation
from agents.acd.matcher import (
    AgentFree,
    AgentGone,
    AgentStaffed,
    AgentUnstaffed,
    CallArrived,
    CallLeft,
    Input,
    Matcher,
    OfferFailed,
    OfferTaken,
    TimePassed,
)
from agents.acd.policy import Agent
from agents.acd.queue import WaitingCall
from agents.acd.waiting import Place, Sounds, WaitingRoom
from agents.errors import queue_unknown
from agents.events import CallAbandoned, CallAnswered, CallFlowedOut, CallQueued, OfferOutcome
from agents.left import LeftWait
from agents.model import AgentSettings, Queue
from cti.call.control import CallControl
from cti.call.events import CallCleared
from cti.call.model import Call, Cause, Party
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, DelayedCall, utc
from cti.kernel.identifiers import AgentId, CallId, QueueId
from cti.kernel.ports import QueueRequest
from cti.kernel.vocabulary import Language

REQUEUED, CLOSING = "requeued", "closing"
"""Reasons for which a call flows out, beside the causes of calls that the system clears."""


class Floor(Protocol):
    """What the engine asks of the agents (implemented by `agents.service`)."""

    def offer(
        self, agent_id: AgentId, call_id: CallId, queue_id: QueueId, why: Explanation
    ) -> None:
        """Reserve the free agent and ring their phone for the call."""

    def staffed(self, queue_id: QueueId, language: Language) -> int:
        """How many agents serve callers of that queue and language now or soon."""


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue at this moment; `oldest` is the arrival of who waits longest."""

    queue_id: QueueId
    names: Mapping[Language, str]
    waiting: int
    oldest: datetime | None
    threshold: float


@dataclass(frozen=True, slots=True)
class _Waiting:
    queue_id: QueueId
    language: Language
    since: datetime

    def until(self, at: datetime) -> float:
        """Seconds waited until that instant."""
        return (at - self.since).total_seconds()


class Engine:
    """Distributes the calls of every queue."""

    def __init__(
        self,
        *,
        clock: Clock,
        bus: Bus,
        control: CallControl,
        sounds: Sounds,
        floor: Floor,
        queues: Callable[[], Mapping[QueueId, Queue]],
        settings: AgentSettings,
        matcher: Matcher | None = None,
    ) -> None:
        self._clock, self._bus, self._control = clock, bus, control
        self._floor, self._queues = floor, queues
        self._settings = settings
        self._matcher = matcher or Matcher(lambda queue_id: queues()[queue_id].rules)
        self._relaxing: DelayedCall | None = None
        self._room = WaitingRoom(clock, control, sounds, self.place)
        self._waiting: dict[CallId, _Waiting] = {}
        self._handling: dict[QueueId, HandlingTime] = {}

    # --- calls ------------------------------------------------------------------------------

    def enqueue(self, call_id: CallId, request: QueueRequest) -> None:
        """Let the call wait; Refused when nobody knows the queue. A gone call is ignored."""
        queue = self._queues().get(request.queue_id)
        if queue is None:
            raise queue_unknown(request.queue_id)
        call = self._control.get(call_id)
        if call is None:
            return
        if call_id in self._waiting:
            self.flow_out(call_id, REQUEUED)
        self._control.attach(call_id, queue_id=queue.queue_id)
        now = utc(self._clock)
        self._waiting[call_id] = _Waiting(queue.queue_id, request.language, now)
        self._tell_queued(call, request, now)
        self._room.enter(call_id, request.language, queue.waiting.every, request.greeting)
        self._match(CallArrived(_as_waiting(call_id, request, self._clock.seconds())))

    def flow_out(self, call_id: CallId, reason: str) -> None:
        """Take the call out of its queue though the caller stays; nothing if it is in none."""
        self._flow_out(call_id, reason, utc(self._clock))

    def take_up(self, call: Call, left: LeftWait) -> None:
        """Let the call wait where it waited before a restart, as if it had never left its place.

        Where its wait was over, nobody talks with it by now: it waits once more.
        """
        queue = self._queues().get(left.queue_id)
        if queue is None:
            self._control.clear(call.id, Party.SYSTEM, Cause.INTERRUPTED)
            return
        now = utc(self._clock)
        since = now if left.over else left.since
        language = call.user_data.language
        self._waiting[call.id] = _Waiting(queue.queue_id, language, since)
        request = QueueRequest(
            queue.queue_id,
            language,
            left.service_level,
            left.situation,
            head_start=left.head_start,
        )
        if left.over:
            self._tell_queued(call, request, now)
        self._room.enter(call.id, language, queue.waiting.every)
        waiting = _as_waiting(call.id, request, left.since.timestamp())
        self._match(CallArrived(waiting, self._clock.seconds()))

    def stop(self, *, leaving: bool = False) -> None:
        """Take every call out of its queue as the house closes, or leave them to the next one."""
        for call_id in tuple(self._waiting):
            if leaving:
                self._room.leave(call_id)
            else:
                self.flow_out(call_id, CLOSING)

    def call_cleared(self, event: CallCleared) -> None:
        """The call is over: abandoned if the caller hung up waiting, at the instant of its end."""
        if event.cleared_by is not Party.CALLER:
            self._flow_out(event.call_id, event.cause.value, event.at)
        elif waiting := self._forget(event.call_id):
            self._bus.publish(
                CallAbandoned(
                    at=event.at,
                    call_id=event.call_id,
                    queue_id=waiting.queue_id,
                    waited=waiting.until(event.at),
                )
            )

    # --- agents -----------------------------------------------------------------------------

    def agent_free(self, agent: Agent) -> None:
        """The agent takes the next call."""
        self._match(AgentFree(agent, self._clock.seconds()))

    def agent_gone(self, agent_id: AgentId) -> None:
        """The agent takes no calls."""
        self._match(AgentGone(agent_id, self._clock.seconds()))

    def agent_staffed(self, agent: Agent) -> None:
        """The agent serves callers from now on, though they may be taken at first."""
        self._match(AgentStaffed(agent, self._clock.seconds()))

    def agent_unstaffed(self, agent_id: AgentId) -> None:
        """The agent serves nobody any more."""
        self._match(AgentUnstaffed(agent_id, self._clock.seconds()))

    def offer_ended(self, agent_id: AgentId, call_id: CallId, outcome: OfferOutcome) -> None:
        """The call is answered, gone, or waits on at its old place."""
        waiting = self._waiting.get(call_id)
        if waiting is None:
            return
        if outcome is OfferOutcome.ACCEPTED:
            self._match(OfferTaken(call_id))
            self._forget(call_id)
            now = utc(self._clock)
            self._bus.publish(
                CallAnswered(
                    at=now,
                    call_id=call_id,
                    queue_id=waiting.queue_id,
                    agent_id=agent_id,
                    waited=waiting.until(now),
                )
            )
        elif outcome is OfferOutcome.CALLER_LEFT:
            self._match(CallLeft(call_id))
        else:
            self._match(OfferFailed(call_id, self._clock.seconds()))

    def call_handled(self, queue_id: QueueId, seconds: float) -> None:
        """An agent was taken by a call of that queue for so long."""
        self._handling[queue_id] = self._average(queue_id).after(seconds)

    # --- looking ----------------------------------------------------------------------------

    def place(self, call_id: CallId) -> Place | None:
        """The caller's place and expected wait; None unless the call waits unoffered."""
        position = self._matcher.position(call_id)
        waiting = self._waiting.get(call_id)
        if position is None or waiting is None:
            return None
        staffed = self._floor.staffed(waiting.queue_id, waiting.language)
        average = self._average(waiting.queue_id).average
        return Place(position, expected_wait(position, staffed, average))

    def view(self, queue: Queue) -> QueueView:
        """The queue at this moment."""
        since = [w.since for w in self._waiting.values() if w.queue_id == queue.queue_id]
        oldest = min(since, default=None)
        return QueueView(queue.queue_id, queue.names, len(since), oldest, queue.threshold)

    def waiting_since(self, call_id: CallId) -> datetime | None:
        """Since when the call waits, None if it does not."""
        waiting = self._waiting.get(call_id)
        return waiting.since if waiting else None

    # --- inside -----------------------------------------------------------------------------

    def _match(self, event: Input) -> None:
        for pair in self._matcher.handle(event):
            self._floor.offer(pair.agent_id, pair.call.call_id, pair.call.queue_id, pair.why)
        self._arm()

    def _arm(self) -> None:
        """Let the matcher know when the next instant passes that moves a waiting call."""
        if self._relaxing is not None and self._relaxing.active():
            self._relaxing.cancel()
        self._relaxing = None
        if (instant := self._matcher.next_change()) is not None:
            delay = max(0.0, instant - self._clock.seconds())
            self._relaxing = self._clock.callLater(delay, self._relax)

    def _relax(self) -> None:
        self._match(TimePassed(self._clock.seconds()))

    def _tell_queued(self, call: Call, request: QueueRequest, now: datetime) -> None:
        self._bus.publish(
            CallQueued(
                at=now,
                call_id=call.id,
                queue_id=request.queue_id,
                service_level=request.service_level,
                customer_id=call.user_data.customer_id,
                situation=request.situation,
                head_start=request.head_start,
            )
        )

    def _flow_out(self, call_id: CallId, reason: str, at: datetime) -> None:
        if waiting := self._forget(call_id):
            self._bus.publish(
                CallFlowedOut(
                    at=at,
                    call_id=call_id,
                    queue_id=waiting.queue_id,
                    waited=waiting.until(at),
                    reason=reason,
                )
            )

    def _forget(self, call_id: CallId) -> _Waiting | None:
        self._room.leave(call_id)
        self._match(CallLeft(call_id))
        return self._waiting.pop(call_id, None)

    def _average(self, queue_id: QueueId) -> HandlingTime:
        return self._handling.get(queue_id) or HandlingTime(self._settings.expected_handling)


def _as_waiting(call_id: CallId, request: QueueRequest, arrived: float) -> WaitingCall:
    return WaitingCall(
        call_id,
        request.queue_id,
        request.language,
        request.service_level,
        request.situation,
        arrived - request.head_start,
    )
