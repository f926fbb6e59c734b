"""The tables of the demo ledger. No number, PIN or card is here, only digests and last fours."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Dialect, ForeignKey, Index, String, TypeDecorator
from sqlalchemy.orm import Mapped, mapped_column

from cti.database import Base, UtcDateTime

REFERENCE = String(40)
DIGEST = String(64)
HASH = String(200)


class Exact(TypeDecorator[Decimal]):
    """A decimal kept digit by digit; SQLite's own numbers are binary."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002  (SQLAlchemy's signature)
        """Without an exponent."""
        return None if value is None else f"{value:f}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002  (SQLAlchemy's signature)
        """As many places as were stored."""
        return None if value is None else Decimal(value)


class AccountRow(Base):
    """An account and the hash of its PIN."""

    __tablename__ = "bank_accounts"

    ref: Mapped[str] = mapped_column(REFERENCE, primary_key=True)
    digest: Mapped[str] = mapped_column(DIGEST, unique=True)
    ending: Mapped[str] = mapped_column(String(4))
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    position: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    current: Mapped[Decimal] = mapped_column(Exact)
    available: Mapped[Decimal] = mapped_column(Exact)
    pin_hash: Mapped[str] = mapped_column(HASH)


class BankingRow(Base):
    """A telephone-banking number and the hash of its PIN."""

    __tablename__ = "bank_telephone_banking"

    digest: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), unique=True)
    pin_hash: Mapped[str] = mapped_column(HASH)


class TransactionRow(Base):
    """A booked transaction."""

    __tablename__ = "bank_transactions"
    __table_args__ = (Index("bank_transactions_by_account", "account_ref", "booked", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_ref: Mapped[str] = mapped_column(ForeignKey("bank_accounts.ref"))
    booked: Mapped[date]
    type: Mapped[str] = mapped_column(String(20))
    amount: Mapped[Decimal] = mapped_column(Exact)
    currency: Mapped[str] = mapped_column(String(3))


class CardRow(Base):
    """A card, and its loss report once there is one."""

    __tablename__ = "bank_cards"

    ref: Mapped[str] = mapped_column(REFERENCE, primary_key=True)
    digest: Mapped[str] = mapped_column(DIGEST, unique=True)
    ending: Mapped[str] = mapped_column(String(4))
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    position: Mapped[int]
    type: Mapped[str] = mapped_column(String(10))
    loss_reference: Mapped[str | None] = mapped_column(String(20), unique=True)
    lost: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DepositRateRow(Base):
    """Interest in percent a year, in force from a day on."""

    __tablename__ = "bank_deposit_rates"

    effective: Mapped[date] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    term: Mapped[str] = mapped_column(String(20))
    percent: Mapped[Decimal] = mapped_column(Exact)


class ExchangeRateRow(Base):
    """Yuan for `unit` of a currency, in force from a day on."""

    __tablename__ = "bank_exchange_rates"

    effective: Mapped[date] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(String(3))
    unit: Mapped[int]
    buying: Mapped[Decimal] = mapped_column(Exact)
    selling: Mapped[Decimal] = mapped_column(Exact)


class AttemptsRow(Base):
    """Sign-ins tried with a number, whether there is such a number or not."""

    __tablename__ = "bank_sign_in_attempts"

    subject: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    count: Mapped[int]
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
