"""What the hotline asks of the bank's core system, whoever answers.

`ivr.bank.ledger` answers from the demo bank in the database; an adapter to a real host
implements the same protocol. References (`AccountRef`, `CardRef`) are opaque: they are neither
account nor card numbers and may be kept for the length of a call. Every Deferred may fail with
`Refused` (``bank.account_unknown``, ``bank.card_unknown``) or `BankUnavailableError`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import NewType, Protocol

from twisted.internet.defer import Deferred

from cti.kernel.errors import RemoteError
from cti.kernel.identifiers import CustomerId
from cti.kernel.money import Money
from cti.kernel.secret import Secret
from ivr.events import SignInOutcome

AccountRef = NewType("AccountRef", str)
CardRef = NewType("CardRef", str)


class BankUnavailableError(RemoteError):
    """The core system did not answer, or not in time."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What became of a sign-in; the account keyed in comes first in `accounts`.

    `until` is the instant (aware UTC) a lock ends, with the outcome LOCKED only. WRONG never says
    which of the four numbers was wrong.
    """

    outcome: SignInOutcome
    customer_id: CustomerId | None = None
    accounts: tuple[AccountRef, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's balance; `ending` is the last four digits of its number."""

    account: AccountRef
    ending: str
    current: Money
    available: Money


class TransactionKind(Enum):
    """What a transaction was; ``bank.kind.<value>`` is its name in the announcements."""

    SALARY = "salary"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    CASH_IN = "cash_in"
    CASH_OUT = "cash_out"
    PURCHASE = "purchase"
    UTILITIES = "utilities"
    INTEREST = "interest"
    FEE = "fee"
    LOAN_PAYMENT = "loan_payment"


@dataclass(frozen=True, slots=True)
class Transaction:
    """A booked transaction; money that left the account is negative."""

    booked: date
    kind: TransactionKind
    money: Money


class CardKind(Enum):
    """``bank.card.<value>`` is its name in the announcements."""

    DEBIT = "debit"
    CREDIT = "credit"


class CardState(Enum):
    """Whether the card can be used."""

    ACTIVE = "active"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Card:
    """A card, masked: only the last four digits are known here."""

    card: CardRef
    ending: str
    kind: CardKind
    state: CardState


@dataclass(frozen=True, slots=True)
class LossReport:
    """A card reported lost; reporting it again gives the first report, `repeated`."""

    card: CardRef
    ending: str
    reference: str
    """Digits only, to be read out and quoted."""
    reported: datetime
    repeated: bool = False


class Term(Enum):
    """Term of a deposit; ``bank.term.<value>`` is its name in the announcements."""

    DEMAND = "demand"
    MONTHS_3 = "months_3"
    MONTHS_6 = "months_6"
    YEARS_1 = "years_1"
    YEARS_2 = "years_2"
    YEARS_3 = "years_3"
    YEARS_5 = "years_5"


@dataclass(frozen=True, slots=True)
class DepositRate:
    """Interest a year, in percent."""

    term: Term
    percent: Decimal


@dataclass(frozen=True, slots=True)
class DepositRates:
    """The table in force since `effective`, shortest term first."""

    effective: date
    rates: tuple[DepositRate, ...]


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """Yuan for `unit` of the currency: `buying` is what the bank pays, `selling` what it takes."""

    currency: str
    unit: int
    buying: Decimal
    selling: Decimal


@dataclass(frozen=True, slots=True)
class ExchangeRates:
    """The quotation of a day, in the bank's own order of currencies."""

    effective: date
    rates: tuple[ExchangeRate, ...]


class BankGateway(Protocol):
    """Queries and business with the core system."""

    def sign_in(
        self, account: Secret, pin: Secret, banking_number: Secret, banking_pin: Secret
    ) -> Deferred[SignIn]:
        """Check account number and PIN, and telephone-banking number and PIN. Never fails."""

    def locked_until(self, customer_id: CustomerId) -> Deferred[datetime | None]:
        """Until when wrong sign-ins have locked the customer out; None when they have not."""

    def accounts(self, customer_id: CustomerId) -> Deferred[Sequence[Balance]]:
        """All accounts of the customer, in the bank's own order."""

    def balance(self, account: AccountRef) -> Deferred[Balance]: ...

    def transactions(self, account: AccountRef, limit: int = 5) -> Deferred[Sequence[Transaction]]:
        """The last transactions, newest first."""

    def cards(self, customer_id: CustomerId) -> Deferred[Sequence[Card]]: ...

    def report_loss(self, card: CardRef) -> Deferred[LossReport]:
        """Block the card from this instant; doing it twice changes nothing."""

    def rates(self) -> Deferred[DepositRates]: ...

    def exchange_rates(self) -> Deferred[ExchangeRates]: ...
