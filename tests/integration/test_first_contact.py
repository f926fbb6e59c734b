"""First contact in a whole house: who wrote a customer's matter down has their next call."""

from pathlib import Path
from typing import Any

import yaml

from tests.support.command_line import CommandLine, Terminals, terminals
from tests.support.house import House, running_house
from tests.support.leaping_house import Clerk

NUMBER, CUSTOMER = "10", "13800000101"
BETTER, FIRST = "1001", "1002"
"""Agents of the demo, both free: the queue by itself would choose the better one."""
STRAIGHT = {
    "start": "person",
    "unavailable": "person",
    "attempts": {
        "reasks": 3,
        "noinput": "retry.noinput",
        "nomatch": "retry.nomatch",
        "give_up": "person",
    },
    "timeouts": {"menu": 6, "first_key": 8, "between_keys": 4},
    "nodes": {"person": {"enqueue": {"queue": "general"}}},
}
GENERAL = {"zh": "综合服务", "en": "General", "demand": "general", "owner": {"patience": 20}}


def told(house: House, kind: str) -> list[dict[str, Any]]:
    return [record for each, record in house.journal() if each == kind]


def answered(house: House, people: Terminals, count: int) -> tuple[CommandLine, dict[str, Any]]:
    """The customer calls for that time and somebody answers; the offer that led there."""
    call = people.call(NUMBER, "--talk-for", "100", calling=CUSTOMER)
    house.wait_until(lambda: len(told(house, "queue.answered")) == count, 20, "they are answered")
    return call, told(house, "queue.offered")[-1]


def test_a_customer_who_calls_again_has_their_first_agent(tmp_path: Path, prompts: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "straight.yaml").write_text(yaml.safe_dump(STRAIGHT))
    changes = {
        "folders": {"flows": str(flows)},
        "ivr": {"numbers": {NUMBER: "straight"}},
        "queues": {"general": GENERAL},
        "agents": {"after_call_mode": "timed", "after_call_limit": 1},
    }
    with running_house(tmp_path / "house", prompts, changes) as house:
        first = Clerk(house, FIRST)
        with terminals(house) as people:
            for each in (BETTER, FIRST):
                people.phone(each)
            call, offer = answered(house, people, 1)
            assert (offer["agent_id"], offer["why"]["claim"]) == (BETTER, None)
            call.interrupt()
            first.register(
                kind="enquiry",
                title="问利率",
                text="存款",
                name="王建国",
                contact=CUSTOMER,
                call=offer["call_id"],
            )
            house.wait_until(lambda: told(house, "agent.wrapped_up"), 20, "both are free again")
            call, offer = answered(house, people, 2)
            assert (offer["agent_id"], offer["why"]["claim"]) == (FIRST, "owner")
            call.interrupt()
