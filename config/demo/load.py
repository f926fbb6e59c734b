"""Stores the demo bank's customers and ledger in an empty database."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from agents.desk.model import CustomerNote
from agents.desk.repository import add_customer_note_txn, set_consent_txn
from config.demo.model import Demo, DemoAccount, DemoCustomer
from cti.kernel.identifiers import Entropy
from cti.kernel.secret import Secret
from customers.repository import store_customer_txn
from customers.schema import CustomerRow
from ivr.bank.digests import Digests
from ivr.bank.schema import (
    AccountRow,
    BankingRow,
    CardRow,
    DepositRateRow,
    ExchangeRateRow,
    TransactionRow,
)

REFERENCE_BYTES = 12
LAST = 4
"""Digits of a number that are kept readable."""


def load_bank_txn(
    session: Session, demo: Demo, today: date, digests: Digests, entropy: Entropy
) -> bool:
    """Store customers, accounts, cards and rates; False, and nothing done, when there are any.

    About sixty PINs are hashed at their full cost, in as many threads as there are processors
    (Argon2 lets go of the interpreter): a second on a small machine.
    """
    if session.scalar(select(CustomerRow.id).limit(1)) is not None:
        return False
    for each in demo.customers:
        store_customer_txn(session, each.customer)
    session.flush()
    now = datetime.combine(today, time(), UTC)
    accounts = [
        (entropy(REFERENCE_BYTES), place, each, account)
        for each in demo.customers
        for place, account in enumerate(each.accounts)
    ]
    owners = [(ref, demo.account_pin) for ref, _, _, _ in accounts]
    owners += [
        (digests.number("banking", each.banking_number), demo.banking_pin)
        for each in demo.customers
    ]
    hashes = _hash_all(digests, owners)
    for ref, place, each, account in accounts:
        session.add(_account_row(digests, ref, place, each, account, hashes[ref]))
    session.flush()
    for ref, _, _, account in accounts:
        session.add_all(_transaction_rows(ref, account, today))
    for each in demo.customers:
        digest = digests.number("banking", each.banking_number)
        customer_id = each.customer.customer_id
        session.add(BankingRow(digest=digest, customer_id=customer_id, pin_hash=hashes[digest]))
        session.add_all(_card_rows(digests, each, entropy))
        _know_txn(session, each, now)
    session.add_all(_rate_rows(demo, today))
    return True


def _know_txn(session: Session, each: DemoCustomer, now: datetime) -> None:
    """What the desk keeps of the customer: consents, and notes of earlier days."""
    customer_id = each.customer.customer_id
    for purpose, given in each.consents.items():
        set_consent_txn(session, customer_id, purpose, given, now)
    for note in each.notes:
        at = now - timedelta(days=note.days_ago)
        add_customer_note_txn(
            session, CustomerNote(customer_id, at, note.by, note.text, note.important)
        )


def _hash_all(digests: Digests, owners: list[tuple[str, Secret]]) -> dict[str, str]:
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
        hashes = threads.map(lambda owner: digests.hash_pin(*owner), owners)
        return {ref: kept for (ref, _), kept in zip(owners, hashes, strict=True)}


def _account_row(
    digests: Digests,
    ref: str,
    place: int,
    each: DemoCustomer,
    account: DemoAccount,
    pin_hash: str,
) -> AccountRow:
    return AccountRow(
        ref=ref,
        digest=digests.number("account", account.number),
        ending=account.number.reveal()[-LAST:],
        customer_id=each.customer.customer_id,
        position=place,
        currency=account.currency,
        current=account.current,
        available=account.available,
        pin_hash=pin_hash,
    )


def _transaction_rows(ref: str, account: DemoAccount, today: date) -> Iterable[TransactionRow]:
    # Oldest first, so that of two on one day the later one has the greater id.
    for line in sorted(account.transactions, key=lambda line: -line.days_ago):
        yield TransactionRow(
            account_ref=ref,
            booked=today - timedelta(days=line.days_ago),
            type=line.kind.value,
            amount=line.amount,
            currency=account.currency,
        )


def _card_rows(digests: Digests, each: DemoCustomer, entropy: Entropy) -> Iterable[CardRow]:
    for place, card in enumerate(each.cards):
        yield CardRow(
            ref=entropy(REFERENCE_BYTES),
            digest=digests.number("card", card.number),
            ending=card.number.reveal()[-LAST:],
            customer_id=each.customer.customer_id,
            position=place,
            type=card.kind.value,
        )


def _rate_rows(demo: Demo, today: date) -> Iterable[DepositRateRow | ExchangeRateRow]:
    for place, rate in enumerate(demo.deposit_rates):
        yield DepositRateRow(
            effective=demo.deposit_rates_effective,
            position=place,
            term=rate.term.value,
            percent=rate.percent,
        )
    for place, quoted in enumerate(demo.exchange_rates):
        yield ExchangeRateRow(
            effective=today,
            position=place,
            currency=quoted.currency,
            unit=quoted.unit,
            buying=quoted.buying,
            selling=quoted.selling,
        )
