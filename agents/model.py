"""Who works here and what callers wait for: staff, queues, and the limits agents live by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from agents.acd.overflow import WaitingRules
from agents.acd.rules import QueueRules
from cti.kernel.identifiers import AgentId, DepartmentId, DeviceId, QueueId, StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from cti.trunks.numbers import Reach

AGENTS = DepartmentId("座席 Agents")
"""The unit of agents of whom nobody said in which team they are."""


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff of any role, without their secrets.

    `skills` gives each skill's level, 1 (learning) to 10 (best); `languages` are those spoken
    with callers, `language` is the one their pages are in.
    """

    staff_id: StaffId
    login: str
    name: str
    roles: frozenset[Role]
    language: Language = Language.CHINESE
    department_id: DepartmentId | None = None
    extension: DeviceId | None = None
    skills: Mapping[str, int] = field(default_factory=dict)
    languages: frozenset[Language] = frozenset({Language.CHINESE})
    may_dial: frozenset[Reach] = frozenset()
    """Kinds of numbers the person may call; help in need besides, always."""
    priorities: Mapping[str, int] = field(default_factory=dict)
    """In skill groups, 1 (first) to 10, for queues ordered by group priority."""
    email: str = ""
    """Where messages reach the person outside the pages."""
    team: str = ""
    """The team (班组) of somebody at the hotline itself."""

    @property
    def agent_id(self) -> AgentId:
        """The same identifier, where the person is seen as an agent."""
        return AgentId(self.staff_id)

    @property
    def unit(self) -> DepartmentId | None:
        """Whom they work with: their department, their team, or else all agents in no team."""
        if self.department_id is not None:
            return self.department_id
        if self.team:
            return DepartmentId(self.team)
        return AGENTS if Role.AGENT in self.roles else None

    @property
    def principal(self) -> Principal:
        """The person as pages and services see them."""
        return Principal(
            self.staff_id,
            self.name,
            self.roles,
            self.language,
            self.department_id,
            self.extension,
            self.unit,
        )


@dataclass(frozen=True, slots=True)
class Queue:
    """Where calls wait for an agent who meets its rules.

    `threshold` is the service level's time in seconds.
    """

    queue_id: QueueId
    names: Mapping[Language, str]
    rules: QueueRules
    waiting: WaitingRules = field(default_factory=WaitingRules)
    threshold: float = 20.0


class AfterCallMode(Enum):
    """How after-call work ends."""

    TIMED = "timed"
    """By itself, after its limit, or sooner if the agent says so."""
    UNTIL_FINISHED = "until_finished"
    """When the agent says so."""
    EXTENDABLE = "extendable"
    """By itself, but the agent may extend it a limited number of times."""


@dataclass(frozen=True, slots=True)
class AfterCallRules:
    """How long after-call work may take; seconds."""

    mode: AfterCallMode = AfterCallMode.EXTENDABLE
    limit: float = 30.0
    extension: float = 30.0
    extensions: int = 4


USUAL_REASONS: Mapping[str, float | None] = {
    "break": 900.0,
    "lunch": 3600.0,
    "meeting": None,
    "training": None,
    "other": None,
}


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """The limits agents live by, in seconds, and their reasons for not being ready."""

    ring_limit: float = 15.0
    missed_limit: int = 1
    """So many calls in a row not taken make an agent not ready."""
    return_within: float = 30.0
    """How long a page that is gone in mid-call may take to be back; 0: it is not waited for."""
    desk_absence: float = 10.0
    """Who is ready with the telephone of a page that is silent for so long is so no more."""
    after_call: AfterCallRules = field(default_factory=AfterCallRules)
    after_call_in: Mapping[QueueId, AfterCallRules] = field(default_factory=dict)
    """Of queues whose calls leave more, or less, to do."""
    supervisors_shown: bool = False
    """Whether agents see which supervisor is at their call."""
    verified_for: float = 300.0
    """As long a caller counts as signed in whose agent was gone when the IVR gave them back."""
    expected_handling: float = 180.0
    """Handling time assumed until a queue has had calls of its own."""
    code_required: bool = False
    """Whether an agent ends after-call work only once the call has its code."""
    reasons: Mapping[str, float | None] = field(default_factory=lambda: dict(USUAL_REASONS))
    """Each reason with the time after which it is overlong."""

    def overlong_from(self, reason: str, since: datetime) -> datetime | None:
        """From when on being not ready for that reason is overlong; None where it has no limit."""
        longest = self.reasons.get(reason)
        return None if longest is None else since + timedelta(seconds=longest)

    def after_call_of(self, queue_id: QueueId | None) -> AfterCallRules:
        """The rules after a call of that queue, or of none."""
        return (
            self.after_call
            if queue_id is None
            else self.after_call_in.get(queue_id, self.after_call)
        )


class NotReadyReason:
    """Reasons the house itself sets; an agent cannot choose them."""

    SIGNED_IN = "signed_in"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    PHONE_UNREACHABLE = "phone_unreachable"
    PHONE_LOST = "phone_lost"
    LEAVING = "leaving"
    LAGGED = "lagged"
    """The page with the agent's telephone in it was silent."""
    FORCED = "forced"
    """A supervisor took the agent out without giving another reason."""
