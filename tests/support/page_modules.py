"""The scripts of the site in a browser without a site: modules are read from the tree."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Browser, Page, Route

ORIGIN = "http://localhost"
"""Secure enough for what only secure pages may do."""
PACKAGES = {"agents": "agents.web", "cti": "cti.web"}


@contextmanager
def page_of_modules(browser: Browser) -> Iterator[Page]:
    """An empty page that can import ``/static/<package>/...``; nothing else is to be had."""
    with browser.new_context() as context:
        context.route("**/*", _serve)
        page = context.new_page()
        page.goto(ORIGIN + "/")
        yield page


def _serve(route: Route) -> None:
    path = route.request.url.removeprefix(ORIGIN).partition("?")[0]
    if not path.startswith("/static/"):
        route.fulfill(body="<!doctype html><title>modules</title>", content_type="text/html")
        return
    package, _, rest = path.removeprefix("/static/").partition("/")
    file = Path(str(files(PACKAGES[package]))) / "static" / rest
    if file.is_file():
        route.fulfill(body=file.read_bytes(), content_type="text/javascript")
    else:
        route.fulfill(status=404)
