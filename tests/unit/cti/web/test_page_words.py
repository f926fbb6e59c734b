"""No string is untranslated: what pages say is in the catalogues, and what is there is said."""

from pathlib import Path

import pytest

from cti.kernel.vocabulary import Language
from tests.support.catalogues import all_texts
from tests.support.page_words import ROOT, literal_texts, mentioned, said, sources

PAGES = [*sources(".html", ".js")]


def test_every_key_has_words_in_both_languages() -> None:
    texts = all_texts()
    assert len(list(texts)) > 500
    for key in texts:
        for language in Language:
            assert all(texts[key].words[language].forms), key


def test_every_key_that_is_said_exists() -> None:
    texts = all_texts()
    used = said()
    assert len(used) > 200
    assert {key: file for key, file in used.items() if key not in texts} == {}


def test_every_key_is_said_somewhere() -> None:
    keys, openings = mentioned()
    assert [key for key in all_texts() if key not in keys and not key.startswith(openings)] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_page_says_nothing_past_the_catalogues(path: Path) -> None:
    assert literal_texts(path) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", "<p>Good morning</p>"),
        ("a.html", '<button title="Hang up">{{ t("a.b") }}</button>'),
        ("a.html", "<p>\n  {{ t('a.b') }} 来电\n</p>"),
        ("a.js", 'label.textContent = "Saved";'),
        ("a.js", 'show("Connection lost");'),
        ("a.js", 'const word = "来电";'),
        ("a.js", 'button.setAttribute("aria-label", "Close");'),
    ],
)
def test_what_is_written_past_the_catalogues_is_found(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    assert literal_texts(path)
