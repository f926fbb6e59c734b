"""The customer beside the call as a value: what is known, and what of it a page may be given.

The gate: nothing about accounts leaves the server before the caller was verified on this call.
`shown` is the only way to the page, and closes the gate by what the call says of the caller at
that moment, whatever was loaded before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from agents.desk.model import CustomerNote, OnCall
from cti.call.model import UserData
from cti.kernel.identifiers import CallId, CustomerId
from cti.kernel.money import Money
from cti.kernel.ports import CallSummary, LetterSummary, Product, TicketSummary
from cti.kernel.vocabulary import Language, Verification
from customers.model import Customer

CONTACTS = 5
"""Past calls that are shown."""
LOOKED_AT = 10
"""Past calls that are looked at."""
FREQUENT = 5
"""Calls within `RECENTLY` that make a frequent caller."""
RECENTLY = timedelta(days=7)
HEEDED = timedelta(days=90)
"""So long an important note stands among the alerts."""
HEAD, TAIL, LONG = 3, 4, 8
"""A number of at least `LONG` digits shows so many of its first and last ones."""

Said = Mapping[str, str]
"""A text in every language, by the language's value."""


class Gate(Enum):
    """Why accounts are not shown; the value is the last part of a text's key."""

    OPEN = ""
    UNKNOWN = "unknown_customer"
    NOT_VERIFIED = "not_verified"


class Say:
    """Texts and amounts in every language at once: a page shows its own."""

    def __init__(
        self,
        text: Callable[..., str],
        money: Callable[[Language, Money], str],
        moment: Callable[[Language, datetime], str],
    ) -> None:
        self._text, self._money, self._moment = text, money, moment

    def text(self, key: str, **blanks: object) -> Said:
        """The words of that key."""
        return {each.value: self._text(each, key, **blanks) for each in Language}

    def money(self, key: str, money: Money) -> Said:
        """The words of that key, with the amount in its blank."""
        return {
            each.value: self._text(each, key, amount=self._money(each, money)) for each in Language
        }

    def moment(self, key: str, at: datetime) -> Said:
        """The words of that key, with the instant in its blank."""
        return {each.value: self._text(each, key, when=self._moment(each, at)) for each in Language}


@dataclass(frozen=True, slots=True)
class Contact:
    """A past call, with what was written about it."""

    call: CallSummary
    summary: str = ""
    codes: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """All that is known beside one call; None is what is not known yet."""

    call: OnCall
    customer: Customer | None = None
    matches: tuple[Customer, ...] = ()
    """Who it might be, by the calling number, while nobody knows."""
    tickets: tuple[TicketSummary, ...] | None = None
    contacts: tuple[Contact, ...] | None = None
    letters: tuple[LetterSummary, ...] | None = None
    notes: tuple[CustomerNote, ...] | None = None
    consents: Mapping[str, bool] | None = None
    products: tuple[Product, ...] | None = None
    locked_until: datetime | None = None
    unavailable: frozenset[str] = frozenset()
    """What could not be had."""

    @property
    def customer_id(self) -> CustomerId | None:
        """Whom the call says it is."""
        return self.call.customer.customer_id

    @property
    def gate(self) -> Gate:
        """Whether accounts may be shown."""
        return gate_of(self.call.customer)

    def filled(self, **found: Any) -> "Beside":
        """With what was found."""
        return replace(self, **found)

    def missing(self, name: str) -> "Beside":
        """Without what could not be had."""
        return replace(self, unavailable=self.unavailable | {name})

    def of_call(self, call: OnCall) -> "Beside":
        """As more is known of the caller; somebody else begins with nothing known."""
        if call.customer.customer_id != self.customer_id or call.call_id != self.call.call_id:
            return Beside(call)
        kept = replace(self, call=call)
        return kept if kept.gate is Gate.OPEN else replace(kept, products=None)


def gate_of(data: UserData) -> Gate:
    """Accounts are for verified callers alone."""
    if data.customer_id is None:
        return Gate.UNKNOWN
    return Gate.OPEN if data.verification >= Verification.SIGNED_IN else Gate.NOT_VERIFIED


