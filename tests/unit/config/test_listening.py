"""A port or an address that cannot be had is told by its key, with what may be the matter."""

import errno
import os

import pytest
from twisted.internet.error import CannotListenError, InvalidAddressError

from config.listening import listening
from cti.kernel.errors import ConfigurationError


@pytest.mark.parametrize(
    ("number", "key", "advice"),
    [
        (errno.EADDRINUSE, "web.port", "is another hotline running?"),
        (errno.EACCES, "web.port", "ports below 1024 are for root"),
        (errno.EADDRNOTAVAIL, "web.host", "it must be an address of this machine"),
    ],
)
def test_what_the_system_refuses(number: int, key: str, advice: str) -> None:
    refusal = CannotListenError("192.0.2.1", 80, OSError(number, os.strerror(number)))
    with pytest.raises(ConfigurationError) as told, listening("web", "192.0.2.1", 80):
        raise refusal
    assert told.value.key == key
    assert told.value.message == (
        f"cannot listen on 192.0.2.1:80 ({os.strerror(number)}): {advice}"
    )


def test_a_port_that_another_section_asks_for() -> None:
    taken = OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    refusal = CannotListenError("192.0.2.1", 5061, taken)
    expected = pytest.raises(ConfigurationError, match=r"^sip\.tls\.port: .* 192\.0\.2\.1:5061 ")
    with expected, listening("sip", "192.0.2.1", 5060, {5061: "sip.tls"}):
        raise refusal


def test_what_is_no_address() -> None:
    refusal = InvalidAddressError("300.1.1.1", "not an IPv4 or IPv6 address.")
    expected = pytest.raises(ConfigurationError, match=r"sip\.host: must be an IP address")
    with expected, listening("sip", "300.1.1.1", 5060):
        raise refusal
