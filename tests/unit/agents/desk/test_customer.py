"""What a page is given of a customer, and the gate before anything about accounts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.desk.customer import Beside, Contact, Gate, Say, gate_of, masked, shown
from agents.desk.model import CustomerNote, OnCall
from cti.call.model import UserData
from cti.kernel.identifiers import CallId, CustomerId, QueueId, StaffId
from cti.kernel.money import Money
from cti.kernel.vocabulary import Language, Verification
from tests.support.call_centre import PAST_CALL
from tests.support.consoles import TICKET
from tests.support.furnished import PRODUCTS, WANG

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def text(language: Language, key: str, **blanks: object) -> str:
    return " ".join([language.value, key, *map(str, blanks.values())])


def money(_language: Language, amount: Money) -> str:
    return f"{amount.amount} {amount.currency}"


SAY = Say(text, money, lambda _language, at: at.isoformat())


def beside(verification: Verification = Verification.SIGNED_IN) -> Beside:
    data = UserData(WANG.customer_id, "王芳", WANG.service_level, verification=verification)
    call = OnCall(CallId("now"), "13800000101", QueueId("general"), data)
    return Beside(call, customer=WANG, products=PRODUCTS, tickets=(), contacts=(), notes=())


def page(known: Beside) -> Any:
    return shown(known, NOW, SAY, lambda staff_id: f"name of {staff_id}")


def test_a_verified_customer_s_products_are_shown_masked() -> None:
    seen = page(beside())
    assert (seen["gate"], seen["gate_reason"]) == ("open", "")
    account, card = seen["products"]
    assert account["number_masked"] == "**** 0101"
    assert account["facts"][0]["en"] == "en desk.fact.balance 1234.50 CNY"
    assert account["facts"][1]["zh"] == "zh desk.fact.available 1000.00 CNY"
    assert card["facts"] == [{"zh": "zh desk.fact.lost", "en": "en desk.fact.lost"}]
    assert seen["numbers_masked"] == ["138****0101"]
    assert seen["consents"] == {"do_not_call": True}


@pytest.mark.parametrize(
    ("customer_id", "verification", "gate"),
    [
        (None, Verification.NONE, Gate.UNKNOWN),
        (None, Verification.SIGNED_IN, Gate.UNKNOWN),
        (WANG.customer_id, Verification.NONE, Gate.NOT_VERIFIED),
        (WANG.customer_id, Verification.RECOGNISED, Gate.NOT_VERIFIED),
        (WANG.customer_id, Verification.SIGNED_IN, Gate.OPEN),
    ],
)
def test_the_gate(customer_id: CustomerId | None, verification: Verification, gate: Gate) -> None:
    assert gate_of(UserData(customer_id, verification=verification)) is gate


CHANGES = st.lists(
    st.tuples(
        st.sampled_from([None, WANG.customer_id, CustomerId("c2")]),
        st.sampled_from(Verification),
        st.booleans(),
    ),
    max_size=8,
)


@given(changes=CHANGES)
def test_whatever_happens_products_are_only_shown_of_the_verified(
    changes: list[tuple[CustomerId | None, Verification, bool]],
) -> None:
    known = beside()
    for customer_id, verification, arrives in changes:
        data = UserData(customer_id, "", verification=verification)
        known = known.of_call(replace(known.call, customer=data))
        if arrives:
            known = known.filled(products=PRODUCTS)
        seen = page(known)
        verified = customer_id is not None and verification is Verification.SIGNED_IN
        assert (seen["products"] is None) or verified
        assert verified or not any(each in str(seen) for each in ("8475", "1234.50"))


def test_somebody_else_begins_with_nothing_known() -> None:
    data = UserData(CustomerId("c2"), "米勒", verification=Verification.SIGNED_IN)
    known = beside()
    other = known.of_call(replace(known.call, customer=data))
    assert (other.products, other.customer, other.notes) == (None, None, None)
    assert other.gate is Gate.OPEN
    closed = known.of_call(
        replace(known.call, customer=replace(known.call.customer, verification=Verification.NONE))
    )
    assert closed.products is None
    assert closed.customer is WANG


def test_alerts() -> None:
    def past(days: int) -> Contact:
        return Contact(replace(PAST_CALL, started=NOW - timedelta(days=days)))

    known = replace(
        beside(),
        tickets=(TICKET,),
        contacts=tuple(past(days) for days in (0, 1, 2, 3, 7)),
        locked_until=NOW + timedelta(minutes=5),
    )
    said = [each["en"] for each in page(known)["alerts"]]
    assert said == [
        "en desk.alert.overdue_complaint",
        "en desk.alert.frequent 5",
        f"en desk.alert.locked {(NOW + timedelta(minutes=5)).isoformat()}",
    ]
    quiet = replace(
        known,
        tickets=(replace(TICKET, overdue=False),),
        contacts=tuple(past(days) for days in (0, 1, 2, 3, 8)),
        locked_until=NOW,
    )
    assert page(quiet)["alerts"] == []


def test_important_notes_are_alerts_for_a_while() -> None:
    def note(days: int, *, important: bool) -> CustomerNote:
        at = NOW - timedelta(days=days)
        return CustomerNote(WANG.customer_id, at, StaffId("a"), f"{days} days", important)

    notes = (note(0, important=False), note(90, important=True), note(91, important=True))
    said = page(replace(beside(), notes=notes))["alerts"]
    assert said == [{"zh": "90 days", "en": "90 days"}]


def test_notes_and_contacts() -> None:
    note = CustomerNote(WANG.customer_id, NOW, StaffId("a"), "下午联系")
    codes = ({"zh": "挂失", "en": "Loss"},)
    known = replace(beside(), notes=(note,), contacts=(Contact(PAST_CALL, "补卡", codes),) * 7)
    seen = page(known)
    assert seen["notes"] == [{"at": NOW, "by": "name of a", "text": "下午联系", "important": False}]
    assert len(seen["contacts"]) == 5
    first = seen["contacts"][0]
    assert (first["summary"], first["agent"], first["codes"]) == ("补卡", "李娜", codes)


@pytest.mark.parametrize(
    ("number", "seen"),
    [
        ("13800000101", "138****0101"),
        ("", ""),
        ("12", "12"),
        ("95588", "***88"),
        ("+4930123456", "+49****3456"),
    ],
)
def test_numbers_are_masked(number: str, seen: str) -> None:
    assert masked(number) == seen
