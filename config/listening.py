"""Tells a port or address the system does not give us by the key that asks for it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from twisted.internet.error import CannotListenError, InvalidAddressError

from cti.kernel.errors import ConfigurationError

TAKEN = "is another hotline running?"
RESERVED = "ports below 1024 are for root"


@contextmanager
def listening(section: str, host: str, port: int) -> Iterator[None]:
    """Listen inside, at the address of that section of the settings; ConfigurationError."""
    try:
        yield
    except InvalidAddressError as error:
        message = f"must be an IP address of this machine, not {host!r}"
        raise ConfigurationError(message, key=f"{section}.host") from error
    except CannotListenError as error:
        key, advice = f"{section}.host", "it must be an address of this machine"
        match getattr(error.socketError, "errno", None):
            case errno.EADDRINUSE:
                key, advice = f"{section}.port", TAKEN
            case errno.EACCES:
                key, advice = f"{section}.port", RESERVED
        reason = getattr(error.socketError, "strerror", None) or "taken"
        message = f"cannot listen on {host}:{port} ({reason}): {advice}"
        raise ConfigurationError(message, key=key) from error
