"""What the supervisors' floor shows of agents and queues, as plain entities."""

from collections.abc import Mapping, Sequence
from typing import Any

from agents.acd.floor import QueueView
from agents.desk.customer import masked
from agents.events import AgentState, BusyKind
from agents.line_quality import Line as Quality
from agents.lines import Line
from agents.supervision import Watch
from agents.views import AgentView
from cti.kernel.identifiers import QueueId, StaffId

COLLEAGUES = (BusyKind.INTERNAL, BusyKind.CONSULT)
SUPERVISING = ("listen", "whisper", "barge", "intercept")


def agent_entity(
    view: AgentView,
    queues: Sequence[QueueId],
    watches: Mapping[StaffId, tuple[str, Watch]],
    quality: Quality | None,
) -> dict[str, Any]:
    """The agent on the floor; `watches` gives name and place of each supervisor at their call."""
    return {
        "name": view.name,
        "extension": view.extension,
        "state": view.state,
        "reason": view.reason,
        "reason_until": view.reason_until,
        "busy": view.busy,
        "since": view.since,
        "pending": view.pending,
        "deadline": view.deadline,
        "phone": view.phone,
        "queues": list(queues),
        "call": _call(view.calls[0]) if view.calls else None,
        "held": sum(1 for each in view.calls[1:] if each.up),
        "quality": quality if view.calls else None,
        "supervisors": [
            {"staff_id": staff_id, "name": name, "mode": watch.mode}
            for staff_id, (name, watch) in watches.items()
        ],
        "can": possible(view),
    }


def possible(view: AgentView) -> dict[str, str]:
    """For all that can be done with the agent why it is impossible now, empty where it is not.

    A reason is the end of the key of a text, ``floor.why.<reason>``.
    """
    call = _why_not_supervised(view)
    off = "signed_off" if view.state is AgentState.LOGGED_OFF else ""
    ready = off or ("no_phone" if not view.phone.registered else "")
    return {
        **dict.fromkeys(SUPERVISING, call),
        "ready": "is_ready" if view.state is AgentState.READY else ready,
        "not_ready": off,
        "sign_out": off,
    }


def queue_entity(
    view: QueueView, states: Sequence[AgentState], kept: tuple[float, float] | None
) -> dict[str, Any]:
    """The queue on the floor; `states` are those of who serves it, `kept` the forecasts' shares."""
    signed_in = [each for each in states if each is not AgentState.LOGGED_OFF]
    return {
        "names": {language.value: name for language, name in view.names.items()},
        "waiting": view.waiting,
        "oldest": view.oldest,
        "threshold": view.threshold,
        "staffed": sum(1 for each in signed_in if each is not AgentState.NOT_READY),
        "free": sum(1 for each in states if each is AgentState.READY),
        "signed_in": len(signed_in),
        "call_backs": view.call_backs,
        "call_backs_out": view.call_backs_out,
        "forecasts_kept": kept,
    }


def _why_not_supervised(view: AgentView) -> str:
    """Supervisors go to the call the agent talks in, else to the one they hold."""
    talking = [each for each in view.calls if each.up]
    if not talking:
        return "no_call"
    return "secure" if talking[0].secure is not None else ""


def _call(line: Line) -> dict[str, Any]:
    """What of the call may stand on a wall: of its customer a masked number alone."""
    colleague = line.kind in COLLEAGUES
    return {
        "call_id": line.call_id,
        "kind": line.kind,
        "state": line.state,
        "since": line.since,
        "answered": line.answered,
        "with": (line.name or line.number) if colleague else masked(line.number),
        "queue_id": line.queue_id,
        "muted": line.muted,
        "secure": line.secure,
    }
