"""The directory: finds a customer by number, address, id or words."""

from twisted.internet.defer import Deferred, succeed

from cti.database import Database
from cti.kernel.identifiers import CustomerId
from customers.emails import normalise_email
from customers.model import Customer
from customers.numbers import normalise
from customers.repository import (
    customer_by_email_txn,
    customer_by_number_txn,
    customer_txn,
    customers_by_number_txn,
    search_txn,
)

SEARCH_LIMIT = 20


class Directory:
    """The customers of the bank, as every channel sees them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_number(self, number: str) -> Deferred[Customer | None]:
        """Whose number calls, in any way of writing; None when withheld, unknown or shared."""
        wanted = normalise(number)
        if not wanted:
            return succeed(None)
        return self._database.read(customer_by_number_txn, wanted)

    def all_by_number(self, number: str) -> Deferred[list[Customer]]:
        """Everybody whose number that is, in any way of writing."""
        wanted = normalise(number)
        if not wanted:
            return succeed([])
        return self._database.read(customers_by_number_txn, wanted)

    def by_email(self, address: str) -> Deferred[Customer | None]:
        """Whose e-mail address that is, in any way of writing; None when unknown or shared."""
        wanted = normalise_email(address)
        if not wanted:
            return succeed(None)
        return self._database.read(customer_by_email_txn, wanted)

    def by_id(self, customer_id: CustomerId) -> Deferred[Customer | None]:
        """The customer with that id."""
        return self._database.read(customer_txn, customer_id)

    def search(self, text: str, limit: int = SEARCH_LIMIT) -> Deferred[list[Customer]]:
        """Customers whose name, id, number or address contains the text; nobody for no text."""
        wanted = text.strip()
        if not wanted:
            return succeed([])
        return self._database.read(search_txn, wanted, limit)
