"""Codes that complaints are reported by: channel (A), business (B), cause (C), region.

The classification is that of JR/T 0169-2018 (Statistical classification and coding of financial
consumer complaints, banking institutions); the codes themselves are data, see `read_codes`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cti.kernel.vocabulary import Language
from tickets.model import Draft, Source, TicketKind

CHANNEL = "complaint_channel"
BUSINESS = "business"
CAUSE = "cause"
REGION = "region"
PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class Code:
    """A code of one list; `parent` is the code it belongs below."""

    code: str
    zh: str
    en: str
    parent: str = ""
    source: str = ""
    """Where the entry comes from, or that the bank has to check it."""

    def name(self, language: Language) -> str:
        """What it stands for."""
        return self.zh if language is Language.CHINESE else self.en


@dataclass(frozen=True, slots=True)
class CodeBook:
    """The lists of codes by the name of the field that they are for."""

    lists: Mapping[str, Mapping[str, Code]] = field(default_factory=dict)
    by_source: Mapping[Source, str] = field(default_factory=dict)
    """The channel of a complaint that nobody gave one, by the way it came in."""
    required: frozenset[str] = frozenset()
    """Fields that a complaint must have: when it is registered, or when its result is returned."""
    standard: str = ""

    def codes(self, name: str) -> tuple[Code, ...]:
        """The codes of that field, in the file's order; none where any code will do."""
        return tuple(self.lists.get(name, {}).values())

    def find(self, name: str, code: str) -> Code | None:
        """The code of that field."""
        return self.lists.get(name, {}).get(code)

    def allows(self, name: str, code: str) -> bool:
        """Whether the field may hold the code: any, where it has no list."""
        return name not in self.lists or code in self.lists[name]

    def name(self, name: str, code: str, language: Language) -> str:
        """The code in words; the code itself where nobody knows it."""
        known = self.find(name, code)
        return known.name(language) if known else code

    def path(self, name: str, code: str) -> tuple[Code, ...]:
        """The code and all above it, the top first."""
        return tuple(reversed(tuple(self._upwards(name, code))))

    def top(self, name: str, code: str) -> str:
        """The code of the first level that it belongs to; itself where it is unknown."""
        path = self.path(name, code)
        return path[0].code if path else code

    def _upwards(self, name: str, code: str) -> Iterator[Code]:
        seen: set[str] = set()
        known = self.find(name, code)
        while known is not None and known.code not in seen:
            seen.add(known.code)
            yield known
            known = self.find(name, known.parent)


NO_CODES = CodeBook()


def channel_of(draft: Draft, codes: CodeBook) -> str:
    """The channel of a complaint: what was given, else what its source stands for."""
    if draft.kind is not TicketKind.COMPLAINT:
        return ""
    return draft.details.get(CHANNEL, "") or codes.by_source.get(draft.source, "")
