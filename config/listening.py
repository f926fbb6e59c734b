"""Tells a port or address the system does not give us by the key that asks for it."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from twisted.internet.error import CannotListenError, InvalidAddressError

from cti.kernel.errors import ConfigurationError

TAKEN = "is another hotline running?"
RESERVED = "ports below 1024 are for root"


@contextmanager
def listening(
    section: str, host: str, port: int, others: Mapping[int, str] | None = None
) -> Iterator[None]:
    """Listen inside, at the address of that section of the settings; ConfigurationError.

    `others` are ports beside `port`, and the sections that ask for them.
    """
    try:
        yield
    except InvalidAddressError as error:
        message = f"must be an IP address of this machine, not {host!r}"
        raise ConfigurationError(message, key=f"{section}.host") from error
    except CannotListenError as error:
        key, advice = f"{section}.host", "it must be an address of this machine"
        asking = (others or {}).get(error.port, section)
        port = error.port if asking != section else port
        match getattr(error.socketError, "errno", None):
            case errno.EADDRINUSE:
                key, advice = f"{asking}.port", TAKEN
            case errno.EACCES:
                key, advice = f"{asking}.port", RESERVED
        reason = getattr(error.socketError, "strerror", None) or "taken"
        message = f"cannot listen on {host}:{port} ({reason}): {advice}"
        raise ConfigurationError(message, key=key) from error
