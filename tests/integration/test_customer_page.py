"""The page of customers in a whole house, on a port of its own: in a browser, and what stays."""

import re
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.support.house import House, free_port, running_house
from tests.support.screens import PATIENCE, chromium, faint
from tests.support.visitor import codes

pytestmark = pytest.mark.needs("chromium")

PHONE, DESK = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=720)
MOBILE = "13800138000"
WORDS = {
    "zh": ("柜台排队时间过长", "周一上午在营业部等候两小时，只开放一个窗口。", "排队号是 A117。"),
    "en": ("Two hours in the queue", "I waited two hours. One counter was open.", "I had A117."),
}
LONGEST = 10.0
"""Seconds for a code to leave the house."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[House]:
    portal = {"listen": {"host": "127.0.0.1", "port": free_port()}}
    folder = tmp_path_factory.mktemp("house")
    with running_house(folder, prompts, {"tickets": {"portal": portal}}) as running:
        running.web_portal = f"http://127.0.0.1:{portal['listen']['port']}"  # type: ignore[attr-defined]
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def where(house: House) -> str:
    return str(house.web_portal)  # type: ignore[attr-defined]  # see the fixture


def next_code(house: House, before: int) -> str:
    house.wait_until(lambda: len(codes(house)) > before, LONGEST, "a code leaves")
    return codes(house)[before]


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_each_port_serves_its_own_people_alone(house: House) -> None:
    portal = where(house)
    assert [status(f"{portal}{path}") for path in ("/service", "/service/follow")] == [200, 200]
    for path in ("/", "/tickets", "/sign-in", "/static/cti/base.css", "/health", "/api/v1/session"):
        assert status(portal + path) == 404, path
    assert status(f"{house.web}/service") == 404
    assert status(f"{house.web}/sign-in") == 200


@pytest.mark.parametrize(
    ("locale", "size", "scheme"), [("zh-CN", PHONE, "light"), ("en-GB", DESK, "dark")]
)
def test_a_customer_submits_and_follows_in_a_browser(
    house: House,
    browser: Browser,
    locale: str,
    size: ViewportSize,
    scheme: Literal["light", "dark"],
) -> None:
    name = f"customer-{size['width']}-{scheme}-{locale[:2]}"
    title, text, more = WORDS[locale[:2]]
    with browser.new_context(locale=locale, viewport=size, color_scheme=scheme) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        faults: list[str] = []
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.goto(f"{where(house)}/service")
        _shot(page, f"{name}-home", faults)
        page.locator("a[href='/service/new/complaint']").click()
        for field, value in {
            "title": title,
            "text": text,
            "name": "王芳",
            "contact": MOBILE,
        }.items():
            page.locator(f"[name={field}]").fill(value)
        page.locator("[name=consent]").check()
        _shot(page, f"{name}-new", faults)
        before = len(codes(house))
        page.locator("button.primary").click()
        page.wait_for_url("**/service/code")
        page.locator("[name=code]").fill("000000")
        page.locator("button.primary").click()
        page.locator("[role=alert]").wait_for()
        _shot(page, f"{name}-code", [])
        page.locator("[name=code]").fill(next_code(house, before))
        page.locator("button.primary").click()
        page.wait_for_url("**/service/ticket?new=1")
        number = page.locator(".ticket-number").inner_text()
        page.locator("form[action$=add] textarea").fill(more)
        page.locator("form[action$=add] button").click()
        page.wait_for_url("**/service/ticket?done=add")
        _shot(page, f"{name}-ticket", [])
        page.locator("form[action$=leave] button").click()
        page.goto(f"{where(house)}/service/follow")
        page.locator("[name=number]").fill(number)
        page.locator("[name=contact]").fill(f"+86 {MOBILE}")
        _shot(page, f"{name}-follow", [])
        before = len(codes(house))
        page.locator("button.primary").click()
        page.locator("[name=code]").fill(next_code(house, before))
        page.locator("button.primary").click()
        page.wait_for_url("**/service/ticket")
        assert more in page.locator(".said").inner_text()
        assert not [each for each in faults if "409" not in each]


def test_codes_are_nowhere_but_with_whom_they_were_sent_to(house: House) -> None:
    sent = codes(house)
    assert len(sent) >= 4
    told = [("what the server printed", house.output.read_text()), *_rows(house), *_files(house)]
    assert any(MOBILE in text for _, text in told), "what is no secret is found"
    for where_, text in told:
        found = [code for code in sent if re.search(rf"(?<![\w.]){code}(?!\w)", text)]
        assert not found, f"{where_} shows {found}"


def _shot(page: Page, name: str, faults: list[str]) -> None:
    """Faint texts, and what does not fit the width, are faults."""
    faults += faint(page, name, whole=True)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        faults.append(f"{name} is wider than the screen")
    assert not [each for each in faults if "409" not in each]


def _rows(house: House) -> Iterator[tuple[str, str]]:
    """Every table as it is now; what a message said stands in it until it is delivered."""
    with closing(sqlite3.connect(house.var / "hotline.sqlite")) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            if name.startswith("ticket_words"):  # what was said is found by it, and kept elsewhere
                continue
            yield name, str(database.execute(f'SELECT * FROM "{name}"').fetchall())


def _files(house: House) -> Iterator[tuple[str, str]]:
    """Every file but the database's and the sink's, in which the codes were carried."""
    for path in house.var.rglob("*"):
        if path.is_file() and path.parent.name != "outbox" and ".sqlite" not in path.name:
            yield path.name, path.read_bytes().decode("latin-1")
