"""Lanes: waiting calls that the same agents may serve, and the benches of agents free for them.

A lane is everything that decides who may serve a call: queue, language, the demand on skills that
follows from verification and stage, and whom its callers complained about. A lane begins with the
first call that needs it; which lanes an agent serves is found once for each set of skills and
languages.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from agents.acd.crowd import Crowd, Work, work
from agents.acd.demand import Demand
from agents.acd.policy import Agent, Bench, Rank, figure, rank
from agents.acd.queue import Line, Precedence, WaitingCall
from agents.acd.rules import Order, QueueRules
from cti.kernel.identifiers import AgentId, QueueId
from cti.kernel.vocabulary import Language, Verification

Shunned = frozenset[AgentId]
LaneKey = tuple[QueueId, Language, Demand, Demand, Shunned]
Profile = tuple[frozenset[tuple[str, int]], frozenset[Language], AgentId]
"""Skills and languages; and the agent, where some lane leaves that one out."""
NOBODY: Shunned = frozenset()
ANYBODY = AgentId("")

SAMPLE = 100
"""So many agents of a lane tell what share of them serve others, too."""
STEADY = 10.0
"""Seconds for which those shares are kept."""


@dataclass(slots=True, eq=False)
class Lane:
    """Calls of one queue with one language and demand, and the free agents who may serve them."""

    queue_id: QueueId
    language: Language
    required: Demand
    skills: Demand
    """Of what is required, that by which agents are compared: verification left out."""
    shunned: Shunned
    """Agents who do not serve it, whatever their skills."""
    order: Order
    group: str
    line: Line = field(default_factory=Line)
    bench: Bench = field(default_factory=Bench)
    crowd: Crowd = field(default_factory=Crowd)
    rivals: "tuple[float, Sequence[tuple[Lane, float]]]" = (float("-inf"), ())
    """Lanes whose calls its agents serve, too, with the share that they do; and when found."""

    def admits(self, agent: Agent) -> bool:
        """Whether the agent may serve its calls."""
        return (
            self.language in agent.languages
            and self.required.level_in(agent.skills) > 0
            and agent.agent_id not in self.shunned
        )


class Lanes:
    """Every lane, and the agents who serve them: free (seated on their benches) or taken."""

    def __init__(self, rules: Callable[[QueueId], QueueRules]) -> None:
        self._find_rules = rules
        self._rules: dict[QueueId, QueueRules] = {}
        self._lanes: dict[LaneKey, Lane] = {}
        self._of: dict[tuple[QueueId, Language, Verification, int, Shunned], Lane] = {}
        self._by_profile: dict[Profile, list[Lane]] = {}
        self._apart: set[AgentId] = set()
        """Whom some lane leaves out: their lists in `_by_profile` are theirs alone."""
        self._serving: dict[AgentId, list[Lane]] = {}
        """The lists of `_by_profile`, by agent."""
        self._staff: dict[AgentId, Agent] = {}
        self._work: dict[AgentId, Work] = {}
        """What takes those who are not free."""
        self._seats: dict[AgentId, list[tuple[Lane, Rank]]] = {}
        self._offers: Counter[QueueId] = Counter()
        self._turns: dict[tuple[QueueId, AgentId], int] = {}

    def of(self, call: WaitingCall, stage: int, shunned: Shunned = NOBODY) -> Lane:
        """Where the call belongs at that stage, without those agents."""
        short = (call.queue_id, call.language, call.verification, stage, shunned)
        lane = self._of.get(short)
        if lane is None:
            rules = self.rules(call.queue_id)
            required = rules.required(call.verification, stage)
            lane = self._lane((*short[:2], required, rules.demand_at(stage), shunned), rules)
            self._of[short] = lane
        return lane

    def rules(self, queue_id: QueueId) -> QueueRules:
        """The rules of the queue, as they were when it was first asked for."""
        rules = self._rules.get(queue_id)
        if rules is None:
            rules = self._rules[queue_id] = self._find_rules(queue_id)
        return rules

    def serving(self, agent_id: AgentId) -> Sequence[Lane]:
        """Every lane that the staffed agent may serve."""
        return self._serving[agent_id]

    def ahead(self, lane: Lane, precedence: Precedence, now: float) -> float:
        """How many calls of before that precedence the lane's agents will serve, on average.

        Calls of other lanes count by the share of their agents who serve this one, too.
        """
        found, rivals = lane.rivals
        if not 0.0 <= now - found < STEADY:
            rivals = list(self._rivals(lane))
            lane.rivals = now, rivals
        return sum(share * rival.line.ahead_of(precedence) for rival, share in rivals)

    def _rivals(self, lane: Lane) -> Iterator[tuple[Lane, float]]:
        sample = list(lane.crowd.sample(SAMPLE))
        shared: Counter[Lane] = Counter()
        for agent_id in sample:
            shared.update(self.serving(agent_id))
        for rival, agents in shared.items():
            both = agents / len(sample) * len(lane.crowd)
            yield rival, min(1.0, both / len(rival.crowd))

    def beside(self, lane: Lane) -> set[Lane]:
        """Every lane that any agent may serve who may serve this one; itself, too."""
        found = {lane}
        for lanes in self._by_profile.values():
            if lane in lanes:
                found.update(lanes)
        return found

    # --- agents -----------------------------------------------------------------------------

    def staffed(self, agent_id: AgentId) -> Agent | None:
        """The agent, free or taken; None who serves nobody."""
        return self._staff.get(agent_id)

    def free(self, agent_id: AgentId) -> bool:
        """Whether the agent sits on the benches."""
        return agent_id in self._seats

    def staff(self, agent: Agent, at: float) -> None:
        """The agent serves callers, but is taken for now; replaces what was known of them."""
        before = self._staff.get(agent.agent_id)
        if before is None or not alike(before, agent):
            self.unstaff(agent.agent_id)
            self._serving[agent.agent_id] = lanes = self._lanes_for(agent)
            for lane in lanes:
                lane.crowd.join(agent.agent_id)
        self._staff[agent.agent_id] = agent
        if agent.agent_id not in self._work:
            self.take(agent.agent_id, None, at)

    def unstaff(self, agent_id: AgentId) -> None:
        """The agent serves nobody."""
        self._clear(agent_id)
        if self._staff.pop(agent_id, None) is not None:
            for lane in self._serving.pop(agent_id):
                lane.crowd.leave(agent_id)

    def seat(self, agent: Agent) -> None:
        """Let the agent sit on the bench of every lane they serve."""
        self._clear(agent.agent_id)
        self._seats[agent.agent_id] = []
        for lane in self.serving(agent.agent_id):
            self._sit(agent, lane)

    def take(self, agent_id: AgentId, queue_id: QueueId | None, at: float) -> None:
        """A staffed agent is taken since then, by a call of that queue or something else."""
        self._clear(agent_id)
        if agent_id in self._staff:
            self._work[agent_id] = taken = work(queue_id, at)
            for lane in self.serving(agent_id):
                lane.crowd.take(taken)

    def offered(self, queue_id: QueueId, agent_id: AgentId, at: float) -> None:
        """A call of that queue goes to the agent."""
        self._offers[queue_id] += 1
        self._turns[queue_id, agent_id] = self._offers[queue_id]
        self.take(agent_id, queue_id, at)

    def figure(self, lane: Lane, agent: Agent) -> float:
        """What the lane's order compares, of that agent."""
        return figure(lane.order, agent, lane.group, *self._compared(lane, agent))

    def best(self, lane: Lane, most: int) -> Iterator[Agent]:
        """The first on the lane's bench, at most so many."""
        return (self._staff[agent_id] for agent_id in lane.bench.best(most))

    # --- inside -----------------------------------------------------------------------------

    def _lane(self, key: LaneKey, rules: QueueRules) -> Lane:
        """The lane of that key, begun if it is new."""
        if key not in self._lanes:
            self._lanes[key] = self._begin(Lane(*key, rules.order, rules.group or key[0]))
        return self._lanes[key]

    def _begin(self, lane: Lane) -> Lane:
        """Find who serves the new lane: the only work that grows with the number of agents."""
        for agent_id in lane.shunned - self._apart:
            self._set_apart(agent_id)
        for (skills, languages, agent_id), lanes in self._by_profile.items():
            if lane.admits(Agent(agent_id, dict(skills), languages)):
                lanes.append(lane)
        for agent in filter(lane.admits, self._staff.values()):
            lane.crowd.join(agent.agent_id)
            if agent.agent_id in self._seats:
                self._sit(agent, lane)
            else:
                lane.crowd.take(self._work[agent.agent_id])
        return lane

    def _set_apart(self, agent_id: AgentId) -> None:
        """From now on that agent's lanes are not those of all who are alike."""
        self._apart.add(agent_id)
        agent = self._staff.get(agent_id)
        if agent is not None:
            own = self._by_profile[self._profile(agent)] = list(self._serving[agent_id])
            self._serving[agent_id] = own

    def _profile(self, agent: Agent) -> Profile:
        which = agent.agent_id if agent.agent_id in self._apart else ANYBODY
        return frozenset(agent.skills.items()), agent.languages, which

    def _lanes_for(self, agent: Agent) -> list[Lane]:
        """Every lane so far that the agent may serve, and those that begin later."""
        which = self._profile(agent)
        lanes = self._by_profile.get(which)
        if lanes is None:
            lanes = [lane for lane in self._lanes.values() if lane.admits(agent)]
            self._by_profile[which] = lanes
        return lanes

    def _clear(self, agent_id: AgentId) -> None:
        """The agent is neither free nor taken for a moment."""
        for lane, at in self._seats.pop(agent_id, ()):
            lane.bench.remove(at)
        taken = self._work.pop(agent_id, None)
        if taken is not None:
            for lane in self.serving(agent_id):
                lane.crowd.release(taken)

    def _sit(self, agent: Agent, lane: Lane) -> None:
        place = rank(lane.order, agent, lane.group, *self._compared(lane, agent))
        lane.bench.add(place)
        self._seats[agent.agent_id].append((lane, place))

    def _compared(self, lane: Lane, agent: Agent) -> tuple[int, int]:
        """Level in what the lane demands, and the last turn in its queue."""
        level = lane.skills.level_in(agent.skills)
        return level, self._turns.get((lane.queue_id, agent.agent_id), 0)


def alike(one: Agent, other: Agent) -> bool:
    """Whether both serve the same lanes."""
    return one.skills == other.skills and one.languages == other.languages
