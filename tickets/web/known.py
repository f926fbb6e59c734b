"""What the directory has of a customer, as far as whoever reads may read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from twisted.web.server import Request

from cti.web.frame import Frame
from customers.model import Customer
from tickets.masking import Mask, Sight


@dataclass(frozen=True, slots=True)
class Known:
    """The directory's record of a customer, masked."""

    name: str
    numbers: tuple[str, ...]
    emails: tuple[tuple[str, bool], ...]
    """Each with whether the bank made sure of it."""
    told: Mapping[str, str] = field(default_factory=dict)
    """Addresses that a ticket has and the record has not, by the field that holds each."""


def known(
    frame: Frame,
    request: Request,
    customer: Customer,
    sight: Sight,
    told: Mapping[str, str] | None = None,
) -> Known:
    """The record as `sight` shows it, named in the page's language; `told` is what a ticket has."""
    had = {each.address for each in customer.emails}
    return Known(
        name=sight.name(customer.name(frame.language(request))),
        numbers=tuple(sight.shown(Mask.PHONE, frame.number(each)) for each in customer.numbers),
        emails=tuple(
            (sight.shown(Mask.EMAIL, each.address), each.verified) for each in customer.emails
        ),
        told={
            name: sight.shown(Mask.EMAIL, address)
            for name, address in (told or {}).items()
            if address not in had
        },
    )
