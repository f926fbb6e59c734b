"""The catalogue of announcements: id and language -> text with its blanks filled.

``prompts/texts/<language>.yaml`` maps ids to texts. Every id stands in every language with the
same blanks; what a blank may be is told in `prompts.readings`. Digits in a text (``press 1``,
``95588``) are read one by one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import permutations
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

import yaml

from cti.kernel.document import Report, read_document
from cti.kernel.errors import LocalError
from cti.kernel.vocabulary import Language
from prompts.readings import READINGS, read, speak_digits

TEXTS = Path(__file__).parent / "texts"
PHRASE = "phrase"
DIGITS = re.compile(r"[0-9]+")
BLANK = re.compile(r"\{(?P<name>[a-z_]+):(?P<reading>[a-z_]+)(?: (?P<argument>[^{}]+))?\}")
ID = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something to be said: the id of a text, and the values of its blanks.

    A `public` one tells nothing of the caller, so what was spoken for one may serve the next.
    `language` is set where it is said in a language of its own, whatever the caller speaks.
    """

    id: str
    values: Values = field(default_factory=lambda: MappingProxyType({}), repr=False)
    public: bool = False
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A text of the catalogue in one language, and where it stands."""

    text: str
    file: str
    line: int

    @property
    def blanks(self) -> frozenset[tuple[str, str]]:
        """Name and reading of every blank."""
        return frozenset((blank["name"], blank["reading"]) for blank in BLANK.finditer(self.text))


class Catalogue:
    """Every announcement in every language, checked when loaded."""

    def __init__(self, entries: Mapping[Language, Mapping[str, Entry]], zone: tzinfo) -> None:
        self._entries = entries
        self._zone = zone

    @property
    def ids(self) -> frozenset[str]:
        """Every id there is."""
        return frozenset(self._entries[Language.CHINESE])

    def blanks(self, id: str) -> Mapping[str, str]:
        """Name -> reading of the text's blanks; KeyError for an id nobody wrote."""
        return dict(self._entries[Language.CHINESE][id].blanks)

    def is_static(self, id: str) -> bool:
        """Whether the text has no blank, so its sound can be made once."""
        return not self.blanks(id)

    def text(self, announcement: Announcement, language: Language) -> str:
        """The words to be said; LocalError for an unknown id, a missing or an unfit value."""
        entry = self._entries[language].get(announcement.id)
        if entry is None:
            raise LocalError(f"no announcement {announcement.id}")

        def fill(blank: re.Match[str]) -> str:
            name = blank["name"]
            if name not in announcement.values:
                raise LocalError(f"{announcement.id}: no value for {name}")
            value = announcement.values[name]
            if blank["reading"] == PHRASE:
                return self.text(Announcement(str(value)), language)
            return read(
                blank["reading"],
                value,
                language=language,
                zone=self._zone,
                argument=blank["argument"] or "",
            )

        return BLANK.sub(fill, entry.text)


def load_catalogue(folder: Path = TEXTS, timezone: str = "Asia/Shanghai") -> Catalogue:
    """Read the texts of every language; DocumentError with file, line and key of each mistake."""
    entries = {
        language: _load(folder / f"{language.value}.yaml", language) for language in Language
    }
    _compare(entries, folder)
    return Catalogue(entries, ZoneInfo(timezone))


def _load(path: Path, language: Language) -> dict[str, Entry]:
    top = read_document(path)
    entries: dict[str, Entry] = {}
    for key, value in top.each():
        if problem := _problem(key, value.node):
            value.wrong(problem)
            continue
        text = DIGITS.sub(lambda run: speak_digits(run[0], language), value.text())
        entries[key] = Entry(text, str(path), value.line)
    top.value.report.check()
    return entries


def _problem(key: str, node: yaml.Node) -> str:
    if not ID.fullmatch(key):
        return "an id is lower-case words joined by dots"
    if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
        return "must be a text"
    if re.search(r"[{}]", BLANK.sub("", node.value)):
        return "a blank is written {name:reading} or {name:reading argument}"
    for blank in BLANK.finditer(node.value):
        if blank["reading"] not in READINGS and blank["reading"] != PHRASE:
            known = ", ".join([*READINGS, PHRASE])
            return f"no reading {blank['reading']!r}; there are {known}"
    return ""


def _compare(entries: Mapping[Language, Mapping[str, Entry]], folder: Path) -> None:
    for language, other in permutations(Language, 2):
        report = Report(str(folder / f"{language.value}.yaml"))
        for key, entry in entries[language].items():
            twin = entries[other].get(key)
            if twin is None:
                report.add(f"has no translation in {folder / other.value}.yaml", entry.line, key)
            elif twin.blanks != entry.blanks:
                report.add(
                    f"has other blanks than line {twin.line} of {twin.file}", entry.line, key
                )
        report.check()
