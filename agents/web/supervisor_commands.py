"""What supervisors can do to agents, by the names the boards of supervisors use."""

from agents.service import AgentService
from agents.web.state_commands import state_of, text_of
from cti.kernel.identifiers import AgentId
from cti.kernel.principal import Principal
from cti.web.live import Command, Handler


def supervisor_commands(agents: AgentService) -> dict[str, Handler]:
    """Commands on agents; each is Refused unless a supervisor sends it."""

    def force(principal: Principal, command: Command) -> None:
        """``{"agent_id", "state": "ready" | "not_ready" | "logged_off", "reason", "at_once"}``."""
        agents.force(
            AgentId(text_of(command, "agent_id")),
            state_of(command),
            str(command.get("reason") or ""),
            principal,
            at_once=command.get("at_once") is True,
        )

    return {"force": force}
