"""The console page with nobody behind it: ``python -m`` this plays whatever a test shows it.

Page, board, words and security headers are the real ones; entities are those given. Prints its
address and the cookie of agent ``a``, then does what each line of JSON on standard input says::

    {"show": {"agent/a": {...}}}        the page's entities are these, and no others
    {"set": {...}, "del": ["card/a"]}   some change
    {"refuse": {"hold": "agent.no_call"}}   commands refused from now on, and as what
    {"away": true}                      gone, and false: back again
    {"done": 3}                         says so too: what the pages of before sent stands before it

and prints each command that a page sends. `Stage` is a test's end of it.
"""

import json
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from queue import Queue
from threading import Thread
from typing import IO, Any, cast

from twisted.internet import reactor as global_reactor  # noqa: TID251  (a program of its own)
from twisted.internet.stdio import StandardIO
from twisted.protocols.basic import LineOnlyReceiver
from twisted.web.resource import Resource
from twisted.web.server import Site

from agents.web.console import Console
from agents.web.pages import ConsolePages
from cti.kernel.errors import Refused
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.web.http import HotlineRequest
from cti.web.live import Command, LiveBoard
from tests.support.call_centre import CallCentre
from tests.support.consoles import ConsoleHouse

START_SECONDS = 60.0
ASKED_SECONDS = 60.0
STOP_SECONDS = 60.0


class Played:
    """A console whose entities are what it is told, and which keeps what is asked of it."""

    def __init__(self, house: ConsoleHouse) -> None:
        self.entities: dict[str, Any] = {}
        self.refusals: Mapping[str, str] = {}
        self.board = LiveBoard(
            house.frame, Role.AGENT, snapshot=lambda _who: self.entities, handler=self._do
        )

    def show(self, entities: Mapping[str, Any]) -> None:
        """These, and no others."""
        self.board.delete(*(key for key in self.entities if key not in entities))
        changed = {key: each for key, each in entities.items() if self.entities.get(key) != each}
        self.entities = dict(entities)
        for key, value in changed.items():
            self.board.publish(key, value)

    def _do(self, _principal: Principal, command: Command) -> object:
        say(dict(command))
        if (error_id := self.refusals.get(command["do"])) is not None:
            raise Refused(error_id)
        return {}


class Director(LineOnlyReceiver):
    """Does what the lines say."""

    delimiter = b"\n"
    MAX_LENGTH = 1 << 20

    def __init__(self, played: Played, site: Site) -> None:
        self._played, self._site = played, site
        self._port = listen(0, site)
        self.number: int = self._port.getHost().port

    def lineReceived(self, line: bytes) -> None:
        wish = json.loads(line)
        played = self._played
        if "show" in wish:
            played.show(wish["show"])
        if "set" in wish or "del" in wish:
            gone = wish.get("del", [])
            kept = {key: each for key, each in played.entities.items() if key not in gone}
            played.show({**kept, **wish.get("set", {})})
        if "refuse" in wish:
            played.refusals = wish["refuse"]
        if "away" in wish:
            self._be_away(wish["away"])
        if "done" in wish:
            global_reactor.callLater(0.0, say, wish)

    def connectionLost(self, reason: Any = None) -> None:
        del reason
        global_reactor.stop()

    def _be_away(self, away: bool) -> None:
        if away:
            self._port.stopListening()
            self._played.board.close()
        else:
            self._port = listen(self.number, self._site)


class Stage:
    """A test's end: shows entities, and hears what the page asks for."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._lines: Queue[str] = Queue()
        self._asked: deque[dict[str, Any]] = deque()
        self._wishes = 0
        Thread(target=self._read, daemon=True).start()
        there = json.loads(self._lines.get(timeout=START_SECONDS))
        self.address, self.token = str(there["address"]), str(there["token"])

    def show(self, entities: Mapping[str, Any]) -> None:
        """These, and no others."""
        self._say(show=entities)

    def change(self, gone: tuple[str, ...] = (), **entities: Any) -> None:
        """Set these (``agent_a`` is ``agent/a``), and take those away."""
        changed = {key.replace("_", "/"): value for key, value in entities.items()}
        self._say(set=changed, **{"del": list(gone)})

    def clear(self) -> None:
        """Refuse nothing, and forget what was asked so far."""
        self.refuse()
        self._asked.clear()

    def refuse(self, **refusals: str) -> None:
        """Refuse these commands from now on, and no others: what a page asks comes after that."""
        self._wishes += 1
        wish = {"refuse": refusals, "done": self._wishes}
        self._say(**wish)
        while (said := self._heard()) != wish:
            self._asked.append(said)

    def be_away(self, away: bool) -> None:
        """Be gone, or back again."""
        self._say(away=away)

    def asked(self) -> dict[str, Any]:
        """The next command that the page sends, without its number."""
        command = self._asked.popleft() if self._asked else self._heard()
        del command["id"]
        return command

    def _heard(self) -> dict[str, Any]:
        return dict(json.loads(self._lines.get(timeout=ASKED_SECONDS)))

    def _read(self) -> None:
        for line in cast("IO[str]", self._process.stdout):
            self._lines.put(line)

    def _say(self, **wish: Any) -> None:
        print(json.dumps(wish), file=self._process.stdin, flush=True)


@contextmanager
def running_stage() -> Iterator[Stage]:
    """A stage, in a process of its own."""
    command = [sys.executable, "-m", "tests.support.console_stage"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    stdin = process.stdin
    assert stdin is not None
    try:
        yield Stage(process)
    finally:
        stdin.close()
        process.wait(timeout=STOP_SECONDS)


def listen(number: int, site: Any) -> Any:
    """A port of this machine where the site answers."""
    return global_reactor.listenTCP(number, site, interface="127.0.0.1")


def say(value: object) -> None:
    """A line of JSON, at once."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main() -> None:
    house = ConsoleHouse(CallCentre({"a": {"general": 8, "complaints": 5}}, clock=global_reactor))
    played = Played(house)
    pages = ConsolePages(house.frame, house.centre.service, cast(Console, played), UTC)
    root = Resource()
    root.putChild(b"console", pages.app.resource())
    root.putChild(b"static", house.frame.static)
    site = Site(root, requestFactory=HotlineRequest, reactor=global_reactor)
    director = Director(played, site)
    address = f"http://127.0.0.1:{director.number}"
    say({"address": address, "token": house.token("a")})
    StandardIO(director, reactor=global_reactor)
    global_reactor.run()


if __name__ == "__main__":
    main()
