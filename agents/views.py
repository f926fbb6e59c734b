"""An agent as pages see them, at one moment. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agents.actions import Phone, Workplace, possible
from agents.after_call import AfterCall
from agents.events import AgentState, BusyKind
from agents.lines import Line
from agents.model import AfterCallMode, AgentSettings
from agents.session import AgentSession
from agents.state import Presence
from cti.kernel.identifiers import AgentId, CallId, DeviceId, QueueId


@dataclass(frozen=True, slots=True)
class AfterCallView:
    """After-call work: it ends by itself at the `deadline`, where there is one."""

    mode: AfterCallMode
    deadline: datetime | None
    extensions_left: int


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent at this moment. `deadline` ends the ringing or the after-call work."""

    agent_id: AgentId
    name: str
    extension: DeviceId
    state: AgentState
    reason: str
    reason_until: datetime | None
    """From when on the reason for not being ready is overlong."""
    busy: BusyKind | None
    since: datetime
    pending: Presence | None
    phone_registered: bool
    call_id: CallId | None
    queue_id: QueueId | None
    ringing: bool
    answered: datetime | None
    deadline: datetime | None
    after_call: AfterCallView | None
    extensions_left: int
    notes: str
    phone: Phone
    calls: tuple[Line, ...]
    """The active one first."""
    can: Mapping[str, str]
    """For every action the reason why it is impossible now, empty for what is possible."""


@dataclass(frozen=True, slots=True)
class ColleagueView:
    """An agent at this moment as colleagues see them."""

    agent_id: AgentId
    name: str
    extension: DeviceId
    state: AgentState
    since: datetime


def view_of(
    session: AgentSession, name: str, settings: AgentSettings, place: Workplace
) -> AgentView:
    """The agent of the session at this moment."""
    status, current = session.status, session.offer or session.conversation
    since, after_call = session.standing.since, session.after_call
    return AgentView(
        agent_id=session.agent_id,
        name=name,
        extension=session.extension,
        state=status.state,
        reason=status.reason,
        reason_until=settings.overlong_from(status.reason, since),
        busy=status.busy,
        since=since,
        pending=status.next,
        phone_registered=place.phone.registered,
        call_id=session.call_id,
        queue_id=current.queue_id if current else None,
        ringing=session.ringing,
        answered=session.conversation.answered if session.conversation else None,
        deadline=session.deadline,
        after_call=_after_call(after_call) if after_call else None,
        extensions_left=after_call.extensions_left if after_call else 0,
        notes=session.notes,
        phone=place.phone,
        calls=tuple(place.lines),
        can={
            action.value: why.value if why is not None else ""
            for action, why in possible(place).items()
        },
    )


def _after_call(work: AfterCall) -> AfterCallView:
    return AfterCallView(work.rules.mode, work.deadline, work.extensions_left)
