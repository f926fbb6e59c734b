"""One agent's long shift: call after call through one page, and what page and server weigh.

SIPp rings again as soon as its caller was hung up on, so that the next one always waits.
"""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import CDPSession, expect

from tests.support.house import House, free_port, running_house
from tests.support.pcap import Track
from tests.support.screens import chromium
from tests.support.sipp import SCENARIOS
from tests.support.two_agents import VOICES, Agent

LOGIN = "1001"
DIRECT = "10"
DIRECT_FLOW = """\
start: person
unavailable: person
attempts: {reasks: 3, noinput: retry.noinput, nomatch: retry.nomatch, give_up: person}
timeouts: {menu: 6, first_key: 8, between_keys: 4}
nodes: {person: {enqueue: {queue: general}}}
"""
FLOWS = Path(__file__).parents[2] / "config" / "flows"
CUSTOMER = "13800000101"
SPEAK = 3.0
"""Seconds of a caller's tone."""
LONGEST = 3600
STOP_SECONDS = 60.0
OPEN_SOCKETS = "sockets.filter((each) => each.readyState === WebSocket.OPEN).length"
HELD, MUTED, NOTED, CODED, PASSED_ON, AWAY = 5, 9, 4, 3, 7, 10
"""Every which call is held, muted, noted, coded, passed on to a queue, and followed by a break."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What there is after so many calls: octets, and numbers of things."""

    calls: int
    heap: int
    nodes: int
    listeners: int
    page_sockets: int
    server_sockets: int
    server_memory: int

    def excess(self, before: "Weight") -> list[str]:
        """What has grown beyond bounds since then, in words."""
        calls = self.calls - before.calls
        bounds = {
            "heap": before.heap * 1.1 + 1_000_000 + 2_000 * calls,
            "nodes": before.nodes * 1.1 + 7 * calls,
            "listeners": before.listeners + calls // 3,
            "page_sockets": before.page_sockets,
            "server_sockets": before.server_sockets + 4,
            "server_memory": before.server_memory + 8_000_000 + 40_000 * calls,
        }
        return [
            f"{name}: {getattr(self, name)} after {getattr(before, name)}"
            for name, bound in bounds.items()
            if getattr(self, name) > bound
        ]


class LongShift:
    """The agent at work; `serve` is one caller, `weigh` stands between two."""

    def __init__(self, agent: Agent, house: House) -> None:
        self.agent, self._house = agent, house
        self._served = 0
        self._session: CDPSession = agent.desk.context.new_cdp_session(agent.page)

    def serve(self, number: int) -> None:
        """The next caller, from the first ring to the last word; all is used now and then."""
        agent = self.agent
        agent.take_call()
        agent.is_in("busy")
        if number % HELD == 0:
            agent.press("hold")
            agent.is_in("hold")
            agent.press("retrieve")
            agent.is_in("busy")
        if number % MUTED == 0:
            agent.press("mute")
            expect(agent.page.locator("#lines .badge.level-warning")).to_be_visible()
            agent.press("mute")
        if number % NOTED == 0:
            agent.page.locator("#notes").fill(f"Called about the fee, {number}.")
        if number % CODED == 0:
            self._code()
        away = number % AWAY == 0
        if away:
            self._choose_break()
        if number % PASSED_ON == 0:
            agent.ask("transfer", "Complaints")
        else:
            agent.press("hang_up")
        agent.is_in("working_after_call")
        agent.press("finish")
        if away:
            agent.is_in("not_ready")
            agent.press("ready")
        self._served = number

    def weigh(self) -> Weight:
        """What page and server hold while nobody is served: one caller more, then a break."""
        agent = self.agent
        agent.take_call()
        agent.is_in("busy")
        self._choose_break()
        agent.press("hang_up")
        agent.is_in("working_after_call")
        agent.press("finish")
        agent.is_in("not_ready")
        agent.lines(0)
        for _ in range(2):
            self._session.send("HeapProfiler.collectGarbage")
        counted = self._session.send("Memory.getDOMCounters")
        heap = self._session.send("Runtime.getHeapUsage")
        process = Path(f"/proc/{self._house.process.pid}")
        weight = Weight(
            calls=self._served,
            heap=int(heap["usedSize"]),
            nodes=counted["nodes"],
            listeners=counted["jsEventListeners"],
            page_sockets=int(agent.page.evaluate(OPEN_SOCKETS)),
            server_sockets=_sockets(process),
            server_memory=_memory(process),
        )
        agent.press("ready")
        return weight

    def _choose_break(self) -> None:
        reason = self.agent.page.locator("button[data-reason=break]")
        reason.click()
        expect(reason).to_have_attribute("aria-pressed", "true")

    def _code(self) -> None:
        field = self.agent.page.locator("#code-search")
        field.fill("Rates")
        field.press("Enter")
        expect(self.agent.page.locator("#code-path")).to_contain_text("Rates")


def _sockets(process: Path) -> int:
    found = 0
    for each in (process / "fd").iterdir():
        try:
            found += str(each.readlink()).startswith("socket:")
        except FileNotFoundError:  # closed since it was listed
            continue
    return found


def _memory(process: Path) -> int:
    """Resident octets."""
    lines = (process / "status").read_text().splitlines()
    (resident,) = [line for line in lines if line.startswith("VmRSS:")]
    return 1024 * int(resident.split()[1])


@contextmanager
def long_shift(folder: Path, prompts: Path) -> Iterator[LongShift]:
    """A house, a caller who never gives up, and an agent who is ready in their page."""
    flows = folder / "flows"
    flows.mkdir(parents=True)
    for shipped in FLOWS.glob("*.yaml"):
        (flows / shipped.name).write_text(shipped.read_text(encoding="utf-8"))
    (flows / "direct.yaml").write_text(yaml.safe_dump(yaml.safe_load(DIRECT_FLOW)))
    changes: dict[str, Any] = {
        "folders": {"flows": str(flows)},
        "ivr": {"numbers": {"95588": "main", DIRECT: "direct"}},
        "agents": {"ring_limit": 60, "after_call_limit": 120},
    }
    with ExitStack() as stack:
        house = stack.enter_context(running_house(folder / "house", prompts, changes))
        browser = stack.enter_context(chromium())
        agent = stack.enter_context(Agent(browser, house, LOGIN))
        shift = LongShift(agent, house)
        agent.begin()
        stack.enter_context(_callers(folder, house.sip_port))
        yield shift
        assert agent.desk.errors == []


@contextmanager
def _callers(folder: Path, server_port: int) -> Iterator[None]:
    media = Track().tone(VOICES["caller"], SPEAK).write(folder / "callers.pcap")
    text = (SCENARIOS / "cued_caller.xml").read_text().replace("<keys/>", "")
    scenario = folder / "callers.xml"
    scenario.write_text(text.replace("@CALLING@", CUSTOMER).replace("@MEDIA@", str(media)))
    arguments = [
        "sipp", f"127.0.0.1:{server_port}", "-sf", str(scenario), "-s", DIRECT, "-l", "1",
        "-i", "127.0.0.1", "-p", str(free_port()), "-mi", "127.0.0.1", "-mp", str(free_port()),
        "-m", "100000", "-nostdin", "-timeout", f"{LONGEST}s",
    ]  # fmt: skip
    with (folder / "callers.txt").open("wb") as out:
        process = subprocess.Popen(
            arguments, stdout=out, stderr=out, cwd=folder, start_new_session=True
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
