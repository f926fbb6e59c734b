"""The demo ledger in SQLite and PostgreSQL: one suite."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from argon2 import Parameters, extract_parameters
from sqlalchemy import text
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from config.demo import load_bank_txn
from cti.database import connect
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CustomerId
from cti.kernel.money import Money
from cti.kernel.secret import Secret
from ivr.bank.attempts import LockPolicy, charge_txn
from ivr.bank.port import (
    AccountRef,
    CardKind,
    CardRef,
    CardState,
    DepositRate,
    ExchangeRate,
    Term,
    Transaction,
    TransactionKind,
)
from ivr.bank.schema import DepositRateRow
from ivr.events import SignInOutcome
from tests.support.bank import BANKING_PIN, MILLER, NOW, PIN, SMALL, TODAY, WANG, SmallBank
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of

WRONG_PIN = Secret("135791")
LOCK = timedelta(minutes=30)


@pytest.fixture
def bank(url: str) -> Iterator[SmallBank]:
    database = DirectDatabase(url)
    yield SmallBank(database)
    database.stop()


def test_signs_in_with_all_four_right(bank: SmallBank) -> None:
    signed_in = bank.sign_in()
    assert signed_in.outcome is SignInOutcome.VERIFIED
    assert signed_in.customer_id == WANG
    assert signed_in.until is None
    endings = [result_of(bank.ledger.balance(ref)).ending for ref in signed_in.accounts]
    assert endings == ["0101", "0102"]


def test_the_account_keyed_in_comes_first(bank: SmallBank) -> None:
    first = bank.sign_in("6001010102").accounts[0]
    assert result_of(bank.ledger.balance(first)).ending == "0102"


@pytest.mark.parametrize(
    "wrong",
    [
        {"account": "6001010109"},
        {"pin": WRONG_PIN},
        {"pin": Secret("")},
        {"banking_number": "80000199"},
        {"banking_pin": WRONG_PIN},
        {"banking_pin": PIN},
        {"account": "6001011101"},
        {"account": "", "pin": Secret(""), "banking_number": "", "banking_pin": Secret("")},
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same(bank: SmallBank, wrong: dict[str, Any]) -> None:
    outcomes = [bank.sign_in(**wrong) for _ in range(4)]
    assert [each.outcome for each in outcomes] == [SignInOutcome.WRONG] * 2 + [
        SignInOutcome.LOCKED
    ] * 2
    assert {each.until for each in outcomes[2:]} == {NOW + LOCK}
    assert all(each.customer_id is None and not each.accounts for each in outcomes)


@pytest.mark.parametrize("wrong", [{"account": "6001010109"}, {"pin": WRONG_PIN}, {}])
def test_unknown_and_wrong_cost_the_same(bank: SmallBank, wrong: dict[str, Any]) -> None:
    checked: list[Parameters] = []
    fits = bank.digests.fits

    def count(kept: str, owner: str, pin: Secret) -> bool:
        checked.append(extract_parameters(kept))
        return fits(kept, owner, pin)

    bank.digests.fits = count  # type: ignore[method-assign]  # to count what is checked
    bank.sign_in(**wrong)
    assert len(checked) == 2
    assert checked[0] == checked[1]  # so the same cost


def test_a_lock_ends_by_the_clock(bank: SmallBank) -> None:
    for _ in range(3):
        bank.sign_in(pin=WRONG_PIN)
    bank.clock.advance(LOCK.total_seconds() - 1)
    assert bank.sign_in().outcome is SignInOutcome.LOCKED
    bank.clock.advance(1)
    assert bank.sign_in().outcome is SignInOutcome.VERIFIED


def test_refused_attempts_do_not_prolong_the_lock(bank: SmallBank) -> None:
    for _ in range(3):
        bank.sign_in(pin=WRONG_PIN)
    bank.clock.advance(600)
    assert bank.sign_in(pin=WRONG_PIN).until == NOW + LOCK


def test_after_a_lock_counting_begins_anew(bank: SmallBank) -> None:
    for _ in range(3):
        bank.sign_in(pin=WRONG_PIN)
    bank.clock.advance(LOCK.total_seconds())
    assert bank.sign_in(pin=WRONG_PIN).outcome is SignInOutcome.WRONG
    assert bank.sign_in().outcome is SignInOutcome.VERIFIED


def test_success_forgives_and_time_forgets(bank: SmallBank) -> None:
    for _ in range(3):
        bank.sign_in(pin=WRONG_PIN)
        bank.sign_in(pin=WRONG_PIN)
        assert bank.sign_in().outcome is SignInOutcome.VERIFIED
    bank.sign_in(pin=WRONG_PIN)
    bank.sign_in(pin=WRONG_PIN)
    bank.clock.advance(LockPolicy().window.total_seconds())
    assert bank.sign_in(pin=WRONG_PIN).outcome is SignInOutcome.WRONG


def test_old_attempts_leave_no_trace_but_locks_stay(bank: SmallBank) -> None:
    bank.sign_in("6001019901", banking_number="80009901")
    assert result_of(bank.ledger.forget_old_attempts()) == 0
    bank.clock.advance(LockPolicy().window.total_seconds())
    for _ in range(3):
        bank.sign_in(pin=WRONG_PIN)
    assert result_of(bank.ledger.forget_old_attempts()) == 2
    assert bank.sign_in().outcome is SignInOutcome.LOCKED


def test_one_banking_number_cannot_try_many_accounts(bank: SmallBank) -> None:
    for number in range(3):
        bank.sign_in(f"60010102{number:02d}")
    assert bank.sign_in().outcome is SignInOutcome.LOCKED


def test_other_customers_are_not_locked(bank: SmallBank) -> None:
    for _ in range(3):
        bank.sign_in(pin=WRONG_PIN)
    assert bank.sign_in("6001011101", banking_number="80000111").customer_id == MILLER


def test_guesses_on_many_lines_at_once_are_counted_each(bank: SmallBank) -> None:
    held: list[tuple[Deferred[Any], Callable[[], object]]] = []

    def hold(function: Callable[..., Any], *args: object) -> Deferred[Any]:
        checked: Deferred[Any] = Deferred()
        held.append((checked, lambda: function(*args)))
        return checked

    bank.in_thread = hold
    guesses = [
        bank.start_sign_in("6001010101", pin, "80000101", BANKING_PIN)
        for pin in (WRONG_PIN, WRONG_PIN, WRONG_PIN, WRONG_PIN, PIN)
    ]
    assert len(held) == 3
    for checked, check in held:
        checked.callback(check())
    assert SignInOutcome.VERIFIED not in {result_of(guess).outcome for guess in guesses}


def test_attempts_from_two_threads_are_counted_each(url: str, bank: SmallBank) -> None:
    policy = LockPolicy(limit=1000)

    def charge() -> None:
        engine = connect(url)
        for _ in range(10):
            with Session(engine) as session, session.begin():
                charge_txn(session, ["account", "banking"], policy, NOW)
        engine.dispose()

    threads = [Thread(target=charge) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = result_of(
        bank.database.run(
            lambda session: session.scalars(text("SELECT count FROM bank_sign_in_attempts")).all()
        )
    )
    assert counts == [20, 20]


def test_broken_database_is_unavailable(bank: SmallBank) -> None:
    result_of(bank.database.run(lambda s: s.execute(text("DROP TABLE bank_sign_in_attempts"))))
    assert bank.sign_in().outcome is SignInOutcome.UNAVAILABLE


def test_balance(bank: SmallBank) -> None:
    balance = result_of(bank.ledger.balance(bank.sign_in().accounts[0]))
    assert balance.current == Money(Decimal("1234.56"))
    assert balance.available == Money(Decimal("1034.56"))


def test_transactions_newest_first(bank: SmallBank) -> None:
    account = bank.sign_in().accounts[0]
    assert result_of(bank.ledger.transactions(account, limit=3)) == [
        Transaction(TODAY, TransactionKind.PURCHASE, Money(Decimal("-38.50"))),
        Transaction(TODAY - timedelta(days=1), TransactionKind.FEE, Money(Decimal("-25.00"))),
        Transaction(TODAY - timedelta(days=1), TransactionKind.SALARY, Money(Decimal("12860.00"))),
    ]
    assert len(result_of(bank.ledger.transactions(account))) == 4


def test_all_accounts_of_a_customer(bank: SmallBank) -> None:
    accounts = result_of(bank.ledger.accounts(WANG))
    assert [result_of(bank.ledger.balance(each.account)) for each in accounts] == accounts
    assert set(bank.sign_in().accounts) == {each.account for each in accounts}
    assert result_of(bank.ledger.accounts(CustomerId("nobody"))) == []


def test_whose_numbers_are_locked(bank: SmallBank) -> None:
    assert result_of(bank.ledger.locked_until(WANG)) is None
    for _ in range(3):
        bank.sign_in(pin=WRONG_PIN)
    assert result_of(bank.ledger.locked_until(WANG)) == NOW + LOCK
    assert result_of(bank.ledger.locked_until(MILLER)) is None
    bank.clock.advance(LOCK.total_seconds())
    assert result_of(bank.ledger.locked_until(WANG)) is None


def test_cards_are_masked_and_a_loss_is_reported_once(bank: SmallBank) -> None:
    debit, credit = result_of(bank.ledger.cards(WANG))
    assert [(each.ending, each.kind, each.state) for each in (debit, credit)] == [
        ("8475", CardKind.DEBIT, CardState.ACTIVE),
        ("0405", CardKind.CREDIT, CardState.ACTIVE),
    ]
    first = result_of(bank.ledger.report_loss(debit.card))
    bank.clock.advance(60)
    again = result_of(bank.ledger.report_loss(debit.card))
    assert (first.repeated, again.repeated) == (False, True)
    assert first.reported == again.reported == NOW
    assert first.reference == again.reference
    assert len(first.reference) == 10
    assert first.reference.isdigit()
    states = [card.state for card in result_of(bank.ledger.cards(WANG))]
    assert states == [CardState.LOST, CardState.ACTIVE]


def test_unknown_references_are_refused(bank: SmallBank) -> None:
    with pytest.raises(Refused, match=r"bank\.account_unknown"):
        result_of(bank.ledger.balance(AccountRef("6001010101")))
    with pytest.raises(Refused, match=r"bank\.account_unknown"):
        result_of(bank.ledger.transactions(AccountRef("")))
    with pytest.raises(Refused, match=r"bank\.card_unknown"):
        result_of(bank.ledger.report_loss(CardRef("8475")))
    assert result_of(bank.ledger.cards(MILLER)) == []


def test_rates_in_force_today(bank: SmallBank) -> None:
    rates = result_of(bank.ledger.rates())
    assert rates.effective == date(2026, 5, 20)
    assert rates.rates[1] == DepositRate(Term.YEARS_1, Decimal("0.95"))
    quoted = result_of(bank.ledger.exchange_rates())
    assert quoted.effective == TODAY
    assert quoted.rates == (ExchangeRate("USD", 100, Decimal("707.32"), Decimal("710.30")),)


def test_a_new_table_takes_force_on_its_day_in_the_bank_s_own_zone(bank: SmallBank) -> None:
    tomorrow = DepositRateRow(
        effective=TODAY + timedelta(days=1), position=0, term="demand", percent=Decimal("0.04")
    )
    result_of(bank.database.run(lambda session: session.add(tomorrow)))
    assert len(result_of(bank.ledger.rates()).rates) == 2
    bank.clock.advance(23 * 3600)  # past midnight in Shanghai, not in UTC
    assert result_of(bank.ledger.rates()).rates == (DepositRate(Term.DEMAND, Decimal("0.04")),)


def test_no_table_in_force_is_refused(bank: SmallBank) -> None:
    bank.ledger._clock = Clock()
    with pytest.raises(Refused, match=r"bank\.rates_missing"):
        result_of(bank.ledger.rates())
    with pytest.raises(Refused, match=r"bank\.rates_missing"):
        result_of(bank.ledger.exchange_rates())


def test_the_bank_is_loaded_once(bank: SmallBank) -> None:
    again = bank.database.run(load_bank_txn, SMALL, TODAY, bank.digests, bank.token)
    assert result_of(again) is False


def test_the_database_holds_no_number_and_no_pin(bank: SmallBank) -> None:
    bank.sign_in(pin=WRONG_PIN)

    def everything(session: Session) -> str:
        tables = ("accounts", "cards", "telephone_banking", "sign_in_attempts", "transactions")
        rows = [session.execute(text(f"SELECT * FROM bank_{table}")).all() for table in tables]
        return str(rows)

    kept = result_of(bank.database.run(everything))
    secrets = ["135790", "135791", "246801", "60010101", "80000101", "62220200", "62590000"]
    assert [secret for secret in secrets if secret in kept] == []
    assert "8475" in kept
