"""Pages with hostile words on them, in a browser: nothing runs, and nothing leaves the site."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Dialog

from tests.support.inert import MARK
from tests.support.screens import PATIENCE, REFUSALS, chromium

READERS = ("supervisor", "head-cards")
"""Between them they open every page, the second what only departments have."""
DEPARTMENT = "/tickets/department"

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("attachments")
    command = [sys.executable, "-m", "tests.support.hostile_server", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())
        server.stdin.close()


class Watch:
    """Notes all that should not happen on the pages of a browser."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.wrong: list[str] = []
        context.add_init_script(REFUSALS)
        context.set_default_timeout(PATIENCE)
        context.on("dialog", self._dialog)
        context.on("request", lambda asked: self._left(asked.url, address))
        context.on("console", lambda said: self._said(said.text))

    def _dialog(self, dialog: Dialog) -> None:
        self.wrong.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _left(self, url: str, address: str) -> None:
        if not url.startswith((f"{address}/", "data:")):
            self.wrong.append(f"a request: {url}")

    def _said(self, text: str) -> None:
        if "policy" in text.lower():
            self.wrong.append(text)


def test_nothing_runs_and_nothing_leaves(site: dict[str, Any]) -> None:
    address = site["address"]
    first, second = ({site["cookie"]: site["people"][each]} for each in READERS)
    rounds = [
        (first, [each for each in site["paths"] if each != DEPARTMENT]),
        (second, [DEPARTMENT]),
        (site["customer"], ["/service/ticket"]),
    ]
    with chromium() as browser:
        for kept, paths in rounds:
            context = browser.new_context(locale="zh-CN")
            watch = Watch(context, address)
            context.add_cookies(
                [{"name": name, "value": value, "url": address} for name, value in kept.items()]
            )
            page = context.new_page()
            for path in paths:
                page.goto(address + path)
                assert page.locator(MARK).count() == 0, path
                page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
                page.mouse.move(300, 300)
            assert watch.wrong == []
            context.close()
