"""The words of the pages in Chinese and English, from gettext catalogues of each package.

``<package>/web/locales/<zh_CN or en>/LC_MESSAGES/<domain>.po``, read as they are::

    #. the agent's own page
    msgid "console.title"
    msgstr "Agent console"

    msgid "console.extend_left"
    msgid_plural "{count}"
    msgstr[0] "{count} extension left"
    msgstr[1] "{count} extensions left"

A `msgid` is a key, the same in every language; a `msgid_plural` is the blank whose number chooses
the form. A key without words in one of the languages, or with other blanks in one than in the
other, is an error that names file, line and key.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Message
from babel.messages.pofile import PoFileError, read_po

from cti.kernel.document import Report
from cti.kernel.errors import ConfigurationError
from cti.kernel.vocabulary import Language

LOCALES = {Language.CHINESE: "zh_CN", Language.ENGLISH: "en"}
"""The folder of each language's catalogue, as gettext names it; Babel formats by the same name."""

_BLANK = re.compile(r"\{(\w+)\}")
_LINE = re.compile(r'(#.*|(?:(msgid)|msgid_plural|msgstr(?:\[\d\])?)? *"((?:[^"\\]|\\.)*)")?\s*')


@dataclass(frozen=True, slots=True)
class Words:
    """What one language says for a key, a form for each kind of number where one is spoken."""

    forms: tuple[str, ...]
    counted: str
    """The blank whose number chooses the form; empty where there is one form for all."""
    file: str
    line: int

    @property
    def blanks(self) -> frozenset[str]:
        """The names of what is filled in."""
        return frozenset(blank for form in self.forms for blank in _BLANK.findall(form))


@dataclass(frozen=True, slots=True)
class Text:
    """One text in every language."""

    words: Mapping[Language, Words]

    @property
    def place(self) -> Words:
        """Where it stands, by its first language."""
        return self.words[Language.CHINESE]

    @property
    def blanks(self) -> frozenset[str]:
        """The names of what is filled in."""
        return self.place.blanks

    def form(self, language: Language, blanks: Mapping[str, object]) -> str:
        """The words for that number, blanks still open."""
        words = self.words[language]
        if len(words.forms) == 1:
            return words.forms[0]
        number = str(blanks[words.counted])
        one = number.isdecimal() and locale_of(language).plural_form(int(number)) == "one"
        return words.forms[0 if one else -1]


ForScripts = str | dict[str, str]
"""A text as scripts have it."""


