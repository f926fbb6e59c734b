"""What agents wish of their own state, and the notes of their call, by the names pages use."""

from collections.abc import Callable

from twisted.internet.defer import Deferred

from agents.errors import command_unknown, state_unknown
from agents.events import AgentState
from agents.service import AgentService
from cti.kernel.identifiers import AgentId, CallId
from cti.kernel.principal import Principal
from cti.web.live import Command, Handler


def state_commands(agents: AgentService) -> dict[str, Handler]:
    """The commands of a console that concern the agent's state."""

    def not_ready(principal: Principal, command: Command) -> None:
        agents.set_not_ready(AgentId(principal.staff_id), text_of(command, "reason"))

    def choose_next(principal: Principal, command: Command) -> None:
        state, reason = state_of(command), command.get("reason") or ""
        agents.choose_next(AgentId(principal.staff_id), state, str(reason))

    def notes(principal: Principal, command: Command) -> Deferred[None]:
        call_id, text = text_of(command, "call_id"), text_of(command, "text")
        return agents.write_notes(AgentId(principal.staff_id), CallId(call_id), text)

    return {
        "sign_in": plain(agents.sign_in),
        "sign_out": plain(agents.sign_out),
        "ready": plain(agents.set_ready),
        "not_ready": not_ready,
        "next": choose_next,
        "finish": plain(agents.finish_after_call),
        "extend": plain(agents.extend_after_call),
        "notes": notes,
    }


def plain(wish: Callable[[AgentId], None]) -> Handler:
    """A command without fields, done for who sends it."""
    return lambda principal, _command: wish(AgentId(principal.staff_id))


def state_of(command: Command) -> AgentState:
    """The state the command asks for; Refused (``agent.state_unknown``) when there is none such."""
    asked = text_of(command, "state")
    try:
        return AgentState(asked)
    except ValueError:
        raise state_unknown(asked) from None


def text_of(command: Command, field: str) -> str:
    """That field of the command; Refused (``agent.command_unknown``) unless it is text."""
    value = command.get(field)
    if not isinstance(value, str):
        raise command_unknown(str(command.get("do")))
    return value
