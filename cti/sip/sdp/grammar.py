"""The text of session descriptions, cut into lines and fields (RFC 8866, 9)."""

import re
from collections.abc import Sequence

from cti.sip.errors import DescriptionError

Attribute = tuple[str, str | None]
Lines = list[tuple[str, str]]

LARGEST_PORT = 65535
MOST_LINES = 2000
MOST_SECTIONS = 64
"""Of a description; one with more is refused."""

_RTPMAP = re.compile(r"(?P<payload>[0-9]{1,3}) +(?P<encoding>[^/ ]+)/(?P<rate>[0-9]{1,6})(/.*)? *")


def lines_of(body: bytes) -> list[str]:
    """The lines after ``v=0``; DescriptionError when that is not the first."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DescriptionError("not UTF-8") from error
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
    if not lines or lines[0].rstrip() != "v=0":
        raise DescriptionError("version 0 must come first")
    if len(lines) > MOST_LINES:
        raise DescriptionError("too many lines")
    return lines[1:]


def sections(lines: Sequence[str]) -> list[Lines]:
    """Lines as (type, value), cut before every ``m=``."""
    found: list[Lines] = [[]]
    for line in lines:
        kind, equals, value = line.partition("=")
        if not equals or len(kind) != 1:
            raise DescriptionError("a line is not type=value")
        if kind == "m":
            found.append([])
            if len(found) > MOST_SECTIONS:
                raise DescriptionError("too many media lines")
        found[-1].append((kind, value.strip()))
    return found


def attributes(lines: Lines) -> tuple[Attribute, ...]:
    """The ``a=`` lines as (name, value); None for a flag."""
    found: list[Attribute] = []
    for kind, value in lines:
        if kind == "a":
            name, colon, content = value.partition(":")
            found.append((name, content if colon else None))
    return tuple(found)


def attribute_line(attribute: Attribute) -> str:
    """The ``a=`` line of an attribute."""
    name, value = attribute
    return f"a={name}" if value is None else f"a={name}:{value}"


def rtpmap(value: str | None) -> tuple[int, str, int] | None:
    """Payload type, encoding as written, and clock rate; None for what is no rtpmap."""
    mapping = _RTPMAP.fullmatch(value or "")
    if mapping is None:
        return None
    return int(mapping["payload"]), mapping["encoding"], int(mapping["rate"])


def host(value: str) -> str:
    """The address of a ``c=`` line."""
    fields = value.split()
    if len(fields) != 3 or fields[0] != "IN" or fields[1] not in ("IP4", "IP6"):
        raise DescriptionError("a connection line is not IN IP4 or IN IP6")
    return fields[2].partition("/")[0]


def network(address: str) -> str:
    """The address as ``c=`` and ``o=`` write it."""
    return f"IN IP{6 if ':' in address else 4} {address}"


def number(text: str) -> int:
    """A decimal number of at most 20 digits."""
    if not (text.isascii() and text.isdigit()) or len(text) > 20:
        raise DescriptionError("a number is not one")
    return int(text)


def port(text: str) -> int:
    """The port of an ``m=`` line, without the number of ports behind it."""
    found = number(text.partition("/")[0])
    if found > LARGEST_PORT:
        raise DescriptionError("a port is above 65535")
    return found
