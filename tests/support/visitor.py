"""A customer at a browser without scripts, on the page of customers of a running house."""

import json
import re
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.support.forms import forms_of
from tests.support.house import House

CARRIED = 10.0
"""Seconds for a code to leave the house."""


def codes(house: House) -> list[str]:
    """Those that the sink has carried, the oldest first."""
    found = []
    for path in sorted((house.var / "outbox").glob("*.json")):
        message = json.loads(path.read_text())
        if message["purpose"] == "code":
            found += re.findall(r"\d{6}", message["body"])
    return found


@dataclass
class Visitor:
    """Follows one ticket; the page is served beside those of staff."""

    house: House
    cookies: dict[str, str] = field(default_factory=dict)

    def enter(self, number: str, contact: str) -> None:
        """Ask for a code and enter it."""
        before = len(codes(self.house))
        self.send("/service/follow", number=number, contact=contact)
        arrived = lambda: len(codes(self.house)) > before  # noqa: E731  (as short as it is)
        self.house.wait_until(arrived, CARRIED, "a code leaves")
        self.send("/service/code", code=codes(self.house)[before])

    def do(self, name: str, **typed: str) -> None:
        """An act on the ticket that is open."""
        self.send("/service/ticket", f"/service/ticket/{name}", **typed)

    def read(self, path: str) -> str:
        """The page."""
        status, _, text = self._ask("GET", path)
        assert status == 200, f"{path}: {status}"
        return text

    def send(self, path: str, action: str = "", **typed: str) -> None:
        """Fill in the page's form and send it; it leads to another page."""
        form = next(each for each in forms_of(self.read(path)) if each.action == (action or path))
        status, where, text = self._ask("POST", form.action, form.fields | typed)
        assert status == 303, f"{path}: {status} {text}"
        assert where.startswith("/service"), where

    def _ask(
        self, method: str, path: str, fields: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Accept-Language": "zh",
            "Origin": self.house.web,
        }
        body = urlencode(fields).encode() if fields is not None else None
        with closing(HTTPConnection("127.0.0.1", self.house.web_port, timeout=30)) as line:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            for each in answer.headers.get_all("Set-Cookie") or ():
                self.cookies |= {name: kept.value for name, kept in SimpleCookie(each).items()}
            text = answer.read().decode("utf-8", "replace")
            return answer.status, answer.getheader("Location", ""), text
