"""The rules of a queue: whom its calls need, how that widens while they wait, who is chosen.

Rules are frozen values read from plain data, as a settings file or a column of the database
holds it::

    demand: loans >= 5 and (cards >= 3 or general)
    stages:                       # each also takes whom the ones before took
      - {after: 30, demand: loans >= 3}
      - {after: 60, demand: general}
    verified:                     # needed besides, by how surely the caller is known
      signed_in: transactions
    order: most_skilled
    group: loans                  # whose priorities count with group_priority
    sticky: {patience: 10, within: 7 days}
    owner: {patience: 20}
    shun: 60
    head_starts: {situations: {fraud: 1800}, levels: {special: 300, priority: 120}}

All times in seconds. Pure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from agents.acd.demand import Demand, DemandError, all_of, any_of, parse
from agents.acd.queue import Claim, HeadStarts
from agents.acd.reading import Part, RulesError, items, seconds, text, truth
from cti.kernel.vocabulary import ServiceLevel, Situation, Verification

LONGEST_HEAD_START = 86400.0
SHUN = 60.0

E = TypeVar("E", bound=Enum)
T = TypeVar("T")


class Order(Enum):
    """Which of the free agents who may serve a call is chosen.

    Each compares agents by one figure that stands still while they are free; who is idle longer
    settles a tie, and the agent's id what is left of it (see `agents.acd.policy.rank`).
    """

    LONGEST_IDLE = "longest_idle"
    """Who waits longest for a call."""
    MOST_SKILLED = "most_skilled"
    """The highest level in what the call demands at its stage."""
    LEAST_OCCUPIED = "least_occupied"
    """The smallest occupancy of today: time with calls / (with calls + ready for them)."""
    FEWEST_CALLS = "fewest_calls"
    """The fewest calls handled today."""
    ROUND_ROBIN = "round_robin"
    """Whose last call of this queue lies farthest back; first of all who never had one."""
    GROUP_PRIORITY = "group_priority"
    """The first priority (1 to 10) in the queue's skill group, then the highest level."""


BY_THE_DAY = Order.LEAST_OCCUPIED, Order.FEWEST_CALLS
"""Those that compare figures of today, which have to be counted for that."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call waits for a preferred agent alone, while they are staffed.

    With `others`, it waits for nobody: the preferred agent is chosen where they are free, and
    else any other. What happened more than `within` seconds ago counts no more.
    """

    patience: float
    within: float = 7 * 86400.0
    others: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """After so many seconds of waiting, whoever meets this demand may serve the call, too."""

    after: float
    demand: Demand


@dataclass(frozen=True, slots=True)
class QueueRules:
    """How calls of one queue find their agents."""

    demand: Demand
    stages: tuple[Stage, ...] = ()
    verified: Mapping[Verification, Demand] = field(default_factory=dict)
    order: Order = Order.MOST_SKILLED
    group: str = ""
    """The skill group whose priorities count; empty for one named as the queue."""
    sticky: Patience | None = None
    owner: Patience | None = None
    shun: float = SHUN
    """Who complained about an agent waits so long for others alone, while any are at work."""
    head_starts: HeadStarts = field(default_factory=HeadStarts)

    def stage(self, arrived: float, at: float) -> int:
        """How often the demand was widened by `at` for a call that came then; 0 for never."""
        return sum(arrived + stage.after <= at for stage in self.stages)

    def widens(self, arrived: float, at: float) -> float | None:
        """The next instant at which it widens for that call, None once it has for the last time."""
        instants = (arrived + stage.after for stage in self.stages)
        return min((instant for instant in instants if instant > at), default=None)

    def demand_at(self, stage: int) -> Demand:
        """The skills demanded at that stage: whoever met an earlier one meets it."""
        return any_of(self.demand, *(each.demand for each in self.stages[:stage]))

    def required(self, verification: Verification, stage: int) -> Demand:
        """All that a call demands at that stage, what its verification needs included."""
        besides, demand = self.verified.get(verification), self.demand_at(stage)
        return all_of(besides, demand) if besides is not None else demand

    def served_with(self, skills: Mapping[str, int]) -> bool:
        """Whether these skills are enough for calls of this queue, at its last stage at least."""
        return self.demand_at(len(self.stages)).level_in(skills) > 0

    def patience(self, claim: Claim) -> Patience | None:
        """The patience with agents so preferred, None where nobody is."""
        return self.owner if claim is Claim.OWNER else self.sticky


