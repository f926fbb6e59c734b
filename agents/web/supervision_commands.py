"""What supervisors can do to the calls of agents, by the names the boards of supervisors use."""

from agents.events import Supervising
from agents.supervision import SupervisorService
from agents.web.state_commands import text_of
from cti.kernel.identifiers import AgentId
from cti.web.live import Handler


def supervision_commands(supervision: SupervisorService) -> dict[str, Handler]:
    """``listen``, ``whisper``, ``barge`` and ``intercept`` name the `agent_id` whose call it is;
    ``stop_supervising`` leaves whatever call it is. Each is Refused unless a supervisor sends it.
    """

    def supervise(mode: Supervising) -> Handler:
        return lambda principal, command: supervision.supervise(
            principal, AgentId(text_of(command, "agent_id")), mode
        )

    return {
        "listen": supervise(Supervising.LISTEN),
        "whisper": supervise(Supervising.WHISPER),
        "barge": supervise(Supervising.BARGE),
        "intercept": supervise(Supervising.INTERCEPT),
        "stop_supervising": lambda principal, _command: supervision.leave(principal),
    }
