"""The shipped demo bank, loaded whole and used."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from twisted.internet.defer import execute
from twisted.internet.task import Clock

from agents.desk.repository import known_txn
from config.demo import Demo, load_bank_txn, read_demo
from cti.database import Database
from cti.kernel.identifiers import system_entropy
from customers.directory import Directory
from ivr.bank.digests import Digests
from ivr.bank.ledger import Ledger
from ivr.events import SignInOutcome
from tests.support.bank import NOW, TODAY
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of


@pytest.fixture(scope="module")
def demo() -> Demo:
    return read_demo()


@pytest.fixture(scope="module")
def digests() -> Digests:
    return Digests(b"k" * 32, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture(scope="module")
def database(demo: Demo, digests: Digests) -> Iterator[Database]:
    database = DirectDatabase()
    assert result_of(database.run(load_bank_txn, demo, TODAY, digests, system_entropy))
    yield database
    database.stop()


def test_every_customer_is_known_by_number(demo: Demo, database: Database) -> None:
    directory = Directory(database)
    for each in demo.customers:
        for number in each.customer.numbers:
            assert result_of(directory.by_number(number)) == each.customer


def test_every_customer_can_sign_in(demo: Demo, database: Database, digests: Digests) -> None:
    clock = Clock()
    clock.advance(NOW.timestamp())
    ledger = Ledger(database, execute, clock, system_entropy, digests)
    for each in demo.customers:
        signed_in = result_of(
            ledger.sign_in(
                each.accounts[0].number, demo.account_pin, each.banking_number, demo.banking_pin
            )
        )
        assert signed_in.outcome is SignInOutcome.VERIFIED
        assert signed_in.customer_id == each.customer.customer_id
        balances = [result_of(ledger.balance(ref)) for ref in signed_in.accounts]
        assert [balance.current.amount for balance in balances] == [
            account.current for account in each.accounts
        ]
        booked = result_of(ledger.transactions(signed_in.accounts[0]))
        assert len(booked) == 5
        assert booked[0].booked <= TODAY
        assert len(result_of(ledger.cards(each.customer.customer_id))) == len(each.cards)


def test_what_is_known_of_customers_is_theirs(demo: Demo, database: Database) -> None:
    for each in demo.customers:
        known = result_of(database.read(known_txn, each.customer.customer_id, 10))
        assert known.consents == each.consents
        assert {(note.by, note.text) for note in known.notes} == {
            (note.by, note.text) for note in each.notes
        }
        assert all(note.at <= NOW for note in known.notes)
    assert sum(len(each.notes) for each in demo.customers) >= 5
    assert sum(bool(each.consents) for each in demo.customers) >= 5
