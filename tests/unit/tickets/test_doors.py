"""Every door of the ticket pages and who gets through it, as ``tests/data/ticket_doors.txt`` tells.

The routes are read off the site itself, so one that has no line there fails.
"""

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import config.site
import tickets
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tests.support.browsers import ORIGIN, Answer, Browser
from tests.support.deferred import result_of
from tests.support.forms import forms_of
from tests.support.routes import pages_of, routes_of
from tests.support.ticket_site import AUTHOR, CLERK, TicketSite
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    EXECUTIVE,
    HEAD,
    OFFICER,
    OTHER_OFFICER,
    PROTECTION,
    SUPERVISOR,
    draft,
    person,
)
from tickets.numbers import ticket_number
from tickets.regulation.quarter import Quarter

METHODS = ("GET", "POST", "DELETE", "WS")
NOBODY, CUSTOMER, CONCERNED = "nobody", "customer", "concerned"
STAFF: dict[str, Principal] = {
    "agent": AGENT,
    "dispatcher": DISPATCHER,
    "supervisor": SUPERVISOR,
    "protection": PROTECTION,
    "executive": EXECUTIVE,
    "quality": person(Role.QUALITY),
    "administrator": person(Role.ADMINISTRATOR),
    "officer": OFFICER,
    "head": HEAD,
    "elsewhere": OTHER_OFFICER,
    CONCERNED: CLERK,
}
PEOPLE = (NOBODY, *STAFF, CUSTOMER)


class World:
    """A site with something behind every door, and how it is knocked at."""

    def __init__(self, folder: Path) -> None:
        self.site = TicketSite(folder)
        self.number = self.site.furnished()
        self.hidden = self.site.about_the_clerk(
            title="被投诉的柜员", requester=replace(draft().requester, name="隐姓")
        )
        for each in (self.number, self.hidden):
            self.site.undelivered(each)
        self.letter = self.site.letter_of_no_ticket()
        self.site.view_of(AUTHOR)
        self.site.desk.advance(days=45)
        submitting = self.site.office.figures.submissions.submit(
            Quarter.parse("2026Q4"), 0, AUTHOR, ""
        )
        result_of(submitting)
        self.customer = self.site.customer()
        self.customer.submit()
        self.cookies = dict(self.customer.browser.cookies)

    def path(self, template: str, who: str) -> str:
        """The path with its blanks filled in, for the concerned by what is hidden from them."""
        special = {
            "/regulation/figures.<kind>": "/regulation/figures.csv",
            "/service/new/<name>": "/service/new/complaint",
            "/service/ticket/<name>": "/service/ticket/add",
        }
        number = self.hidden if who == CONCERNED else self.number
        path = special.get(template, template)
        path = path.replace("<number>", number).replace("<code>", "en").replace("<kind>", "csv")
        path = re.sub(r"<int:(letter|attachment)_id>", "2" if who == CONCERNED else "1", path)
        path = re.sub(r"<int:\w+>", "1", path)
        asked = {
            "/regulation/figures/tickets": "?quarter=2026Q4&count=received",
            "/regulation/figures/differences": "?quarter=2026Q4",
        }
        return path + asked.get(template, "")

    def browser(self, who: str) -> tuple[Browser, str]:
        """A fresh one, and what proves that a form is of it."""
        if who == CUSTOMER:
            browser = self.site.browser()
            browser.cookies |= self.cookies
            return browser, forms_of(browser.get("/service/ticket").text)[0].fields["csrf"]
        browser = self.site.browser()
        person = STAFF.get(who)
        return browser, self.site.office.office.signed_in(browser, person) if person else ""

    def knock(self, who: str, method: str, template: str, *, proof: str | None = None) -> Answer:
        """What that person is answered there; by default with their own proof in the form."""
        browser, own = self.browser(who)
        return knocked(browser, method, self.path(template, who), own if proof is None else proof)

    def changes(self) -> int:
        """How many rows were ever changed in the database."""
        with self.site.desk.database.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            return raw.total_changes


def knocked(browser: Browser, method: str, path: str, proof: str, origin: str = ORIGIN) -> Answer:
    if method in ("GET", "HEAD", "OPTIONS"):
        return browser.request(method, path)
    if method == "WS":
        upgrade = {
            "connection": "Upgrade",
            "upgrade": "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            "origin": origin,
        }
        return browser.request("GET", path, headers=upgrade)
    if path.endswith("/files"):
        return browser.upload(path, {"csrf": proof}, origin=origin)
    if path.startswith("/api/"):
        headers = {"content-type": "application/json", "origin": origin}
        return browser.request(method, path, b"{}", headers)
    return browser.post(path, {"csrf": proof}, origin=origin)


def found_routes(world: World) -> list[tuple[str, str]]:
    """Every route of the site as method and template; a socket's as ``WS`` beside its ``GET``."""
    found = {(each.method, each.path) for each in routes_of(world.site.site.resource)}
    sockets = {("WS", path) for _, path in found if path in SOCKETS}
    return sorted(found | sockets, key=lambda each: (each[1], each[0]))


SOCKETS = ("/tickets/live", "/tickets/here")


def cell(answer: Answer) -> str:
    """What of an answer stands in the table."""
    to = answer.headers.get("location", "")
    if answer.status == 303 and to.startswith("/sign-in?"):
        return "in"
    return "over" if to == "/service/follow?over=1" else str(answer.status)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("attachments"))


DATA = Path(__file__).parents[2] / "data" / "ticket_doors.txt"
TABLE = [line.split() for line in DATA.read_text().splitlines() if line.startswith(METHODS)]
LINES = {(method, path): cells for method, path, *cells in TABLE}


