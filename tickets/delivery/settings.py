"""How messages leave the house: what the settings say of it."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cti.kernel.secret import Secret


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """A program of the bank's that takes messages by HTTP, signed with the key."""

    url: str
    key: Secret
    trusted: Path | None = None
    """PEM file of who may have signed its certificate; None: whom the system trusts."""


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """What leaves by which way; a way that is not set up ends in the folder `sink`."""

    sink: Path = Path("outbox")
    """Below the house's base folder."""
    give_up_after: timedelta = timedelta(days=3)
    digest_every: timedelta = timedelta(hours=2)
    """Working time from one summary to a person to the next; 0: each message singly."""
    site: str = ""
    """Where people open the pages, for links in what they are sent; empty: no links."""
    webhook: WebhookSettings | None = None
    """Hears of every alarm."""
    sms: WebhookSettings | None = None
    """The bank's gateway for short messages."""
