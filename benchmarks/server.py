"""The hotline under test: a process of its own, on free ports, in a folder of its own."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from agents.model import Staff
from agents.repository import NewStaff, store_staff_txn
from benchmarks import machine
from benchmarks.target import Numbers, Target
from cti.database import connect
from cti.kernel.identifiers import DeviceId, StaffId
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Role
from tests.support.house import free_port

HANG_UP, QUEUE, MENU, PROMPT, MUSIC, ONE_KEY, DIRECT, OTHER = (
    f"9500{number}" for number in range(1, 9)
)
"""Numbers: hung up on at once; into the queue; 0 leads there; a prompt; music without end; a
prompt until 0 is pressed; on to the line outside; into the queue of other agents."""
GENERAL, APART, NOBODY = "general", "apart", "nobody"
"""Queues, and the skills they ask for."""
OUTSIDE = "13700137000"
REALM = "hotline"
START_SECONDS, STOP_SECONDS, LOOK = 60.0, 15.0, 0.05
FIRST_AGENT = 3001
PASSWORD = "benchmark"  # of agents that live for some minutes on the loopback
COMMON = """\
start: first
unavailable: failed
attempts: {reasks: 3, noinput: retry.noinput, nomatch: retry.nomatch, give_up: failed}
timeouts: {menu: 60, first_key: 8, between_keys: 4}
nodes:
  failed: {hang_up: {}}
"""
FLOWS = {
    HANG_UP: "  first: {hang_up: {}}\n",
    QUEUE: "  first: {enqueue: {queue: general}}\n",
    MENU: "  first: {menu: {prompt: main.menu, choices: {0: {name: agent, then: person}}}}\n"
    "  person: {enqueue: {queue: general}}\n",
    PROMPT: "  first: {hang_up: {prompt: main.menu}}\n",
    ONE_KEY: "  first: {menu: {prompt: main.menu, choices: {0: {name: over, then: over}}}}\n"
    "  over: {hang_up: {}}\n",
    MUSIC: "  first: {enqueue: {queue: nobody}}\n",
    DIRECT: f'  first: {{transfer: {{number: "{OUTSIDE}", '
    "busy: failed, no_answer: failed, unreachable: failed}}\n",
    OTHER: "  first: {enqueue: {queue: apart}}\n",
}
"""The nodes of each number's flow."""


@dataclass(frozen=True, slots=True)
class House:
    """How the hotline under test is set up.

    `agents` serve the general queue and `apart` the other; `workers` are media workers (0: as many
    as it takes itself), `cores` those it may run on. `profile`: where its main thread's cProfile
    goes; nothing is fast then.
    """

    agents: int = 60
    apart: int = 10
    recorded: bool = True
    workers: int = 0
    cores: frozenset[int] = frozenset()
    profile: Path | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """A running `hotline serve`; `line_port` is where calls outside go."""

    house: House
    folder: Path
    process: subprocess.Popen[bytes]
    sip_port: int
    web_port: int
    line_port: int

    @property
    def address(self) -> tuple[str, int]:
        """Where it speaks SIP."""
        return "127.0.0.1", self.sip_port

    @property
    def target(self) -> Target:
        """The server as others are measured too."""
        recorded = "recorded" if self.house.recorded else "not recorded"
        numbers = Numbers(HANG_UP, MUSIC, DIRECT, QUEUE, OTHER)
        return Target(recorded, self.address, numbers, self.line_port, process=self.process.pid)

    @property
    def agents(self) -> list[str]:
        """Who serves the general queue, by login and extension."""
        return [agent(number) for number in range(self.house.agents)]

    @property
    def others(self) -> list[str]:
        """Who serves the other queue."""
        return [agent(self.house.agents + number) for number in range(self.house.apart)]