def shown(
    beside: Beside, now: datetime, say: Say, name_of: Callable[[str], str]
) -> Mapping[str, Any]:
    """What a page is given; `name_of` names the writers of notes."""
    data, customer = beside.call.customer, beside.customer
    open_gate = beside.gate is Gate.OPEN
    return {
        "call_id": beside.call.call_id,
        "customer_id": beside.customer_id,
        "name": data.customer_name,
        "names": {each.value: name for each, name in customer.names.items()} if customer else {},
        "sex": customer.sex.value if customer else None,
        "level": data.service_level.name.lower(),
        "language": (customer.language if customer else data.language).value,
        "numbers_masked": [masked(number) for number in customer.numbers] if customer else [],
        "gate": "open" if open_gate else "closed",
        "gate_reason": beside.gate.value,
        "matches": [_match(each) for each in beside.matches],
        "products": _products(beside.products, say) if open_gate else None,
        "tickets": beside.tickets,
        "contacts": _contacts(beside.contacts),
        "letters": beside.letters,
        "notes": _notes(beside.notes, name_of),
        "consents": _consents(customer, beside.consents or {}),
        "alerts": alerts(beside, now, say),
        "unavailable": sorted(beside.unavailable),
    }


def alerts(beside: Beside, now: datetime, say: Say) -> list[Said]:
    """What whoever talks to the customer should know first, important notes in their own words."""
    found: list[Said] = [
        {language.value: each.text for language in Language}
        for each in beside.notes or ()
        if each.important and now - each.at <= HEEDED
    ]
    if any(each.kind == "complaint" and each.overdue for each in beside.tickets or ()):
        found.append(say.text("desk.alert.overdue_complaint"))
    recent = sum(now - each.call.started <= RECENTLY for each in beside.contacts or ())
    if recent >= FREQUENT:
        found.append(say.text("desk.alert.frequent", count=recent))
    if beside.locked_until is not None and beside.locked_until > now:
        found.append(say.moment("desk.alert.locked", beside.locked_until))
    return found


def masked(number: str) -> str:
    """A number of which only its beginning and its end are readable."""
    if len(number) < LONG:
        return "*" * max(0, len(number) - 2) + number[-2:]
    return number[:HEAD] + "*" * (len(number) - HEAD - TAIL) + number[-TAIL:]


def calls_of(contacts: Sequence[CallSummary], but: CallId) -> list[CallSummary]:
    """Past calls without this one."""
    return [each for each in contacts if each.call_id != but]


def _match(customer: Customer) -> Mapping[str, Any]:
    return {
        "customer_id": customer.customer_id,
        "names": {each.value: name for each, name in customer.names.items()},
        "level": customer.service_level.name.lower(),
    }


def _products(products: Sequence[Product] | None, say: Say) -> list[Mapping[str, Any]] | None:
    return None if products is None else [_product(each, say) for each in products]


def _product(product: Product, say: Say) -> Mapping[str, Any]:
    facts = []
    if product.balance is not None:
        facts.append(say.money("desk.fact.balance", product.balance))
    if product.available is not None and product.available != product.balance:
        facts.append(say.money("desk.fact.available", product.available))
    if product.lost:
        facts.append(say.text("desk.fact.lost"))
    return {
        "kind": product.kind,
        "name": "",
        "number_masked": f"**** {product.ending}",
        "facts": facts,
    }


def _contacts(contacts: Sequence[Contact] | None) -> list[Mapping[str, Any]] | None:
    if contacts is None:
        return None
    return [
        {
            "at": each.call.started,
            "kind": "call",
            "summary": each.summary,
            "codes": each.codes,
            "agent": each.call.agent_name or "",
            "outcome": each.call.outcome,
            "seconds": each.call.seconds,
            "path": each.call.path,
            "call_id": each.call.call_id,
        }
        for each in contacts[:CONTACTS]
    ]


def _notes(
    notes: Sequence[CustomerNote] | None, name_of: Callable[[str], str]
) -> list[Mapping[str, Any]] | None:
    if notes is None:
        return None
    return [
        {
            "at": each.at,
            "by": name_of(each.by),
            "text": each.text,
            "important": each.important,
        }
        for each in notes
    ]


def _consents(customer: Customer | None, consents: Mapping[str, bool]) -> Mapping[str, bool]:
    if customer is None:
        return dict(consents)
    return {**consents, "do_not_call": customer.do_not_call}
