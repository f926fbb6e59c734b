"""The section `tickets.portal` of the settings file."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from config.settings_file import read_settings
from cti.kernel.document import DocumentError
from tickets.portal.settings import PortalListen, PortalSettings


def read(folder: Path, portal: str) -> PortalSettings:
    (folder / "hotline.yaml").write_text(f"tickets:\n  portal: {portal}\n", "utf-8")
    return read_settings(folder / "hotline.yaml").tickets.portal


def test_a_port_of_its_own_behind_proxies(tmp_path: Path) -> None:
    told = read(
        tmp_path,
        "{listen: {host: 0.0.0.0, port: 8090, secure: true}, proxies: [10.0.0.0/8, 127.0.0.1],"
        " mobiles: ['1\\d{10}'], address: 'https://service.bank.example/service', most_open: 2}",
    )
    assert told.listen == PortalListen("0.0.0.0", 8090, secure=True)
    assert told.proxies == (ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32"))
    assert [each.pattern for each in told.mobiles] == ["1\\d{10}"]
    assert (told.address, told.most_open) == ("https://service.bank.example/service", 2)


@pytest.mark.parametrize(
    ("portal", "says"),
    [
        ("{listen: {host: 127.0.0.1}}", "needs `port`"),
        ("{proxies: [somewhere]}", "an address or a network"),
        ("{mobiles: ['1(']}", "a regular expression"),
        ("{address: service}", "must look like"),
        ("{most_open: 0}", "1"),
        ("{served: perhaps}", "served"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, portal: str, says: str) -> None:
    with pytest.raises(DocumentError) as wrong:
        read(tmp_path, portal)
    assert says in str(wrong.value)
    assert "tickets.portal" in str(wrong.value)
