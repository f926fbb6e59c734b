"""The demo ledger in the database; every function runs in the database thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cti.kernel.identifiers import CustomerId
from cti.kernel.money import Money
from ivr.bank.errors import account_unknown, card_unknown, rates_missing
from ivr.bank.port import (
    AccountRef,
    Balance,
    Card,
    CardKind,
    CardRef,
    CardState,
    DepositRate,
    DepositRates,
    ExchangeRate,
    ExchangeRates,
    LossReport,
    Term,
    Transaction,
    TransactionKind,
)
from ivr.bank.schema import (
    AccountRow,
    AttemptsRow,
    BankingRow,
    CardRow,
    DepositRateRow,
    ExchangeRateRow,
    TransactionRow,
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a number belongs to, and the hash of its PIN."""

    owner: str
    """What the PIN was hashed with: the account's reference or the number's digest."""
    customer_id: CustomerId
    pin_hash: str


def account_holder_txn(session: Session, digest: str) -> Holder | None:
    """Who holds the account found by that digest."""
    row = session.scalar(select(AccountRow).where(AccountRow.digest == digest))
    return None if row is None else Holder(row.ref, CustomerId(row.customer_id), row.pin_hash)


def banking_holder_txn(session: Session, digest: str) -> Holder | None:
    """Who holds the telephone-banking number found by that digest."""
    row = session.get(BankingRow, digest)
    return None if row is None else Holder(row.digest, CustomerId(row.customer_id), row.pin_hash)


def account_refs_txn(session: Session, customer_id: CustomerId) -> list[AccountRef]:
    """The customer's accounts in their order."""
    refs = session.scalars(
        select(AccountRow.ref)
        .where(AccountRow.customer_id == customer_id)
        .order_by(AccountRow.position)
    )
    return [AccountRef(ref) for ref in refs]


def accounts_txn(session: Session, customer_id: CustomerId) -> Sequence[Balance]:
    """The customer's accounts in their order."""
    rows = session.scalars(
        select(AccountRow)
        .where(AccountRow.customer_id == customer_id)
        .order_by(AccountRow.position)
    )
    return [_balance(row) for row in rows]


def locked_until_txn(session: Session, customer_id: CustomerId, now: datetime) -> datetime | None:
    """Until when wrong sign-ins have locked one of the customer's own numbers."""
    own = (
        select(AccountRow.digest)
        .where(AccountRow.customer_id == customer_id)
        .union(select(BankingRow.digest).where(BankingRow.customer_id == customer_id))
    )
    until = session.scalars(
        select(AttemptsRow.locked_until)
        .where(AttemptsRow.subject.in_(own))
        .where(AttemptsRow.locked_until > now)
    )
    return max((each for each in until if each is not None), default=None)


def balance_txn(session: Session, account: AccountRef) -> Balance:
    """The account's balance; Refused when there is no such account."""
    return _balance(_account_txn(session, account))


def transactions_txn(session: Session, account: AccountRef, limit: int) -> Sequence[Transaction]:
    """The account's last transactions, newest first; Refused when there is no such account."""
    _account_txn(session, account)
    rows = session.scalars(
        select(TransactionRow)
        .where(TransactionRow.account_ref == account)
        .order_by(TransactionRow.booked.desc(), TransactionRow.id.desc())
        .limit(limit)
    )
    return [
        Transaction(row.booked, TransactionKind(row.type), Money(row.amount, row.currency))
        for row in rows
    ]


def cards_txn(session: Session, customer_id: CustomerId) -> Sequence[Card]:
    """The customer's cards in their order, lost ones included."""
    rows = session.scalars(
        select(CardRow).where(CardRow.customer_id == customer_id).order_by(CardRow.position)
    )
    return [
        Card(
            card=CardRef(row.ref),
            ending=row.ending,
            kind=CardKind(row.type),
            state=CardState.ACTIVE if row.lost is None else CardState.LOST,
        )
        for row in rows
    ]


def report_loss_txn(session: Session, card: CardRef, reference: str, now: datetime) -> LossReport:
    """Block the card under that reference, unless it is blocked; Refused for an unknown card."""
    row = session.scalar(select(CardRow).where(CardRow.ref == card).with_for_update())
    if row is None:
        raise card_unknown()
    repeated = row.lost is not None and row.loss_reference is not None
    if row.lost is None or row.loss_reference is None:
        row.lost, row.loss_reference = now, reference
    return LossReport(
        card=card,
        ending=row.ending,
        reference=row.loss_reference,
        reported=row.lost,
        repeated=repeated,
    )


def rates_txn(session: Session, today: date) -> DepositRates:
    """The latest deposit rates in force; Refused when there are none."""
    effective = session.scalar(
        select(func.max(DepositRateRow.effective)).where(DepositRateRow.effective <= today)
    )
    if effective is None:
        raise rates_missing()
    rows = session.scalars(
        select(DepositRateRow)
        .where(DepositRateRow.effective == effective)
        .order_by(DepositRateRow.position)
    )
    return DepositRates(effective, tuple(DepositRate(Term(row.term), row.percent) for row in rows))


def exchange_rates_txn(session: Session, today: date) -> ExchangeRates:
    """The latest exchange rates in force; Refused when there are none."""
    effective = session.scalar(
        select(func.max(ExchangeRateRow.effective)).where(ExchangeRateRow.effective <= today)
    )
    if effective is None:
        raise rates_missing()
    rows = session.scalars(
        select(ExchangeRateRow)
        .where(ExchangeRateRow.effective == effective)
        .order_by(ExchangeRateRow.position)
    )
    rates = (ExchangeRate(row.currency, row.unit, row.buying, row.selling) for row in rows)
    return ExchangeRates(effective, tuple(rates))


def _account_txn(session: Session, account: AccountRef) -> AccountRow:
    row = session.get(AccountRow, account)
    if row is None:
        raise account_unknown()
    return row


def _balance(row: AccountRow) -> Balance:
    return Balance(
        account=AccountRef(row.ref),
        ending=row.ending,
        current=Money(row.current, row.currency),
        available=Money(row.available, row.currency),
    )
