"""A browser as people use it: Debian's chromium, a window of known size, and what went wrong in it.

With ``HOTLINE_SCREENS=1`` pictures of every step are kept under ``tests/screens/``, for the eyes of
whoever changes a page; without it, only of what went wrong.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect, sync_playwright

from tests.support.needs import all_needs

SCREENS = Path(__file__).parents[1] / "screens"
WANTED = "HOTLINE_SCREENS" in os.environ
FAINT = Path(__file__).with_name("contrast.js").read_text()
DESK = ViewportSize(width=1440, height=900)
WALL = ViewportSize(width=1920, height=1080)
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
PATIENCE = 120_000
"""Milliseconds to wait for what a telephone must do first."""
LONGEST_WALK = 60
"""Stops of the Tab key that a page may have."""
FOCUS = """
(selector) => {
  const stop = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(stop);
  const outlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  return [stop.matches(selector), outlined || stop === document.body];
}
"""
FOLDED = "(form) => form.closest('details:not([open])') !== null"
REFUSALS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's browser, without a window."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        path = all_needs()["chromium"].path
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Desk:
    """One person's browser: signed in, their pages, their pictures, every error of any page."""

    def __init__(self, browser: Browser, web: str, locale: str, size: ViewportSize = DESK) -> None:
        self.web, self.language = web, locale[:2]
        self.errors: list[str] = []
        self.context = browser.new_context(locale=locale, viewport=size, reduced_motion="reduce")
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(REFUSALS)
        self.context.on("page", self._watch)
        self.page = self.context.new_page()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None and not self.page.is_closed():
            _take(self.page, f"failed-{self.language}", whole=False)
        self.context.close()

    def sign_in(self, login: str, to: str) -> None:
        """Sign in by the form, as that member of the demo's staff, on the way to a page."""
        self.page.goto(self.web + to)
        self.page.locator("[name=login]").fill(login)
        self.page.locator("[name=password]").fill(f"demo-{login}")
        self.page.locator("button.primary").click()
        self.page.wait_for_url(self.web + to)
        other = self.page.locator(f"header .account a[lang^={self.language}]")
        if other.count():  # the page speaks the person's language, we want the other
            with self.page.expect_navigation(url=self.web + to):
                other.click()

    def follow(self, link: str) -> None:
        """Click the link of that name, and be on the page it leads to, all of which is there."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=link).click()

    def walk(self, selector: str) -> None:
        """Press Tab until that element has the focus; every stop on the way can be seen."""
        for _ in range(LONGEST_WALK):
            self.page.keyboard.press("Tab")
            reached, outlined = self.page.evaluate(FOCUS, selector)
            assert outlined, f"the focus cannot be seen on the way to {selector}"
            if reached:
                return
        raise AssertionError(f"the keyboard never reaches {selector}")

    def shot(self, name: str, page: Page | None = None, *, whole: bool = False) -> None:
        """Faint texts on the screen now are errors; a picture of it is kept where it is wanted."""
        self.errors += faint(page or self.page, f"{name}-{self.language}", whole=whole)

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda said: self.errors.append(said.text) if said.type == "error" else None,
        )


def faint(page: Page, name: str, *, whole: bool = False) -> list[str]:
    """Every text on the page that is too faint to be read; a picture is kept where it is wanted."""
    page.wait_for_load_state()  # its style sheets too
    found = [f"{name}: faint: {text}" for text in page.evaluate(FAINT)]
    if WANTED:
        _take(page, name, whole=whole)
    return found


def _take(page: Page, name: str, *, whole: bool) -> None:
    path = SCREENS / f"{name}.png"
    page.screenshot(path=path, full_page=whole, animations="disabled")


def form_of(page: Page, action: str) -> Locator:
    """The form of an act on the ticket shown, unfolded where it was folded away.

    While a page is still being read nothing of it can be seen, not even the likely act's form,
    which is open: whoever took it for folded would fold it up.
    """
    page.wait_for_load_state()
    form = page.locator(f"form:has([name=action][value={action}])").first
    if form.evaluate(FOLDED):
        form.locator("xpath=ancestor::details[1]/summary").click()
    expect(form).to_be_visible()
    return form


def act(page: Page, action: str, **fields: str) -> None:
    """Do one act on the ticket shown, with those fields, and be on the page that answers it."""
    form = form_of(page, action)
    for name, value in fields.items():
        field = form.locator(f"[name={name}]").first
        if field.get_attribute("type") == "radio":
            form.locator(f"[name={name}][value={value}]").check()
        elif field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    version = page.locator("#ticket").get_attribute("data-version")
    with page.expect_navigation():
        form.locator("button").click()
    expect(page.locator("#ticket")).not_to_have_attribute("data-version", str(version))
