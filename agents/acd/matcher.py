"""The matcher: calls and agents come and go, time passes, assignments come out. Pure.

Calls wait in lanes (`agents.acd.lanes`), and free agents sit on the bench of every lane they may
serve. Between two events no free agent sits on the bench of a lane where a call waits, so a call
that comes looks at one bench, and an agent who comes free at the heads of their own lanes: the
cost grows with an agent's lanes and the logarithm of the crowd, never with callers times agents.

Two things move a waiting call without anybody coming or going: a stage that widens its demand,
and the end of the patience with which it is kept for an agent it prefers. Both are instants known
when the call takes its place; one heap holds them, `next_change` is the earliest. A call so moved
is matched in the `handle` that lets its instant pass. An event at a later instant lets time pass
first, so a late `TimePassed` changes nothing.

An assigned call is *offered*: out of its lane, but keeping its precedence. When the offer falls
through it returns to its old place, which is the head of its class.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from agents.acd.estimate import Handling
from agents.acd.explanation import (
    SHOWN,
    AgentConsidered,
    CallConsidered,
    Explanation,
    MatchedBy,
)
from agents.acd.lanes import Lane, Lanes, alike
from agents.acd.leading import FARTHEST, Due, Leading, Look, Reach, Standing
from agents.acd.policy import Agent
from agents.acd.queue import Claim, Line, Precedence, Wait, WaitingCall
from agents.acd.rules import Order, QueueRules
from cti.kernel.identifiers import AgentId, CallId, QueueId


@dataclass(frozen=True, slots=True)
class CallArrived:
    """A call begins to wait, or is told of only now, `at` a later instant."""

    call: WaitingCall
    at: float | None = None


@dataclass(frozen=True, slots=True)
class CallChanged:
    """More is known of a call: whom it prefers, how sure the caller is. It keeps its place.

    Ignored of a call that neither waits nor is offered.
    """

    call: WaitingCall
    at: float


@dataclass(frozen=True, slots=True)
class CallLeft:
    """A call is gone, waiting or offered; nothing happens if it was in neither."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class AgentStaffed:
    """The agent serves callers, but is taken since `at`; replaces what was known of them."""

    agent: Agent
    at: float


@dataclass(frozen=True, slots=True)
class AgentUnstaffed:
    """The agent serves nobody any more: who was kept for them waits for others."""

    agent_id: AgentId
    at: float


@dataclass(frozen=True, slots=True)
class AgentFree:
    """The agent can take a call since `agent.idle_since`; replaces what was known of them."""

    agent: Agent
    at: float


@dataclass(frozen=True, slots=True)
class AgentGone:
    """The agent takes no calls for now; nothing happens if they took none."""

    agent_id: AgentId
    at: float


@dataclass(frozen=True, slots=True)
class AgentTaken:
    """A call of that queue, which is none of the matcher's, takes the agent; no free one."""

    agent_id: AgentId
    queue_id: QueueId
    at: float


@dataclass(frozen=True, slots=True)
class OfferTaken:
    """The agent answered: the call waits no more."""

    call_id: CallId
    at: float


@dataclass(frozen=True, slots=True)
class OfferFailed:
    """The call waits again, at its old place; ignored when it left meanwhile."""

    call_id: CallId
    at: float


@dataclass(frozen=True, slots=True)
class CallHandled:
    """A call of that queue took an agent for so long, from the answer to the end of all work."""

    queue_id: QueueId
    seconds: float
    at: float


@dataclass(frozen=True, slots=True)
class TimePassed:
    """It is `at` by now."""

    at: float


