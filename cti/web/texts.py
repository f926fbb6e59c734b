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

import yaml

from cti.kernel.errors import ConfigurationError
from cti.kernel.vocabulary import Language

_BLANK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Text:
    """One text in every language, and where it stands."""

    words: dict[Language, str]
    file: str
    line: int


class Texts:
    """Every package's texts by key."""

    def __init__(self) -> None:
        self._texts: dict[str, Text] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def add(self, path: Path) -> None:
        """Take in the file; ConfigurationError for a faulty one and for a key that is taken."""
        for key, text in read(path).items():
            if (other := self._texts.get(key)) is not None:
                raise ConfigurationError(
                    f"this key already stands in {other.file}, line {other.line}",
                    file=text.file,
                    line=text.line,
                    key=key,
                )
            self._texts[key] = text

    def text(self, language: Language, key: str, **blanks: object) -> str:
        """The text with its blanks filled in; LookupError for an unknown key or empty blank."""
        words = self._texts[key].words[language]
        return _BLANK.sub(lambda blank: str(blanks[blank[1]]), words)

    def starting_with(self, language: Language, prefix: str) -> dict[str, str]:
        """Every text whose key begins so, blanks left open: what a script takes along."""
        return {
            key: text.words[language] for key, text in self._texts.items() if key.startswith(prefix)
        }


def read(path: Path) -> dict[str, Text]:
    """The texts of one file; ConfigurationError names file, line and key."""
    try:
        root = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ConfigurationError(str(error.problem), file=str(path), line=line) from error
    if not isinstance(root, yaml.MappingNode):
        raise ConfigurationError("texts are a mapping of keys", file=str(path), line=1)
    found: dict[str, Text] = {}
    for key_node, value_node in root.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        try:
            if key in found:
                raise ValueError(f"the key stands twice, first in line {found[key].line}")
            found[key] = Text(_words(value_node), str(path), line)
        except ValueError as error:
            raise ConfigurationError(str(error), file=str(path), line=line, key=key) from error
    return found


def _words(node: yaml.Node) -> dict[Language, str]:
    known = [language.value for language in Language]
    if not isinstance(node, yaml.MappingNode):
        raise ValueError(
            f"write one text per language: {{{', '.join(f'{k}: ...' for k in known)}}}"
        )
    pairs = {str(key.value): str(value.value) for key, value in node.value}
    if unknown := sorted(pairs.keys() - set(known)):
        raise ValueError(f"unknown language {unknown[0]!r}; known are {', '.join(known)}")
    if missing := [language for language in known if not pairs.get(language)]:
        raise ValueError(f"the text in {missing[0]!r} is missing")
    if len({frozenset(_BLANK.findall(words)) for words in pairs.values()}) > 1:
        raise ValueError("the languages have different blanks")
    return {Language(language): words for language, words in pairs.items()}
