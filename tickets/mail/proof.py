"""Whether a letter came from where it says, as the bank's own mail server found (RFC 8601). Pure.

Anybody can write any address into From. What proves it is a signature over the letter by the
address's own domain (DKIM, RFC 6376), or that domain's policy kept (DMARC, RFC 7489); both are
checked at the border, by the server that takes letters from outside, and told in a field of the
header. Only the field that bears the name of that server counts, and of several the one on top:
the server must take away what strangers wrote in its name (RFC 8601, 5).
"""

import re
from collections.abc import Sequence

_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"(?P<method>dkim|dmarc)(?:/\d+)?\s*=\s*(?P<result>[a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(
    r"(?P<name>header\.(?:d|i|from))\s*=\s*(?P<value>\"[^\"]*\"|\S+)", re.IGNORECASE
)
LONGEST = 8192
"""Characters of such a field that are read."""


def proven(results: Sequence[str], server: str, sender: str) -> bool:
    """Whether that server found the sender's domain to have signed or allowed the letter.

    `results` are the fields Authentication-Results from the top; nothing is proven without the
    name of a `server`, whose word alone counts, and where the sender has no domain.
    """
    domain = sender.rpartition("@")[2].lower()
    if not server or not domain:
        return False
    said = next((each for each in map(_plain, results) if _by(each) == server.lower()), "")
    return any(_stands_for(part, domain) for part in said.split(";")[1:])


def _plain(field: str) -> str:
    """The field without its comments, which may stand within each other."""
    text = " ".join(field[:LONGEST].split())
    while (less := _COMMENT.sub(" ", text)) != text:
        text = less
    return text


def _by(field: str) -> str:
    """The name of the server that wrote it, before its version."""
    return next(iter(field.partition(";")[0].split()), "").lower()


def _stands_for(part: str, domain: str) -> bool:
    found = _RESULT.match(part.strip())
    if found is None or found["result"].lower() != "pass":
        return False
    told = {
        each["name"].lower(): each["value"].strip('"').lower().rpartition("@")[2]
        for each in _PROPERTY.finditer(part)
    }
    if found["method"].lower() == "dmarc":
        return told.get("header.from") == domain
    # The very domain: which other ones are of the same organisation is known by a list alone.
    return (told.get("header.d") or told.get("header.i")) == domain
