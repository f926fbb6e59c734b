"""Where a SIP URI leads (RFC 3263): which servers, in which order, by which transport.

`locate` is a conversation: it asks for DNS records one question at a time and is sent the answers,
so that it needs no name server and no waiting. A URI with an IP address asks nothing.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from ipaddress import ip_address
from itertools import groupby

from cti.kernel.identifiers import Entropy
from cti.sip.addresses import SIP_SCHEMES, parse_uri
from cti.sip.events import DATAGRAM_FLOW, Endpoint, Transport

KNOWN = 1024
"""URIs and addresses that are remembered: each is asked for several times a call."""
MOST_ENDPOINTS = 20
"""Endpoints of one name; a zone with more has the rest left out."""


class Kind(Enum):
    """The record types of RFC 3263."""

    NAPTR = "NAPTR"
    SRV = "SRV"
    A = "A"
    AAAA = "AAAA"


@dataclass(frozen=True, slots=True)
class Question:
    """Ask for the records of that name; it never ends in a dot."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Naptr:
    """RFC 3403: `service` is ``SIP+D2T``, `replacement` the name whose SRV records to ask for."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Srv:
    """RFC 2782; `target` is empty when the service is decidedly not available (a lone dot)."""

    priority: int
    weight: int
    port: int
    target: str


Record = Naptr | Srv | str
"""An A or AAAA record is its address."""
Location = tuple[Endpoint, ...]
Conversation = Generator[Question, Sequence[Record], Location]


@dataclass(frozen=True, slots=True)
class Target:
    """What a URI says of where it leads."""

    host: str
    port: int | None
    transport: Transport | None
    secure: bool

    @property
    def numeric(self) -> bool:
        """Whether the host is an IP address."""
        return is_address(self.host)

    @property
    def usual(self) -> Transport:
        """The transport when nothing names one (RFC 3263, 4.1)."""
        return self.transport or (Transport.TLS if self.secure else Transport.UDP)

    def at(self, address: str, port: int | None, transport: Transport) -> Endpoint:
        """That address; fixed to UDP where the URI asks for UDP by name."""
        fixed = transport is Transport.UDP and self.transport is Transport.UDP
        flow = DATAGRAM_FLOW if fixed else ""
        domain = "" if self.numeric else self.host
        return Endpoint(address, port or transport.default_port, transport, flow, domain)


_SECURED = {
    Transport.UDP: None,
    Transport.TCP: Transport.TLS,
    Transport.TLS: Transport.TLS,
    Transport.WS: Transport.WSS,
    Transport.WSS: Transport.WSS,
}
_SERVICES = {
    Transport.UDP: ("SIP+D2U", "_sip._udp"),
    Transport.TCP: ("SIP+D2T", "_sip._tcp"),
    Transport.TLS: ("SIPS+D2T", "_sips._tcp"),
    Transport.WS: ("SIP+D2W", "_sip._ws"),
    Transport.WSS: ("SIPS+D2W", "_sips._ws"),
}
"""NAPTR service (RFC 3263, 4.1; RFC 7118, 9.4) and SRV prefix of each transport."""


def target_of(uri: str) -> Target | None:
    """Read a SIP or SIPS URI; None for other schemes, unknown transports and nonsense."""
    try:
        parsed = parse_uri(uri.partition("?")[0])
    except ValueError:
        return None
    if parsed.scheme not in SIP_SCHEMES or (parsed.port or 0) > 65535:
        return None
    parameters = {name.lower(): value or "" for name, value in parsed.parameters.items()}
    host = (parameters.get("maddr") or parsed.host).strip("[]").rstrip(".")
    secure = parsed.scheme == "sips"
    named = parameters.get("transport", "").upper()
    if not named:
        return Target(host, parsed.port, None, secure)
    if named not in Transport.__members__:
        return None
    transport: Transport | None = Transport[named]
    if secure:
        transport = _SECURED[Transport[named]]
    return Target(host, parsed.port, transport, secure) if transport else None


@lru_cache(maxsize=KNOWN)
def endpoint_of(uri: str) -> Endpoint | None:
    """Where a URI with an IP address leads; None for host names and what is no SIP URI."""
    target = target_of(uri)
    if target is None or not target.numeric:
        return None
    return target.at(target.host, target.port, target.usual)


@lru_cache(maxsize=KNOWN)
def is_address(host: str) -> bool:
    """Whether the host is an IP address, not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=KNOWN)
