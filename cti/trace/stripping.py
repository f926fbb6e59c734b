"""Takes the secrets out of a SIP message before anybody writes it down.

What is known to be harmless stays, the rest goes: of credentials the parameters that tell who and
how; of bodies session descriptions, and of these not the keys. Everything else a body can hold
(key presses, messages) becomes asterisks of the same length, so that Content-Length stays true and
other programs can read what is left.
"""

import re

from cti.sip.access.digest import parameters

MASK = b"***"
_STAR = b"*"

_CREDENTIALS = re.compile(
    rb"(?im)^([ \t]*(?:(?:proxy-)?auth[a-z\-]{0,40}|www-authenticate"
    rb"|[a-z0-9\-]{0,40}(?:key|token|secret)[a-z0-9\-]{0,40})[ \t]*:)"
    rb"((?:[^\n]|\n[ \t])*?)(?=\r?(?:\n(?![ \t])|\Z))"
)
"""Authorization, Proxy-Authorization, their challenges, Authentication-Info; with folded lines."""
_CREDENTIAL_HINTS = (b"auth", b"key", b"token", b"secret")
_HARMLESS = frozenset({"username", "realm", "algorithm", "qop", "nc", "stale", "uri"})
_USERINFO = re.compile(rb"(?is)(sips?:[^:]*:).+\Z")
_URI_HEADERS = re.compile(rb"(?i)(authorization=)[^\s&>]+")
_BLANK = re.compile(rb"\r?\n\r?\n")
_KEYS = re.compile(
    rb"(?im)^([ \t]*(?:k[ \t]*=|a[ \t]*=[ \t]*(?:crypto|ice-pwd|key-mgmt)[ \t]*:"
    rb"(?:[ \t]*[0-9]{1,9}[ \t]+[A-Z0-9_]{1,40}[ \t]+inline:)?))([^\r\n]+)"
)
_KEY_HINTS = (b"crypto", b"pwd", b"key", b"k=", b"k =", b"k\t=")
_DELIMITERS = (b" ", b"<", b"\n", b'"', b"\t", b">")
_HEADER = re.compile(rb"[^\s:]+[ \t]*:|[ \t]")


def strip(data: bytes) -> bytes:
    """The message without what nobody may read later; total: whatever the bytes are."""
    data = data.lstrip(b"\r\n")
    end = data.find(b"\r\n\r\n")
    if end >= 0 and b"\n\n" not in data[:end] and b"\n\r\n" not in data[:end]:
        return _head(data[:end]) + b"\r\n\r\n" + _body(data[end + 4 :])
    blank = _BLANK.search(data)
    if blank is None:
        return _head(_headers_alone(data))
    return _head(data[: blank.start()]) + blank[0] + _body(data[blank.end() :])


def _head(head: bytes) -> bytes:
    lower = head.lower()
    if any(each in lower for each in _CREDENTIAL_HINTS):
        head = _CREDENTIALS.sub(_credentials, head)
        head = _URI_HEADERS.sub(rb"\1" + MASK, head)
    parts = head.split(b"@")
    for place, part in enumerate(parts[:-1]):
        colon = part.rfind(b":")
        between = part[part.rfind(b":", 0, colon) + 1 : colon]
        if b" " not in between and b"<" not in between:
            parts[place] = _without_password(part)
    return b"@".join(parts)


def _headers_alone(data: bytes) -> bytes:
    """What has no body by its form: lines that are no headers may be one all the same."""
    start, *lines = data.split(b"\n")
    kept = (line if _HEADER.match(line) else _STAR * len(line) for line in lines)
    return b"\n".join([start, *kept])


def _credentials(found: re.Match[bytes]) -> bytes:
    """The header with the parameters that tell who and how, and nothing else."""
    given = parameters(found[2].decode("latin-1"))
    kept = [f'{name}="{value}"' for name, value in given.items() if name in _HARMLESS]
    scheme = b" Digest " if given else b" "
    return found[1] + scheme + b", ".join([*(each.encode("latin-1") for each in kept), MASK])


def _without_password(part: bytes) -> bytes:
    """What stands before an ``@``; a SIP URI's user may have a password behind it."""
    begin = max(map(part.rfind, _DELIMITERS)) + 1
    return part[:begin] + _USERINFO.sub(rb"\1" + MASK, part[begin:])


def _body(body: bytes) -> bytes:
    """A session description without its keys; anything else by its length."""
    if not body.startswith(b"v=0"):
        return _STAR * len(body)
    lower = body.lower()
    if any(each in lower for each in _KEY_HINTS):
        return _KEYS.sub(lambda found: found[1] + _STAR * len(found[2]), body)
    return body
