"""Addresses as messages write them: URI, name-addr and Via, read in linear time (RFC 3261, 25.1).

The values are `sipmessage`'s. Before its grammar sees them, IPv6 references get the one form it
reads (RFC 5118, 4.10; RFC 5954) and ``received`` the brackets that RFC 3261 leaves out (RFC 5118,
4.5); what stands around a URI in From and To is taken apart here.
"""

import re
from ipaddress import AddressValueError, IPv4Address

from sipmessage import URI, Address, Via
from sipmessage.parameters import Parameters

SCHEMES = ("sip", "sips", "tel")
"""Of URIs that are taken apart; others are kept whole."""
SIP_SCHEMES = SCHEMES[:2]
LONGEST = 8192
"""Characters of one address; a longer one is none."""

_WORD = r"[A-Za-z0-9\-.!%*_+`'~]"
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_NAME_ADDR = re.compile(
    rf"(?:(?P<quoted>{_QUOTED})|(?P<name>(?:{_WORD}|\s)*+))\s*+<(?P<uri>[^<>]*+)>"
    r"(?P<parameters>.*+)",
    re.DOTALL,
)
_ADDR_SPEC = re.compile(r'(?P<uri>[^\s;<>"?]++)(?P<parameters>.*+)', re.DOTALL)
_PARAMETER = re.compile(
    rf'\s*+;\s*+(?P<name>{_WORD}++)(?:\s*+=\s*+(?:(?P<quoted>{_QUOTED})|(?P<value>[^\s;,"<>]++)))?+',
    re.DOTALL,
)
_OPAQUE = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*+):(?P<rest>\S++)")
_MIXED = re.compile(r"\[(?P<groups>[0-9A-Fa-f:]{1,32}:)(?P<tail>[0-9]{1,3}(?:\.[0-9]{1,3}){3})\]")
_BARE_RECEIVED = re.compile(r"(;\s*received\s*=\s*)([0-9A-Fa-f]*:[0-9A-Fa-f:.]*)", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def parse_uri(text: str) -> URI:
    """Read a SIP, SIPS or TEL URI; ValueError."""
    _check_length(text)
    scheme, colon, rest = text.partition(":")
    try:
        return URI.parse(_referenced(f"{scheme.lower()}{colon}{rest}"))
    except TypeError as error:
        raise ValueError("URI is not valid") from error


def parse_address(text: str) -> Address:
    """Read a From or To, its URI of any scheme (RFC 4475, 3.3.4); ValueError.

    A URI that is taken apart nowhere here has what follows its scheme as host.
    """
    _check_length(text)
    text = text.strip()
    found = _NAME_ADDR.fullmatch(text) or _ADDR_SPEC.fullmatch(text)
    if found is None:
        raise ValueError("Address is not valid")
    named = found.groupdict()
    name = " ".join((named.get("name") or "").split())
    if quoted := named.get("quoted"):
        name = _unquoted(quoted)
    return Address(_any_uri(found["uri"]), name, _parameters(found["parameters"]))


def parse_via(text: str) -> Via:
    """Read one value of Via; ValueError."""
    _check_length(text)
    try:
        return Via.parse(_referenced(_BARE_RECEIVED.sub(r"\1[\2]", text)))
    except TypeError as error:
        raise ValueError("Via is not valid") from error


def _check_length(text: str) -> None:
    if len(text) > LONGEST:
        raise ValueError("an address is too long")


def _any_uri(text: str) -> URI:
    opaque = _OPAQUE.fullmatch(text)
    if opaque is None or opaque["scheme"].lower() in SCHEMES:
        return parse_uri(text)
    return URI(opaque["scheme"].lower(), opaque["rest"])


def _parameters(text: str) -> Parameters:
    found: dict[str, str | None] = {}
    position, end = 0, len(text.rstrip())
    while position < end:
        item = _PARAMETER.match(text, position)
        if item is None:
            raise ValueError("a parameter is not valid")
        quoted = item["quoted"]
        found[item["name"].lower()] = item["value"] if quoted is None else _unquoted(quoted)
        position = item.end()
    if "self" in found:
        raise ValueError("a parameter is not valid")
    return Parameters(**found)


def _unquoted(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1])


def _referenced(text: str) -> str:
    """IPv6 references that end in an IPv4 address, with its octets as two groups.

    Also those with the colon too many that RFC 3261 prescribed (RFC 5118, 4.10).
    """
    return _MIXED.sub(_regrouped, text) if "[" in text else text


def _regrouped(found: re.Match[str]) -> str:
    try:
        tail = int(IPv4Address(found["tail"]))
    except AddressValueError:
        return found[0]
    groups = found["groups"].replace(":::", "::")
    return f"[{groups}{tail >> 16:x}:{tail & 0xFFFF:x}]"
