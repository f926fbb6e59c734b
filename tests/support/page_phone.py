"""A browser's telephone in a page of the house's own site; `browser_phone.js` is what it does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.support.house import House
from tests.support.screens import PATIENCE

SCRIPTS = ("browser_call.js", "browser_phone.js")
LOOK = 50
"""Milliseconds between two looks at a page."""
ANY_PAGE = "/health"
BIN = 12.0
"""Hz by which what an analyser hears may differ from what was said."""
QUIETEST = -60.0
"""dBFS below which nobody hears anything."""
SPOILED = """
number => phone.dial(number, (sdp) => sdp.replace(
  /(a=fingerprint:sha-256 )(..)/g, (_, name, octet) => name + (octet === "00" ? "01" : "00"),
))
"""


class PagePhone:
    """A telephone that says a tone; `secret` is the demo's."""

    def __init__(self, browser: Browser, house: House, number: str, frequency: float) -> None:
        self._number, self._frequency, self._house = number, frequency, house
        context = browser.new_context()
        text = "\n".join(Path(__file__).with_name(name).read_text() for name in SCRIPTS)
        context.add_init_script(text)
        self.page: Page = context.new_page()
        self.page.goto(house.web + ANY_PAGE)

    def __enter__(self) -> "PagePhone":
        return self

    def __exit__(self, *_why: object) -> None:
        self.page.context.close()

    def register(self) -> int:
        """Register; how many contacts the house knows now."""
        given = [self._number, f"demo-{self._number}", self._frequency]
        self.page.evaluate("given => { window.phone = new BrowserPhone(...given); }", given)
        self.page.evaluate("phone.connect()")
        return int(self.page.evaluate("phone.register()"))

    def dial(self, number: str, *, spoiled: bool = False) -> str:
        """Call, with the fingerprint of another certificate when `spoiled`; the state then."""
        script = SPOILED if spoiled else "number => phone.dial(number)"
        return str(self.page.evaluate(script, number))

    def do(self, script: str) -> Any:
        """Let the page do something, and what it says to that."""
        return self.page.evaluate(script)

    def wait(self, state: str) -> None:
        """Return when the telephone is in that state."""
        self.page.wait_for_function("state => phone.state === state", arg=state)

    def report(self) -> dict[str, Any]:
        """The connection's state, the pitch heard and its level."""
        heard: dict[str, Any] = self.page.evaluate("report()")
        return heard

    def hears(self, frequency: float) -> bool:
        """Whether that is what is heard now."""
        now = self.report()
        return bool(now["level"] > QUIETEST and abs(now["pitch"] - frequency) < BIN)

    def hears_something(self) -> bool:
        """Whether anything is heard now."""
        return bool(self.report()["level"] > QUIETEST)

    def until_heard(self, frequency: float) -> None:
        """Return when that is what is heard."""
        self.until(lambda: self.hears(frequency))

    def until(self, true: Callable[[], object]) -> None:
        """Look again and again until that is so; AssertionError after `PATIENCE` ms."""
        for _ in range(PATIENCE // LOOK):
            if true():
                return
            self.page.wait_for_timeout(LOOK)
        raise AssertionError(f"never; the last was {self.report()}, {self.do('phone.why')}")

    def rest(self, seconds: float) -> None:
        """Let so much time pass in the page."""
        self.page.wait_for_timeout(1000 * seconds)
