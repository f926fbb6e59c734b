"""A life as stencils: its rows with gaps, filled in with another ticket's numbers, times and words.

Nothing here reads or writes a database. A row is a line of text, its columns set apart as the
database takes them, the gaps in it named; filling one in is one formatting of the line. What a
clone is found by is put together from the terms of its words, and equals what the index would
have reckoned from its texts.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from random import Random
from typing import Any

from sqlalchemy import JSON, Table

from benchmarks.tickets.lives import (
    CLERK,
    CONTACT,
    CUSTOMER_ID,
    DEPARTMENTS,
    NAME,
    OTHER_CLERK,
    Life,
    Row,
)
from benchmarks.tickets.words import Language, Phrase, Texts, name_of
from config.migrations.tables import all_tables
from cti.kernel.identifiers import TicketNumber
from tickets.search.places import NEVER as FAR
from tickets.search.terms import facet_terms, text_terms, words_of

Gaps = dict[str, str]
DERIVED = {("ticket_letters", "sha256"): "text", ("ticket_mails", "fingerprint"): "message_id"}
"""Columns that are the digest of another."""
COUNTED = ("ticket_history", "ticket_messages", "ticket_alarms", "ticket_tasks")
NULL = "\\N"
CLERKS, UNITS, CUSTOMERS = 200, 24, 300_000
_INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:\+\d\d:\d\d)?"
_DAY = r"\d{4}-\d\d-\d\d"
_WORD = re.compile(r"zq(title|line|text|rare)\d+qz")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a database takes rows as lines."""

    separator: str
    zone: str
    """What stands behind an instant."""
    escapes: Mapping[str, str]
    true: str
    false: str
    term: Callable[[int], str]
    terms: tuple[str, str, str]
    """What stands before, between and behind terms."""

    def escape(self, text: str) -> str:
        """The text as it stands in a line."""
        return text.translate({ord(sign): to for sign, to in self.escapes.items()})