def check_line(answers: Mapping[str, Answer], line: Mapping[str, str]) -> None:
    """Everybody is answered as the line says, and every answer as browsers need it."""
    assert {who: cell(answer) for who, answer in answers.items()} == line
    for answer in answers.values():
        if answer.status != 101:
            check_headers(answer)
        for cookie in answer.cookies:
            check_cookie(cookie)


def test_every_route_of_the_site_has_a_line(world: World) -> None:
    assert found_routes(world) == sorted(LINES, key=lambda each: (each[1], each[0]))


def test_every_page_of_tickets_is_on_the_site(world: World) -> None:
    mounted = {each.pages for each in routes_of(world.site.site.resource)}
    assert pages_of(tickets, config.site) <= mounted


@pytest.mark.parametrize("route", LINES, ids=" ".join)
def test_everybody_is_answered_as_the_line_says(world: World, route: tuple[str, str]) -> None:
    answers = {who: world.knock(who, *route) for who in PEOPLE}
    check_line(answers, dict(zip(PEOPLE, LINES[route], strict=True)))


POSTS = [route for route in LINES if route[0] == "POST"]
FREE = {("POST", "/sign-in"), ("POST", "/api/v1/session")}
"""Whoever signs in has no session yet that a form could be of."""


@pytest.mark.parametrize("route", [each for each in POSTS if each not in FREE], ids=" ".join)
def test_no_form_is_taken_without_proof_or_with_anothers(
    world: World, route: tuple[str, str]
) -> None:
    _, others = world.browser("agent")
    before = world.changes()
    for who in PEOPLE:
        if who not in STAFF and route == ("POST", "/sign-out"):
            continue  # there is nothing to end
        for proof in ("", others, "\N{FULLWIDTH DIGIT ONE}"):
            if who != "agent" or proof != others:
                assert refused(world.knock(who, *route, proof=proof)), (who, proof)
        browser, own = world.browser(who)
        path = world.path(route[1], who)
        assert refused(knocked(browser, "POST", path, own, "https://evil.example")), who
    assert world.changes() == before


def refused(answer: Answer) -> bool:
    return answer.status in (403, 404) or cell(answer) in ("in", "over")


@pytest.mark.parametrize("route", sorted(FREE), ids=" ".join)
def test_nobody_is_signed_in_by_another_site(world: World, route: tuple[str, str]) -> None:
    answer = knocked(world.site.browser(), *route, "", "https://evil.example")
    assert (answer.status, answer.cookies) == (403, ())


@pytest.mark.parametrize("path", sorted({path for _, path in LINES}))
def test_asking_otherwise_does_nothing(world: World, path: str) -> None:
    before = world.changes()
    for who in (NOBODY, "supervisor", CUSTOMER):
        browser, _ = world.browser(who)
        asked = world.path(path, who)
        for method in ("OPTIONS", "PUT", "DELETE"):
            if (method, path) not in LINES:
                assert browser.request(method, asked).status >= 400, method
        if ("GET", path) in LINES and path not in SOCKETS:
            head, whole = browser.request("HEAD", asked), browser.get(asked)
            assert (head.status, head.body) == (whole.status, b"")
    assert world.changes() == before


POLICY = {
    "default-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
}


def check_headers(answer: Answer) -> None:
    policy = answer.headers["content-security-policy"]
    parts = {part.strip() for part in policy.split(";")}
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "default-src 'none'" in parts
    assert parts >= POLICY or "sandbox" in parts
    assert "sandbox" in parts or any(part.startswith("frame-ancestors") for part in parts)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    if answer.body and answer.status in (200, 400, 403, 409) and not is_plain(answer):
        assert "no-store" in answer.headers["cache-control"]


def is_plain(answer: Answer) -> bool:
    """A word or two of the server's own."""
    return answer.headers["content-type"].startswith("text/plain")


READ_BY_SCRIPTS = {"hotline_done"}
"""Which form was done: its random id, which opens nothing."""


def check_cookie(cookie: str) -> None:
    name, _, rest = cookie.partition("=")
    attributes = {part.strip().lower() for part in rest.split(";")[1:]}
    assert "secure" in attributes, cookie
    assert "httponly" in attributes or name in READ_BY_SCRIPTS, cookie
    assert attributes & {"samesite=strict", "samesite=lax"}, cookie


def test_whom_a_complaint_is_about_hears_of_it_nowhere(world: World) -> None:
    """Not on a page, in a list, a count, a file, nor by being refused otherwise than usual."""
    words = ("隐姓", "被投诉的柜员")
    browser, proof = world.browser(CONCERNED)
    for method, template in LINES:
        path = world.path(template, CONCERNED)
        answer = knocked(browser, method, path, proof)
        text = answer.body.decode("utf-8", "replace")
        sought = words if "<number>" in template else (*words, world.hidden)
        assert not [word for word in sought if word in text], (method, path)


def test_a_hidden_ticket_is_refused_as_one_that_never_was(world: World) -> None:
    never = ticket_number(date(2026, 11, 20), 7)
    for method, template in LINES:
        if "<number>" not in template:
            continue
        answers = []
        for number in (world.hidden, never):
            browser, proof = world.browser(CONCERNED)
            path = world.path(template, CONCERNED).replace(world.hidden, number)
            answer = knocked(browser, method, path, proof)
            answers.append((answer.status, plain(answer.text, number, proof)))
        assert answers[0] == answers[1], (method, template)


def plain(text: str, number: str, proof: str) -> str:
    return text.replace(number, "<number>").replace(proof, "<proof>") if proof else text
