"""What agents wish of the IVR for their caller, by the names pages use."""

from agents.lending import Lending
from agents.web.state_commands import text_of
from cti.kernel.identifiers import AgentId, ConnectionId
from cti.kernel.loans import LoanPurpose
from cti.kernel.principal import Principal
from cti.web.live import Command, Handler


def self_service_commands(lending: Lending) -> dict[str, Handler]:
    """``verify``, ``self_service{flow?}`` and ``take_back``; each may name a `connection_id`."""

    def verify(principal: Principal, command: Command) -> None:
        lending.lend(_agent(principal), LoanPurpose.VERIFY, connection_id=_connection(command))

    def self_service(principal: Principal, command: Command) -> None:
        flow = text_of(command, "flow") if "flow" in command else ""
        lending.lend(
            _agent(principal),
            LoanPurpose.SELF_SERVICE,
            flow=flow,
            connection_id=_connection(command),
        )

    def take_back(principal: Principal, command: Command) -> None:
        lending.take_back(_agent(principal), _connection(command))

    return {"verify": verify, "self_service": self_service, "take_back": take_back}


def _agent(principal: Principal) -> AgentId:
    return AgentId(principal.staff_id)


def _connection(command: Command) -> ConnectionId | None:
    given = "connection_id" in command
    return ConnectionId(text_of(command, "connection_id")) if given else None
