"""Supervisors at calls of agents: who may, when, and what is told of it."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.events import Supervised, Supervising
from agents.supervision import SupervisorService, watches_left
from agents.web.supervisors import SupervisorsBoard
from cti.call.model import Connection, Party
from cti.call.model import Role as CallRole
from cti.kernel.errors import Refused
from cti.kernel.events import decode, encode
from cti.kernel.identifiers import AgentId, CallId, StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from cti.web.live import LiveBoard
from tests.support.call_centre import CallCentre

A = AgentId("a")
LISTEN, WHISPER, BARGE = Supervising.LISTEN, Supervising.WHISPER, Supervising.BARGE
INTERCEPT, STOP = Supervising.INTERCEPT, Supervising.STOP


def somebody(role: Role = Role.SUPERVISOR, extension: str | None = "1900") -> Principal:
    roles = frozenset({role})
    return Principal(StaffId("s"), "S", roles, Language.ENGLISH, extension=extension)


class Floor:
    """An agent who talks with a caller, and a supervisor at 1900."""

    def __init__(self) -> None:
        self.centre = centre = CallCentre({"a": {"general": 5}})
        self.service = self._service()
        self.service.start()
        centre.calls.register("1900")
        centre.ready("a")
        self.call_id: CallId = centre.call()
        centre.answer(self.call_id)

    def _service(self) -> SupervisorService:
        centre = self.centre
        return SupervisorService(
            centre.clock,
            centre.bus,
            centre.calls,
            lambda agent_id: centre.service.view(agent_id).extension,
        )

    def restart(self) -> None:
        """Another server takes up."""
        self.service.stop()
        self.service = self._service()
        self.service.start(self.centre.journal)
        self.service.take_up()

    def supervise(self, mode: Supervising, principal: Principal | None = None) -> None:
        self.service.supervise(principal or somebody(), A, mode)

    def supervisor(self) -> Connection:
        """The supervisor's telephone."""
        call = self.centre.calls.get(self.call_id)
        assert call is not None
        (found,) = [each for each in call.connections if each.device.id == "1900"]
        return found

    @property
    def told(self) -> list[Supervising]:
        """What was told of supervisors, in order."""
        return [each.mode for each in self.centre.events(Supervised)]


@pytest.fixture
def floor() -> Iterator[Floor]:
    floor = Floor()
    yield floor
    assert floor.centre.errors == []


def test_a_supervisor_listens_whispers_barges_in_and_leaves(floor: Floor) -> None:
    for mode, role in (
        (LISTEN, CallRole.LISTENER),
        (WHISPER, CallRole.WHISPERER),
        (BARGE, CallRole.INTRUDER),
    ):
        floor.supervise(mode)
        if mode is LISTEN:
            floor.centre.calls.phone_answers(floor.supervisor().id)
        assert (floor.supervisor().party, floor.supervisor().role) == (Party.SUPERVISOR, role)
    watch = floor.service.of(StaffId("s"))
    assert watch is not None
    assert (watch.agent_id, watch.call_id, watch.mode) == (A, floor.call_id, BARGE)
    assert floor.service.of_agent(A) == [watch]
    floor.service.leave(somebody())
    assert floor.told == [LISTEN, WHISPER, BARGE, STOP]
    assert floor.service.of(StaffId("s")) is None
    assert floor.centre.calls.get(floor.call_id) is not None
    event = floor.centre.events(Supervised)[0]
    assert decode(event.kind, encode(event)) == event
    assert (event.supervisor_id, event.agent_id) == (StaffId("s"), A)


@pytest.mark.parametrize("how", ["refuses", "hangs up", "caller leaves"])
def test_whatever_ends_it_is_told_once(floor: Floor, how: str) -> None:
    floor.supervise(LISTEN)
    phone = floor.supervisor().id
    if how == "refuses":
        floor.centre.calls.phone_refuses(phone)
    else:
        floor.centre.calls.phone_answers(phone)
    if how == "hangs up":
        floor.centre.calls.phone_hangs_up(phone)
    elif how == "caller leaves":
        floor.centre.calls.hang_up(floor.call_id)
    assert floor.told == [LISTEN, STOP]


def test_a_call_is_taken_over(floor: Floor) -> None:
    floor.supervise(INTERCEPT)
    floor.centre.calls.phone_answers(floor.supervisor().id)
    assert floor.told == [INTERCEPT]
    assert floor.supervisor().role is CallRole.PARTICIPANT
    assert floor.service.of(StaffId("s")) is None


@pytest.mark.parametrize(
    ("principal", "error"),
    [
        (somebody(Role.AGENT), "access.role_missing"),
        (somebody(Role.QUALITY), "access.role_missing"),
        (somebody(extension=None), "supervision.no_telephone"),
        (
            Principal(StaffId("a"), "A", frozenset({Role.SUPERVISOR}), Language.ENGLISH, None, "1"),
            "supervision.self",
        ),
    ],
)
def test_not_everybody_may(floor: Floor, principal: Principal, error: str) -> None:
    with pytest.raises(Refused) as refused:
        floor.supervise(LISTEN, principal)
    assert refused.value.error_id == error
    assert floor.told == []


def test_there_must_be_a_call_and_no_secret_in_it(floor: Floor) -> None:
    floor.centre.calls.seclude(floor.call_id, True)
    for mode in (LISTEN, INTERCEPT):
        with pytest.raises(Refused) as refused:
            floor.supervise(mode)
        assert refused.value.error_id == "call.secure"
    floor.centre.calls.hang_up(floor.call_id)
    with pytest.raises(Refused) as refused:
        floor.supervise(LISTEN)
    assert refused.value.error_id == "agent.no_call"
    with pytest.raises(Refused) as refused:
        floor.service.leave(somebody())
    assert refused.value.error_id == "supervision.none"
    assert floor.told == []


def test_a_restart_forgets_nobody(floor: Floor) -> None:
    floor.supervise(LISTEN)
    floor.centre.calls.phone_answers(floor.supervisor().id)
    floor.supervise(BARGE)
    before = floor.service.of(StaffId("s"))
    floor.restart()
    assert floor.service.of(StaffId("s")) == before
    floor.service.stop()
    floor.centre.calls.clear_connection(floor.supervisor().id)
    floor.restart()
    assert floor.told == [LISTEN, BARGE, STOP]
    assert watches_left(floor.centre.journal) == {}


def test_agents_see_who_is_at_their_call_where_the_house_lets_them(floor: Floor) -> None:
    shown: dict[str, Any] = {}
    board = SimpleNamespace(publish=shown.__setitem__, delete=lambda key: shown.pop(key, None))
    boards = SupervisorsBoard(
        cast(LiveBoard, board), floor.service, floor.centre.bus, lambda staff_id: f"Ms {staff_id}"
    )
    stop = boards.start()
    assert boards.of(A) == {}
    floor.supervise(LISTEN)
    floor.centre.calls.phone_answers(floor.supervisor().id)
    assert shown == {"supervised/a": [{"name": "Ms s", "mode": LISTEN}]} == boards.of(A)
    floor.supervise(BARGE)
    assert shown["supervised/a"][0]["mode"] is BARGE
    floor.service.leave(somebody())
    assert shown == {}
    stop()