Input = (
    CallArrived
    | CallChanged
    | CallLeft
    | AgentStaffed
    | AgentUnstaffed
    | AgentFree
    | AgentGone
    | AgentTaken
    | OfferTaken
    | OfferFailed
    | CallHandled
    | TimePassed
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """That call is for that agent, and why."""

    call: WaitingCall
    agent_id: AgentId
    why: Explanation


@dataclass(slots=True, eq=False)
class _Waiter:
    """A call, waiting in `lines` or offered, when it is in none."""

    call: WaitingCall
    number: int
    head_start: float
    lines: tuple[Line, ...] = ()
    change: float | None = None
    """The instant that moves it on."""
    agent_id: AgentId | None = None
    """Who was offered it last."""

    @property
    def precedence(self) -> Precedence:
        return self.call.arrived - self.head_start, self.number


@dataclass(frozen=True, slots=True)
class _Wish:
    """An agent whom a call prefers until an instant, waiting for nobody else unless `others`."""

    agent: Agent
    claim: Claim
    until: float
    others: bool


class Matcher:
    """Waiting calls, staffed agents, and the rules that join them."""

    def __init__(
        self, rules: Callable[[QueueId], QueueRules], expected_handling: float = 180.0
    ) -> None:
        """`expected_handling` is assumed, in seconds, until a queue has had calls of its own."""
        self._lanes = Lanes(rules)
        self._handling: dict[QueueId | None, Handling] = {}
        self._expected = Handling.expected(expected_handling)
        self._arrivals = count()
        self._calls: dict[CallId, _Waiter] = {}
        self._queues: dict[QueueId, Line] = {}
        """Who waits in each queue, whatever their lanes."""
        self._kept: dict[AgentId, Line] = {}
        """Who waits for one agent alone."""
        self._shunning: dict[CallId, _Waiter] = {}
        """Who waits and complained about an agent."""
        self._changes: list[tuple[float, int, CallId]] = []
        self._now = float("-inf")

    def handle(self, event: Input) -> list[Assignment]:
        """Take in what happened; the pairs it makes."""
        match event:
            case CallArrived(call, at):
                found = self._pass(call.arrived if at is None else at)
                return found + self._call_arrived(call)
            case CallLeft(call_id):
                self._call_left(call_id)
                return []
            case TimePassed(at):
                return self._pass(at)
            case CallChanged() | OfferTaken() | OfferFailed() | CallHandled():
                return self._pass(event.at) + self._of_call(event)
        return self._pass(event.at) + self._of_agent(event)

    def next_change(self) -> float | None:
        """The instant by which `TimePassed` is wanted; None while nothing waits for one."""
        while self._changes:
            instant, _, call_id = self._changes[0]
            waiter = self._calls.get(call_id)
            if waiter is not None and waiter.change == instant:
                return instant
            heappop(self._changes)
        return None

    def position(self, call_id: CallId) -> int | None:
        """The call's place in its queue, 1 for the next; None unless it waits there."""
        waiter = self._calls.get(call_id)
        if waiter is None or not waiter.lines:
            return None
        return 1 + self._queues[waiter.call.queue_id].ahead_of(waiter.precedence)

    def offered(self, call_id: CallId) -> bool | None:
        """Whether the call is offered, rather than waiting; None when it does neither."""
        waiter = self._calls.get(call_id)
        return None if waiter is None else not waiter.lines

    def free(self, agent_id: AgentId) -> bool:
        """Whether the agent may be given a call."""
        return self._lanes.free(agent_id)

    def forecast(self, call_id: CallId, at: float) -> Wait | None:
        """How much longer the call will wait; None unless it waits, and when nobody serves it.

        As things are: agents who come to work or go home, wider demands and better classes of
        calls yet to come are not foreseen.
        """
        waiter = self._calls.get(call_id)
        if waiter is None or not waiter.lines:
            return None
        lane = self._lane_of(waiter.call)
        outlook = lane.crowd.outlook(lane.queue_id, self._handled, at)
        return outlook.wait(1.0 + self._lanes.ahead(lane, waiter.precedence, at))

    def rung_ahead(self, look: Look, at: float) -> Due:
        """Which call-backs go out though no agent is theirs yet."""
        line = self._queues.get(look.queue_id)
        first = [call_id for _, call_id in line.first(FARTHEST)] if line is not None else []
        leading = Leading(look, lambda lane: self._reach(lane, look, at))
        return leading.due(self._standing(first), self._standing(look.out))

    def _standing(self, call_ids: Iterable[CallId]) -> Iterator[Standing]:
        for call_id in call_ids:
            waiter = self._calls.get(call_id)
            if waiter is not None:
                yield Standing(call_id, self._lane_of(waiter.call), waiter.precedence)

    def _reach(self, lane: Lane, look: Look, at: float) -> Reach:
        outlook = lane.crowd.outlook(lane.queue_id, self._handled, at, exact=True)
        return Reach(
            outlook,
            outlook.surely(look.lead),
            self._lanes.beside(lane),
            sum(1 for agent_id in look.leaving if agent_id in lane.crowd),
            sum(len(line) for agent_id, line in self._kept.items() if agent_id in lane.crowd),
        )

    # --- events -----------------------------------------------------------------------------

    def _of_call(
        self, event: CallChanged | OfferTaken | OfferFailed | CallHandled
    ) -> list[Assignment]:
        """What follows of what happened to a call."""
        match event:
            case CallHandled(queue_id, seconds):
                self._handling[queue_id] = self._handled(queue_id).after(seconds)
            case CallChanged(call):
                return self._call_changed(call)
            case OfferTaken(call_id):
                self._offer_taken(call_id)
            case OfferFailed(call_id):
                waiter = self._calls.get(call_id)
                if waiter is not None and not waiter.lines:
                    return self._place(waiter, MatchedBy.CALL)
        return []

    def _of_agent(
        self, event: AgentStaffed | AgentUnstaffed | AgentFree | AgentGone | AgentTaken
    ) -> list[Assignment]:
        """What follows of what happened to an agent."""
        match event:
            case AgentStaffed(agent):
                return self._staff(agent)
            case AgentUnstaffed(agent_id):
                self._lanes.unstaff(agent_id)
                return self._let_go(agent_id)
            case AgentFree(agent):
                return self._staff(agent) + self._agent_free(agent)
            case AgentGone(agent_id):
                if self._lanes.free(agent_id):
                    self._lanes.take(agent_id, None, self._now)
            case AgentTaken(agent_id, queue_id):
                self._taken(agent_id, queue_id)
        return []

    def _pass(self, at: float) -> list[Assignment]:
        """Let time pass: whoever's instant has come moves on, in the order of precedence."""
        self._now = max(self._now, at)
        due = []
        while (instant := self.next_change()) is not None and instant <= self._now:
            waiter = self._calls[heappop(self._changes)[2]]
            waiter.change = None
            due.append(waiter)
        return self._replace(due, MatchedBy.RELAXED)

    def _call_arrived(self, call: WaitingCall) -> list[Assignment]:
        self._call_left(call.call_id)
        waiter = _Waiter(call, next(self._arrivals), self._head_start(call))
        self._calls[call.call_id] = waiter
        return self._place(waiter, MatchedBy.CALL)

    def _call_changed(self, call: WaitingCall) -> list[Assignment]:
        waiter = self._calls.get(call.call_id)
        if waiter is None:
            return []
        waits = bool(waiter.lines)
        self._take_out(waiter)
        waiter.call, waiter.head_start = call, self._head_start(call)
        return self._place(waiter, MatchedBy.CALL) if waits else []

    def _call_left(self, call_id: CallId) -> None:
        waiter = self._calls.pop(call_id, None)
        if waiter is not None:
            self._take_out(waiter)

    def _offer_taken(self, call_id: CallId) -> None:
        waiter = self._calls.get(call_id)
        if waiter is not None and waiter.agent_id is not None:
            self._taken(waiter.agent_id, waiter.call.queue_id)
        self._call_left(call_id)

    def _taken(self, agent_id: AgentId, queue_id: QueueId) -> None:
        """From now on: a handling time counts from the answer, not from the offer."""
        if not self._lanes.free(agent_id):
            self._lanes.take(agent_id, queue_id, self._now)

    def _handled(self, queue_id: QueueId | None) -> Handling:
        return self._handling.get(queue_id, self._expected)

    def _staff(self, agent: Agent) -> list[Assignment]:
        """Know the agent; who was kept for somebody of other skills or languages moves on."""
        before = self._lanes.staffed(agent.agent_id)
        self._lanes.staff(agent, self._now)
        if before is not None and alike(before, agent):
            return []
        return self._let_go(agent.agent_id)

    def _let_go(self, agent_id: AgentId) -> list[Assignment]:
        """Look anew at the calls that are kept for the agent, and at those that shun anybody."""
        moved = {call_id: self._calls[call_id] for call_id in self._kept.get(agent_id, ())}
        return self._replace((moved | self._shunning).values(), MatchedBy.RELAXED)

    def _agent_free(self, agent: Agent) -> list[Assignment]:
        kept = self._kept.get(agent.agent_id)
        lines = [lane.line for lane in self._lanes.serving(agent.agent_id) if lane.line]
        if kept:
            lines.append(kept)
        first = sorted(entry for line in lines for entry in line.first(SHOWN))[:SHOWN]
        if not first:
            self._lanes.seat(agent)
            return []
        waiter = self._calls[first[0][1]]
        lane = self._lane_of(waiter.call)
        claim = self._claim(waiter, agent.agent_id) if kept and kept in waiter.lines else None
        why = Explanation(
            MatchedBy.AGENT,
            *self._asked(lane, waiter.call, agent),
            claim,
            free=1 + len(lane.bench),
            waiting=sum(map(len, lines)),
            agents=(self._considered(lane, agent),),
            calls=tuple(self._waited(self._calls[call_id]) for _, call_id in first),
        )
        self._take_out(waiter)
        return self._offer(waiter, agent, why)

    # --- places -----------------------------------------------------------------------------

    def _replace(self, waiters: Iterable[_Waiter], matched: MatchedBy) -> list[Assignment]:
        """Take the calls out and look for their places anew."""
        moved = sorted(waiters, key=lambda waiter: waiter.precedence)
        for waiter in moved:
            self._take_out(waiter)
        return [pair for waiter in moved for pair in self._place(waiter, matched)]

    def _place(self, waiter: _Waiter, matched: MatchedBy) -> list[Assignment]:
        """Give the call to the first who may serve it, or let it wait."""
        lane = self._lane_of(waiter.call)
        wishes = list(self._wishes(waiter, lane))
        for wish in wishes:
            if self._lanes.free(wish.agent.agent_id):
                return self._choose(waiter, lane, wish.agent, matched, wish.claim)
        keeping = [wish for wish in wishes if not wish.others]
        if keeping:
            alone = {wish.agent.agent_id for wish in keeping}
            lines = [self._kept.setdefault(agent_id, Line()) for agent_id in alone]
            self._wait(waiter, lines, min(wish.until for wish in keeping))
            return []
        for agent in self._lanes.best(lane, 1):
            return self._choose(waiter, lane, agent, matched, None)
        self._wait(waiter, [lane.line], self._widens(waiter.call))
        return []

    def _wishes(self, waiter: _Waiter, lane: Lane) -> Iterator[_Wish]:
        """The agents whom the call prefers still, who are staffed and may serve it."""
        rules = self._lanes.rules(waiter.call.queue_id)
        for preferred in waiter.call.preferred:
            agent = self._lanes.staffed(preferred.agent_id)
            patience = rules.patience(preferred.claim)
            if agent is None or patience is None or not lane.admits(agent):
                continue
            until = waiter.call.arrived + patience.patience
            if until > self._now:
                yield _Wish(agent, preferred.claim, until, patience.others)

    def _wait(self, waiter: _Waiter, lines: Sequence[Line], change: float | None) -> None:
        call_id = waiter.call.call_id
        waiter.lines = (*lines, self._queues.setdefault(waiter.call.queue_id, Line()))
        for line in waiter.lines:
            line.add(waiter.precedence, call_id)
        if waiter.call.shunned:
            self._shunning[call_id] = waiter
        waiter.change = change
        if change is not None:
            heappush(self._changes, (change, waiter.number, call_id))

    def _take_out(self, waiter: _Waiter) -> None:
        for line in waiter.lines:
            line.remove(waiter.precedence, waiter.call.call_id)
        self._shunning.pop(waiter.call.call_id, None)
        waiter.lines, waiter.change = (), None

    def _lane_of(self, call: WaitingCall) -> Lane:
        """Where the call belongs by now: away from whom it shuns, while there are others."""
        stage = self._stage(call)
        if call.shunned and self._now < self._shuns_until(call):
            others = self._lanes.of(call, stage, call.shunned)
            if others.crowd:
                return others
        return self._lanes.of(call, stage)

    def _widens(self, call: WaitingCall) -> float | None:
        """The next instant at which more may serve the call."""
        widens = self._lanes.rules(call.queue_id).widens(call.arrived, self._now)
        shuns = self._shuns_until(call) if call.shunned else self._now
        instants = [each for each in (widens, shuns) if each is not None and each > self._now]
        return min(instants, default=None)

    def _shuns_until(self, call: WaitingCall) -> float:
        return call.arrived + self._lanes.rules(call.queue_id).shun

    def _stage(self, call: WaitingCall) -> int:
        return self._lanes.rules(call.queue_id).stage(call.arrived, self._now)

    def _head_start(self, call: WaitingCall) -> float:
        starts = self._lanes.rules(call.queue_id).head_starts
        return starts.of(call.situation, call.service_level)

    def _claim(self, waiter: _Waiter, agent_id: AgentId) -> Claim | None:
        claims = (each.claim for each in waiter.call.preferred if each.agent_id == agent_id)
        return next(claims, None)

    # --- pairs ------------------------------------------------------------------------------

    def _choose(
        self, waiter: _Waiter, lane: Lane, agent: Agent, matched: MatchedBy, claim: Claim | None
    ) -> list[Assignment]:
        """That free agent has the call."""
        best = [agent, *(each for each in self._lanes.best(lane, SHOWN) if each is not agent)]
        why = Explanation(
            matched,
            *self._asked(lane, waiter.call, agent),
            claim,
            free=len(lane.bench),
            waiting=1,
            agents=tuple(self._considered(lane, each) for each in best[:SHOWN]),
            calls=(self._waited(waiter),),
        )
        return self._offer(waiter, agent, why)

    def _offer(self, waiter: _Waiter, agent: Agent, why: Explanation) -> list[Assignment]:
        waiter.agent_id = agent.agent_id
        self._lanes.offered(waiter.call.queue_id, agent.agent_id, self._now)
        return [Assignment(waiter.call, agent.agent_id, why)]

    def _asked(self, lane: Lane, call: WaitingCall, agent: Agent) -> tuple[int, Order, str, int]:
        level = lane.skills.level_in(agent.skills)
        return level, lane.order, str(lane.required), self._stage(call)

    def _considered(self, lane: Lane, agent: Agent) -> AgentConsidered:
        figure = self._lanes.figure(lane, agent)
        return AgentConsidered(agent.agent_id, figure, self._now - agent.idle_since)

    def _waited(self, waiter: _Waiter) -> CallConsidered:
        waited = self._now - waiter.call.arrived
        return CallConsidered(waiter.call.call_id, waited, waiter.head_start)
