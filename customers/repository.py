"""Customers in the database; every function runs in the database thread."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_, select
from sqlalchemy.orm import Session

from cti.database import rows_txn
from cti.kernel.identifiers import CustomerId
from cti.kernel.vocabulary import Language, ServiceLevel
from customers.emails import normalise_email
from customers.model import Customer, Email, Sex
from customers.numbers import normalise
from customers.schema import CustomerEmailRow, CustomerNumberRow, CustomerRow

_NUMBERS = CustomerNumberRow.__table__.c
_BY_NUMBER = select(_NUMBERS.customer_id).where(_NUMBERS.number == bindparam("number")).limit(2)
"""Composed once: that takes longer than having it carried out."""
_BY_ID = (
    select(CustomerRow.__table__, _NUMBERS.number)
    .outerjoin(CustomerNumberRow, _NUMBERS.customer_id == CustomerRow.id)
    .where(CustomerRow.id == bindparam("customer_id"))
    .order_by(_NUMBERS.position)
)
_EMAILS_OF = (
    select(CustomerEmailRow.__table__)
    .where(CustomerEmailRow.customer_id == bindparam("customer_id"))
    .order_by(CustomerEmailRow.position)
)


def store_customer_txn(session: Session, customer: Customer) -> None:
    """Add the customer, or replace the record with that id."""
    numbers = dict.fromkeys(normalise(number) for number in customer.numbers)
    emails = {normalise_email(each.address): each.verified for each in customer.emails}
    session.merge(
        CustomerRow(
            id=customer.customer_id,
            name_zh=customer.name(Language.CHINESE),
            name_en=customer.name(Language.ENGLISH),
            sex=customer.sex.value,
            service_level=int(customer.service_level),
            language=customer.language.value,
            address=customer.address,
            do_not_call=customer.do_not_call,
            numbers=[
                CustomerNumberRow(number=number, customer_id=customer.customer_id, position=place)
                for place, number in enumerate(numbers)
                if number
            ],
            emails=[
                CustomerEmailRow(
                    email=address,
                    customer_id=customer.customer_id,
                    position=place,
                    verified=verified,
                )
                for place, (address, verified) in enumerate(emails.items())
                if address
            ],
        )
    )


def customer_txn(session: Session, customer_id: CustomerId) -> Customer | None:
    """The customer with that id."""
    rows = rows_txn(session, _BY_ID, customer_id=customer_id)
    if not rows:
        return None
    emails = rows_txn(session, _EMAILS_OF, customer_id=customer_id)
    return _customer(rows[0], (row.number for row in rows), emails)


def customer_by_number_txn(session: Session, number: str) -> Customer | None:
    """The one customer with that number; None when nobody or more than one has it."""
    found = rows_txn(session, _BY_NUMBER, number=number)
    return customer_txn(session, found[0].customer_id) if len(found) == 1 else None


def customers_by_number_txn(session: Session, number: str) -> list[Customer]:
    """Everybody with that number, the best served first."""
    return _of_whom(session, CustomerRow.numbers.any(CustomerNumberRow.number == number))


def customers_by_email_txn(session: Session, address: str) -> list[Customer]:
    """Everybody with that address, the best served first."""
    return _of_whom(session, CustomerRow.emails.any(CustomerEmailRow.email == address))


def customer_by_email_txn(session: Session, address: str) -> Customer | None:
    """The one customer with that address; None when nobody or more than one has it."""
    found = customers_by_email_txn(session, address)
    return found[0] if len(found) == 1 else None


def keep_email_txn(session: Session, customer_id: CustomerId, address: str) -> bool:
    """Let the customer have that address, as said; False where they have it or there is nobody."""
    row = session.get(CustomerRow, customer_id)
    if row is None or any(each.email == address for each in row.emails):
        return False
    place = max((each.position for each in row.emails), default=-1) + 1
    row.emails.append(CustomerEmailRow(email=address, position=place, verified=False))
    return True


def search_txn(session: Session, text: str, limit: int) -> list[Customer]:
    """Customers whose name, id, number or address contains the text, the best served first."""
    columns = [CustomerRow.name_zh, CustomerRow.name_en, CustomerRow.id]
    found = [column.icontains(text, autoescape=True) for column in columns]
    if digits := normalise(text):
        found.append(
            CustomerRow.numbers.any(CustomerNumberRow.number.contains(digits, autoescape=True))
        )
    if "@" in text:
        address = CustomerEmailRow.email.contains(text.strip().lower(), autoescape=True)
        found.append(CustomerRow.emails.any(address))
    return _of_whom(session, or_(*found), limit)


def _of_whom(
    session: Session, holds: ColumnElement[bool], limit: int | None = None
) -> list[Customer]:
    rows = session.scalars(
        select(CustomerRow)
        .where(holds)
        .order_by(CustomerRow.service_level, CustomerRow.id)
        .limit(limit)
    )
    return [_of_row(row) for row in rows]


def _of_row(row: CustomerRow) -> Customer:
    return _customer(row, (each.number for each in row.numbers), row.emails)


def _customer(row: Any, numbers: Iterable[str | None], emails: Iterable[Any]) -> Customer:
    return Customer(
        customer_id=CustomerId(row.id),
        names={Language.CHINESE: row.name_zh, Language.ENGLISH: row.name_en},
        sex=Sex(row.sex),
        numbers=tuple(filter(None, numbers)),
        service_level=ServiceLevel(row.service_level),
        language=Language(row.language),
        address=row.address,
        do_not_call=row.do_not_call,
        emails=tuple(Email(each.email, each.verified) for each in emails),
    )
