"""Contacts: one form for each way of writing, and what is nobody's is refused alike."""

from dataclasses import replace

import pytest

from cti.kernel.errors import Refused
from tests.support.tickets import draft
from tickets.delivery.model import Channel
from tickets.portal.contact import Contact, belongs, contact_of
from tickets.portal.settings import PortalSettings

SETTINGS = PortalSettings()


@pytest.mark.parametrize(
    ("typed", "channel", "to"),
    [
        ("13800138000", Channel.SMS, "13800138000"),
        ("+86 138-0013-8000", Channel.SMS, "13800138000"),
        ("0086 13800138000", Channel.SMS, "13800138000"),
        (" Wang@Example.COM ", Channel.EMAIL, "wang@example.com"),
    ],
)
def test_a_contact_has_one_form(typed: str, channel: Channel, to: str) -> None:
    assert contact_of(typed, SETTINGS) == Contact(channel, to)


@pytest.mark.parametrize(
    "typed", ["", "wang", "wang@", "@example.com", "010 8888 0001", "+1 900 555 0100", "1" * 300]
)
def test_what_gets_no_message_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        contact_of(typed, SETTINGS)
    assert refused.value.error_id == "portal.contact"


def test_a_ticket_is_its_customers_by_any_way_they_gave() -> None:
    theirs = replace(draft(), details={"email": "Wang@example.com", "other_contact": "13900139000"})
    for typed in ("13800138000", "wang@example.com", "+86 139 0013 9000"):
        assert belongs(theirs, contact_of(typed, SETTINGS))
    for typed in ("13700137000", "li@example.com"):
        assert not belongs(theirs, contact_of(typed, SETTINGS))
