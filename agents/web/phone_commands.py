"""What the telephone in a page asks of the house, by the names it uses."""

from typing import Any

from agents.passes import Passes
from agents.service import AgentService
from cti.kernel.identifiers import AgentId
from cti.kernel.principal import Principal
from cti.web.live import FROM_PAGE, Command, Handler


def phone_commands(agents: AgentService, passes: Passes) -> dict[str, Handler]:
    """The commands of the telephone in an agent's page."""

    def credentials(principal: Principal, command: Command) -> dict[str, Any]:
        extension = agents.view(AgentId(principal.staff_id)).extension
        takeover = command.get("takeover") is True
        given = passes.issue(extension, command[FROM_PAGE], takeover=takeover)
        return {
            "user": given.user,
            "password": given.password,
            "realm": given.realm,
            "instance": given.instance,
            "expires": given.expires,
        }

    return {"phone_credentials": credentials}
