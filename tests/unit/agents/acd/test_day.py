"""5,000 agents and 10,000 callers who wait throughout: after every step, is it just?"""

from bisect import insort
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

import pytest

from agents.acd.matcher import (
    AgentFree,
    AgentGone,
    AgentStaffed,
    AgentUnstaffed,
    Assignment,
    CallArrived,
    CallLeft,
    Input,
    OfferFailed,
    OfferTaken,
)
from agents.acd.policy import Agent
from agents.acd.queue import WaitingCall
from cti.kernel.identifiers import AgentId, CallId
from tests.support.examples import examples
from tests.support.simulated_day import MORNING, Day, Handle, day

Entry = tuple[float, int, CallId]


@dataclass(slots=True)
class Inspector:
    """Stands beside the matcher and knows who waits and who is idle by what happened alone."""

    matcher: Handle
    day: Day = field(init=False)
    now: float = MORNING
    idle: dict[AgentId, Agent] = field(default_factory=dict)
    calls: dict[CallId, tuple[WaitingCall, int]] = field(default_factory=dict)
    waiting: dict[CallId, WaitingCall] = field(default_factory=dict)
    equals: dict[object, list[Entry]] = field(default_factory=dict)
    """Those who wait, by all that decides who may serve them and when, in order of arrival."""
    moving: list[Entry] = field(default_factory=list)
    """When more agents may serve whom."""
    numbers: "count[int]" = field(default_factory=count)
    served: int = 0

    def handle(self, event: Input) -> list[Assignment]:
        pairs = self.matcher(event)
        moved = self.take_in(event)
        for pair in pairs:
            self.joined(pair)
        for call_id in moved:
            if call_id in self.waiting and not self.kept(self.waiting[call_id]):
                self.nobody_idle_for(self.waiting[call_id])
        return pairs

    def take_in(self, event: Input) -> list[CallId]:
        """What is known now; the calls that more agents may serve since."""
        if not isinstance(event, CallLeft | CallArrived):
            self.now = max(self.now, event.at)
        match event:
            case CallArrived(call):
                self.now = max(self.now, call.arrived)
                self.calls[call.call_id] = call, next(self.numbers)
                self.put(call)
                return [call.call_id, *self.due()]
            case CallLeft(call_id) | OfferTaken(call_id):
                self.drop(call_id)
                self.calls.pop(call_id, None)
            case AgentFree(agent):
                self.idle[agent.agent_id] = agent
            case AgentGone(agent_id) | AgentUnstaffed(agent_id):
                self.idle.pop(agent_id, None)
            case AgentStaffed(agent):
                self.idle.pop(agent.agent_id, None)
            case OfferFailed(call_id):
                self.put(self.calls[call_id][0])
                return [call_id, *self.due()]
        return self.due()

    def due(self) -> list[CallId]:
        found = []
        while self.moving and self.moving[0][0] <= self.now:
            found.append(heappop(self.moving)[2])
        return found

    def put(self, call: WaitingCall) -> None:
        rules, number = self.day.rules[call.queue_id], self.calls[call.call_id][1]
        self.waiting[call.call_id] = call
        insort(self.equals.setdefault(self.kind(call), []), (call.arrived, number, call.call_id))
        for delay in (10.0, 20.0, *(stage.after for stage in rules.stages)):
            if call.arrived + delay > self.now:
                heappush(self.moving, (call.arrived + delay, number, call.call_id))

    def drop(self, call_id: CallId) -> None:
        if call := self.waiting.pop(call_id, None):
            entry = call.arrived, self.calls[call_id][1], call_id
            self.equals[self.kind(call)].remove(entry)

    def kind(self, call: WaitingCall) -> object:
        return (
            call.queue_id,
            call.language,
            call.verification,
            call.service_level,
            call.situation,
        )

    # --- judging ----------------------------------------------------------------------------

    def joined(self, pair: Assignment) -> None:
        call_id, agent_id = pair.call.call_id, pair.agent_id
        assert call_id in self.waiting, "a call that does not wait"
        assert agent_id in self.idle, "an agent who is not free"
        agent = self.idle.pop(agent_id)
        if pair.why.claim is None:
            assert self.meets(agent, pair.call)
            self.nobody_overtaken(pair.call)
        self.drop(call_id)
        self.served += 1

    def nobody_overtaken(self, call: WaitingCall) -> None:
        mine = (call.arrived, self.calls[call.call_id][1])
        for *before, call_id in self.equals[self.kind(call)]:
            if tuple(before) >= mine:
                return
            assert self.kept(self.waiting[call_id]), f"{call_id} is overtaken by an equal"

    def nobody_idle_for(self, call: WaitingCall) -> None:
        for agent in self.idle.values():
            assert not self.meets(agent, call), f"{agent.agent_id} is idle, {call.call_id} waits"

    def nobody_idle_for_anybody(self) -> None:
        for entries in self.equals.values():
            calls = (self.waiting[call_id] for *_, call_id in entries)
            for call in calls:
                if not self.kept(call):
                    self.nobody_idle_for(call)
                    break

    def meets(self, agent: Agent, call: WaitingCall) -> bool:
        rules = self.day.rules[call.queue_id]
        besides = rules.verified.get(call.verification)
        stages = [s.demand for s in rules.stages if call.arrived + s.after <= self.now]
        return (
            call.language in agent.languages
            and (besides is None or besides.level_in(agent.skills) > 0)
            and any(demand.level_in(agent.skills) for demand in (rules.demand, *stages))
        )

    def kept(self, call: WaitingCall) -> bool:
        """Whether the call may wait for one agent alone."""
        rules = self.day.rules[call.queue_id]
        for preferred in call.preferred:
            patience = rules.patience(preferred.claim)
            if patience and call.arrived + patience.patience > self.now:
                return True
        return False


@pytest.mark.parametrize(
    ("seed", "agents", "crowd"), [(1, 5000, 10_000), (2, 300, 400), (3, 40, 5)]
)
def test_a_day(seed: int, agents: int, crowd: int) -> None:
    steps, inspectors = examples(12_000), []

    def watch(handle: Handle) -> Handle:
        inspectors.append(Inspector(handle))
        return inspectors[0].handle

    whole = day(seed, agents, crowd, watch=watch)
    inspector = inspectors[0]
    inspector.day = whole
    whole.begin()
    for number in range(steps):
        whole.step()
        if number % 500 == 0:
            inspector.nobody_idle_for_anybody()
    assert inspector.served > steps / 10
    assert len(whole.waiting) >= crowd - 1
    assert inspector.waiting.keys() == whole.waiting
