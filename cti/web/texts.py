"""The words of the pages, each in Chinese and English, from one ``texts.yaml`` per package.

::

    console.title: {zh: 座席工作台, en: Agent console}
    console.waiting: {zh: "{count} 个来电等待", en: "{count} calls waiting"}

A key without one of the languages, or with other blanks in one than in the other, is an error
that names file, line and key.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cti.kernel.document import Value, read_document
from cti.kernel.errors import ConfigurationError
from cti.kernel.vocabulary import Language

_BLANK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Text:
    """One text in every language, and where it stands."""

    words: dict[Language, str]
    file: str
    line: int

    @property
    def blanks(self) -> frozenset[str]:
        """The names of what is filled in."""
        return frozenset(_BLANK.findall(self.words[Language.CHINESE]))


class Texts:
    """Every package's texts by key."""

    def __init__(self) -> None:
        self._texts: dict[str, Text] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __getitem__(self, key: str) -> Text:
        return self._texts[key]

    def add(self, path: Path) -> None:
        """Take in the file; ConfigurationError for a faulty one and for a key that is taken."""
        for key, text in read(path).items():
            if (other := self._texts.get(key)) is not None:
                message = f"this key already stands in {other.file}, line {other.line}"
                raise ConfigurationError(message, file=text.file, line=text.line, key=key)
            self._texts[key] = text

    def text(self, language: Language, key: str, **blanks: object) -> str:
        """The text with its blanks filled in; LookupError for an unknown key or empty blank."""
        words = self._texts[key].words[language]
        return _BLANK.sub(lambda blank: str(blanks[blank[1]]), words)

    def starting_with(self, language: Language, *prefixes: str) -> dict[str, str]:
        """Every text whose key begins with one of these, blanks left open: for scripts."""
        return {
            key: text.words[language]
            for key, text in self._texts.items()
            if key.startswith(prefixes)
        }


def read(path: Path) -> dict[str, Text]:
    """The texts of one file; DocumentError with everything that is wrong in it."""
    top = read_document(path)
    texts = {key: Text(_words(value), str(path), value.line) for key, value in top.each()}
    top.value.report.check()
    return texts


def _words(value: Value) -> dict[Language, str]:
    section = value.section()
    words = {
        language: section.need(language.value, "the text in that language").text()
        for language in Language
    }
    section.close()
    if all(words.values()) and len({frozenset(_BLANK.findall(w)) for w in words.values()}) > 1:
        value.wrong("the languages have different blanks")
    return words
