"""The matcher: calls and agents come and go, assignments come out. Pure.

Calls wait in lanes (queue and language) and free agents sit on the bench of every lane they may
serve. Between two events no free agent sits on the bench of a lane where a call waits, so each
event can make at most one pair, found by looking at one bench or at the heads of the agent's own
lanes: the cost grows with an agent's skills and the logarithm of the crowd, never with callers
times agents.

An assigned call is *offered*: out of its lane, but keeping its precedence. When the offer falls
through it returns to its old place, which is the head of its class.
"""

from dataclasses import dataclass
from itertools import count

from agents.acd.policy import Agent, Bench, Lane
from agents.acd.queue import HeadStarts, Line, Precedence, WaitingCall
from agents.events import MatchedBy
from cti.kernel.identifiers import AgentId, CallId


@dataclass(frozen=True, slots=True)
class CallArrived:
    """A call begins to wait, or is told of only now, `at` a later instant."""

    call: WaitingCall
    at: float | None = None


@dataclass(frozen=True, slots=True)
class CallLeft:
    """A call is gone, waiting or offered; nothing happens if it was in neither."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class AgentFree:
    """The agent can take a call since `agent.idle_since`; replaces what was known of them."""

    agent: Agent
    at: float


@dataclass(frozen=True, slots=True)
class AgentGone:
    """The agent takes no calls; nothing happens if they took none."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class OfferTaken:
    """The agent answered: the call waits no more."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class OfferFailed:
    """The call waits again, at its old place; ignored when it left meanwhile."""

    call_id: CallId
    at: float


Input = CallArrived | CallLeft | AgentFree | AgentGone | OfferTaken | OfferFailed


@dataclass(frozen=True, slots=True)
class Match:
    """Why a call and an agent were joined; see `agents.events.CallOffered`."""

    by: MatchedBy
    level: int
    among: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Assignment:
    """That call is for that agent, and why; see `agents.events.CallOffered`."""

    call: WaitingCall
    agent_id: AgentId
    match: Match


class Matcher:
    """Waiting calls, free agents, and the rule that joins them."""

    def __init__(self, head_starts: HeadStarts | None = None) -> None:
        self._head_starts = head_starts or HeadStarts()
        self._arrivals = count()
        self._calls: dict[CallId, tuple[Precedence, WaitingCall]] = {}
        self._offered: set[CallId] = set()
        self._lines: dict[Lane, Line] = {}
        self._agents: dict[AgentId, Agent] = {}
        self._benches: dict[Lane, Bench] = {}

    def handle(self, event: Input) -> Assignment | None:
        """Take in what happened; the pair it makes, if any."""
        match event:
            case CallArrived(call, at):
                return self._call_arrived(call, call.arrived if at is None else at)
            case CallLeft(call_id):
                self._call_left(call_id)
            case AgentFree(agent, at):
                return self._agent_free(agent, at)
            case AgentGone(agent_id):
                self._agent_gone(agent_id)
            case OfferTaken(call_id):
                self._call_left(call_id)
            case OfferFailed(call_id, at):
                return self._offer_failed(call_id, at)
        return None

    def position(self, call_id: CallId) -> int | None:
        """The call's place in its queue, 1 for the next; None unless it waits there."""
        if call_id not in self._calls or call_id in self._offered:
            return None
        precedence, call = self._calls[call_id]
        lines = (line for lane, line in self._lines.items() if lane[0] == call.queue_id)
        return 1 + sum(line.ahead_of(precedence) for line in lines)

    def _call_arrived(self, call: WaitingCall, at: float) -> Assignment | None:
        head_start = self._head_starts.of(call.situation, call.service_level)
        self._calls[call.call_id] = (call.arrived - head_start, next(self._arrivals)), call
        return self._place(call.call_id, at)

    def _offer_failed(self, call_id: CallId, at: float) -> Assignment | None:
        if call_id not in self._offered:
            return None
        self._offered.discard(call_id)
        return self._place(call_id, at)

    def _place(self, call_id: CallId, at: float) -> Assignment | None:
        """Give the call to the first on its bench, or let it wait."""
        precedence, call = self._calls[call_id]
        lane = (call.queue_id, call.language)
        bench = self._benches.get(lane)
        agent_id = bench.first() if bench else None
        if bench is None or agent_id is None:
            self._lines.setdefault(lane, Line()).add(precedence, call_id)
            return None
        free = len(bench)
        agent = self._agents[agent_id]
        self._agent_gone(agent_id)
        self._offered.add(call_id)
        level, idle = agent.levels[call.queue_id], at - agent.idle_since
        return Assignment(call, agent_id, Match(MatchedBy.CALL, level, free, idle))

    def _agent_free(self, agent: Agent, at: float) -> Assignment | None:
        self._agent_gone(agent.agent_id)
        heads = (
            (*head, lane)
            for lane in agent.lanes()
            if (line := self._lines.get(lane)) and (head := line.head())
        )
        best = min(heads, default=None)
        if best is None:
            self._seat(agent)
            return None
        precedence, call_id, lane = best
        line = self._lines[lane]
        waiting = len(line)
        line.remove(precedence, call_id)
        self._offered.add(call_id)
        call = self._calls[call_id][1]
        level, waited = agent.levels[call.queue_id], at - call.arrived
        return Assignment(call, agent.agent_id, Match(MatchedBy.AGENT, level, waiting, waited))

    def _seat(self, agent: Agent) -> None:
        self._agents[agent.agent_id] = agent
        for lane in agent.lanes():
            self._benches.setdefault(lane, Bench()).add(agent.rank(lane[0]))

    def _agent_gone(self, agent_id: AgentId) -> None:
        agent = self._agents.pop(agent_id, None)
        if agent is not None:
            for lane in agent.lanes():
                self._benches[lane].remove(agent.rank(lane[0]))

    def _call_left(self, call_id: CallId) -> None:
        if call_id not in self._calls:
            return
        precedence, call = self._calls.pop(call_id)
        if call_id in self._offered:
            self._offered.discard(call_id)
        else:
            self._lines[call.queue_id, call.language].remove(precedence, call_id)
