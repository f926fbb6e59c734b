"""How much of a letter is read. What is beyond is refused, or left out and said to be. Pure."""

import re
from dataclasses import dataclass
from itertools import islice

from tickets.mail.model import MailUnreadable

MOST_LINES = 600_000
MOST_HEAD = 256 * 1024
"""Octets of the letter's own header, and of any part's."""
LONGEST_PARAMETERS = 4096
"""Characters of a field that says what a part is: a file's longest name takes 2,300 (RFC 2231)."""
MOST_NESTS = 60
"""Parts that hold others."""
MOST_COMPARISONS = 6_000_000
"""Lines times parts that hold others: each line is compared with every boundary around it."""
MOST_PARTS = 200
FIELD = re.compile(rb"^content-type[ \t]*:", re.IGNORECASE | re.M)
NEST = re.compile(rb"(?:[^\r\n]|\r?\n[ \t])*?(?:multipart|message)/", re.IGNORECASE)
HEAD_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Limits:
    """Octets of a letter, of one file and of all its files; characters of text kept."""

    letter: int = 25 * 1024 * 1024
    file: int = 20 * 1024 * 1024
    files: int = 25 * 1024 * 1024
    most_files: int = 50
    text: int = 200_000
    html: int = 300_000


def check(octets: bytes, limits: Limits) -> None:
    """MailUnreadable where reading it would cost more than any letter is worth."""
    if len(octets) > limits.letter:
        raise MailUnreadable(f"it is longer than {limits.letter} octets")
    lines = octets.count(b"\n")
    if lines > MOST_LINES:
        raise MailUnreadable("it has too many lines")
    if head_length(octets) > MOST_HEAD:
        raise MailUnreadable("its header is too long")
    fields = [found.end() for found in islice(FIELD.finditer(octets), MOST_PARTS + 1)]
    nests = sum(1 for at in fields if NEST.match(octets, at, at + LONGEST_PARAMETERS))
    if nests > MOST_NESTS or len(fields) > MOST_PARTS:
        raise MailUnreadable("it has too many parts")
    if nests * lines > MOST_COMPARISONS:
        raise MailUnreadable("it has too many lines within parts within parts")


def head_length(octets: bytes) -> int:
    """Octets before the empty line that ends the header."""
    end = HEAD_END.search(octets, 0, MOST_HEAD * 2)
    return end.start() if end else min(len(octets), MOST_HEAD * 2)
