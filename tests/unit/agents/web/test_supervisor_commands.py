import pytest

from agents.events import AgentState
from agents.web.supervisor_commands import supervisor_commands
from cti.kernel.errors import Refused
from cti.kernel.identifiers import AgentId, StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from tests.support.call_centre import CallCentre

BOSS = Principal(StaffId("boss"), "Boss", frozenset({Role.SUPERVISOR}), Language.ENGLISH)


@pytest.fixture
def centre() -> CallCentre:
    centre = CallCentre({"a": {"general": 5}})
    centre.ready("a")
    return centre


def test_a_supervisor_forces_a_state(centre: CallCentre) -> None:
    force = supervisor_commands(centre.service)["force"]
    force(BOSS, {"agent_id": "a", "state": "not_ready", "reason": "training"})
    view = centre.service.view(AgentId("a"))
    assert (view.state, view.reason) == (AgentState.NOT_READY, "training")
    force(BOSS, {"agent_id": "a", "state": "logged_off", "at_once": True})
    assert centre.service.view(AgentId("a")).state is AgentState.LOGGED_OFF


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ({"agent_id": "nobody", "state": "ready"}, "agent.unknown"),
        ({"agent_id": "a", "state": "asleep"}, "agent.state_unknown"),
        ({"state": "ready"}, "agent.command_unknown"),
    ],
)
def test_what_makes_no_sense_is_refused(
    centre: CallCentre, command: dict[str, str], error: str
) -> None:
    with pytest.raises(Refused) as caught:
        supervisor_commands(centre.service)["force"](BOSS, command)
    assert caught.value.error_id == error
