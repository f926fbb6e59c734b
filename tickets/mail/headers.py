"""Header fields of hostile letters: each is read by itself, and a broken one is merely empty.

The standard library parses header values on access and may raise nearly anything on the way; here
values are cut to a length before they are parsed, and what cannot be parsed is left out. Pure.
"""

import re
from collections.abc import Callable, Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses
from typing import TypeVar

from tickets.mail.charsets import decoded, one_line, seen

LONGEST_VALUE = 16_384
LONGEST_SHOWN = 998
"""Characters of a subject or a name that are kept: the length of a line (RFC 5322, 2.1.1)."""
MOST_ADDRESSES = 100
MOST_REFERENCES = 50
BROKEN = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError)
"""With ValueError, what the standard library is known to raise on broken letters."""

IDENTIFIER = re.compile(r"<([^<>\s]{1,250})>")
ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\],;:\\\"]{1,255}")

T = TypeVar("T")
Fields = Message


def values(message: Fields, name: str) -> Iterator[str]:
    """The field's values as they came, octets beyond ASCII as surrogates."""
    wanted = name.lower()
    for each, value in message.raw_items():
        if each.lower() == wanted:
            yield str(value)[:LONGEST_VALUE]


def value(message: Fields, name: str) -> str:
    """The field's first value, unfolded, or nothing."""
    return " ".join(seen(_octets_read(next(values(message, name), ""))).split())


def text(message: Fields, name: str) -> str:
    """The field's first value in words (RFC 2047), on one line."""
    return words(next(values(message, name), ""))


def words(raw: str) -> str:
    """Encoded words as text, whatever else stands among them."""
    unfolded = _octets_read(raw)
    found = attempt(lambda: _decoded_words(unfolded), unfolded)
    return one_line(found, LONGEST_SHOWN)


def addresses(message: Fields, name: str) -> list[tuple[str, str]]:
    """Names and addresses of every such field, the addresses in lower case."""
    raw = [_octets_read(each) for each in values(message, name)]
    pairs: list[tuple[str, str]] = attempt(lambda: getaddresses(raw), [])
    found = [(words(who), address(written)) for who, written in pairs[:MOST_ADDRESSES]]
    return [(who, where) for who, where in found if where]


def address(written: str) -> str:
    """The address in lower case, or nothing where it cannot be one."""
    tidy = seen(written).strip().strip("<>").lower()
    return tidy if ADDRESS.fullmatch(tidy) else ""


def parameter(message: Fields, name: str) -> str:
    """A parameter of Content-Type, or nothing."""
    found = attempt(lambda: message.get_param(name), None)
    return found if isinstance(found, str) else ""


def content(message: Fields) -> bytes:
    """What a part holds, without its transfer encoding."""
    payload = attempt(lambda: bytes(message.get_payload(decode=True) or b""), b"")
    return payload if isinstance(payload, bytes) else b""


def inner(message: Fields) -> list[Fields]:
    """The parts that a part holds."""
    payload = message.get_payload()
    found = payload if isinstance(payload, list) else []
    return [each for each in found if isinstance(each, Message)]


def identifiers(message: Fields, name: str) -> list[str]:
    """The Message-IDs in the field, without their brackets.

    Some programs write a long one as encoded words, which it may not be (RFC 2047, 5); they are
    read all the same, so that the letter finds its thread.
    """
    raw = " ".join(values(message, name))[:LONGEST_VALUE]
    plain = attempt(lambda: _decoded_words(_octets_read(raw)), raw) if "=?" in raw else raw
    return IDENTIFIER.findall(seen(plain))[:MOST_REFERENCES]


def attempt(read: Callable[[], T], otherwise: T) -> T:
    """What it gives, or the other thing where the letter is broken there."""
    try:
        return read()
    except (*BROKEN, ValueError, HeaderParseError):
        return otherwise


def _decoded_words(unfolded: str) -> str:
    found = []
    for chunk, charset in decode_header(unfolded):
        if isinstance(chunk, str):
            found.append(chunk)
        elif charset is None:
            # Where there is any encoded word, the library gives the rest in this encoding.
            found.append(_octets_read(chunk.decode("raw-unicode-escape")))
        else:
            found.append(decoded(chunk, charset))
    return "".join(found)


def _octets_read(raw: str) -> str:
    """Octets beyond ASCII that stand in a header as they are (RFC 6532 at best) as text."""
    try:
        raw.encode("utf-8")
    except UnicodeEncodeError:
        return decoded(raw.encode("ascii", "surrogateescape"), None) if _escaped(raw) else seen(raw)
    return raw


def _escaped(raw: str) -> bool:
    return all(mark < "\x80" or "\udc80" <= mark <= "\udcff" for mark in raw)