def rules_from(plain: object) -> QueueRules:
    """The rules that such data describes; RulesError names the wrong key and what to write."""
    part = Part(plain)
    rules = QueueRules(
        demand=part.need("demand", _demand),
        stages=part.get("stages", (), _stages),
        verified=part.get("verified", {}, _verified),
        order=part.get("order", Order.MOST_SKILLED, _order),
        group=part.get("group", "", text),
        sticky=part.get("sticky", None, _patience),
        owner=part.get("owner", None, _patience),
        shun=part.get("shun", SHUN, seconds),
        head_starts=part.get("head_starts", HeadStarts(), _head_starts),
    )
    part.close()
    return rules


def rules_to(rules: QueueRules) -> dict[str, Any]:
    """The plain data that reads back as these rules."""
    starts = rules.head_starts
    plain: dict[str, Any] = {
        "demand": str(rules.demand),
        "stages": [{"after": each.after, "demand": str(each.demand)} for each in rules.stages],
        "verified": {_name(level): str(demand) for level, demand in rules.verified.items()},
        "order": rules.order.value,
        "group": rules.group,
        "shun": rules.shun,
        "head_starts": {
            "situations": {_name(each): seconds for each, seconds in starts.situations.items()},
            "levels": {_name(each): seconds for each, seconds in starts.levels.items()},
        },
    }
    for key, patience in (("sticky", rules.sticky), ("owner", rules.owner)):
        if patience is not None:
            plain[key] = {
                "patience": patience.patience,
                "within": patience.within,
                "others": patience.others,
            }
    return plain


def _demand(value: object, key: str) -> Demand:
    try:
        return parse(text(value, key))
    except DemandError as wrong:
        raise RulesError(key, str(wrong)) from None


def _stages(value: object, key: str) -> tuple[Stage, ...]:
    stages = tuple(_stage(each, path) for each, path in items(value, key))
    for place in range(1, len(stages)):
        if stages[place].after <= stages[place - 1].after:
            raise RulesError(f"{key}[{place}].after", "write a later time than the stage before")
    return stages


def _stage(value: object, key: str) -> Stage:
    part = Part(value, key)
    stage = Stage(part.need("after", seconds), part.need("demand", _demand))
    part.close()
    return stage


def _verified(value: object, key: str) -> dict[Verification, Demand]:
    return _by_name(Verification, value, key, _demand)


def _order(value: object, key: str) -> Order:
    try:
        return Order(value)
    except ValueError:
        words = ", ".join(each.value for each in Order)
        raise RulesError(key, f"write one of {words}, not {value!r}") from None


def _patience(value: object, key: str) -> Patience:
    part = Part(value, key)
    patience = Patience(
        part.need("patience", seconds),
        part.get("within", Patience(0.0).within, seconds),
        part.get("others", False, truth),
    )
    part.close()
    return patience


def _head_starts(value: object, key: str) -> HeadStarts:
    part, usual = Part(value, key), HeadStarts()

    def situations(value: object, key: str) -> dict[Situation, float]:
        return _by_name(Situation, value, key, _head_start)

    def levels(value: object, key: str) -> dict[ServiceLevel, float]:
        return _by_name(ServiceLevel, value, key, _head_start)

    starts = HeadStarts(
        {**usual.situations, **part.get("situations", {}, situations)},
        {**usual.levels, **part.get("levels", {}, levels)},
    )
    part.close()
    return starts


def _head_start(value: object, key: str) -> float:
    return seconds(value, key, LONGEST_HEAD_START)


def _by_name(
    kind: type[E], value: object, key: str, read: Callable[[object, str], T]
) -> dict[E, T]:
    """What stands beside each name; names are those of the enumeration in lower case."""
    part = Part(value, key)
    found = {member: part.get(_name(member), None, read) for member in kind}
    part.close()
    return {member: each for member, each in found.items() if each is not None}


def _name(member: Enum) -> str:
    return member.name.lower()
