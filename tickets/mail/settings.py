"""How the house's mail is set up; nothing is listened to, polled or sent where it is not said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from pathlib import Path

from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language
from tickets.mail.limits import Limits
from tickets.model import TicketKind


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """Where the bank's mail server hands letters over: a Unix socket, or a port of this machine."""

    path: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    lmtp: bool = True
    """False: SMTP, for mail servers that know no other way."""
    name: str = "hotline"
    """How the house calls itself in the greeting."""
    size: int = Limits().letter
    """Octets of a letter at most."""
    recipients: int = 100
    connections: int = 20
    timeout: int = 300
    """Seconds without a word (RFC 5321, 4.5.3.2.7: five minutes)."""


class Encryption(Enum):
    """How a connection to a mail server is protected."""

    TLS = "tls"
    """From the first octet (RFC 8314)."""
    STARTTLS = "starttls"
    """From the greeting on; without it nothing is sent."""
    NONE = "none"
    """Not at all: for a server on this machine."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """A mail server, and who we are to it; certificates are checked against `trusted`."""

    host: str
    port: int
    encryption: Encryption = Encryption.TLS
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    trusted: Path | None = None
    """A PEM file of authorities; None for those of the system."""
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class PollSettings:
    """A mailbox that is looked into every so many seconds."""

    server: ServerSettings
    folder: str = "INBOX"
    every: float = 60.0


@dataclass(frozen=True, slots=True)
class Window:
    """How many letters of one sender count as ordinary within how long."""

    letters: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Everything. `addresses` maps the house's own addresses to what a letter to them opens."""

    domain: str = "hotline.invalid"
    """The right side of our Message-IDs."""
    sender: str = "hotline@hotline.invalid"
    sender_names: Mapping[Language, str] = field(
        default_factory=lambda: {
            Language.CHINESE: "客户服务中心",
            Language.ENGLISH: "Customer Care",
        }
    )
    addresses: Mapping[str, TicketKind] = field(default_factory=dict)
    listen: ListenSettings | None = None
    poll: PollSettings | None = None
    send: ServerSettings | None = None
    checked_by: str = ""
    """The name by which the bank's mail server says in a letter's header what it found of its
    sender (Authentication-Results); nobody's word counts where it is empty.
    """
    templates: Path | None = None
    """The bank's own templates; those it lacks are the house's."""
    language: Language = Language.CHINESE
    """Of letters to customers whose language nobody knows."""
    limits: Limits = field(default_factory=Limits)
    acknowledged: Window = Window(5, timedelta(hours=1))
    """Beyond it letters of a sender are not acknowledged: two machines may be talking."""
    opening: Window = Window(20, timedelta(hours=24))
    """Beyond it letters of a sender open no more tickets, but join the latest of them."""
    reopen_within: timedelta = timedelta(days=30)
    """A letter about a ticket that is closed longer opens a new one."""
