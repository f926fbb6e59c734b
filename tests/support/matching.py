"""Calls, agents and queues for the matcher's tests, and a slow and obvious matcher beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agents.acd.matcher import (
    AgentFree,
    AgentGone,
    AgentStaffed,
    AgentUnstaffed,
    CallArrived,
    CallChanged,
    CallLeft,
    Input,
    OfferFailed,
    OfferTaken,
)
from agents.acd.policy import Agent, Rank, rank
from agents.acd.queue import Preferred, WaitingCall
from agents.acd.rules import QueueRules, rules_from
from cti.kernel.identifiers import AgentId, CallId, QueueId
from cti.kernel.vocabulary import Language, ServiceLevel, Situation, Verification

ZH, EN = Language.CHINESE, Language.ENGLISH
GENERAL, COMPLAINTS = QueueId("general"), QueueId("complaints")
Pair = tuple[CallId, AgentId]


def call(
    name: str,
    at: float = 0.0,
    queue: QueueId = GENERAL,
    language: Language = ZH,
    level: ServiceLevel = ServiceLevel.UNIFORM,
    situation: Situation = Situation.ORDINARY,
    verification: Verification = Verification.NONE,
    preferred: tuple[Preferred, ...] = (),
    shunned: frozenset[AgentId] = frozenset(),
) -> WaitingCall:
    who = CallId(name), queue, language, level, situation
    return WaitingCall(*who, at, verification, preferred, shunned)


def agent(
    name: str,
    since: float = 0.0,
    skills: Mapping[str, int] | None = None,
    languages: frozenset[Language] = frozenset({ZH}),
    priorities: Mapping[str, int] | None = None,
    occupied: float = 0.0,
    calls: int = 0,
) -> Agent:
    return Agent(
        AgentId(name), skills or {"general": 5}, languages, since, priorities or {}, occupied, calls
    )


def queues(**plain: object) -> dict[QueueId, QueueRules]:
    """Rules by queue; a queue that is not told asks for the skill of its name."""
    told = {"general": {"demand": "general"}, "complaints": {"demand": "complaints"}, **plain}
    return {QueueId(name): rules_from(rules) for name, rules in told.items()}


@dataclass(slots=True)
class Standing:
    """A call as the oracle knows it: `kept` holds the agents it waits for alone."""

    call: WaitingCall
    number: int
    waits: bool = False
    kept: frozenset[AgentId] = frozenset()
    change: float | None = None


@dataclass(slots=True)
class Oracle:
    """Finds each pair by looking at everybody."""

    rules: Mapping[QueueId, QueueRules]
    now: float = 0.0
    arrivals: int = 0
    calls: dict[CallId, Standing] = field(default_factory=dict)
    staff: dict[AgentId, Agent] = field(default_factory=dict)
    free: set[AgentId] = field(default_factory=set)
    offers: dict[QueueId, list[AgentId]] = field(default_factory=dict)

    def handle(self, event: Input) -> list[Pair]:
        """Everything that happens at that instant."""
        if isinstance(event, CallLeft):
            self.calls.pop(event.call_id, None)
            return []
        self.now = max(self.now, self.instant(event))
        due = [each for each in self.calls.values() if each.change and each.change <= self.now]
        return self.settle(due) + self.happen(event)

    def instant(self, event: Input) -> float:
        if isinstance(event, CallArrived):
            return event.call.arrived if event.at is None else event.at
        assert not isinstance(event, CallLeft)
        return event.at

    def happen(self, event: Input) -> list[Pair]:
        match event:
            case CallArrived(one):
                self.arrivals += 1
                standing = self.calls[one.call_id] = Standing(one, self.arrivals)
                return self.settle([standing])
            case CallChanged(one):
                return self.changed(one)
            case AgentStaffed(who):
                return self.staffed(who)
            case AgentFree(who):
                return self.staffed(who) + self.freed(who)
            case AgentUnstaffed(agent_id):
                self.free.discard(agent_id)
                self.staff.pop(agent_id, None)
                return self.settle([*self.kept_for(agent_id), *self.shunning(agent_id)])
            case AgentGone(agent_id):
                self.free.discard(agent_id)
            case OfferTaken(call_id):
                self.calls.pop(call_id, None)
            case OfferFailed(call_id):
                standing_ = self.calls.get(call_id)
                if standing_ is not None and not standing_.waits:
                    return self.settle([standing_])
        return []

    def changed(self, one: WaitingCall) -> list[Pair]:
        standing = self.calls.get(one.call_id)
        if standing is None:
            return []
        standing.call = one
        return self.settle([standing]) if standing.waits else []

    def staffed(self, who: Agent) -> list[Pair]:
        before = self.staff.get(who.agent_id)
        self.free.discard(who.agent_id)
        self.staff[who.agent_id] = who
        same = before and (before.skills, before.languages) == (who.skills, who.languages)
        moved = [*self.kept_for(who.agent_id), *self.shunning(who.agent_id)]
        return [] if same else self.settle(moved)

    def freed(self, who: Agent) -> list[Pair]:
        mine = [one for one in self.calls.values() if self.may_serve(who, one)]
        if not mine:
            self.free.add(who.agent_id)
            return []
        return [self.offer(min(mine, key=self.key), who)]

    def settle(self, moved: Iterable[Standing]) -> list[Pair]:
        """Take the calls out, then find each its agent or its place, the first first."""
        in_order = sorted(moved, key=self.key)
        for each in in_order:
            each.waits, each.kept, each.change = False, frozenset(), None
        return [pair for each in in_order for pair in self.place(each)]

    def place(self, one: Standing) -> list[Pair]:
        rules = self.rules[one.call.queue_id]
        wished: dict[AgentId, float] = {}
        for preferred in one.call.preferred:
            who = self.staff.get(preferred.agent_id)
            patience = rules.patience(preferred.claim)
            if who and patience and self.meets(who, one.call):
                until = one.call.arrived + patience.patience
                if until > self.now and who.agent_id in self.free:
                    return [self.offer(one, who)]
                if until > self.now and not patience.others:
                    wished[who.agent_id] = min(until, wished.get(who.agent_id, until))
        one.waits = True
        if wished:
            one.kept, one.change = frozenset(wished), min(wished.values())
            return []
        free = [who for who in self.free_agents() if self.meets(who, one.call)]
        if free:
            return [self.offer(one, min(free, key=lambda who: self.rank(who, one.call)))]
        later = [one.call.arrived + stage.after for stage in rules.stages]
        if one.call.shunned:
            later.append(one.call.arrived + rules.shun)
        one.change = min((instant for instant in later if instant > self.now), default=None)
        return []

    def offer(self, one: Standing, who: Agent) -> Pair:
        one.waits, one.kept, one.change = False, frozenset(), None
        self.free.discard(who.agent_id)
        self.offers.setdefault(one.call.queue_id, []).append(who.agent_id)
        return one.call.call_id, who.agent_id

    # --- looking ----------------------------------------------------------------------------

    def free_agents(self) -> list[Agent]:
        return [self.staff[agent_id] for agent_id in self.free]

    def kept_for(self, agent_id: AgentId) -> list[Standing]:
        return [each for each in self.calls.values() if agent_id in each.kept]

    def shunning(self, agent_id: AgentId) -> list[Standing]:
        """The others who wait and shun anybody."""
        waiting = [each for each in self.waiting() if each.call.shunned]
        return [each for each in waiting if agent_id not in each.kept]

    def may_serve(self, who: Agent, one: Standing) -> bool:
        """Whether the agent may be given the call where it waits now."""
        if not one.waits:
            return False
        return who.agent_id in one.kept if one.kept else self.meets(who, one.call)

    def meets(self, who: Agent, one: WaitingCall) -> bool:
        """Whether the agent may serve the call by now; nobody is shunned who is the only one."""
        shuns = who.agent_id in one.shunned
        if shuns and self.now < one.arrived + self.rules[one.queue_id].shun:
            others = [each for each in self.staff.values() if each.agent_id not in one.shunned]
            shuns = any(self.skilled(each, one) for each in others)
        else:
            shuns = False
        return self.skilled(who, one) and not shuns

    def skilled(self, who: Agent, one: WaitingCall) -> bool:
        rules = self.rules[one.queue_id]
        besides = rules.verified.get(one.verification)
        demands = [rules.demand]
        demands += [s.demand for s in rules.stages if one.arrived + s.after <= self.now]
        return (
            one.language in who.languages
            and (besides is None or besides.level_in(who.skills) > 0)
            and any(demand.level_in(who.skills) for demand in demands)
        )

    def key(self, one: Standing) -> tuple[float, int]:
        starts = self.rules[one.call.queue_id].head_starts
        return one.call.arrived - starts.of(one.call.situation, one.call.service_level), one.number

    def rank(self, who: Agent, one: WaitingCall) -> Rank:
        rules = self.rules[one.queue_id]
        demand = rules.demand_at(rules.stage(one.arrived, self.now))
        past = self.offers.get(one.queue_id, [])
        last = len(past) - past[::-1].index(who.agent_id) if who.agent_id in past else 0
        group = rules.group or one.queue_id
        return rank(rules.order, who, group, demand.level_in(who.skills), last)

    def waiting(self) -> list[Standing]:
        return [each for each in self.calls.values() if each.waits]
