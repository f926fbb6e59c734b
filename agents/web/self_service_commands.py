"""What agents wish of the IVR for their caller, by the names pages use."""

from collections.abc import Callable

from agents.actions import Action, Workplace, require
from agents.errors import no_call
from agents.lending import Lending
from agents.web.state_commands import text_of
from cti.kernel.identifiers import AgentId, ConnectionId
from cti.kernel.loans import LoanPurpose
from cti.kernel.principal import Principal
from cti.web.live import Command, Handler


def self_service_commands(
    lending: Lending, place: Callable[[AgentId], Workplace]
) -> dict[str, Handler]:
    """``verify``, ``self_service{flow?}`` and ``take_back``; each may name a `connection_id`.

    Refused with the reason that the button shows.
    """

    def allowed(principal: Principal, command: Command, action: Action) -> ConnectionId:
        agent = place(AgentId(principal.staff_id))
        named = text_of(command, "connection_id") if "connection_id" in command else None
        line = agent.line(named)
        if named is not None and line is not agent.active:
            raise no_call()
        require(action, agent)
        if line is None or line.connection_id is None:
            raise no_call()
        return line.connection_id

    def verify(principal: Principal, command: Command) -> None:
        connection_id = allowed(principal, command, Action.VERIFY)
        lending.lend(AgentId(principal.staff_id), LoanPurpose.VERIFY, connection_id=connection_id)

    def self_service(principal: Principal, command: Command) -> None:
        connection_id = allowed(principal, command, Action.SELF_SERVICE)
        lending.lend(
            AgentId(principal.staff_id),
            LoanPurpose.SELF_SERVICE,
            flow=text_of(command, "flow") if "flow" in command else "",
            connection_id=connection_id,
        )

    def take_back(principal: Principal, command: Command) -> None:
        connection_id = allowed(principal, command, Action.TAKE_BACK)
        lending.take_back(AgentId(principal.staff_id), connection_id)

    return {"verify": verify, "self_service": self_service, "take_back": take_back}
