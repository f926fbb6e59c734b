"""The demo ledger: a small bank in the database, behind the same port as a real one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from cti.database import Database
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import CustomerId, Entropy
from cti.kernel.secret import Secret
from ivr.bank.attempts import Charge, LockPolicy, charge_txn, forget_old_txn, forgive_txn
from ivr.bank.digests import Digests
from ivr.bank.port import (
    AccountRef,
    Balance,
    Card,
    CardRef,
    DepositRates,
    ExchangeRates,
    LossReport,
    SignIn,
    Transaction,
)
from ivr.bank.repository import (
    Holder,
    account_holder_txn,
    account_refs_txn,
    accounts_txn,
    balance_txn,
    banking_holder_txn,
    cards_txn,
    exchange_rates_txn,
    locked_until_txn,
    rates_txn,
    report_loss_txn,
    transactions_txn,
)
from ivr.events import SignInOutcome

REFERENCE_DIGITS = 10


InThread = Callable[..., Deferred[Any]]
"""Runs ``(function, *args)`` in a thread: `deferToThreadPool` with reactor and pool filled in."""


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Digests of the two numbers keyed in."""

    account: str
    banking: str

    @property
    def subjects(self) -> tuple[str, str]:
        return self.account, self.banking


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A charged attempt, and whom the numbers belong to."""

    charge: Charge
    account: Holder | None
    banking: Holder | None


class Ledger:
    """Implements `BankGateway`. PINs are checked in a thread, outside any transaction."""

    _log = Logger()

    def __init__(
        self,
        database: Database,
        in_thread: InThread,
        clock: Clock,
        entropy: Entropy,
        digests: Digests,
        policy: LockPolicy | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        self._database, self._in_thread = database, in_thread
        self._clock, self._entropy, self._digests = clock, entropy, digests
        self._policy = policy or LockPolicy()
        self._zone = zone or ZoneInfo("Asia/Shanghai")

    def sign_in(
        self, account: Secret, pin: Secret, banking_number: Secret, banking_pin: Secret
    ) -> Deferred[SignIn]:
        """Check the four numbers; what is unknown costs and answers as what is wrong."""
        numbers = _Numbers(
            self._digests.number("account", account),
            self._digests.number("banking", banking_number),
        )
        return Deferred.fromCoroutine(self._sign_in(numbers, pin, banking_pin))

    async def _sign_in(self, numbers: _Numbers, pin: Secret, banking_pin: Secret) -> SignIn:
        try:
            attempt = await self._database.run(
                _attempt_txn, numbers, self._policy, utc(self._clock)
            )
            if attempt.charge.refused_until is not None:
                return SignIn(SignInOutcome.LOCKED, until=attempt.charge.refused_until)
            pins_fit = await self._in_thread(self._pins_fit, attempt, pin, banking_pin)
            if pins_fit and attempt.account is not None:
                return await self._database.run(_admit_txn, numbers, attempt.account)
        except SQLAlchemyError as error:
            # Its text may hold what was asked of the database, so only its type is told.
            self._log.error("Sign-in impossible: {type}", type=type(error).__name__)
            return SignIn(SignInOutcome.UNAVAILABLE)
        if attempt.charge.locks_until is not None:
            return SignIn(SignInOutcome.LOCKED, until=attempt.charge.locks_until)
        return SignIn(SignInOutcome.WRONG)

    def locked_until(self, customer_id: CustomerId) -> Deferred[datetime | None]:
        """Until when one of the customer's own numbers is locked."""
        return self._database.read(locked_until_txn, customer_id, utc(self._clock))

    def accounts(self, customer_id: CustomerId) -> Deferred[Sequence[Balance]]:
        """The customer's accounts with their balances now."""
        return self._database.read(accounts_txn, customer_id)

    def balance(self, account: AccountRef) -> Deferred[Balance]:
        """The account's balance now."""
        return self._database.read(balance_txn, account)

    def transactions(self, account: AccountRef, limit: int = 5) -> Deferred[Sequence[Transaction]]:
        """The account's last transactions, newest first."""
        return self._database.read(transactions_txn, account, limit)

    def cards(self, customer_id: CustomerId) -> Deferred[Sequence[Card]]:
        """The customer's cards, masked."""
        return self._database.read(cards_txn, customer_id)

    def report_loss(self, card: CardRef) -> Deferred[LossReport]:
        """Block the card; its first report is given again when there is one."""
        number = int(self._entropy(8), 16) % 10**REFERENCE_DIGITS
        reference = f"{number:0{REFERENCE_DIGITS}d}"
        return self._database.run(report_loss_txn, card, reference, utc(self._clock))

    def rates(self) -> Deferred[DepositRates]:
        """The deposit rates in force today."""
        return self._database.read(rates_txn, self._today())

    def exchange_rates(self) -> Deferred[ExchangeRates]:
        """The exchange rates in force today."""
        return self._database.read(exchange_rates_txn, self._today())

    def forget_old_attempts(self) -> Deferred[int]:
        """Housekeeping, once a day: forget the sign-ins that count no more; fires with how many."""
        return self._database.run(forget_old_txn, self._policy, utc(self._clock))

    def _today(self) -> date:
        return utc(self._clock).astimezone(self._zone).date()

    def _pins_fit(self, attempt: _Attempt, pin: Secret, banking_pin: Secret) -> bool:
        """Runs in a thread. Both PINs are always checked, so the time tells nothing."""
        account_fits = self._fits(attempt.account, pin)
        banking_fits = self._fits(attempt.banking, banking_pin)
        same = (
            attempt.account is not None
            and attempt.banking is not None
            and attempt.account.customer_id == attempt.banking.customer_id
        )
        return account_fits and banking_fits and same

    def _fits(self, holder: Holder | None, pin: Secret) -> bool:
        if holder is None:
            self._digests.fits(self._digests.nobody, "", pin)
            return False
        return self._digests.fits(holder.pin_hash, holder.owner, pin)


def _attempt_txn(
    session: Session, numbers: _Numbers, policy: LockPolicy, now: datetime
) -> _Attempt:
    charge = charge_txn(session, numbers.subjects, policy, now)
    if charge.refused_until is not None:
        return _Attempt(charge, None, None)
    return _Attempt(
        charge,
        account_holder_txn(session, numbers.account),
        banking_holder_txn(session, numbers.banking),
    )


def _admit_txn(session: Session, numbers: _Numbers, account: Holder) -> SignIn:
    forgive_txn(session, numbers.subjects)
    keyed = AccountRef(account.owner)
    others = account_refs_txn(session, account.customer_id)
    accounts = (keyed, *(ref for ref in others if ref != keyed))
    return SignIn(SignInOutcome.VERIFIED, account.customer_id, accounts)
