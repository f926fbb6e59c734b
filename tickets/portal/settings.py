"""How the customer page is set up. Pure."""

import re
from dataclasses import dataclass, field

from cti.web.address import Network

MOBILE = r"1[3-9]\d{9}"
"""A mobile number of mainland China."""


@dataclass(frozen=True, slots=True)
class PortalListen:
    """Where the customer page is served apart from the pages of staff."""

    host: str = "127.0.0.1"
    port: int = 0
    secure: bool = False
    """Served by HTTPS (perhaps by a proxy in front): cookies are marked Secure."""


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """What is served where, and how much of it."""

    served: bool = True
    listen: PortalListen | None = None
    """None: on the port of staff, below ``/service``."""
    address: str = ""
    """Where customers open the page, for links in what they are sent; empty: no links."""
    proxies: tuple[Network, ...] = ()
    """Whose X-Forwarded-For is believed."""
    mobiles: tuple[re.Pattern[str], ...] = field(default=(re.compile(MOBILE),))
    """Numbers that get short messages, as `customers.numbers.normalise` writes them."""
    most_open: int = 5
    """Open tickets of one telephone number or e-mail address."""
    codes_an_hour: int = 600
    """Codes by which tickets are submitted, for everybody together; a fifth of them by network."""
