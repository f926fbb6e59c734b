"""A whole house whose clock is moved by hand, and people who work in it by HTTP."""

import re
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import yaml

from tests.support.forms import PageForm, forms_of
from tests.support.house import House, free_port
from tests.support.leaping_server import PORT, START
from tests.support.tickets import SHANGHAI, local

FIRED = 15.0
"""Seconds within which what is due has happened."""
SIGNED_OUT = 401
SIGN_IN = "/sign-in"
NEXT = """
    SELECT min(due) FROM (
        SELECT due FROM ticket_alarms WHERE fired IS NULL
        UNION ALL SELECT due FROM ticket_tasks WHERE done IS NULL
    )
"""

TELLING = """
    SELECT id FROM ticket_messages WHERE spread IS NULL
    UNION ALL SELECT id FROM ticket_outbox WHERE ended IS NULL OR settled IS NULL
"""

ALERT = re.compile(
    r"""<(?P<tag>\w+) [^>]*role="alert"(?![^>]*\shidden)[^>]*>(?P<text>.*?)</(?P=tag)>""", re.DOTALL
)
"""What a page says at once that went wrong."""


class LeapingHouse(House):
    """A running house; `until` lets it live on to an instant, deadline by deadline."""

    program = "tests.support.leaping_server"

    def __init__(
        self, folder: Path, prompts: Path, changes: dict[str, Any], begin: str, hours: Any
    ) -> None:
        """`begin` is ``2026-11-23 09:00`` in Shanghai, `hours` the week of every department."""
        super().__init__(folder, prompts, changes)
        office = {"timezone": "Asia/Shanghai", "week": hours}
        (folder / "calendars" / "office.yaml").write_text(yaml.safe_dump(office))
        self.begin = local(begin)
        self._port = free_port()

    def start(self) -> Self:
        self.environment = {START: self.begin.isoformat(), PORT: str(self._port)}
        super().start()
        self._line = socket.create_connection(("127.0.0.1", self._port))
        return self

    def stop(self, number: int = 15) -> int:
        self._line.close()
        return super().stop(number)

    def until(self, text: str) -> None:
        """Live on until that instant in Shanghai, stopping at all that falls due before it."""
        goal = local(text)
        while (due := self._next_due()) is not None and due < goal:
            self.leap(due)
            self.wait_until(lambda due=due: self._passed(due), FIRED, f"all that is due at {due}")
        self.leap(goal)

    def leap(self, to: datetime) -> None:
        """Let it be that instant, once nobody is being told anything any more."""
        self.wait_until(self._quiet, FIRED, "everybody has been told")
        self._line.sendall(to.isoformat().encode() + b"\n")
        answer = self._line.makefile("rb").readline().decode().strip()
        assert answer == to.isoformat(), f"the clock did not move: {self.output.read_text()}"

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """What the database has."""
        with closing(sqlite3.connect(self.var / "hotline.sqlite")) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query, values)]

    def _next_due(self) -> datetime | None:
        [[due]] = [[*row.values()] for row in self.rows(NEXT)]
        return stored(due) if due else None

    def _quiet(self) -> bool:
        return not self.rows(TELLING)

    def _passed(self, due: datetime) -> bool:
        upcoming = self._next_due()
        return upcoming is None or upcoming > due


EARLY = timedelta(seconds=10)
"""How far before a minute its instant may lie."""


def stored(text: str) -> datetime:
    """An instant as SQLite keeps it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def minute(at: datetime | str) -> str:
    """``11-23 09:00`` in Shanghai, of an instant or of what SQLite keeps of it.

    The house lives on between two leaps: what was done then is a few seconds late, and what was
    reckoned from it as much late or early.
    """
    instant = (stored(at) if isinstance(at, str) else at) + EARLY
    return f"{instant.astimezone(SHANGHAI):%m-%d %H:%M}"


@contextmanager
def leaping_house(
    folder: Path, prompts: Path, changes: dict[str, Any], begin: str, hours: Any
) -> Iterator[LeapingHouse]:
    """Such a house, stopped at the end."""
    house = LeapingHouse(folder, prompts, changes, begin, hours).start()
    try:
        yield house
    finally:
        if house.process.poll() is None:
            house.stop()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a page answered."""

    status: int
    text: str
    location: str = ""


