"""Callers of a whole house who wait too long: led to another queue, and called back."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command_line import terminals
from tests.support.house import House, free_port, running_house

pytestmark = pytest.mark.needs("sipp")
GENERAL, COMPLAINTS, HURRIED = "10", "11", "12"
"""Numbers that lead straight to these queues."""
CUSTOMER = "13700137000"
LONGEST = 1.5
ALWAYS = ["00:00", "24:00"]


@dataclass(frozen=True, slots=True)
class Bank:
    """The house, the port of the exchange it calls out by, and how much had happened before."""

    house: House
    outside: int
    begun: int = 0

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The events of that kind, as they are written."""
        return [record for each, record in self.house.journal()[self.begun :] if each == kind]

    def wait_for(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """The events of that kind, once there are so many."""
        self.house.wait_until(lambda: len(self.told(kind)) >= count, 15, kind)
        return self.told(kind)


def flow(queue: str) -> str:
    attempts = {"reasks": 3, "noinput": "retry.noinput", "nomatch": "retry.nomatch"}
    return yaml.safe_dump(
        {
            "start": "person",
            "unavailable": "person",
            "attempts": {**attempts, "give_up": "person"},
            "timeouts": {"menu": 6, "first_key": 8, "between_keys": 4},
            "nodes": {"person": {"enqueue": {"queue": queue}}},
        }
    )


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[Bank]:
    folder = tmp_path_factory.mktemp("waiting")
    flows, port = folder / "flows", free_port()
    flows.mkdir()
    for queue in ("general", "complaints", "hurried"):
        (flows / f"{queue}.yaml").write_text(flow(queue))
    then = {"to": "queue", "queue": "general"}
    changes = {
        "folders": {"flows": str(flows)},
        "ivr": {"numbers": {GENERAL: "general", COMPLAINTS: "complaints", HURRIED: "hurried"}},
        "agents": {"expected_handling": 20},
        "trunks": {
            "local": {"from": ["127.0.0.1"], "gateways": [f"127.0.0.1:{port}"], "probe": False}
        },
        "queues": {
            "general": {
                "zh": "综合服务",
                "en": "General",
                "demand": "general",
                "waiting": {"call_back": {"window": ALWAYS}},
            },
            "hurried": {
                "zh": "马上回拨",
                "en": "Called back at once",
                "demand": "general",
                "waiting": {"call_back": {"window": ALWAYS, "lead": 60}},
            },
            "complaints": {
                "zh": "投诉受理",
                "en": "Complaints",
                "demand": "complaints >= 10",
                "waiting": {"longest": {"after": LONGEST, "then": then}},
            },
        },
    }
    with running_house(folder / "house", prompts, changes) as house:
        yield Bank(house, port)


@pytest.fixture
def bank(opened: Bank) -> Bank:
    """The bank, with nothing told yet of this test."""
    return replace(opened, begun=len(opened.house.journal()))


@contextmanager
def customer(folder: Path, port: int) -> Iterator[None]:
    """A telephone behind the exchange that answers every call."""
    sipp = ["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-mi", "127.0.0.1"]
    with (folder / "uas.txt").open("wb") as out:
        process = subprocess.Popen([*sipp, "-nostdin"], stdout=out, stderr=out, cwd=folder)
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def test_who_waits_too_long_is_served_by_another_queue(bank: Bank) -> None:
    with terminals(bank.house) as people:
        people.phone("1005", "--answer-after", "0.1", "--talk-for", "1")
        call = people.call(COMPLAINTS, "--talk-for", "3")
        [answered] = bank.wait_for("queue.answered")
        [out] = bank.told("queue.flowed_out")
        assert (out["queue_id"], out["reason"], out["to"]) == (
            "complaints",
            "too_long",
            "queue:general",
        )
        first, second = bank.told("queue.queued")
        assert answered["queue_id"] == second["queue_id"] == "general"
        assert first["head_start"] < 0.1
        assert second["head_start"] >= LONGEST - 0.1
        call.wait()


def test_who_presses_the_key_is_called_back_in_their_place(bank: Bank, tmp_path: Path) -> None:
    with terminals(bank.house) as people, customer(tmp_path, bank.outside):
        call = people.call(GENERAL, "--keys", "9 1", "--talk-for", "20", calling=CUSTOMER)
        [promised] = bank.wait_for("call_back.promised")
        assert promised["number"] == CUSTOMER
        call.wait()
        assert not bank.told("call_back.attempted")
        people.phone("1005", "--answer-after", "0.1", "--talk-for", "1")
        [attempted] = bank.wait_for("call_back.attempted")
        assert (attempted["attempt"], attempted["agent_id"]) == (1, "1005")
        [answered] = bank.wait_for("queue.answered")
        assert answered["call_id"] == attempted["call_id"]
        [ended] = bank.told("call_back.ended")
        assert (ended["outcome"], ended["promised_on"]) == ("reached", promised["call_id"])
        queued = bank.told("queue.queued")[-1]
        assert queued["head_start"] > 3
        bank.wait_for("call.cleared", 2)


def test_who_is_called_back_before_an_agent_is_free_meets_them(bank: Bank, tmp_path: Path) -> None:
    """Calls are expected to take 20 s, so who talks will be free within the lead of 60 s."""
    with terminals(bank.house) as people, customer(tmp_path, bank.outside):
        agent = people.phone("1005", "--answer-after", "0.1")
        people.call(HURRIED, "--talk-for", "60")
        [taken] = bank.wait_for("queue.answered")
        people.call(HURRIED, "--keys", "9 1", "--talk-for", "20", calling=CUSTOMER)
        [attempted] = bank.wait_for("call_back.attempted")
        assert attempted["agent_id"] is None, "nobody is reserved yet"
        called_back = attempted["call_id"]

        def on_the_line() -> bool:
            rung = bank.told("call.established")
            return any(each["call_id"] == called_back for each in rung)

        bank.house.wait_until(on_the_line, 15, "the customer answers")
        assert bank.told("queue.answered") == [taken], "the agent talks with the first caller yet"
        agent.type("x")
        agent.type("r")
        _, met = bank.wait_for("queue.answered", 2)
        assert (met["call_id"], met["agent_id"]) == (called_back, "1005")
        [ended] = bank.told("call_back.ended")
        assert (ended["outcome"], ended["attempts"]) == ("reached", 1)
        agent.type("x")
        bank.wait_for("call.cleared", 3)
