"""Who works here and what callers wait for: staff, queues, and the limits agents live by."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cti.kernel.identifiers import AgentId, DepartmentId, DeviceId, QueueId, StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role


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

    @property
    def agent_id(self) -> AgentId:
        """The same identifier, where the person is seen as an agent."""
        return AgentId(self.staff_id)

    @property
    def principal(self) -> Principal:
        """The person as pages and services see them."""
        return Principal(
            self.staff_id, self.name, self.roles, self.language, self.department_id, self.extension
        )


@dataclass(frozen=True, slots=True)
class Queue:
    """Where calls wait for an agent with a skill.

    `threshold` is the service level's time in seconds; `announce_every` the seconds between two
    announcements of place and expected wait, 0 for none.
    """

    queue_id: QueueId
    names: Mapping[Language, str]
    skill: str
    threshold: float = 20.0
    announce_every: float = 30.0


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """The limits agents live by, in seconds, and their reasons for not being ready."""

    ring_limit: float = 15.0
    after_call_limit: float = 30.0
    after_call_extension: float = 30.0
    after_call_extensions: int = 4
    """How often after-call work may be extended."""
    expected_handling: float = 180.0
    """Handling time assumed until a queue has had calls of its own."""
    reasons: tuple[str, ...] = ("break", "lunch", "meeting", "training", "other")


class NotReadyReason:
    """Reasons the house itself sets; an agent cannot choose them."""

    SIGNED_IN = "signed_in"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    PHONE_UNREACHABLE = "phone_unreachable"
    PHONE_LOST = "phone_lost"
    LEAVING = "leaving"
