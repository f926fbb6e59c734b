"""A ticket as a customer writes it down on their page. Pure."""

from collections.abc import Mapping

from cti.kernel.errors import Refused
from tickets.delivery.model import Channel
from tickets.forms import FORMS, Field, FieldKind, FormTerms, checked_draft
from tickets.model import Draft, ReplyChannel, Requester, Source, TicketKind
from tickets.portal.contact import Contact

KINDS = (
    TicketKind.COMPLAINT,
    TicketKind.SUGGESTION,
    TicketKind.APPOINTMENT,
    TicketKind.ENQUIRY,
)
"""What customers open themselves; an acceptance order is written in a call."""
ASKED: Mapping[TicketKind, frozenset[str]] = {
    TicketKind.COMPLAINT: frozenset({"other_contact", "happened", "place", "amount", "remedy"}),
    TicketKind.SUGGESTION: frozenset({"area", "benefit"}),
    TicketKind.APPOINTMENT: frozenset({"service", "branch", "slot", "amount"}),
    TicketKind.ENQUIRY: frozenset({"topic"}),
}
"""What of a kind's fields a customer is asked; codes of the bank's are for those who know them."""
YES = "yes"


def asked_of(kind: TicketKind) -> tuple[Field, ...]:
    """The kind's own fields that the page asks for."""
    return tuple(each for each in FORMS[kind] if each.name in ASKED[kind])


def drafted(
    kind: TicketKind, given: Mapping[str, str], contact: Contact, terms: FormTerms
) -> Draft:
    """The draft of what was filled in; Refused with the first field that is wrong."""
    if given["consent"] != YES:
        raise Refused("portal.consent_missing", field="consent")
    by_mail = contact.channel is Channel.EMAIL
    draft = Draft(
        kind=kind,
        title=given["title"],
        text=given["text"],
        requester=Requester(name=given["name"], contact=contact.to),
        about=given["about"] if kind is TicketKind.COMPLAINT else "",
        reply_by=ReplyChannel.EMAIL if by_mail else ReplyChannel.CALL,
        details={each.name: _typed(each, given) for each in asked_of(kind)},
        source=Source.WEB,
    )
    return checked_draft(draft, terms)


def _typed(field: Field, given: Mapping[str, str]) -> str:
    if field.kind is FieldKind.SLOT and given["slot_day"]:
        return f"{given['slot_day']} {given['slot_from']}-{given['slot_to']}"
    return given[field.name]
