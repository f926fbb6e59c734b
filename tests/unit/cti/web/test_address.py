"""From where somebody asks: only our own proxies are believed, and only of whom they heard."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.web.address import client_of, network_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.9", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "", "203.0.113.7"),
        ("2001:db8:1:2::9", "", "2001:db8:1:2::/64"),
    ],
)
def test_who_is_counted(peer: str, forwarded: str, counted: str) -> None:
    assert client_of(peer, forwarded, PROXIES) == counted


@given(st.text(max_size=80))
def test_a_client_cannot_choose_by_what_it_is_counted(written: str) -> None:
    assert client_of("203.0.113.7", written, PROXIES) == "203.0.113.7"
    assert client_of("10.0.0.1", f"{written}, 198.51.100.1", PROXIES) == "198.51.100.1"


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("a pipe", "a pipe"),
    ],
)
def test_of_which_network_they_are(client: str, network: str) -> None:
    assert network_of(client) == network
