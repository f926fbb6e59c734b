"""Whose requests are a trunk's: by the address they come from, and by the contact they call.

The gatekeeper asks this mapping for the address a request came from, and, where several trunks
share an address, for ``user@address`` first: the user is the one of the contact that was
registered with the carrier (RFC 3261, 16.6), so each call finds its own trunk.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Network = IPv4Network | IPv6Network


def network_of(text: str) -> Network | None:
    """The address or network, or None when it is a name."""
    try:
        return ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


class Trusted(Mapping[str, str]):
    """The trunk's name by address; what names lead to changes while it is in use."""

    def __init__(self) -> None:
        self._addresses: dict[str, str] = {}
        self._networks: dict[tuple[int, int], dict[int, str]] = {}
        """The trunk by the leading bits of the address; by IP version and how many bits do not
        count, the longest prefixes first."""
        self._contacts: dict[str, str] = {}
        self._named: dict[tuple[str, str], frozenset[str]] = {}
        self._known: dict[str, str] = {}

    def trust(self, text: str, trunk: str) -> bool:
        """Trust an address or network; False when it is a name, which is to be looked up."""
        network = network_of(text)
        if network is None:
            return False
        if network.num_addresses == 1:
            self._addresses.setdefault(str(network.network_address), trunk)
            self._merge()
        else:
            self._trust_network(network, trunk)
        return True

    def trust_named(self, name: str, trunk: str, addresses: frozenset[str]) -> None:
        """From now on the name stands for these addresses, and no others."""
        self._named[name, trunk] = addresses
        self._merge()

    def trust_contact(self, user: str, trunk: str) -> None:
        """Calls for that contact, from an address we trust, are this trunk's."""
        self._contacts[user] = trunk

    def __getitem__(self, source: str) -> str:
        user, at, address = source.rpartition("@")
        if at:
            self._address(address)
            return self._contacts[user]
        return self._address(address)

    def __contains__(self, source: object) -> bool:
        """Without the exception that looking up would cost: floods ask this most."""
        if source in self._known:
            return True
        if not isinstance(source, str):
            return False
        user, at, address = source.rpartition("@")
        return self._trunk_at(address) is not None and (not at or user in self._contacts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def _address(self, text: str) -> str:
        trunk = self._trunk_at(text)
        if trunk is None:
            raise KeyError(text)
        return trunk

    def _trunk_at(self, text: str) -> str | None:
        """Whose address it is, for a stranger's among networks in 2 us."""
        if text in self._known or not self._networks:
            return self._known.get(text)
        try:
            address = IPv6Address(text.partition("%")[0]) if ":" in text else IPv4Address(text)
        except ValueError:
            return None
        version, bits = address.version, int(address)
        for (its_version, shift), trunks in self._networks.items():
            if its_version == version and (trunk := trunks.get(bits >> shift)):
                return trunk
        return None

    def _trust_network(self, network: Network, trunk: str) -> None:
        shift = network.max_prefixlen - network.prefixlen
        trunks = self._networks.setdefault((network.version, shift), {})
        trunks.setdefault(int(network.network_address) >> shift, trunk)
        self._networks = dict(sorted(self._networks.items(), key=lambda entry: entry[0][1]))

    def _merge(self) -> None:
        self._known = {
            address: trunk
            for (_name, trunk), addresses in self._named.items()
            for address in sorted(addresses)
        } | self._addresses
