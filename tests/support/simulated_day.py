"""A day of a great call centre, played to the matcher: random skills, callers and happenings.

Everything is drawn from the `random.Random` given, so a seed names a day. What the matcher finds
is fed back as it would be in the house: phones ring, are answered or not, calls and after-call
work take their time, agents go home and come back.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from heapq import heappop, heappush
from itertools import count
from random import Random

from agents.acd.matcher import (
    AgentFree,
    AgentGone,
    AgentStaffed,
    AgentUnstaffed,
    Assignment,
    CallArrived,
    CallLeft,
    Input,
    Matcher,
    OfferFailed,
    OfferTaken,
    TimePassed,
)
from agents.acd.policy import Agent
from agents.acd.queue import Claim, Preferred, WaitingCall
from agents.acd.rules import Order, QueueRules, rules_from
from cti.kernel.identifiers import AgentId, CallId, QueueId
from cti.kernel.vocabulary import Language, ServiceLevel, Situation, Verification

MORNING = 1_700_000_000.0
ORDERS = [order.value for order in Order]
HANDLING, RINGING, BREAK = 240.0, 6.0, 600.0
"""Means of what takes time, in seconds."""
MISSED, GOES_HOME, PREFERS, ABANDONED = 0.03, 0.05, 0.2, 0.02
"""How often each of these happens."""
Handle = Callable[[Input], list[Assignment]]


def rules_of(random: Random, queues: int, skills: Sequence[str]) -> dict[QueueId, QueueRules]:
    """So many queues, each with rules of its own."""
    return {QueueId(f"q{each}"): rules_from(_rules(random, each, skills)) for each in range(queues)}


def _rules(random: Random, number: int, skills: Sequence[str]) -> dict[str, object]:
    first, second, third = random.sample(skills, 3)
    demand = random.choice(
        [
            f"{first} >= {random.randint(1, 6)}",
            f"{first} and {second}",
            f"{first} >= 4 and ({second} >= 3 or {third})",
            f"{first} >= 5 or {second} >= 5",
        ]
    )
    plain: dict[str, object] = {"demand": demand, "order": ORDERS[number % len(ORDERS)]}
    if number % 2:
        plain["stages"] = [{"after": 30, "demand": first}, {"after": 90, "demand": third}]
    if number % 3 == 0:
        plain["verified"] = {"signed_in": random.choice(skills)}
        plain["sticky"] = {"patience": 10}
        plain["owner"] = {"patience": 20, "others": number % 2 == 0}
    return plain


def agent_of(random: Random, number: int, skills: Sequence[str]) -> Agent:
    """An agent with skills of theirs."""
    own = random.sample(skills, random.randint(1, min(8, len(skills))))
    languages = frozenset(Language if random.random() < 0.3 else [Language.CHINESE])
    priorities = {f"q{each}": random.randint(1, 10) for each in random.sample(range(20), 5)}
    levels = {skill: random.randint(1, 10) for skill in own}
    return Agent(AgentId(f"a{number}"), levels, languages, 0.0, priorities)


@dataclass(slots=True)
class Day:
    """Plays one thing after the other; `handle` is the matcher's, or what watches it."""

    random: Random
    handle: Handle
    matcher: Matcher
    rules: Mapping[QueueId, QueueRules]
    agents: dict[AgentId, Agent]
    crowd: int
    """How many callers there are about to be in the queues."""
    now: float = MORNING
    waiting: set[CallId] = field(default_factory=set)
    ringing: dict[AgentId, CallId] = field(default_factory=dict)
    later: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    callers: int = 0
    numbers: Iterator[int] = field(default_factory=count)

    def begin(self) -> None:
        """Callers fill the queues while nobody has come to work, then all do, in calls."""
        for _ in range(self.crowd):
            self.now += self.random.expovariate(50.0)
            self.arrive()
        for agent in self.agents.values():
            self.handle(AgentStaffed(agent, self.now))
            self.in_a_while(HANDLING, partial(self.free, agent))

    def step(self) -> None:
        """The next thing that happens."""
        change = self.matcher.next_change()
        instant = self.later[0][0] if self.later else self.now
        if change is not None and change <= instant:
            self.now = max(self.now, change)
            self.tell(TimePassed(self.now))
        elif len(self.waiting) < self.crowd or not self.later:
            self.arrive()
        elif self.random.random() < ABANDONED:
            self.abandon()
        else:
            self.now = max(self.now, instant)
            heappop(self.later)[2]()

    # --- what happens -----------------------------------------------------------------------

    def arrive(self) -> None:
        random = self.random
        self.callers += 1
        call = WaitingCall(
            CallId(f"c{self.callers}"),
            random.choice(list(self.rules)),
            random.choice([Language.CHINESE] * 4 + [Language.ENGLISH]),
            random.choice(list(ServiceLevel)),
            random.choice([Situation.ORDINARY] * 19 + [Situation.CARD_LOSS]),
            self.now,
            random.choice(list(Verification)),
            tuple(self.preferred()),
        )
        self.waiting.add(call.call_id)
        self.tell(CallArrived(call))

    def preferred(self) -> list[Preferred]:
        return [
            Preferred(AgentId(f"a{self.random.randrange(len(self.agents))}"), claim)
            for claim in Claim
            if self.random.random() < PREFERS
        ]

    def abandon(self) -> None:
        """Somebody hangs up, waiting or while a phone rings for them."""
        call_id = CallId(f"c{self.random.randint(1, self.callers)}")
        if call_id in self.waiting:
            self.waiting.discard(call_id)
            self.tell(CallLeft(call_id))

    def free(self, agent: Agent) -> None:
        """After-call work is done: the next call, or home for a while."""
        if self.random.random() < GOES_HOME:
            self.tell(AgentUnstaffed(agent.agent_id, self.now))
            self.in_a_while(BREAK, lambda: self.free(agent))
            return
        changed = replace(
            agent, idle_since=self.now, occupied=self.random.random(), calls=agent.calls + 1
        )
        self.agents[agent.agent_id] = changed
        self.tell(AgentFree(changed, self.now))
        if agent.agent_id not in self.ringing and self.random.random() < GOES_HOME:
            self.in_a_while(RINGING, lambda: self.dial_out(changed))

    def dial_out(self, agent: Agent) -> None:
        """A free agent calls somebody themself."""
        if self.agents[agent.agent_id] is agent and agent.agent_id not in self.ringing:
            self.tell(AgentGone(agent.agent_id, self.now))
            self.in_a_while(HANDLING, lambda: self.free(agent))

    def ring(self, pair: Assignment) -> None:
        assert pair.agent_id not in self.ringing, "an agent with two offers"
        assert pair.call.call_id in self.waiting, "a call that nobody has"
        self.waiting.discard(pair.call.call_id)
        self.ringing[pair.agent_id] = pair.call.call_id
        self.agents[pair.agent_id] = agent = replace(self.agents[pair.agent_id])
        self.in_a_while(RINGING, lambda: self.rung(agent, pair.call.call_id))

    def rung(self, agent: Agent, call_id: CallId) -> None:
        """Answered, most of the time."""
        del self.ringing[agent.agent_id]
        if self.random.random() >= MISSED:
            self.tell(OfferTaken(call_id, self.now))
            self.in_a_while(HANDLING, lambda: self.free(agent))
            return
        self.tell(AgentUnstaffed(agent.agent_id, self.now))
        self.waiting.add(call_id)
        self.tell(OfferFailed(call_id, self.now))
        self.in_a_while(BREAK, lambda: self.free(agent))

    # --- inside -----------------------------------------------------------------------------

    def tell(self, event: Input) -> None:
        for pair in self.handle(event):
            self.ring(pair)

    def in_a_while(self, mean: float, what: Callable[[], None]) -> None:
        instant = self.now + self.random.expovariate(1.0 / mean)
        heappush(self.later, (instant, next(self.numbers), what))


def day(
    seed: int,
    agents: int,
    crowd: int,
    queues: int = 40,
    skills: int = 30,
    watch: Callable[[Handle], Handle] | None = None,
) -> Day:
    """A day with so many agents, and so many callers waiting throughout."""
    random, names = Random(seed), [f"s{number}" for number in range(skills)]
    rules = rules_of(random, queues, names)
    matcher = Matcher(rules.__getitem__)
    people = (agent_of(random, number, names) for number in range(agents))
    return Day(
        random,
        watch(matcher.handle) if watch else matcher.handle,
        matcher,
        rules,
        {agent.agent_id: agent for agent in people},
        crowd,
    )
