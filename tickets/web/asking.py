"""The words in which people ask for tickets: names of filters and of their values, and the form.

A filter is known by its English name and by what the pages call it in any language, and so are its
values. The form with lists to choose from only writes such words: there is one way to ask.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from zoneinfo import ZoneInfo

from cti.kernel.identifiers import DepartmentId
from cti.kernel.vocabulary import Language
from tickets.model import CaseState, Department, Source, TicketKind, Urgency
from tickets.search.query import Asked, Order, Vocabulary
from tickets.search.terms import folded
from tickets.web.shown import Words

CHOICES: Mapping[str, type[Enum]] = {
    "kind": TicketKind,
    "state": CaseState,
    "source": Source,
    "urgency": Urgency,
}
"""Filters with a list of values, whose names are the texts ``ticket.<filter>.<value>``."""
LEVELS = ("1", "2", "3", "4", "5")
FACETS = (*CHOICES, "dept", "level")
KEYS = (
    "kind",
    "state",
    "source",
    "dept",
    "urgency",
    "level",
    "code",
    "by",
    "from",
    "opened",
    "due",
    "order",
)
DATES = ("opened", "due")
EXAMPLES = (
    "柜台 排队",
    '"无人办理"',
    "kind:complaint",
    "state:in_progress",
    "dept:cards",
    "from:13800138000",
    "due:<today",
    "opened:2026-11",
    "opened:2026-11-01..2026-11-15",
    "level:2",
    "order:changed",
)

Text = Callable[[Language, str], str]


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a filter, as the form offers it."""

    value: str
    name: str
    chosen: bool


def names_of(text: Text, zone: ZoneInfo) -> Vocabulary:
    """Every name of every filter and of the values that never change, in every language."""
    keys = {key: key for key in KEYS}
    for key in KEYS:
        keys |= {folded(text(language, f"ticket.search.key.{key}")): key for language in Language}
    values: dict[str, Mapping[str, str]] = {
        key: dict(_names(text, key, enum)) for key, enum in CHOICES.items()
    }
    values["order"] = dict(_names(text, "search.order", Order))
    values["level"] = {level: level for level in LEVELS}
    return Vocabulary(zone, keys, values)


def vocabulary(names: Vocabulary, departments: Mapping[DepartmentId, Department]) -> Vocabulary:
    """Those names, and those of the departments as they are now."""
    of_departments = {
        folded(name): each.department_id
        for each in departments.values()
        for name in (each.name_en, each.name_zh, each.department_id)
    }
    return replace(names, values={**names.values, "dept": of_departments})


def _names(text: Text, key: str, enum: type[Enum]) -> Iterator[tuple[str, str]]:
    for each in enum:
        for language in Language:
            yield folded(text(language, f"ticket.{key}.{each.value}")), each.value
        yield folded(each.value), each.value


def choices(asked: Asked, key: str, names: Mapping[str, str]) -> list[Choice]:
    """The values of a filter by their names, as the form shows them beside such a query."""
    return [Choice(value, name, f"{key}:{value}" in asked.facets) for value, name in names.items()]


def named(key: str, words: Words) -> list[str]:
    """What can be asked for by a filter with a list of values, by the names people know."""
    match key:
        case "dept":
            return [words.department(each) for each in words.departments]
        case "level":
            return list(LEVELS)
        case "order":
            return [words.text(f"ticket.search.order.{each.value}") for each in Order]
    shown = (each for each in CHOICES[key] if each is not CaseState.DRAFT)
    return [words.text(f"ticket.{key}.{each.value}") for each in shown]


def in_order(text: str, order: Order | None, vocabulary: Vocabulary) -> str:
    """The query as it is typed, read in that order; None: as where nobody says."""
    kept = (
        part
        for part in text.split()
        if vocabulary.keys.get(folded(re.split("[:：]", part)[0])) != "order"
    )
    return " ".join((*kept, *([f"order:{order.value}"] if order else [])))


def composed(words: str, chosen: Mapping[str, str]) -> str:
    """The query of a form: what was typed, and a filter for each value that was chosen."""
    filters = (f"{key}:{_quoted(value)}" for key, value in chosen.items() if value)
    return " ".join(filter(None, (words.strip(), *filters)))


def _quoted(value: str) -> str:
    return f'"{value}"' if any(letter.isspace() for letter in value) else value


def words_alone(asked: Asked) -> str:
    """What of a query is words and phrases, as it would be typed."""
    phrases = (f'"{word}"' if " " in word else word for word in asked.words)
    return " ".join((*phrases, *(f"from:{_quoted(word)}" for word in asked.requester)))
