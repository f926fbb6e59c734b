"""Agents' states through a whole house: two pages of one agent, a supervisor, a kill in between."""

from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

from agents.events import AgentState, AgentStateChanged
from agents.intervals import intervals, signed_in
from cti.kernel.events import decode
from tests.support.house import House, running_house
from tests.support.live import LiveClient, watching
from tests.support.telephones import telephone

LIMITS = {
    "agents": {"reasons": {"break": {"longest": 1}, "lunch": {}}, "missed_limit": 2},
    "media": {"workers": 1, "orphan_time": 40},
}
ME = "agent/1001"


def page(stack: ExitStack, house: House, name: str) -> LiveClient:
    """A page of agent 1001, by the name it gives itself."""
    token = house.sign_in("1001")
    return stack.enter_context(watching(house.web_port, f"/console/live?page={name}", token))


def shows(client: LiveClient, key: str, **wanted: Any) -> None:
    """Wait until the board shows those fields of the entity."""
    client.read_until(
        lambda seen: key in seen and wanted.items() <= seen[key].items(), f"{key} {wanted}"
    )


def test_a_shift_at_two_pages_under_a_supervisor_and_through_a_kill(
    tmp_path: Path, prompts: Path
) -> None:
    with ExitStack() as stack:
        house = stack.enter_context(running_house(tmp_path / "house", prompts, LIMITS))
        stack.enter_context(telephone(house, "phone", "1001"))
        old = page(stack, house, "old")
        shows(old, ME, state="ready")
        new = page(stack, house, "new")
        shows(old, "desk/1001", page="new")
        assert old.ask({"do": "not_ready", "reason": "lunch"}) == "agent.desk_elsewhere"
        assert new.ask({"do": "not_ready", "reason": "break"}) == ""
        boss = house.sign_in("2001")
        wall = stack.enter_context(watching(house.web_port, "/wall/live", boss))
        shows(wall, ME, state="not_ready", overlong=True)
        house.process.kill()
        house.process.wait()
        house.start()
        old, new = page(stack, house, "old"), page(stack, house, "new")
        shows(old, "desk/1001", page="new")
        shows(old, ME, state="not_ready", reason="break")
        assert old.ask({"do": "takeover"}) == ""
        wall = stack.enter_context(watching(house.web_port, "/wall/live", house.sign_in("2001")))
        force = {"do": "force", "agent_id": "1001"}
        assert wall.ask({**force, "state": "ready"}) == ""
        shows(old, ME, state="ready")
        assert wall.ask({**force, "state": "logged_off"}) == ""
        shows(old, ME, state="logged_off")
    check_the_shift(house)


def check_the_shift(house: House) -> None:
    """No gap and no millisecond lost, whatever happened to the server."""
    told = [decode(kind, said) for kind, said in house.journal() if kind == "agent.state_changed"]
    changes = [event for event in told if isinstance(event, AgentStateChanged)]
    assert [each.forced_by for each in changes[-2:]] == ["2001", "2001"]
    (log,) = intervals(told).values()
    assert {each.state for each in log} == {AgentState.NOT_READY, AgentState.READY}
    assert all(before.until == after.since for before, after in pairwise(log))
    assert signed_in(log, told[-1].at) == told[-1].at - told[0].at