class Desk:
    """An agent signed in over HTTP, on a connection that stays open."""

    def __init__(self, server: Server, login: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.web_port, timeout=10)
        self._headers = {"Content-Type": "application/json"}
        answer = self._post("/api/v1/session", {"login": login, "password": PASSWORD})
        self._headers["Authorization"] = f"Bearer {answer['token']}"

    def state(self, state: str, reason: str = "") -> int:
        """Set the agent's state; CLOCK_REALTIME in ns when the request was sent."""
        at = time.clock_gettime_ns(time.CLOCK_REALTIME)
        self._post("/api/v1/agent/state", {"state": state} | ({"reason": reason} if reason else {}))
        return at

    def close(self) -> None:
        """Hang up on the web server; the agent stays signed in."""
        self._connection.close()

    def _post(self, path: str, value: Mapping[str, str]) -> Any:
        self._connection.request("POST", path, json.dumps(value).encode(), self._headers)
        with self._connection.getresponse() as response:
            content = response.read()
        if response.status != http.client.OK:
            raise RuntimeError(f"{path} was answered {response.status}: {content.decode()}")
        return json.loads(content)


def agent(number: int) -> str:
    """Login, extension and id of the benchmark's agent of that number, from 0 on."""
    return str(FIRST_AGENT + number)


@contextmanager
def running_server(folder: Path, house: House) -> Iterator[Server]:
    """A server in that empty folder, with the demo bank's records; ended whatever happens."""
    sip, web, line = free_port(), free_port(), free_port()
    config = _write_settings(folder, house, sip, web, line)
    output = folder / "output.txt"
    with output.open("wb") as out:
        subprocess.run(_command(config, "init"), stdout=out, stderr=out, check=True, cwd=folder)
        _add_agents(folder / "var" / "hotline.sqlite", house)
        with machine.on(house.cores or os.sched_getaffinity(0)):
            process = subprocess.Popen(
                _command(config, "serve", house.profile),
                stdout=out,
                stderr=out,
                cwd=folder,
                env=os.environ | {machine.MARK: str(folder)},
                start_new_session=True,
            )
    try:
        _wait(process, web, output)
        yield Server(house, folder, process, sip, web, line)
    finally:
        _end(process)


def _command(config: Path, command: str, profile: Path | None = None) -> list[str]:
    profiler = ["-m", "cProfile", "-o", str(profile.absolute())] if profile else []
    return [sys.executable, *profiler, "-m", "config.main", "--config", str(config), command]


def _write_settings(folder: Path, house: House, sip: int, web: int, line: int) -> Path:
    flows = folder / "flows"
    flows.mkdir()
    for number, nodes in FLOWS.items():
        (flows / f"f{number}.yaml").write_text(COMMON + nodes)
    queue = {"zh": "综合", "en": "General", "waiting": {"every": 0}}
    settings = {
        "sip": {"port": sip, "realm": REALM},
        "web": {"port": web},
        "trunks": {
            "line": {"from": ["127.0.0.1"], "gateways": [f"127.0.0.1:{line}"], "probe": False}
        },
        "media": {"first_port": 20000, "last_port": 32000, "workers": house.workers},
        "folders": {"base": str(folder / "var"), "flows": str(flows)},
        "ivr": {"numbers": {number: f"f{number}" for number in FLOWS}},
        "queues": {each: queue | {"demand": each} for each in (GENERAL, APART, NOBODY)},
        "agents": {"after_call_limit": 0},
        "recordings": {"calls": "all" if house.recorded else "none"},
    }
    config = folder / "hotline.yaml"
    config.write_text(yaml.safe_dump(settings, allow_unicode=True))
    return config


def _add_agents(database: Path, house: House) -> None:
    """More agents than the demo bank has; their hashes are cheap, so that signing in is."""
    staff = [
        NewStaff(
            Staff(
                staff_id=StaffId(agent(each)),
                login=agent(each),
                name=agent(each),
                roles=frozenset({Role.AGENT}),
                extension=DeviceId(agent(each)),
                skills={GENERAL if each < house.agents else APART: 5},
            ),
            Secret(PASSWORD),
            Secret(PASSWORD),
        )
        for each in range(house.agents + house.apart)
    ]
    engine = connect(f"sqlite:///{database}")
    with Session(engine) as session, session.begin():
        store_staff_txn(session, staff, REALM, PasswordHasher(time_cost=1, memory_cost=64))
    engine.dispose()


def _wait(process: subprocess.Popen[bytes], web: int, output: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while not _well(web):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the hotline did not start:\n{output.read_text()[-4000:]}")
        time.sleep(LOOK)


def _well(web: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", web, timeout=5)) as connection:
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
