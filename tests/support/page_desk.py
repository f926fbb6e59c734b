"""An agent at the real console, with the telephone in their page: a tone for a voice, an ear."""

from collections.abc import Callable
from pathlib import Path
from typing import Self

from playwright.sync_api import Browser, Page, expect

from tests.support.house import House
from tests.support.screens import PATIENCE, Desk

EARS = Path(__file__).with_name("page_ears.js").read_text()
LOOK = 50
"""Milliseconds between two looks at a page."""
BIN = 12.0
"""Hz by which what an analyser hears may differ from what was said."""
QUIETEST = -60.0
"""dBFS below which nobody hears anything."""


class PageDesk:
    """One agent's browser; `page` is the tab they work in."""

    def __init__(
        self, browser: Browser, house: House, login: str, tone: float, locale: str = "en-GB"
    ) -> None:
        self.desk = Desk(browser, house.web, locale)
        self.desk.context.add_init_script(f"window.tone = {tone};\n{EARS}")
        self.desk.sign_in(login, "/console")
        self.page: Page = self.desk.page

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        self.desk.__exit__(*why)  # type: ignore[arg-type]  # as it came

    def begin(self) -> None:
        """Sign in, start the shift and be ready."""
        self.press("sign_in")
        self.page.locator("#phone-start").click()
        expect(self.page.locator("#phone-said")).to_contain_text("in this page")
        self.press("ready")
        expect(self.page.locator("#state-word")).to_have_text("Ready")

    def press(self, action: str) -> None:
        """Click the button that asks for it."""
        self.page.locator(f"button[data-do={action}]:visible").first.click()

    def registered(self) -> None:
        """Return when the house can ring the page, as both say."""
        expect(self.page.locator("#phone-said")).to_contain_text("in this page")
        expect(self.page.locator("#phone-word")).to_have_text("registered")
        expect(self.page.locator("#stale")).to_be_hidden()

    def take_desk(self) -> None:
        """Work on here: another page was opened since, or had taken the desk."""
        self.press("takeover")
        expect(self.page.locator("#elsewhere")).to_be_hidden()

    def trouble(self, words: str) -> None:
        """Return when the telephone says so."""
        expect(self.page.locator("#phone-trouble")).to_contain_text(words)

    def asked(self) -> int:
        """How often the page has asked for a microphone."""
        return int(self.page.evaluate("window.asked"))

    def cut_sip(self) -> None:
        """The connection of the page's telephone breaks; its sound does not."""
        self.page.evaluate("sockets.filter((each) => each.protocol === 'sip').at(-1).close()")

    def state(self, word: str) -> None:
        """Return when the agent is in that state."""
        expect(self.page.locator("#state-word")).to_have_text(word)

    def hears(self, frequency: float) -> bool:
        """Whether that is what is heard now."""
        now = self.page.evaluate("report()")
        return bool(now["level"] > QUIETEST and abs(now["pitch"] - frequency) < BIN)

    def until_heard(self, frequency: float) -> None:
        """Return when that is what is heard."""
        self.until(lambda: self.hears(frequency))

    def until(self, true: Callable[[], object]) -> None:
        """Look again and again until that is so; AssertionError after `PATIENCE` ms."""
        for _ in range(PATIENCE // LOOK):
            if true():
                return
            self.page.wait_for_timeout(LOOK)
        raise AssertionError(f"never; the last was {self.page.evaluate('report()')}")

    def rest(self, seconds: float) -> None:
        """Let so much time pass in the page."""
        self.page.wait_for_timeout(1000 * seconds)
