"""What a call demands of an agent's skills, as people write it: ``loans >= 5 and (cards >= 3 or
general)``.

A skill alone asks for level 1. `and` binds closer than `or`; a demand prints back with no more
parentheses than it needs, and reads back equal. What is wrong is told by its column, with what
to write there. Pure.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

LEAST, MOST = 1, 10
"""Levels of a skill: 1 (learning) to 10 (best)."""

TOKEN = re.compile(r"\s*(?:(?P<sign>>=|[()])|(?P<number>\d+)|(?P<word>\w[\w-]*)|(?P<other>\S))")
JOINS = ("and", "or")


class DemandError(ValueError):
    """A demand that cannot be read: `column` (from 1) is where, the message says what to write."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(f"column {column}: {message}")
        self.column, self.message = column, message


@dataclass(frozen=True, slots=True)
class Skilled:
    """A skill at that level or better."""

    skill: str
    level: int = LEAST

    def level_in(self, skills: Mapping[str, int]) -> int:
        """How well the skills meet the demand: their level in it, 0 where they do not."""
        level = skills.get(self.skill, 0)
        return level if level >= self.level else 0

    def __str__(self) -> str:
        return self.skill if self.level == LEAST else f"{self.skill} >= {self.level}"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Each of the parts; nobody is better than at the worst of them."""

    parts: tuple["Demand", ...]

    def level_in(self, skills: Mapping[str, int]) -> int:
        """The lowest level among the parts, 0 where one is not met."""
        return min(part.level_in(skills) for part in self.parts)

    def __str__(self) -> str:
        return " and ".join(
            f"({part})" if isinstance(part, AnyOf) else str(part) for part in self.parts
        )


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the parts at least; the best of them counts."""

    parts: tuple["Demand", ...]

    def level_in(self, skills: Mapping[str, int]) -> int:
        """The highest level among the parts, 0 where none is met."""
        return max(part.level_in(skills) for part in self.parts)

    def __str__(self) -> str:
        return " or ".join(str(part) for part in self.parts)


Demand = Skilled | AllOf | AnyOf


def parse(text: str) -> Demand:
    """The demand as a value; DemandError where it is none."""
    reading = _Reading(text)
    demand = reading.any_of()
    if reading.here:
        raise DemandError(reading.column, f'write "and" or "or" before "{reading.here}"')
    return demand


def skills_in(demand: Demand) -> Iterator[str]:
    """Every skill that it names, in the order they are written."""
    match demand:
        case Skilled(skill):
            yield skill
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from skills_in(part)


def all_of(*parts: Demand) -> Demand:
    """Each of the demands, written flat and each once."""
    return _joined(AllOf, parts)


def any_of(*parts: Demand) -> Demand:
    """One of the demands at least, written flat and each once."""
    return _joined(AnyOf, parts)


def _joined(kind: type[AllOf] | type[AnyOf], parts: tuple[Demand, ...]) -> Demand:
    flat: dict[Demand, None] = {}
    for part in parts:
        flat.update(dict.fromkeys(part.parts if isinstance(part, kind) else (part,)))
    return kind(tuple(flat)) if len(flat) > 1 else next(iter(flat))


class _Reading:
    """Recursive descent over the tokens; `here` is the one looked at, empty at the end."""

    def __init__(self, text: str) -> None:
        self._text, self._end = text, 0
        self.kind, self.here, self.column = "", "", 1
        self.advance()

    def advance(self) -> None:
        """Look at the next token."""
        found = TOKEN.match(self._text, self._end)
        if found is None:
            self.kind, self.here = "end", ""
            self.column = len(self._text.rstrip()) + 1
            return
        assert found.lastgroup
        self.kind, self.here = found.lastgroup, found[found.lastgroup]
        self.column, self._end = found.start(found.lastgroup) + 1, found.end()
        if self.kind == "other":
            raise DemandError(
                self.column, f'"{self.here}" has no meaning here; compare levels with ">="'
            )

    def any_of(self) -> Demand:
        """Parts joined by ``or``."""
        return any_of(*self._parts("or", self.all_of))

    def all_of(self) -> Demand:
        """Parts joined by ``and``."""
        return all_of(*self._parts("and", self.one))

    def one(self) -> Demand:
        """A skill, or a demand in parentheses."""
        if self.here == "(":
            return self._parenthesis()
        if self.kind != "word" or self.here.lower() in JOINS:
            what = f'not "{self.here}"' if self.here else "where the demand ends"
            raise DemandError(self.column, f"write a skill here, {what}")
        skill = self.here
        self.advance()
        if self.here != ">=":
            return Skilled(skill)
        self.advance()
        level = int(self.here) if self.kind == "number" else 0
        if not LEAST <= level <= MOST:
            raise DemandError(self.column, f"write a level from {LEAST} to {MOST} after >=")
        self.advance()
        return Skilled(skill, level)

    def _parenthesis(self) -> Demand:
        opened = self.column
        self.advance()
        inner = self.any_of()
        if self.here != ")":
            raise DemandError(self.column, f'write ")" for the "(" in column {opened}')
        self.advance()
        return inner

    def _parts(self, join: str, read: Callable[[], Demand]) -> Iterator[Demand]:
        yield read()
        while self.kind == "word" and self.here.lower() == join:
            self.advance()
            yield read()
