"""The errands of the demo's callers lead where they say, through the shipped flow and bank."""

from collections.abc import Iterator, Sequence

import pytest
from argon2 import PasswordHasher
from twisted.internet.defer import execute
from twisted.internet.task import Clock

from config.cli.crowd import LANGUAGE_KEYS
from config.cli.demo import AGENTS, FIRST_EXTENSION
from config.cli.errands import Errand, errands
from config.demo.load import load_bank_txn
from config.demo.model import DemoCustomer
from config.demo.read import read_demo
from cti.kernel.identifiers import system_entropy
from cti.kernel.vocabulary import Role
from cti.keying import parse_keys
from ivr.bank.digests import Digests
from ivr.bank.ledger import Ledger
from ivr.events import ChoiceMade, SignInAttempted, SignInOutcome
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.ivr_house import MONDAY_MORNING, IvrHouse

DEMO = read_demo()
CHOICES = {
    "deposit rates": ["rates", "deposit_rates"],
    "exchange rates": ["rates", "exchange_rates"],
    "balance": ["account"],
    "balance, then a person": ["account", "agent"],
    "lost card, found again": ["card_loss", "cancelled"],
    "a person": ["agent"],
    "rates, then a person": ["rates", "agent"],
    "a complaint": ["complaint"],
    "too impatient": ["agent"],
}
SIGNS_IN = {"balance", "balance, then a person", "lost card, found again"}


@pytest.fixture
def house() -> Iterator[IvrHouse]:
    database = DirectDatabase()
    digests = Digests(b"k" * 32, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    today = MONDAY_MORNING.date()
    result_of(database.run(load_bank_txn, DEMO, today, digests, system_entropy))
    clock = Clock()
    clock.advance(MONDAY_MORNING.timestamp())
    yield IvrHouse(bank=Ledger(database, execute, clock, system_entropy, digests))
    database.stop()


def wanted_by(customer: DemoCustomer) -> Sequence[Errand]:
    return errands(customer, DEMO.account_pin, DEMO.banking_pin)


@pytest.mark.parametrize("name", CHOICES)
def test_an_errand_leads_where_it_says(house: IvrHouse, name: str) -> None:
    able = [each for each in DEMO.customers if each.cards or name != "lost card, found again"]
    for customer in able[::5]:
        (errand,) = [each for each in wanted_by(customer) if each.name == name]
        house.events.clear()
        call_id = house.dial(customer.customer.numbers[0])
        house.calls.press(call_id, LANGUAGE_KEYS[customer.customer.language])
        for stroke in parse_keys(errand.keys, 2.0):
            house.calls.press(call_id, stroke.keys)
        chosen = [each.choice for each in house.of(ChoiceMade) if isinstance(each, ChoiceMade)]
        assert chosen[1:] == CHOICES[name]
        tried = [
            each.outcome for each in house.of(SignInAttempted) if isinstance(each, SignInAttempted)
        ]
        assert tried == ([SignInOutcome.VERIFIED] if name in SIGNS_IN else [])
        house.calls.hang_up(call_id)
    assert house.errors == []


def test_the_demo_bank_has_as_many_agents_as_the_demo_may_ask_for() -> None:
    extensions = {each.extension for each in DEMO.staff if Role.AGENT in each.roles}
    assert extensions == {str(FIRST_EXTENSION + n) for n in range(AGENTS)}


def test_these_are_all_errands() -> None:
    assert {each.name for each in wanted_by(DEMO.customers[0])} == set(CHOICES)
