"""From where somebody asks, as limits count it. Pure."""

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Network = IPv4Network | IPv6Network

HOME = 64
"""Bits of an IPv6 address that a home has to itself (RFC 6177)."""
SITE = 48
"""Bits of an IPv6 address that a company has, or whoever asks a provider for more (RFC 6177)."""
BLOCK = 24
"""Bits of an IPv4 address that are seldom shared between two owners (RFC 4632)."""
MOST_PROXIES = 10


def client_of(peer: str, forwarded: str, proxies: Sequence[Network]) -> str:
    """The address to count by: the peer's, or what trusted proxies say of whom they speak for.

    X-Forwarded-For is read from its end, since a client may write any beginning: each proxy adds
    whom it heard, and the first of them that is no proxy of ours is who asks.
    """
    believed = [each.strip() for each in forwarded.split(",")][-MOST_PROXIES:]
    found = _parsed(peer)
    while found is not None and _trusted(found, proxies) and believed:
        further = _parsed(believed.pop())
        if further is None:
            break
        found = further
    return _counted(found) if found is not None else peer


def network_of(client: str) -> str:
    """The network of whom `client_of` tells: so many addresses as one person easily has."""
    try:
        found = ip_network(client)
    except ValueError:
        return client
    return str(found.supernet(new_prefix=BLOCK if found.version == 4 else SITE))


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _trusted(found: IPv4Address | IPv6Address, proxies: Sequence[Network]) -> bool:
    return any(found in each for each in proxies)


def _counted(found: IPv4Address | IPv6Address) -> str:
    if isinstance(found, IPv4Address):
        return str(found)
    return str(ip_network((found, HOME), strict=False))