@dataclass
class Clerk:
    """Somebody of the demo bank at a browser, without scripts."""

    house: House
    login: str
    language: str = "zh"
    token: str = field(init=False)

    def __post_init__(self) -> None:
        self.token = self.house.sign_in(self.login)

    def read(self, path: str, language: str = "") -> str:
        """The page."""
        reply = self.ask("GET", path, language=language)
        assert reply.status == 200, f"{path}: {reply.status} {reply.text}"
        return reply.text

    def form(self, path: str, action: str, **typed: str) -> dict[str, str]:
        """The page's form of that act, filled in; AssertionError when it is not offered."""
        offered = [
            each for each in forms_of(self.read(path)) if each.fields.get("action") == action
        ]
        meant = [each for each in offered if _is_meant(each, typed)]
        assert len(meant) == 1, f"{self.login} is offered {self.acts(path)}, not one {action}"
        unknown = typed.keys() - meant[0].fields.keys() - {"department", "new_facts"}
        assert not unknown, f"the form of {action} does not ask for {unknown}"
        return meant[0].fields | typed

    def acts(self, path: str) -> set[str]:
        """What the page offers."""
        forms = forms_of(self.read(path))
        return {each.fields["action"] for each in forms if "action" in each.fields}

    def do(self, number: str, action: str, **typed: str) -> None:
        """Fill in the act's form on the ticket's page and send it."""
        path = f"/tickets/{number}"
        reply = self.send(path, self.form(path, action, **typed))
        assert reply.status == 303, f"{self.login} {action}: {reply.status} {_alert(reply.text)}"

    def send(self, path: str, fields: Mapping[str, str]) -> Reply:
        """Send the form of an act as it is."""
        return self.ask("POST", f"{path}/act", fields)

    def refused(self, path: str, fields: Mapping[str, str]) -> str:
        """Send the form of an act, and be told why not."""
        reply = self.send(path, fields)
        assert reply.status == 409, reply.status
        return _alert(reply.text)

    def register(self, **typed: str) -> str:
        """Write a ticket down; its number."""
        reply = self.write_down(**typed)
        assert reply.status == 303, _alert(reply.text)
        return reply.location.rpartition("/")[2]

    def write_down(self, **typed: str) -> Reply:
        """Send the form of a new ticket."""
        form = next(
            each for each in forms_of(self.read("/tickets/new")) if each.action == "/tickets/new"
        )
        fields = {name: value for name, value in form.fields.items() if name != "change_kind"}
        return self.ask("POST", "/tickets/new", fields | typed)

    def ask(
        self, method: str, path: str, fields: Mapping[str, str] | None = None, language: str = ""
    ) -> Reply:
        """One request; nothing is followed. Who was signed out meanwhile signs in again."""
        reply = self._asked(method, path, fields, language or self.language)
        if reply.status == SIGNED_OUT or reply.location.startswith(SIGN_IN):
            self.token = self.house.sign_in(self.login)
            reply = self._asked(method, path, fields, language or self.language)
        return reply

    def _asked(
        self, method: str, path: str, fields: Mapping[str, str] | None, language: str
    ) -> Reply:
        body = urlencode(fields).encode() if fields is not None else None
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Cookie": f"hotline_language={language}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        with closing(HTTPConnection("127.0.0.1", self.house.web_port, timeout=30)) as line:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            text = answer.read().decode("utf-8", "replace")
            return Reply(answer.status, text, answer.getheader("Location", ""))


def _is_meant(form: PageForm, typed: Mapping[str, str]) -> bool:
    return "dispatch" not in typed or form.fields.get("dispatch") == typed["dispatch"]


def _alert(page: str) -> str:
    """What a page says went wrong."""
    alert = ALERT.search(page)
    return alert["text"].strip() if alert else page[-500:]
