"""The fields of tickets and acts: each in its one form, or refused by name."""

from datetime import timedelta

import pytest

from cti.kernel.errors import Refused
from tests.support.tickets import FILLED, MONDAY, SHANGHAI, calendars, draft, local
from tickets.forms import (
    ACT_FIELDS,
    COMMON,
    FORMS,
    TOPICS,
    FieldKind,
    FormTerms,
    amended,
    amendments,
    checked,
    checked_details,
    checked_draft,
    slot_of,
)
from tickets.model import TicketKind, Urgency
from tickets.premises import form_terms
from tickets.workflow import RULES

TERMS = form_terms(calendars(), MONDAY)
"""Branches keep office hours; it is Monday, 23 November 2026, 09:00 in Shanghai."""
KINDS = {field.name: kind for kind, fields in FORMS.items() for field in fields}


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("slot", "2026-11-25 10:00-11:00", "2026-11-25 10:00-11:00"),
        ("slot", "2026-11-25T10:00/11:00", "2026-11-25 10:00-11:00"),
        ("slot", "2026-11-25 11:30-12:00", "2026-11-25 11:30-12:00"),
        ("amount", "1,234.5", "CNY 1234.50"),
        ("amount", "usd 20", "USD 20.00"),
        ("happened", "2026-11-23", "2026-11-23"),
        ("email", " wang@example.com ", "wang@example.com"),
        ("other_contact", "+86 (10) 8888-0001", "+86 (10) 8888-0001"),
        ("topic", "savings", "savings"),
        ("product", "JR.01-02", "JR.01-02"),
        ("account", "尾号 1234", "尾号 1234"),
    ],
)
def test_what_is_typed_is_kept_in_one_form(name: str, typed: str, kept: str) -> None:
    assert given(name, typed)[name] == kept


@pytest.mark.parametrize(
    ("name", "typed", "error"),
    [
        ("slot", "2026-11-20 10:00-11:00", "field_past"),
        ("slot", "2026-11-28 10:00-11:00", "field_closed"),
        ("slot", "9999-12-31 10:00-11:00", "field_distant"),
        ("slot", "2026-11-25 11:30-13:45", "field_closed"),
        ("slot", "2026-11-25 11:00-10:00", "field_slot"),
        ("slot", "2026-13-25 10:00-11:00", "field_slot"),
        ("slot", "tomorrow", "field_slot"),
        ("slot", "", "field_missing"),
        ("service", "haircut", "field_choice"),
        ("branch", " ", "field_missing"),
        ("amount", "-5", "field_money"),
        ("amount", "0.00", "field_money"),
        ("amount", "1.234", "field_money"),
        ("happened", "2026-11-24", "field_future"),
        ("happened", "24.11.2026", "field_date"),
        ("email", "wang", "field_email"),
        ("other_contact", "call me", "field_phone"),
        ("product", "two words", "field_code"),
        ("account", "6222 0212 3456 7890", "field_account"),
        ("joint", "甲、乙、丙、丁、戊、己", "field_joint"),
        ("remedy", "长" * 4001, "field_too_long"),
    ],
)
def test_what_cannot_be_is_refused_by_name(name: str, typed: str, error: str) -> None:
    with pytest.raises(Refused, match=rf"ticket\.{error}") as refused:
        given(name, typed)
    assert refused.value.details["field"] == name


def given(name: str, typed: str) -> dict[str, str]:
    kind = TicketKind.COMPLAINT if name == "amount" else KINDS[name]
    others = {
        field.name: FILLED.get(field.name, "")
        or {"service": "manager", "branch": "营业部"}[field.name]
        for field in FORMS[kind]
        if field.needed
    }
    return checked_details(kind, {**others, name: typed}, TERMS)


def test_what_a_kind_does_not_ask_is_left() -> None:
    assert checked_details(TicketKind.ENQUIRY, {"topic": TOPICS[0], "pin": "1"}, TERMS) == {
        "topic": TOPICS[0]
    }


def test_a_moment_is_of_the_hotlines_zone() -> None:
    until = ACT_FIELDS["until"]
    assert checked(until, "2026-11-25T09:30", TERMS) == "2026-11-25T01:30:00+00:00"
    assert checked(until, "2026-11-25T09:30+00:00", TERMS) == "2026-11-25T09:30:00+00:00"
    with pytest.raises(Refused, match=r"ticket\.field_moment"):
        checked(until, "soon", TERMS)


def test_every_act_knows_its_fields() -> None:
    asked = {name for rule in RULES for name in (*rule.needs, *rule.may)}
    assert asked <= ACT_FIELDS.keys()
    assert all(
        bool(field.options) == (field.kind is FieldKind.CHOICE)
        for field in (
            *COMMON,
            *ACT_FIELDS.values(),
            *(each for form in FORMS.values() for each in form),
        )
    )


def test_the_slot_of_an_appointment() -> None:
    slot = slot_of(draft(TicketKind.APPOINTMENT), SHANGHAI)
    assert slot is not None
    assert (slot.start, slot.end) == (local("2026-11-25 10:00"), local("2026-11-25 11:00"))
    assert slot_of(draft(), SHANGHAI) is None


def test_what_is_amended_and_what_is_not() -> None:
    first = checked_draft(draft(), TERMS)
    changed = amendments(
        first,
        {"title": first.title, "urgency": "urgent", "contact": "139", "remedy": "退款", "x": "y"},
        TERMS,
    )
    assert changed == {"urgency": "urgent", "contact": "139", "remedy": "退款"}
    then = amended(first, changed)
    assert (then.urgency, then.requester.contact) == (Urgency.URGENT, "139")
    assert then.details == {"remedy": "退款"}
    assert amended(then, {"remedy": ""}).details == {}
    for nothing in ({}, {"title": first.title}, {"pin": "123456"}):
        with pytest.raises(Refused, match=r"ticket\.nothing_changed"):
            amendments(first, nothing, TERMS)
    with pytest.raises(Refused, match=r"ticket\.field_missing"):
        amendments(first, {"title": " "}, TERMS)


def test_an_appointment_of_the_past_is_not_asked_for_again() -> None:
    first = checked_draft(draft(TicketKind.APPOINTMENT), TERMS)
    later = FormTerms(MONDAY + timedelta(days=9))
    assert amendments(first, {"about": "王经理"}, later) == {"about": "王经理"}
    assert amendments(first, {"branch": "城东支行"}, later) == {"branch": "城东支行"}
    with pytest.raises(Refused, match=r"ticket\.field_past"):
        amendments(first, {"slot": "2026-11-26 10:00-11:00"}, later)