def is_private(host: str) -> bool:
    """Whether an IP address is of a network that is not reached from everywhere (RFC 6890)."""
    return ip_address(host).is_private


def locate(
    uri: str,
    entropy: Entropy,
    *,
    transports: Iterable[Transport] = (Transport.UDP, Transport.TCP, Transport.TLS),
    families: Sequence[Kind] = (Kind.A,),
) -> Conversation:
    """The endpoints to try, in order (RFC 3263, 4); none when the URI leads nowhere.

    `transports` are those we speak, the best liked first; `families` the address records asked for.
    """
    spoken = tuple(transports)
    target = target_of(uri)
    if target is None or (target.transport is not None and target.transport not in spoken):
        return ()
    if target.numeric:
        return (target.at(target.host, target.port, target.usual),)
    if target.port is not None:
        addresses = yield from _addresses(target.host, families)
        return _cut(target.at(each, target.port, target.usual) for each in addresses)
    services = yield from _services(target, spoken)
    found: list[Endpoint] = []
    for transport, records in services:
        for record in in_order(records, entropy):
            addresses = yield from _addresses(record.target, families)
            found += (target.at(each, record.port, transport) for each in addresses)
            if len(found) >= MOST_ENDPOINTS:
                break
    if services:
        return _cut(found)
    addresses = yield from _addresses(target.host, families)
    return _cut(target.at(each, None, target.usual) for each in addresses)


def in_order(records: Sequence[Srv], entropy: Entropy) -> Iterator[Srv]:
    """By priority, and by chance in proportion to weight within one (RFC 2782, Usage rules)."""
    by_priority = sorted(records, key=lambda each: (each.priority, each.weight))
    for _, group in groupby(by_priority, key=lambda each: each.priority):
        left = list(group)
        while left:
            chosen = _draw(left, entropy)
            left.remove(chosen)
            if chosen.target:
                yield chosen


def _draw(records: Sequence[Srv], entropy: Entropy) -> Srv:
    """One of them; those of weight 0 stand first and have next to no chance."""
    mark = int(entropy(4), 16) % (sum(each.weight for each in records) + 1)
    for each in records:
        if mark <= each.weight:
            return each
        mark -= each.weight
    return records[-1]


Services = list[tuple[Transport, Sequence[Srv]]]


def _services(
    target: Target, spoken: Sequence[Transport]
) -> Generator[Question, Sequence[Record], Services]:
    """The SRV records that apply, with the transport each set is for (RFC 3263, 4.1)."""
    usable = [each for each in spoken if target.transport in (None, each) and _allows(target, each)]
    if target.transport is None:
        answers = yield Question(Kind.NAPTR, target.host)
        chosen = _chosen([each for each in answers if isinstance(each, Naptr)], usable)
        if chosen:
            return (yield from _ask_services(chosen))
    names = [(each, f"{_SERVICES[each][1]}.{target.host}") for each in usable]
    if target.transport is None and not target.secure:
        names = [each for each in names if not each[0].secure]
    return (yield from _ask_services(names))


def _allows(target: Target, transport: Transport) -> bool:
    return transport.secure or not target.secure


def _chosen(records: Sequence[Naptr], usable: Sequence[Transport]) -> list[tuple[Transport, str]]:
    """The records we can use of the lowest order that has any, the most preferred first."""
    by_service = {_SERVICES[each][0]: each for each in usable}
    known = [
        each
        for each in sorted(records, key=lambda each: (each.order, each.preference))
        if each.flags.lower() == "s" and each.service.upper() in by_service and each.replacement
    ]
    return [
        (by_service[each.service.upper()], each.replacement)
        for each in known
        if each.order == known[0].order
    ]


def _ask_services(
    names: Sequence[tuple[Transport, str]],
) -> Generator[Question, Sequence[Record], Services]:
    found: Services = []
    for transport, name in names:
        answers = yield Question(Kind.SRV, name)
        records = [each for each in answers if isinstance(each, Srv)]
        if records:
            found.append((transport, records))
    return found


def _addresses(
    name: str, families: Sequence[Kind]
) -> Generator[Question, Sequence[Record], list[str]]:
    if is_address(name):
        return [name]
    found: list[str] = []
    for kind in families:
        answers = yield Question(kind, name)
        found += (each for each in answers if isinstance(each, str))
    return found


def _cut(endpoints: Iterable[Endpoint]) -> Location:
    """Each once, in order, and not too many."""
    return tuple(dict.fromkeys(endpoints))[:MOST_ENDPOINTS]
