"""The tree of wrap-up codes: what calls were about, as the bank counts it.

Headings (such as JR/T 0169's kinds of business) hold codes; only codes at the ends of the tree
are chosen. A heading may be for calls of some queues alone, a code may need a note or a follow-up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from agents.desk.errors import (
    code_too_general,
    code_unknown,
    follow_up_needed,
    follow_up_past,
    note_needed,
)
from cti.kernel.document import Section, Value, read_document
from cti.kernel.identifiers import QueueId
from cti.kernel.vocabulary import Language


class Need(Enum):
    """What must come with a code."""

    NOTE = "note"
    FOLLOW_UP = "follow_up"


@dataclass(frozen=True, slots=True)
class Code:
    """A node of the tree; `queues` empty means calls of every queue, and of none."""

    code: str
    names: Mapping[Language, str]
    needs: frozenset[Need] = frozenset()
    queues: frozenset[QueueId] = frozenset()
    children: tuple["Code", ...] = ()

    def is_for(self, queue_id: QueueId | None) -> bool:
        """Whether a call of that queue may have it."""
        return not self.queues or queue_id in self.queues

    def shown(self) -> Mapping[str, Any]:
        """The node as pages get it."""
        return {
            "code": self.code,
            **{language.value: name for language, name in self.names.items()},
            "needs": sorted(need.value for need in self.needs),
            "queues": sorted(self.queues),
            "children": [child.shown() for child in self.children],
        }


@dataclass(frozen=True, slots=True)
class CodeTree:
    """All codes of the house."""

    roots: tuple[Code, ...] = ()

    def by_code(self) -> Mapping[str, Code]:
        """Every node by its code."""
        return {each.code: each for each in _below(self.roots)}

    def chosen(
        self,
        code: str,
        queue_id: QueueId | None,
        note: str,
        follow_up: datetime | None,
        now: datetime,
    ) -> Code:
        """The code, if that is enough for a call of that queue; Refused with what is missing."""
        found = next((each for each in self._for(self.roots, queue_id) if each.code == code), None)
        if found is None:
            raise code_unknown(code)
        if found.children:
            raise code_too_general()
        if Need.NOTE in found.needs and not note.strip():
            raise note_needed()
        if Need.FOLLOW_UP in found.needs and follow_up is None:
            raise follow_up_needed()
        if follow_up is not None and follow_up <= now:
            raise follow_up_past()
        return found

    def _for(self, nodes: tuple[Code, ...], queue_id: QueueId | None) -> Iterator[Code]:
        for node in nodes:
            if node.is_for(queue_id):
                yield node
                yield from self._for(node.children, queue_id)


def _below(nodes: tuple[Code, ...]) -> Iterator[Code]:
    for node in nodes:
        yield node
        yield from _below(node.children)


def read_codes(path: Path) -> CodeTree:
    """The tree of a YAML file; DocumentError with everything that is wrong in it."""
    top = read_document(path)
    lines: dict[str, int] = {}
    roots = tuple(_code(item, lines) for item in top.need("codes", "a list of codes").items())
    top.close()
    top.value.report.check()
    return CodeTree(roots)


def _code(value: Value, lines: dict[str, int]) -> Code:
    section = value.section()
    code = section.need("code", "a word of its own, such as cards.lost")
    _note_twice(code, lines)
    names = {
        language: section.need(language.value, "its name in that language").text()
        for language in Language
    }
    needs = section.get("needs")
    queues = section.get("queues")
    children = section.get("children")
    read = Code(
        code.text(),
        names,
        frozenset(_need(item) for item in needs.items()) if needs else frozenset(),
        frozenset(QueueId(item.text()) for item in queues.items()) if queues else frozenset(),
        tuple(_code(item, lines) for item in children.items()) if children else (),
    )
    _check(read, section)
    section.close()
    return read


def _note_twice(code: Value, lines: dict[str, int]) -> None:
    text = code.text()
    if text in lines:
        code.wrong(f"stands twice, first in line {lines[text]}")
    elif text:
        lines[text] = code.line


def _check(code: Code, section: Section) -> None:
    if code.children and code.needs:
        section.value.wrong("is a heading: what is needed stands with the codes below it")


def _need(value: Value) -> Need:
    return Need(value.one_of([need.value for need in Need]))