class Texts:
    """Every package's texts by key."""

    def __init__(self) -> None:
        self._texts: dict[str, Text] = {}
        self._plain: dict[Language, dict[str, str]] = {language: {} for language in Language}
        """What has no blanks, which is most of what pages ask for: hundreds of times each."""
        self._scripts: dict[tuple[Language, tuple[str, ...]], dict[str, ForScripts]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __getitem__(self, key: str) -> Text:
        return self._texts[key]

    def add(self, locales: Path) -> None:
        """Take in a package's catalogues; ConfigurationError for a faulty one or a taken key."""
        for key, text in read(locales).items():
            if (other := self._texts.get(key)) is not None:
                message = f"this key already stands in {other.place.file}, line {other.place.line}"
                place = text.place
                raise ConfigurationError(message, file=place.file, line=place.line, key=key)
            self._texts[key] = text
            for language, words in text.words.items():
                if not words.blanks:
                    self._plain[language][key] = words.forms[0]
        self._scripts.clear()

    def text(self, language: Language, key: str, **blanks: object) -> str:
        """The text with its blanks filled in; LookupError for an unknown key or empty blank."""
        words = self._texts[key].form(language, blanks)
        return _BLANK.sub(lambda blank: str(blanks[blank[1]]), words)

    def said(self, language: Language) -> Callable[..., str]:
        """`text` in that language."""
        plain = self._plain[language]

        def text(key: str, **blanks: object) -> str:
            found = plain.get(key)
            return self.text(language, key, **blanks) if found is None else found

        return text

    def starting_with(self, language: Language, *prefixes: str) -> Mapping[str, ForScripts]:
        """Every text whose key begins with one of these, blanks left open: for scripts.

        Where a number chooses the form, ``{"by": blank, "one": form, "other": form}``.
        """
        known = self._scripts.get((language, prefixes))
        if known is None:
            known = self._scripts[language, prefixes] = {
                key: _for_scripts(text.words[language])
                for key, text in self._texts.items()
                if key.startswith(prefixes)
            }
        return known


def _for_scripts(words: Words) -> ForScripts:
    if len(words.forms) == 1:
        return words.forms[0]
    return {"by": words.counted, "one": words.forms[0], "other": words.forms[-1]}


@cache
def read(locales: Path) -> dict[str, Text]:
    """The texts of a package's folder ``locales``; DocumentError with all that is wrong in it."""
    catalogues = {language: _catalogue(locales / name) for language, name in LOCALES.items()}
    reports = {
        each.file: Report(each.file) for words in catalogues.values() for each in words.values()
    }
    keys = dict.fromkeys(key for words in catalogues.values() for key in words)
    texts = {}
    for key in keys:
        words = {language: each[key] for language, each in catalogues.items() if key in each}
        if not (wrong := _disagreement(words)):
            texts[key] = Text(words)
            continue
        place = next(iter(words.values()))
        reports[place.file].add(wrong, place.line, key)
    for report in reports.values():
        report.check()
    return texts


def _disagreement(words: Mapping[Language, Words]) -> str:
    """What is wrong with a key's words, one language against the other; empty where nothing is."""
    for language, locale in LOCALES.items():
        if language not in words:
            return f"has no words in {locale}"
    if len({each.blanks for each in words.values()}) > 1:
        return "the languages have different blanks"
    if len({each.counted for each in words.values()}) > 1:
        return "a number chooses the form in one language and not in the other"
    return ""


def _catalogue(folder: Path) -> dict[str, Words]:
    """One language's words by key."""
    paths = sorted(folder.glob("LC_MESSAGES/*.po"))
    if len(paths) != 1:
        raise ConfigurationError("there must be one catalogue LC_MESSAGES/*.po", file=str(folder))
    path = paths[0]
    report = Report(str(path))
    try:
        lines = path.read_text("utf-8").splitlines()
        places = _places(lines, report)
        report.check()
        messages = read_po(lines, locale=folder.name, abort_invalid=True)
    except PoFileError as error:
        raise ConfigurationError(str(error), file=str(path), line=error.lineno + 1) from None
    except ValueError as error:
        raise ConfigurationError(f"is no catalogue: {error}", file=str(path)) from None
    words = {
        each.id if isinstance(each.id, str) else each.id[0]: each for each in messages if each.id
    }
    found = {key: _words(key, each, places[key], report) for key, each in words.items()}
    report.check()
    return found


def _places(lines: list[str], report: Report) -> dict[str, int]:
    """The line of every key; keys that stand twice and lines that are none of a catalogue noted."""
    places: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if (match := _LINE.fullmatch(line)) is None:
            report.add('must be a comment, or msgid or msgstr and words in "quotes"', number)
        elif match[2] and (key := match[3]):
            if key in places:
                report.add(f"stands twice, first in line {places[key]}", number, key)
            places.setdefault(key, number)
    return places


def _words(key: str, message: Message, line: int, report: Report) -> Words:
    string = message.string
    forms = (string,) if isinstance(string, str) else tuple(string or ())
    counted = "" if isinstance(message.id, str) else message.id[1].strip("{}")
    words = Words(forms, counted, report.file, line)
    if not all(forms):
        report.add("must have words", line, key)
    elif message.fuzzy:
        report.add("is marked fuzzy: check the words and take the mark away", line, key)
    elif counted and counted not in words.blanks:
        report.add(f"msgid_plural must be a blank of the words, not {message.id[1]!r}", line, key)
    return words


@cache
def locale_of(language: Language) -> Locale:
    """Babel's tables of the language: to find them by name takes longer than most uses of them."""
    return Locale.parse(LOCALES[language])
