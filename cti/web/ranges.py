"""The part of a file that a request asks for by its Range header (RFC 9110, 14)."""

import re
from dataclasses import dataclass

from twisted.web.server import Request

from cti.web import requests

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
"""One range; a number with more digits is that of no octet, and is ignored."""


@dataclass(frozen=True, slots=True)
class Part:
    """Octets `first` up to but without `end` of a file."""

    first: int
    end: int


class Unsatisfiable(ValueError):  # noqa: N818  (RFC 9110's word)
    """No octet of the file is in the range asked for."""


def part_of(asked: str, octets: int) -> Part | None:
    """What a Range header asks of so many octets; None for the whole file. Unsatisfiable.

    Anything but one range of bytes is ignored, as RFC 9110, 14.2 allows.
    """
    found = RANGE.fullmatch(asked.strip())
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    if not first:
        part = Part(max(0, octets - int(last)), octets)
    elif last and int(last) < int(first):
        return None
    else:
        part = Part(int(first), min(int(last) + 1, octets) if last else octets)
    if part.first >= part.end:
        raise Unsatisfiable(asked)
    return part


def answer_part(request: Request, octets: int) -> Part | None:
    """What of a file of so many octets to send now, after status and headers that say so.

    None where nothing of it is asked for: 416.
    """
    asked = "" if requests.header(request, "if-range") else requests.header(request, "range")
    request.setHeader("accept-ranges", "bytes")
    try:
        part = part_of(asked, octets)
    except Unsatisfiable:
        request.setResponseCode(416)
        request.setHeader("content-range", f"bytes */{octets}")
        return None
    if part is not None:
        request.setResponseCode(206)
        request.setHeader("content-range", f"bytes {part.first}-{part.end - 1}/{octets}")
    part = part or Part(0, octets)
    request.setHeader("content-length", str(part.end - part.first))
    return part
