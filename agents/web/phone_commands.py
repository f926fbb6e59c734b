"""What the telephone in a page asks of the house, and tells it, by the names it uses."""

from collections.abc import Callable, Mapping
from typing import Any

from agents.line_quality import Line, Lines
from agents.passes import Passes
from agents.service import AgentService
from cti.call.control import CallControl
from cti.kernel.identifiers import AgentId
from cti.kernel.principal import Principal
from cti.web.live import FROM_PAGE, Command, Handler


def phone_commands(
    agents: AgentService,
    passes: Passes,
    control: CallControl,
    lines: Lines,
    show: Callable[[str, Mapping[str, str]], None],
) -> dict[str, Handler]:
    """The commands of the telephone in an agent's page.

    `show` puts an entity on the board: ``phone/<agent>`` names the page that has the telephone,
    for all others to let go of it.
    """

    def credentials(principal: Principal, command: Command) -> dict[str, Any]:
        agent_id, page = AgentId(principal.staff_id), command[FROM_PAGE]
        extension = agents.view(agent_id).extension
        given = passes.issue(extension, page, takeover=command.get("takeover") is True)
        show(f"phone/{agent_id}", {"page": page})
        return {
            "user": given.user,
            "password": given.password,
            "realm": given.realm,
            "instance": given.instance,
            "expires": given.expires,
        }

    def report(principal: Principal, command: Command) -> None:
        line, agent_id = Line.parse(command), AgentId(principal.staff_id)
        extension = agents.view(agent_id).extension
        connections = (each for call in control.calls() for each in call.connections)
        own = (each for each in connections if each.device.id == extension)
        calls = [each.call_id for each in own if each.state.answered]
        lines.report(agent_id, extension, calls, line)

    return {"phone_credentials": credentials, "phone_report": report}