POSTGRESQL = Dialect(
    separator="\t",
    zone="+00",
    escapes={"\\": r"\\", "\n": r"\n", "\t": r"\t", "\r": r"\r"},
    true="t",
    false="f",
    term=str,
    terms=("{", ",", "}"),
)
SQLITE = Dialect(
    separator="\x1f",
    zone="",
    escapes={},
    true="1",
    false="0",
    term="{:x}".format,
    terms=("", " ", ""),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A row with gaps; `order` names the gap by which rows of many tickets are ordered."""

    text: str
    order: str | None
    digest: str | None
    """What the gap ``digest`` is the digest of."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one ticket of a life is found by: terms that stay, and what the others come of."""

    terms: frozenset[str]
    words: tuple[str, ...]
    """Gaps that are words."""
    facets: tuple[str, ...]
    fresh: str
    """What is taken apart for each ticket: who asks, and days and numbers in what was said."""


@dataclass(frozen=True, slots=True)
class Stencil:
    """A life, ready to be filled in."""

    life: Life
    lines: Mapping[str, Sequence[Line]]
    instants: Sequence[tuple[str, str, datetime]]
    """Gap for a column, gap for a JSON text, and what stood there."""
    days: Sequence[tuple[str, date]]
    words: Sequence[tuple[str, str]]
    """Gap, and what is said there."""
    found: Sequence[Found]


def columns(table: Table) -> list[str]:
    """The columns of lines: the id, where one is counted, is the first and left out."""
    names = [column.name for column in table.columns]
    return ["id", *(name for name in names if name != "id")] if _has_id(table) else names


def _has_id(table: Table) -> bool:
    return "id" in table.columns and table.name != "ticket_index"


def stencil(life: Life, dialect: Dialect, texts: Texts) -> Stencil:
    """The life's rows with gaps."""
    return _Cutter(life, dialect, texts).cut()


class _Cutter:
    def __init__(self, life: Life, dialect: Dialect, texts: Texts) -> None:
        self._life, self._dialect, self._texts = life, dialect, texts
        self._instants: dict[datetime, int] = {}
        self._days: dict[date, str] = {}
        self._words: dict[str, str] = {}
        known: dict[str, str] = {
            CUSTOMER_ID: "customer",
            CONTACT: "contact",
            NAME: "name",
            CLERK: "clerk",
            OTHER_CLERK: "other",
            **{number: f"number{place}" for place, number in enumerate(life.numbers)},
        }
        units = "|".join(rf"(?<![\w.]){each}(?![\w])" for each in DEPARTMENTS)
        of_units = {str(each): f"unit{place}" for place, each in enumerate(DEPARTMENTS)}
        self._known = known | of_units
        plain = "|".join(map(re.escape, known))
        self._gaps = re.compile(
            rf"{plain}|{units}|request-\d+|task-\d+|{_INSTANT}|{_DAY}|{_WORD.pattern}"
        )
        entries = {row["id"]: row["number"] for row in life.rows["ticket_index"]}
        self._places = {entry: life.numbers.index(number) for entry, number in entries.items()}

    def cut(self) -> Stencil:
        """Every table."""
        tables = all_tables().tables
        lines = {
            name: [self._line(tables[name], row) for row in rows]
            for name, rows in self._life.rows.items()
        }
        found = [
            self._found(row)
            for row in sorted(
                self._life.rows["ticket_index"], key=lambda row: self._places[row["id"]]
            )
        ]
        instants = [(f"at{place}", f"iso{place}", at) for at, place in self._instants.items()]
        days = [(gap, day) for day, gap in self._days.items()]
        return Stencil(self._life, lines, instants, days, list(self._words.items()), found)

    def _line(self, table: Table, row: Row) -> Line:
        parts, digest = [], None
        names = columns(table)
        for name in names[1:] if _has_id(table) else names:
            if (table.name, name) in DERIVED:
                digest = self._text(row[DERIVED[table.name, name]])
                parts.append("%(digest)s")
            elif table.name in ("ticket_index", "ticket_places") and name in ("id", "entry"):
                parts.append(f"%(entry{self._places[row[name]]})s")
            else:
                parts.append(self._value(row[name], is_json=isinstance(table.c[name].type, JSON)))
        order = self._instant(row["at"])[0] if table.name == "ticket_history" else None
        return Line(self._dialect.separator.join(parts), order, digest)

    def _value(self, value: Any, *, is_json: bool) -> str:
        dialect = self._dialect
        match value:
            case None:
                return NULL
            case _ if is_json:
                return dialect.escape(self._text(json.dumps(value, ensure_ascii=False)))
            case bool():
                return dialect.true if value else dialect.false
            case datetime():
                return f"%({self._instant(value)[0]})s{dialect.zone}"
            case str():
                return dialect.escape(self._text(value))
        return str(value)

    def _text(self, text: str) -> str:
        return "".join(self._pieces(text))

    def _pieces(self, text: str) -> Iterator[str]:
        place = 0
        for gap in self._gaps.finditer(text):
            yield text[place : gap.start()].replace("%", "%%")
            yield self._gap(gap[0])
            place = gap.end()
        yield text[place:].replace("%", "%%")

    def _gap(self, stood: str) -> str:
        if name := self._known.get(stood):
            return f"%({name})s"
        if word := _WORD.fullmatch(stood):
            self._words[stood] = word[1]
            return f"%({stood})s"
        if stood.startswith(("request-", "task-")):
            return f"%(number0)s-{stood}"
        if "T" not in stood:
            day = date.fromisoformat(stood)
            return f"%({self._days.setdefault(day, f'day{len(self._days)}')})s"
        at = datetime.fromisoformat(stood)
        return f"%({self._instant(at if at.tzinfo else at.replace(tzinfo=UTC))[1]})s"

    def _instant(self, at: datetime) -> tuple[str, str]:
        at = at.astimezone(UTC)
        # After everything else: a deadline where none runs stays where it is.
        if at == FAR:
            return "never", "never"
        place = self._instants.setdefault(at, len(self._instants))
        return f"at{place}", f"iso{place}"

    def _found(self, row: Row) -> Found:
        said = "\n".join((row["matter"], row["said"]))
        words = tuple(dict.fromkeys(each[0] for each in _WORD.finditer(said)))
        others = [each[0] for each in self._gaps.finditer(said) if not _WORD.fullmatch(each[0])]
        stays = text_terms(words_of(self._gaps.sub(" ", said)))
        facets = row["facets"].split("\n")
        changing = [each for each in facets if self._gaps.search(each)]
        stays |= facet_terms(set(facets) - set(changing))
        fresh = "\n".join((row["whose"], *others))
        return Found(
            self._texts.written(stays), words, tuple(map(self._text, changing)), self._text(fresh)
        )


@dataclass(frozen=True, slots=True)
class Clone:
    """A life filled in: lines by table, each with what it is ordered by, and terms by entry."""

    numbers: Sequence[TicketNumber]
    lines: Sequence[tuple[str, str, str]]
    """Table, order, line."""
    terms: Sequence[tuple[int, str]]


class Filler:
    """Fills stencils in."""

    def __init__(self, dialect: Dialect, texts: Texts) -> None:
        self._dialect, self._texts = dialect, texts
        self._facet_terms = lru_cache(1 << 16)(self._of_facet)

    def fill(
        self,
        stencil: Stencil,
        shift: timedelta,
        numbers: Sequence[TicketNumber],
        first: int,
        random: Random,
    ) -> Clone:
        """The life as another ticket's, so much later; entries are numbered from `first` on."""
        phrases: dict[str, Phrase] = {}
        gaps = self._gaps(stencil, shift, random, phrases)
        for place, number in enumerate(numbers):
            gaps[f"number{place}"] = number
            gaps[f"entry{place}"] = str(first + place)
        lines = [
            (table, gaps[line.order] if line.order else "", self._filled(line, gaps))
            for table, of_table in stencil.lines.items()
            for line in of_table
        ]
        terms = [
            (first + place, self._terms(found, gaps, phrases))
            for place, found in enumerate(stencil.found)
        ]
        return Clone(numbers, lines, terms)

    def _filled(self, line: Line, gaps: Gaps) -> str:
        if line.digest is not None:
            gaps["digest"] = sha256((line.digest % gaps).encode()).hexdigest()
        return line.text % gaps

    def _gaps(
        self, stencil: Stencil, shift: timedelta, random: Random, phrases: dict[str, Phrase]
    ) -> Gaps:
        chance, texts = random.random, self._texts
        language = texts.chinese if chance() < 0.9 else texts.english
        who = int(CUSTOMERS * chance() ** 2)  # some call often
        clerk, unit = int(CLERKS * chance()), min(int(random.expovariate(0.2)), UNITS - 1)
        gaps: Gaps = {
            "customer": f"C{who + 700_000_000}",
            "contact": f"1{38 + who % 50}{who * 7919 % 10**8:08}",
            "name": name_of(who),
            "clerk": clerk_id(clerk),
            "other": clerk_id((clerk + 7) % CLERKS),
            "unit0": unit_id(unit),
            "unit1": unit_id((unit + 5) % UNITS),
            "never": NEVER,
        }
        for column, iso, at in stencil.instants:
            moved = (at + shift).replace(tzinfo=None)
            gaps[column] = moved.isoformat(" ", "microseconds")
            gaps[iso] = f"{moved.isoformat()}+00:00"
        for gap, day in stencil.days:
            gaps[gap] = (day + shift).isoformat()
        for gap, what in stencil.words:
            phrase = phrases[gap] = self._phrase(language, what, random)
            gaps[gap] = phrase.text
        return gaps

    def _phrase(self, language: Language, what: str, random: Random) -> Phrase:
        if what == "rare":
            return self._texts.phrase(language.rare(random))
        return self._texts.sentence(language, what, random)

    def _terms(self, found: Found, gaps: Gaps, phrases: Mapping[str, Phrase]) -> str:
        own = self._texts.written(text_terms(words_of(found.fresh % gaps)))
        said = [phrases[each].terms for each in found.words]
        facets = [self._facet_terms(each % gaps) for each in found.facets]
        before, between, behind = self._dialect.terms
        return f"{before}{between.join(own.union(found.terms, *said, *facets))}{behind}"

    def _of_facet(self, facet: str) -> frozenset[str]:
        return self._texts.written(facet_terms([facet]))


NEVER = f"{FAR:%Y-%m-%d %H:%M:%S.%f}"


def clerk_id(number: int) -> str:
    """Who registers tickets."""
    return f"clerk-{number:03}"


def unit_id(number: int) -> str:
    """Who works on them."""
    return f"dept-{number:02}"
