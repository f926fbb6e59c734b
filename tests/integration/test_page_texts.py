"""A page's scripts say the words they were given, in the form that a number chooses."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from cti.kernel.vocabulary import Language
from tests.support.catalogues import all_texts
from tests.support.page_modules import page_of_modules
from tests.support.screens import chromium

pytestmark = pytest.mark.needs("chromium")

SAY = """
async ([words, said, language]) => {
  document.documentElement.lang = language;
  const script = document.createElement("script");
  script.id = "texts";
  script.type = "application/json";
  script.textContent = JSON.stringify(words);
  document.body.append(script);
  const { t } = await import("/static/cti/texts.js");
  return said.map(([key, blanks]) => t(key, blanks));
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize(
    ("language", "lang"), [(Language.CHINESE, "zh-CN"), (Language.ENGLISH, "en")]
)
def test_scripts_and_templates_say_the_same(
    browser: Browser, language: Language, lang: str
) -> None:
    texts = all_texts()
    said: list[tuple[str, dict[str, Any]]] = [
        ("console.title", {}),
        *(("console.extend_left", {"count": count}) for count in (0, 1, 2, 21)),
        ("console.now", {"state": "{count}"}),
    ]
    wanted = [texts.text(language, key, **blanks) for key, blanks in said]
    words = texts.starting_with(language, "console.")
    with page_of_modules(browser) as page:
        assert page.evaluate(SAY, [words, [*said, ("no.such", {})], lang]) == [*wanted, "no.such"]
