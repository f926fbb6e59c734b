"""An agent as pages see them, at one moment. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from agents.after_call import AfterCall
from agents.events import AgentState, BusyKind
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


class PhoneKind(Enum):
    """What an agent talks by."""

    BROWSER = "browser"
    """Their page, which can answer by itself."""
    SIP = "sip"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PhoneView:
    """The agent's telephone."""

    kind: PhoneKind
    registered: bool


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
    phone: PhoneView
    phone_registered: bool
    call_id: CallId | None
    queue_id: QueueId | None
    ringing: bool
    answered: datetime | None
    deadline: datetime | None
    after_call: AfterCallView | None
    extensions_left: int
    notes: str


def view_of(
    session: AgentSession, name: str, settings: AgentSettings, *, registered: bool, in_page: bool
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
        phone=PhoneView(_phone_kind(registered, in_page), registered),
        phone_registered=registered,
        call_id=session.call_id,
        queue_id=current.queue_id if current else None,
        ringing=session.ringing,
        answered=session.conversation.answered if session.conversation else None,
        deadline=session.deadline,
        after_call=_after_call(after_call) if after_call else None,
        extensions_left=after_call.extensions_left if after_call else 0,
        notes=session.notes,
    )


def _after_call(work: AfterCall) -> AfterCallView:
    return AfterCallView(work.rules.mode, work.deadline, work.extensions_left)


def _phone_kind(registered: bool, in_page: bool) -> PhoneKind:
    if in_page:
        return PhoneKind.BROWSER
    return PhoneKind.SIP if registered else PhoneKind.NONE
