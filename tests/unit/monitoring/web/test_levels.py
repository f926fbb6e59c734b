"""The wall board's thresholds, run where they run: in a browser."""

from pathlib import Path
from typing import Any

import pytest

import monitoring.web
from tests.support.needs import all_needs

SCRIPT = Path(monitoring.web.__file__).parent / "static" / "levels.js"
RUN = """async ([source, threshold, steps]) => {
  const { nextLevel } = await import("data:text/javascript," + encodeURIComponent(source));
  let level = "";
  return steps.map(([value, sample]) => (level = nextLevel(level, value, threshold, sample)));
}"""


def threshold(warning: float, critical: float, **more: Any) -> dict[str, Any]:
    return {
        "warning": warning, "critical": critical, "below": False, "hysteresis": 0.1, "sample": 0,
    } | more  # fmt: skip


CASES: list[tuple[str, dict[str, Any], list[float | None], list[str]]] = [
    ("rises and falls", threshold(60, 120), [0, 59, 60, 119, 120, 109, 107, 55, 53],
     ["", "", "warning", "warning", "critical", "critical", "warning", "warning", ""]),
    ("falls straight from critical", threshold(60, 120), [130, 0], ["critical", ""]),
    ("nobody waits", threshold(60, 120), [130, None], ["critical", ""]),
    ("too low", threshold(0.8, 0.6, below=True, hysteresis=0.02),
     [0.9, 0.79, 0.81, 0.82, 0.59, 0.61, 0.62],
     ["", "warning", "warning", "", "critical", "critical", "warning"]),
    ("does not flicker on the edge", threshold(3, 6), [3, 2.9, 3, 2.9, 2],
     ["warning", "warning", "warning", "warning", ""]),
]  # fmt: skip


@pytest.mark.needs("chromium")
def test_levels() -> None:
    from playwright.sync_api import sync_playwright

    chromium = all_needs()["chromium"].path
    source = SCRIPT.read_text("utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(chromium), args=["--no-sandbox", "--headless=new"]
        )
        page = browser.new_page()
        for name, limits, values, levels in CASES:
            steps = [[value, 1000] for value in values]
            assert page.evaluate(RUN, [source, limits, steps]) == levels, name
        noise = threshold(0.8, 0.6, below=True, sample=10)
        steps = [[0.1, 9], [0.1, 10], [0.1, 9]]
        assert page.evaluate(RUN, [source, noise, steps]) == ["", "critical", ""]
        browser.close()
