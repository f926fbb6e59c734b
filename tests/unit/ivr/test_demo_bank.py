"""The shipped flow on the shipped demo bank: its customers can do all that the menu offers."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from twisted.internet.defer import execute
from twisted.internet.task import Clock

from config.demo import Demo, load_bank_txn, read_demo
from cti.kernel.identifiers import system_entropy
from ivr.bank.digests import Digests
from ivr.bank.ledger import Ledger
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.ivr_house import MONDAY_MORNING, IvrHouse


@pytest.fixture(scope="module")
def demo() -> Demo:
    return read_demo()


@pytest.fixture
def house(demo: Demo) -> Iterator[IvrHouse]:
    database = DirectDatabase()
    digests = Digests(b"k" * 32, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    today = MONDAY_MORNING.date()
    result_of(database.run(load_bank_txn, demo, today, digests, system_entropy))
    clock = Clock()
    clock.advance(MONDAY_MORNING.timestamp())
    yield IvrHouse(bank=Ledger(database, execute, clock, system_entropy, digests))
    database.stop()


def sign_in(demo: Demo, customer: int = 0) -> str:
    """The keys with which that customer signs in, by the habit of ending all with pound.

    The last pound also cuts the prompt that asks to wait.
    """
    each = demo.customers[customer]
    entries = (each.accounts[0].number, demo.account_pin, each.banking_number, demo.banking_pin)
    return "".join(f"{entry.reveal()}#" for entry in entries)


def test_rates_of_the_day(house: IvrHouse, demo: Demo) -> None:
    call_id = house.dial()
    house.calls.press(call_id, "212")
    heard = house.heard(call_id)
    assert heard[0] == "exchange.effective"
    assert len(heard) == 2 + len(demo.exchange_rates)


def test_every_customer_hears_the_account(house: IvrHouse, demo: Demo) -> None:
    for customer in range(len(demo.customers)):
        call_id = house.dial()
        house.calls.press(call_id, "12" + sign_in(demo, customer))
        heard = house.heard(call_id)
        assert heard[:3] == ["sign_in.verified", "balance.told", "transactions.heading"]
        assert len(heard) == 3 + 5 + 1
        house.calls.hang_up(call_id)
    assert house.errors == []


def test_every_customer_can_lose_a_card(house: IvrHouse, demo: Demo) -> None:
    for customer, each in enumerate(demo.customers):
        call_id = house.dial()
        house.calls.press(call_id, "23" + sign_in(demo, customer))
        house.calls.press(call_id, "11" if len(each.cards) > 1 else "1")
        if each.cards:
            assert house.heard(call_id) == ["loss.reported", "main.menu"]
        house.calls.hang_up(call_id)


def test_three_wrong_pins_lock_the_account(house: IvrHouse, demo: Demo) -> None:
    wrong = sign_in(demo)[:-7] + "000000#"
    call_id = house.dial()
    house.calls.press(call_id, "12" + wrong)
    for _ in range(2):
        house.calls.press(call_id, wrong)
    assert house.heard(call_id) == ["sign_in.locked", "person.connecting"]
