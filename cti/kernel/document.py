"""YAML documents whose every value knows its line, read so that all mistakes are found at once.

A reader asks a `Section` for the keys it understands; what is missing, misspelt, doubled or of
the wrong kind is noted in the shared `Report` with file, line and key, a harmless value is given
back, and reading goes on. `Report.check` raises once, at the end, with everything that was noted.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

import yaml

from cti.kernel.errors import ConfigurationError

TRUTHS = {"true": True, "yes": True, "false": False, "no": False}
NUMBER = re.compile(r"\d+(\.\d+)?")

_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times as fast, where PyYAML was built with it."""

T = TypeVar("T")


class DocumentError(ConfigurationError):
    """Everything that is wrong with a file, in the order of its lines."""

    def __init__(self, errors: Sequence[ConfigurationError]) -> None:
        first = errors[0]
        super().__init__(first.message, file=first.file, line=first.line, key=first.key)
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


@dataclass(slots=True)
class Report:
    """Collects what is wrong with one file."""

    file: str
    errors: list[ConfigurationError] = field(default_factory=list)

    def add(self, message: str, line: int, key: str = "") -> None:
        """Note a mistake; the same one at the same place is noted once."""
        noted = (message, line, key)
        if all((error.message, error.line, error.key) != noted for error in self.errors):
            self.errors.append(ConfigurationError(message, file=self.file, line=line, key=key))

    def check(self) -> None:
        """Raise everything noted so far as `DocumentError`."""
        if self.errors:
            raise DocumentError(sorted(self.errors, key=lambda error: error.line))


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the document; `key` is its path, such as ``nodes.main.menu``."""

    report: Report
    node: yaml.Node
    key: str

    @property
    def line(self) -> int:
        """Where it stands, counted from 1."""
        return int(self.node.start_mark.line) + 1

    @property
    def is_section(self) -> bool:
        """Whether it is a mapping of keys to values."""
        return isinstance(self.node, yaml.MappingNode)

    def wrong(self, message: str) -> None:
        """Note a mistake at this value."""
        self.report.add(message, self.line, self.key)

    def text(self) -> str:
        """The scalar as written; anything else is noted and read as empty."""
        if isinstance(self.node, yaml.ScalarNode) and str(self.node.value).strip():
            return str(self.node.value).strip()
        self.wrong("must be a text")
        return ""

    def number(self, least: float, most: float) -> float:
        """A plain number within the bounds."""
        text = self.text()
        if NUMBER.fullmatch(text) and least <= float(text) <= most:
            return float(text)
        if text:
            self.wrong(f"must be a number from {least:.15g} to {most:.15g}, not {text!r}")
        return least

    def whole(self, least: int, most: int) -> int:
        """A whole number within the bounds."""
        number = self.number(least, most)
        if number % 1:
            self.wrong(f"must be a whole number, not {number:g}")
        return int(number)

    def truth(self) -> bool:
        """``true`` or ``false``."""
        text = self.text()
        if text and text.lower() not in TRUTHS:
            self.wrong(f"must be true or false, not {text!r}")
        return TRUTHS.get(text.lower(), False)

    def one_of(self, allowed: Sequence[str]) -> str:
        """One of these words; the first stands in for a wrong one."""
        text = self.text()
        if text in allowed:
            return text
        if text:
            self.wrong(f"must be one of {', '.join(allowed)}, not {text!r}")
        return allowed[0]

    def items(self) -> list["Value"]:
        """The items of a list; a single value counts as a list of one."""
        if isinstance(self.node, yaml.SequenceNode):
            return [
                Value(self.report, item, f"{self.key}[{index}]")
                for index, item in enumerate(self.node.value)
            ]
        return [self]

    def section(self) -> "Section":
        """The value as a mapping; anything else is noted, once, and read as an empty one."""
        if self.is_section:
            return Section(self)
        self.wrong("must hold keys and values")
        nowhere = Report(self.report.file)
        return Section(Value(nowhere, _empty_mapping(self.node), self.key))


class Section:
    """A mapping of the document, which remembers what was asked of it."""

    def __init__(self, value: Value) -> None:
        self.value = value
        self._values: dict[str, Value] = {}
        self._asked: set[str] = set()
        for key_node, node in value.node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                value.report.add("a key is a plain word", key_node.start_mark.line + 1, value.key)
                continue
            key = str(key_node.value)
            path = f"{value.key}.{key}" if value.key else key
            if key in self._values:
                line = int(key_node.start_mark.line) + 1
                first = self._values[key].line
                value.report.add(f"stands twice, first in line {first}", line, path)
            else:
                self._values[key] = Value(value.report, node, path)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key, as written."""
        return tuple(self._values)

    def get(self, key: str) -> Value | None:
        """The value of an optional key."""
        self._asked.add(key)
        return self._values.get(key)

    def read(self, key: str, default: T, reader: Callable[[Value], T]) -> T:
        """What the reader makes of an optional key's value."""
        value = self.get(key)
        return default if value is None else reader(value)

    def need(self, key: str, what: str) -> Value:
        """The value of a key that must be there; `what` says what to write."""
        found = self.get(key)
        if found is not None:
            return found
        self.value.wrong(f"needs `{key}`: {what}")
        nowhere = Report(self.value.report.file)
        return Value(nowhere, yaml.ScalarNode("", "", self.value.node.start_mark), key)

    def each(self) -> Iterator[tuple[str, Value]]:
        """Every key with its value, where the keys are names the writer chose."""
        self._asked.update(self._values)
        yield from self._values.items()

    def close(self) -> None:
        """Note every key that nobody asked for, with the nearest one that is known."""
        for key, value in self._values.items():
            if key not in self._asked:
                near = get_close_matches(key, self._asked, 1)
                hint = f"did you mean `{near[0]}`?" if near else f"known are {self._known()}"
                value.wrong(f"is not known here; {hint}")

    def _known(self) -> str:
        return ", ".join(sorted(self._asked)) or "none"


def read_document(path: Path) -> Section:
    """The file's top mapping; ConfigurationError when it cannot be read or is no YAML mapping."""
    file = str(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", file=file) from error
    try:
        root = _compose(content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError("must be written in UTF-8", file=file, line=line) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        message = f"is no YAML: {error.problem}; look at indentation, colons and quotes up to here"
        raise ConfigurationError(message, file=file, line=line) from error
    except yaml.reader.ReaderError as error:
        line = content.decode().count("\n", 0, error.position) + 1
        message = f"holds the character #x{error.character:04x}, which YAML forbids"
        raise ConfigurationError(message, file=file, line=line) from error
    if not isinstance(root, yaml.MappingNode):
        raise ConfigurationError("must hold keys and values", file=file, line=1)
    return Section(Value(Report(file), root, ""))


def documents_in(folder: Path, what: str) -> list[Path]:
    """The folder's YAML files in the order of their names; ConfigurationError without any."""
    found = sorted(folder.glob("*.yaml"))
    if not found:
        why = f"holds no {what} (*.yaml)" if folder.is_dir() else "is no folder"
        raise ConfigurationError(why, file=str(folder))
    return found


def _compose(text: str) -> yaml.Node | None:
    """The document; what is wrong with it is said by the slow reader, which counts characters."""
    try:
        return yaml.compose(text, _FAST)
    except yaml.YAMLError:
        return yaml.compose(text, yaml.SafeLoader)


def _empty_mapping(node: yaml.Node) -> yaml.MappingNode:
    return yaml.MappingNode("", [], node.start_mark)
