"""A small house that makes up a plausible day of events: calls, queues, agents, nothing real."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from agents.acd.explanation import (
    AgentConsidered,
    CallConsidered,
    Explanation,
    MatchedBy,
)
from agents.acd.queue import Wait
from agents.acd.rules import Order
from agents.events import (
    AgentState,
    AgentStateChanged,
    CallAbandoned,
    CallAnswered,
    CallCoded,
    CallFlowedOut,
    CallOffered,
    CallQueued,
    CallWrappedUp,
    OfferEnded,
    OfferOutcome,
)
from cti.call.events import (
    CallCleared,
    CallStarted,
    ConnectionCleared,
    Delivered,
    Established,
    Failed,
    Held,
    RecordingStarted,
    RecordingStopped,
    Retrieved,
    UserDataAttached,
)
from cti.call.model import Cause, Direction, Party
from cti.kernel.events import Event
from cti.kernel.identifiers import (
    AgentId,
    CallId,
    ConnectionId,
    CustomerId,
    DeviceId,
    OfferId,
    QueueId,
)
from cti.kernel.vocabulary import Language, ServiceLevel, Verification

QUEUES = (QueueId("general"), QueueId("complaints"))
AGENTS = tuple(AgentId(f"a{number}") for number in range(4))


@dataclass
class SimulatedCall:
    call_id: CallId
    stage: str = "new"
    queue_id: QueueId = QUEUES[0]
    queued: datetime | None = None
    agent_id: AgentId | None = None
    agent_leg: ConnectionId | None = None
    answered: datetime | None = None
    held: datetime | None = None
    held_seconds: float = 0.0


@dataclass
class SimulatedHouse:
    """`day(steps)` gives that many random moves as events, then perhaps leaves all open."""

    random: Random
    now: datetime = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
    step: float = 30.0
    """Longest time between two moves, in seconds."""
    states: dict[AgentId, AgentState] = field(default_factory=dict)
    calls: list[SimulatedCall] = field(default_factory=list)
    count: int = 0

    def day(self, steps: int) -> Iterator[Event]:
        for _ in range(steps):
            self.now += timedelta(seconds=self.random.uniform(0, self.step))
            yield from self.random.choice(
                [self._dial, self._agent, self._proceed, self._proceed, self._proceed]
            )()

    def finish(self) -> Iterator[Event]:
        """End every call that is up."""
        for call in list(self.calls):
            yield from self._hang_up(call)

    def _dial(self) -> Iterator[Event]:
        self.count += 1
        call = SimulatedCall(CallId(f"c{self.count}"))
        self.calls.append(call)
        yield CallStarted(
            **self._of(call),
            direction=Direction.INBOUND,
            calling=f"1380000{self.count:04}",
            called="95588",
            trunk="carrier",
        )
        yield Delivered(**self._of(call), **self._caller(call))

    def _agent(self) -> Iterator[Event]:
        agent_id = self.random.choice(AGENTS)
        state = self.states.get(agent_id, AgentState.LOGGED_OFF)
        choices = {
            AgentState.LOGGED_OFF: [AgentState.NOT_READY],
            AgentState.NOT_READY: [AgentState.READY, AgentState.LOGGED_OFF],
            AgentState.READY: [AgentState.NOT_READY],
        }.get(state)
        if choices:
            yield self._change(agent_id, self.random.choice(choices))

    def _proceed(self) -> Iterator[Event]:
        if not self.calls:
            return
        call = self.random.choice(self.calls)
        moves = {
            "new": [self._answer, self._answer, self._hang_up],
            "menu": [self._know, self._queue, self._queue, self._hang_up],
            "waiting": [self._offer, self._offer, self._flow_out, self._hang_up],
            "ringing": [self._connect, self._connect, self._no_answer, self._hang_up],
            "talking": [self._hold, self._hang_up, self._hang_up],
        }[call.stage]
        yield from self.random.choice(moves)(call)

    def _answer(self, call: SimulatedCall) -> Iterator[Event]:
        call.stage = "menu"
        yield Established(**self._of(call), **self._caller(call))
        yield RecordingStarted(
            **self._of(call), connection_id=self._leg(call), file=f"{call.call_id}.wav"
        )

    def _know(self, call: SimulatedCall) -> Iterator[Event]:
        yield UserDataAttached(
            **self._of(call),
            customer_id=CustomerId("k1"),
            service_level=ServiceLevel.PRIORITY,
            language=Language.ENGLISH,
            verification=Verification.SIGNED_IN,
            path=("main", "balance"),
        )

    def _queue(self, call: SimulatedCall) -> Iterator[Event]:
        call.stage, call.queued, call.queue_id = "waiting", self.now, self.random.choice(QUEUES)
        yield CallQueued(
            **self._of(call), queue_id=call.queue_id, service_level=ServiceLevel.UNIFORM
        )

    def _flow_out(self, call: SimulatedCall) -> Iterator[Event]:
        call.stage = "menu"
        yield CallFlowedOut(
            **self._of(call), queue_id=call.queue_id, waited=self._waited(call), reason="asked"
        )

    def _offer(self, call: SimulatedCall) -> Iterator[Event]:
        ready = [agent for agent, state in self.states.items() if state is AgentState.READY]
        if not ready:
            return
        call.stage, call.agent_id = "ringing", self.random.choice(ready)
        self.count += 1
        call.agent_leg = ConnectionId(f"l{self.count}")
        yield self._change(call.agent_id, AgentState.RESERVED)
        yield CallOffered(
            **self._of(call),
            queue_id=call.queue_id,
            agent_id=call.agent_id,
            offer_id=OfferId(f"o-{call.call_id}"),
            why=self._explain(call, call.agent_id, len(ready)),
        )
        yield Delivered(**self._of(call), **self._agent_part(call))

    def _explain(self, call: SimulatedCall, agent_id: AgentId, free: int) -> Explanation:
        return Explanation(
            MatchedBy.CALL,
            5,
            Order.MOST_SKILLED,
            "general",
            0,
            None,
            free,
            1,
            (AgentConsidered(agent_id, 5.0, 12.0),),
            (CallConsidered(call.call_id, self._waited(call), 0.0),),
        )

    def _no_answer(self, call: SimulatedCall) -> Iterator[Event]:
        assert call.agent_id
        call.stage = "waiting"
        yield Failed(**self._of(call), **self._agent_part(call), cause=Cause.NO_ANSWER)
        yield self._offer_ended(call, OfferOutcome.NO_ANSWER)
        yield self._change(call.agent_id, AgentState.NOT_READY)

    def _connect(self, call: SimulatedCall) -> Iterator[Event]:
        assert call.agent_id
        call.stage, call.answered = "talking", self.now
        yield Established(**self._of(call), **self._agent_part(call))
        yield self._offer_ended(call, OfferOutcome.ACCEPTED)
        yield CallAnswered(
            **self._of(call),
            queue_id=call.queue_id,
            agent_id=call.agent_id,
            waited=self._waited(call),
            forecast=Wait(200.0, 600.0),
        )
        yield self._change(call.agent_id, AgentState.BUSY)

    def _hold(self, call: SimulatedCall) -> Iterator[Event]:
        assert call.agent_id
        if call.held is None:
            call.held = self.now
            yield Held(**self._of(call), **self._agent_part(call))
        else:
            call.held_seconds += (self.now - call.held).total_seconds()
            call.held = None
            yield Retrieved(**self._of(call), **self._agent_part(call))

    def _hang_up(self, call: SimulatedCall) -> Iterator[Event]:
        """The caller leaves; now and then what the queue has to say comes after the clearing."""
        self.calls.remove(call)
        late = self.random.random() < 0.5
        leaving = list(self._leave_queue(call))
        if not late:
            yield from leaving
        yield from self._clear(call)
        if late:
            yield from leaving
        if call.stage == "talking":
            yield from self._wrap_up(call)
        if call.stage != "new":
            yield RecordingStopped(
                **self._of(call),
                connection_id=self._leg(call),
                file=f"{call.call_id}.wav",
                seconds=12.5,
            )

    def _leave_queue(self, call: SimulatedCall) -> Iterator[Event]:
        if call.stage == "ringing":
            assert call.agent_id
            yield self._offer_ended(call, OfferOutcome.CALLER_LEFT)
            yield self._change(call.agent_id, AgentState.READY)
        if call.stage in ("waiting", "ringing"):
            yield CallAbandoned(**self._of(call), queue_id=call.queue_id, waited=self._waited(call))

    def _clear(self, call: SimulatedCall) -> Iterator[Event]:
        how: dict[str, Any] = {"cause": Cause.NORMAL, "cleared_by": Party.CALLER}
        if call.stage == "new":
            how["cause"] = Cause.CANCELLED
        yield ConnectionCleared(**self._of(call), **self._caller(call), **how)
        if call.stage == "ringing":
            yield Failed(**self._of(call), **self._agent_part(call), cause=Cause.CANCELLED)
        if call.stage == "talking":
            yield ConnectionCleared(**self._of(call), **self._agent_part(call), **how)
        yield CallCleared(**self._of(call), **how)

    def _wrap_up(self, call: SimulatedCall) -> Iterator[Event]:
        assert call.agent_id
        assert call.answered
        held = call.held_seconds
        if call.held is not None:
            held += (self.now - call.held).total_seconds()
        talked = (self.now - call.answered).total_seconds() - held
        yield self._change(call.agent_id, AgentState.WORKING_AFTER_CALL)
        if call.call_id[-1] in "02468":  # the others are left without a code
            yield self._coded(call, again=False)
            yield self._coded(call, again=True)
        yield CallWrappedUp(
            **self._of(call), agent_id=call.agent_id, talked=talked, held=held, after_call=7.0
        )
        yield self._change(call.agent_id, AgentState.READY)

    # --- pieces -----------------------------------------------------------------------------

    def _coded(self, call: SimulatedCall, *, again: bool) -> CallCoded:
        assert call.agent_id
        names = {Language.CHINESE: "挂失", Language.ENGLISH: "Loss"}
        return CallCoded(
            **self._of(call), agent_id=call.agent_id, code="card.lost", names=names, again=again
        )

    def _change(self, agent_id: AgentId, state: AgentState) -> AgentStateChanged:
        previous = self.states.get(agent_id, AgentState.LOGGED_OFF)
        self.states[agent_id] = state
        return AgentStateChanged(at=self.now, agent_id=agent_id, previous=previous, state=state)

    def _offer_ended(self, call: SimulatedCall, outcome: OfferOutcome) -> OfferEnded:
        assert call.agent_id
        return OfferEnded(
            **self._of(call),
            queue_id=call.queue_id,
            agent_id=call.agent_id,
            offer_id=OfferId(f"o-{call.call_id}"),
            outcome=outcome,
        )

    def _waited(self, call: SimulatedCall) -> float:
        assert call.queued
        return (self.now - call.queued).total_seconds()

    def _of(self, call: SimulatedCall) -> dict[str, Any]:
        return {"at": self.now, "call_id": call.call_id}

    def _leg(self, call: SimulatedCall) -> ConnectionId:
        return ConnectionId(f"{call.call_id}-caller")

    def _caller(self, call: SimulatedCall) -> dict[str, Any]:
        device = DeviceId(f"trunk-{call.call_id}")
        return {"connection_id": self._leg(call), "device_id": device, "party": Party.CALLER}

    def _agent_part(self, call: SimulatedCall) -> dict[str, Any]:
        return {
            "connection_id": call.agent_leg,
            "device_id": DeviceId("1001"),
            "party": Party.AGENT,
        }
