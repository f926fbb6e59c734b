"""By which address a customer is reached, and whether a ticket is theirs. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from cti.kernel.errors import Refused
from customers.numbers import normalise
from tickets.delivery.model import Channel
from tickets.mail.headers import address
from tickets.model import Draft
from tickets.portal.settings import PortalSettings

LONGEST = 254
"""Characters of an e-mail address (RFC 5321, 4.5.3.1.3, without its brackets)."""
CONTACTS = ("other_contact", "email")
"""Fields of tickets' forms that hold a way to reach the customer, beside the requester's own."""


@dataclass(frozen=True, slots=True)
class Contact:
    """An e-mail address or a mobile number, in the one form in which it is compared."""

    channel: Channel
    to: str


def contact_of(text: str, settings: PortalSettings) -> Contact:
    """What was typed; Refused (``portal.contact``) where nothing could be sent there."""
    found = _read(text)
    if found is None or not _reached(found, settings):
        raise Refused("portal.contact", field="contact")
    return found


def belongs(draft: Draft, contact: Contact) -> bool:
    """Whether that is one of the ways by which the ticket's customer asked to be reached."""
    return contact in ways_of(draft)


def contacts_of(draft: Draft, settings: PortalSettings) -> tuple[Contact, ...]:
    """The ways by which something can be sent to the customer, in the order they gave them."""
    return tuple(each for each in ways_of(draft) if _reached(each, settings))


def ways_of(draft: Draft) -> Iterator[Contact]:
    """Every way to reach the customer that the ticket names, whether it can be sent to or not."""
    written = (draft.requester.contact, *(draft.details.get(name, "") for name in CONTACTS))
    return (found for found in map(_read, written) if found is not None)


def _read(text: str) -> Contact | None:
    text = text.strip()
    if not text or len(text) > LONGEST:
        return None
    if "@" in text:
        to = address(text)
        return Contact(Channel.EMAIL, to) if to else None
    digits = normalise(text)
    return Contact(Channel.SMS, digits) if digits else None


def _reached(contact: Contact, settings: PortalSettings) -> bool:
    if contact.channel is Channel.EMAIL:
        return True
    return any(pattern.fullmatch(contact.to) for pattern in settings.mobiles)
