"""The loan on an agent's screen."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.web.loans import LoanBoard
from agents.web.self_service_commands import self_service_commands
from cti.kernel.errors import Refused
from cti.kernel.identifiers import AgentId, StaffId
from cti.kernel.loans import LoanPurpose, LoanResult
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from cti.web.live import LiveBoard
from tests.support.lending_house import A, B, LendingHouse

ME = Principal(StaffId("a"), "A", frozenset({Role.AGENT}), Language.ENGLISH)


class Screen:
    """The board of a house, as a page sees it."""

    def __init__(self, house: LendingHouse) -> None:
        self.shown: dict[str, Any] = {}
        self.agents: list[AgentId] = []
        board = SimpleNamespace(publish=self.shown.__setitem__, delete=self.shown.pop)
        self.loans = LoanBoard(
            cast(LiveBoard, board), house.lending, house.centre.bus, self.agents.append
        )
        self.loans.start()


def test_a_loan_is_shown_until_the_call_is_done_with() -> None:
    house = LendingHouse()
    screen = Screen(house)
    commands = self_service_commands(house.lending, house.centre.service.workplaces.place)
    commands["verify"](ME, {"do": "verify"})
    view = screen.shown["loan/a"]
    assert (view.purpose, view.result, view.call_id) == (LoanPurpose.VERIFY, None, house.call_id)
    assert screen.loans.of(A) == {"loan/a": view}
    assert screen.loans.of(B) == {}
    for command, error in (
        ("verify", "console.why.secure"),
        ("self_service", "console.why.secure"),
    ):
        with pytest.raises(Refused) as refused:
            commands[command](ME, {"do": command})
        assert refused.value.error_id == error
    house.sign_in()
    assert screen.agents == [A, A]
    with pytest.raises(Refused) as refused:
        commands["take_back"](ME, {"do": "take_back"})
    assert refused.value.error_id == "console.why.not_secure"
    over = screen.shown["loan/a"]
    assert (over.result, over.since, over.ended is None) == (
        LoanResult.VERIFIED,
        view.since,
        False,
    )
    house.calls.hang_up(house.call_id)
    assert "loan/a" in screen.shown
    house.centre.service.finish_after_call(A)
    assert screen.shown == {}
    assert screen.loans.of(A) == {}


def test_the_agent_serves_and_takes_back_by_the_connection() -> None:
    house = LendingHouse()
    screen = Screen(house)
    commands = self_service_commands(house.lending, house.centre.service.workplaces.place)
    connection = house.centre.phone(house.call_id).id
    commands["self_service"](ME, {"connection_id": connection, "flow": "self_service"})
    assert house.heard == ["loan.self_service", "sign_in.account"]
    commands["take_back"](ME, {"connection_id": connection})
    house.finish_play()
    house.clock.advance(1.0)
    assert screen.shown["loan/a"].result is LoanResult.TAKEN_BACK


def test_a_loan_of_before_a_restart_is_shown_at_once() -> None:
    house = LendingHouse()
    house.lend()
    house.restart()
    assert Screen(house).loans.of(A)["loan/a"].result is None
