"""The whole hotline as a process of its own, on free ports, in a folder of its own."""

import json
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from secrets import randbelow
from typing import Any, Self

import yaml

from tests.support.founded import move_in
from tests.support.patience import ample
from tests.support.programs import Program, start_program

START_SECONDS = 60.0
LOOK = 0.05
SERVICE_PORTS = range(10000, 20000)
OPEN_CALENDAR = {
    "timezone": "Asia/Shanghai",
    "week": {"weekdays": ["00:00-24:00"], "weekend": ["00:00-24:00"]},
}


def free_port() -> int:
    """A port nobody listens on now, neither by UDP nor by TCP.

    It lies below those the kernel gives to whoever asks for any, so that none of them takes it
    before it is listened on.
    """
    while True:
        port = SERVICE_PORTS[randbelow(len(SERVICE_PORTS))]
        if is_free(port, socket.SOCK_DGRAM) and is_free(port, socket.SOCK_STREAM):
            return port


def is_free(port: int, kind: socket.SocketKind) -> bool:
    """Whether nobody listens there."""
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class House:
    """A running `hotline serve`, the means to look into it, and the means to end it.

    `changes` are settings beside those that every test's house has, section by section. What is
    founded beside `prompts` it begins with (`tests.support.founded`).
    """

    program = "config.main"
    """The module that is run; it takes the words of the command `hotline`."""

    def __init__(self, folder: Path, prompts: Path, changes: dict[str, Any] | None = None) -> None:
        self.folder, self.var = folder, folder / "var"
        self.sip_port = free_port()
        self.web_port = free_port()
        self.web = f"http://127.0.0.1:{self.web_port}"
        self.process: Program
        self.environment: dict[str, str] = {}
        if "database" not in (changes or {}):
            move_in(self.var, prompts)
        calendars = folder / "calendars"
        calendars.mkdir(parents=True, exist_ok=True)
        for name in ("service", "office"):
            (calendars / f"{name}.yaml").write_text(yaml.safe_dump(OPEN_CALENDAR))
        settings: dict[str, Any] = {
            "sip": {"port": self.sip_port},
            "web": {"port": self.web_port},
            "trace": {"size": 1},
            "media": {
                "first_port": 30000 + self.sip_port % 10000,
                "last_port": 60000,
                "orphan_time": 5,
            },
            "folders": {
                "base": str(self.var),
                "prompts": str(prompts),
                "calendars": str(calendars),
            },
        }
        for section, values in (changes or {}).items():
            known = settings.get(section)
            merged = isinstance(known, dict) and isinstance(values, dict)
            settings[section] = known | values if merged else values
        self.config = folder / "hotline.yaml"
        self.config.write_text(yaml.safe_dump(settings, allow_unicode=True))

    def start(self) -> Self:
        """Start the server; returns when it is well, or says what it printed instead."""
        self.output = self.folder / "serve.txt"
        with self.output.open("ab") as out:
            self.process = start_program(
                self.program,
                *("--config", str(self.config), "serve"),
                out=out,
                folder=self.folder,
                environment=self.environment,
            )
        self.wait_until(self._well, START_SECONDS, "the server is well")
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the server with that signal; its exit status."""
        self.process.send_signal(number)
        try:
            return self.process.wait(ample())
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def wait_until(self, true: Any, seconds: float, what: str) -> None:
        """Look again and again until `true()`; AssertionError names what never came.

        It comes within so many seconds on a machine with room, and is waited for longer.
        """
        end = time.monotonic() + ample(seconds)
        while not true():
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f"never: {what}\n{self.output.read_text()[-4000:]}")
            time.sleep(LOOK)

    def log(self) -> str:
        """Everything logged so far."""
        return "".join(path.read_text() for path in sorted(self.var.glob("*.log*")))

    def journal(self) -> list[tuple[str, dict[str, Any]]]:
        """Every event written so far, in order: its kind, and what it says."""
        with closing(sqlite3.connect(self.var / "hotline.sqlite")) as database:
            rows = database.execute("SELECT kind, record FROM journal ORDER BY sequence")
            return [(kind, json.loads(record)) for kind, record in rows]

    # --- its pages --------------------------------------------------------------------------

    def sign_in(self, login: str, password: str = "") -> str:
        """A bearer token for that member of staff."""
        answer = self.post(
            "/api/v1/session", {"login": login, "password": password or f"demo-{login}"}
        )
        return str(answer["token"])

    def post(self, path: str, value: dict[str, Any], token: str = "") -> Any:
        """POST JSON; the JSON answer."""
        return self._ask(path, json.dumps(value).encode(), token)

    def get(self, path: str, token: str = "") -> bytes:
        """GET a page or file."""
        return self._fetch(path, None, token)

    def _ask(self, path: str, body: bytes | None, token: str) -> Any:
        content = self._fetch(path, body, token)
        return json.loads(content) if content else None

    def _fetch(self, path: str, body: bytes | None, token: str) -> bytes:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(self.web + path, body, headers)
        with urllib.request.urlopen(request, timeout=ample()) as response:
            return bytes(response.read())

    def _well(self) -> bool:
        try:
            return bool(self._ask("/health", None, "")["well"])
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def running_house(
    folder: Path, prompts: Path, changes: dict[str, Any] | None = None
) -> Iterator[House]:
    """A house that is stopped at the end, whatever happened in it.

    Whatever happens, none of it may leave agents and calls in states that do not fit together;
    that a telephone falls silent is told in the same way, but is no mistake of the house's.
    """
    house = House(folder, prompts, changes).start()
    try:
        yield house
    finally:
        if house.process.poll() is None:
            house.stop()
    kept = house.journal() if (house.var / "hotline.sqlite").exists() else []
    told = [event for kind, event in kept if kind == "agent.disagreement"]
    healed = [event for event in told if event["what"] != "call_without_sound"]
    assert not healed, f"all agreed about agents and calls, but for {healed}"
