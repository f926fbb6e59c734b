"""Reads addresses and networks of the settings file."""

from ipaddress import ip_network

from cti.kernel.document import Value
from cti.web.address import Network


def networks(value: Value) -> tuple[Network, ...]:
    """The list of them; ConfigurationError where one is none."""
    found: list[Network] = []
    for each in value.items():
        text = each.text()
        try:
            found.append(ip_network(text))
        except ValueError:
            each.wrong(f"must be an address or a network, such as 10.0.0.0/8, not {text!r}")
    return tuple(found)
