"""Whether a letter came from where it says, as the bank's own mail server found (RFC 8601). Pure.

Anybody can write any address into From. What proves it is a signature over the letter by the
address's own domain (DKIM, RFC 6376), or that domain's policy kept (DMARC, RFC 7489); both are
checked at the border, by the server that takes letters from outside, and told in a field of the
header. Only the field that bears the name of that server counts, and of several the one on top:
the server must take away what strangers wrote in its name (RFC 8601, 5).
"""

import re
from collections.abc import Sequence

_RESULT = re.compile(r"(?P<method>dkim|dmarc)(?:/\d+)?\s*=\s*(?P<result>[a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"(?<!\S)(?P<name>header\.(?:d|i|from))\s*=\s*(?P<value>\S+)", re.IGNORECASE)
_TOKEN = re.compile(r"\\.|[\"();]|[^\\\"();]+|\\", re.DOTALL)
_NO_NAME = re.compile(r"[^\w@.-]")
LONGEST = 8192
"""Characters of such a field that are read; a longer one proves nothing."""


def proven(results: Sequence[str], server: str, sender: str) -> bool:
    """Whether that server found the sender's domain to have signed or allowed the letter.

    `results` are the fields Authentication-Results from the top; nothing is proven without the
    name of a `server`, whose word alone counts, and where the sender has no domain.
    """
    domain = sender.rpartition("@")[2].lower()
    if not server or not domain:
        return False
    said = next((each for each in map(_parts, results) if _by(each) == server.lower()), [])
    return any(_stands_for(part, domain) for part in said[1:])


def _parts(field: str) -> list[str]:
    """The field between its semicolons, without its comments, which may stand within each other.

    Of what is quoted nothing is left that could be read as a result: a stranger's own words stand
    there, such as the name before the @ of whom they say they are (RFC 5322, 3.2.4).
    """
    parts, depth, quoted = [""], 0, False
    for each in _TOKEN.findall(field[: LONGEST + 1]):
        if each == '"' and not depth:
            quoted = not quoted
        elif quoted:
            parts[-1] += _NO_NAME.sub("_", each)
        elif each in "()":
            depth = max(0, depth + (1 if each == "(" else -1))
            parts[-1] += " "
        elif depth:
            continue
        elif each == ";":
            parts.append("")
        else:
            parts[-1] += each
    return parts[:1] if len(field) > LONGEST else parts


def _by(parts: Sequence[str]) -> str:
    """The name of the server that wrote it, before its version."""
    return next(iter(parts[0].split()), "").lower()


def _stands_for(part: str, domain: str) -> bool:
    found = _RESULT.match(part.strip())
    if found is None or found["result"].lower() != "pass":
        return False
    told = {
        each["name"].lower(): each["value"].lower().rpartition("@")[2]
        for each in _PROPERTY.finditer(part)
    }
    if found["method"].lower() == "dmarc":
        return told.get("header.from") == domain
    # The very domain: which other ones are of the same organisation is known by a list alone.
    return (told.get("header.d") or told.get("header.i")) == domain
