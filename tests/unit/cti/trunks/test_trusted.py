"""Whose requests are a trunk's: the answer by prefixes is the one that going through them gives."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.trunks.trusted import Trusted

PREFIXES = [
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.2.0/24",
    "192.0.2.7/32",
    "2001:db8::/32",
    "2001:db8:1::/48",
    "0.0.0.0/1",
]


def trusting(*networks: str) -> Trusted:
    trusted = Trusted()
    for each in networks:
        assert trusted.trust(each, f"trunk {each}")
    return trusted


@given(
    st.lists(st.sampled_from(PREFIXES), unique=True),
    st.one_of(
        st.sampled_from(["10.1.2.3", "10.1.9.9", "10.200.0.1", "192.0.2.7", "2001:db8:1::5"]),
        st.ip_addresses().map(str),
    ),
)
def test_the_longest_prefix_counts(networks: list[str], source: str) -> None:
    trusted, address = trusting(*networks), ip_address(source)
    longest = max(
        (each for each in map(ip_network, networks) if address in each),
        key=lambda each: each.prefixlen,
        default=None,
    )
    assert trusted.get(source) == (f"trunk {longest}" if longest else None)
    assert (source in trusted) is (longest is not None)


def test_a_contact_is_asked_for_at_addresses_that_are_trusted_alone() -> None:
    trusted = trusting("10.0.0.0/8")
    trusted.trust_contact("line-2", "second")
    assert trusted["line-2@10.9.9.9"] == "second"
    assert "line-2@10.9.9.9" in trusted
    assert "line-2@192.0.2.1" not in trusted
    assert "line-3@10.9.9.9" not in trusted


def test_the_first_to_be_given_a_network_keeps_it() -> None:
    trusted = Trusted()
    trusted.trust("10.0.0.0/8", "first")
    trusted.trust("10.0.0.0/8", "second")
    assert trusted["10.0.0.1"] == "first"


@pytest.mark.parametrize("source", ["", "nowhere.example", "1.2.3", "10.0.0.1%x", 7, None])
def test_what_is_no_address_is_nobodys(source: object) -> None:
    assert source not in trusting("0.0.0.0/0")


def test_a_scope_says_nothing_of_whose_an_address_is() -> None:
    assert trusting("fe80::/10")["fe80::1%eth0"] == "trunk fe80::/10"
