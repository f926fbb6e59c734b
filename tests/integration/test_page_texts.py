"""A page's scripts say the words they were given, in the form that a number chooses."""

from typing import Any

import pytest

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


@pytest.mark.parametrize(
    ("language", "lang"), [(Language.CHINESE, "zh-CN"), (Language.ENGLISH, "en")]
)
def test_scripts_and_templates_say_the_same(language: Language, lang: str) -> None:
    texts = all_texts()
    said: list[tuple[str, dict[str, Any]]] = [
        ("console.title", {}),
        *(("console.extend_left", {"count": count}) for count in (0, 1, 2, 21)),
        ("console.now", {"state": "{count}"}),
    ]
    wanted = [texts.text(language, key, **blanks) for key, blanks in said]
    words = texts.starting_with(language, "console.")
    with chromium() as browser, page_of_modules(browser) as page:
        assert page.evaluate(SAY, [words, [*said, ("no.such", {})], lang]) == [*wanted, "no.such"]
