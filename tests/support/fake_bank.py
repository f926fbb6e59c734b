"""A bank with one customer, whose answers a test can hold back or turn into failures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

from twisted.internet.defer import Deferred, fail, succeed

from cti.kernel.identifiers import CustomerId
from cti.kernel.money import Money
from cti.kernel.secret import Secret
from ivr.bank.port import (
    AccountRef,
    Balance,
    BankUnavailableError,
    Card,
    CardKind,
    CardRef,
    CardState,
    DepositRate,
    DepositRates,
    ExchangeRate,
    ExchangeRates,
    LossReport,
    SignIn,
    Term,
    Transaction,
    TransactionKind,
)
from ivr.events import SignInOutcome

T = TypeVar("T")

CUSTOMER = CustomerId("C0001")
ACCOUNT = AccountRef("account-1")
ENTITLED = ("6001010101", "135790", "80000101", "246801")
ATTEMPTS = 3
LOCKED_UNTIL = datetime(2026, 11, 21, 4, 30, tzinfo=UTC)


@dataclass
class FakeBank:
    """Implements `ivr.bank.port.BankGateway` on plain values."""

    cards_held: list[Card] = field(
        default_factory=lambda: [
            Card(CardRef("card-1"), "8475", CardKind.DEBIT, CardState.ACTIVE),
            Card(CardRef("card-2"), "0405", CardKind.CREDIT, CardState.ACTIVE),
        ]
    )
    booked: list[Transaction] = field(
        default_factory=lambda: [
            Transaction(date(2026, 11, 20), TransactionKind.PURCHASE, Money(Decimal("-38.50"))),
            Transaction(date(2026, 11, 14), TransactionKind.SALARY, Money(Decimal("12860.00"))),
        ]
    )
    wrong: int = 0
    reports: dict[CardRef, LossReport] = field(default_factory=dict)
    down: bool = False
    held: list[Callable[[], None]] | None = None
    """Answers that wait for `release`, once a test has set it to a list."""

    def release(self) -> None:
        """Give the answers held back."""
        held, self.held = self.held or [], None
        for give in held:
            give()

    def sign_in(
        self, account: Secret, pin: Secret, banking_number: Secret, banking_pin: Secret
    ) -> Deferred[SignIn]:
        given = tuple(each.reveal() for each in (account, pin, banking_number, banking_pin))
        return self._answer(lambda: self._judge(given))

    def locked_until(self, customer_id: CustomerId) -> Deferred[datetime | None]:
        assert customer_id == CUSTOMER
        return self._answer(lambda: LOCKED_UNTIL if self.wrong >= ATTEMPTS else None)

    def accounts(self, customer_id: CustomerId) -> Deferred[Sequence[Balance]]:
        assert customer_id == CUSTOMER
        current, available = Money(Decimal("1169281.95")), Money(Decimal("1168781.95"))
        return self._answer(lambda: [Balance(ACCOUNT, "0101", current, available)])

    def balance(self, account: AccountRef) -> Deferred[Balance]:
        current, available = Money(Decimal("1169281.95")), Money(Decimal("1168781.95"))
        return self._answer(lambda: Balance(account, "0101", current, available))

    def transactions(self, account: AccountRef, limit: int = 5) -> Deferred[Sequence[Transaction]]:
        assert account == ACCOUNT
        return self._answer(lambda: self.booked[:limit])

    def cards(self, customer_id: CustomerId) -> Deferred[Sequence[Card]]:
        assert customer_id == CUSTOMER
        return self._answer(lambda: list(self.cards_held))

    def report_loss(self, card: CardRef) -> Deferred[LossReport]:
        return self._answer(lambda: self._block(card))

    def rates(self) -> Deferred[DepositRates]:
        rates = (
            DepositRate(Term.DEMAND, Decimal("0.05")),
            DepositRate(Term.YEARS_1, Decimal("0.95")),
        )
        return self._answer(lambda: DepositRates(date(2026, 5, 20), rates))

    def exchange_rates(self) -> Deferred[ExchangeRates]:
        rates = (
            ExchangeRate("USD", 100, Decimal("707.32"), Decimal("710.30")),
            ExchangeRate("JPY", 100, Decimal("4.5218"), Decimal("4.5551")),
        )
        return self._answer(lambda: ExchangeRates(date(2026, 11, 21), rates))

    def _judge(self, given: tuple[str, ...]) -> SignIn:
        if self.wrong >= ATTEMPTS:
            return SignIn(SignInOutcome.LOCKED, until=LOCKED_UNTIL)
        if given == ENTITLED:
            return SignIn(SignInOutcome.VERIFIED, CUSTOMER, (ACCOUNT,))
        self.wrong += 1
        if self.wrong >= ATTEMPTS:
            return SignIn(SignInOutcome.LOCKED, until=LOCKED_UNTIL)
        return SignIn(SignInOutcome.WRONG)

    def _block(self, card: CardRef) -> LossReport:
        if card in self.reports:
            return replace(self.reports[card], repeated=True)
        index = next(i for i, each in enumerate(self.cards_held) if each.card == card)
        lost = self.cards_held[index] = replace(self.cards_held[index], state=CardState.LOST)
        reported = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
        self.reports[card] = LossReport(card, lost.ending, "12345678", reported)
        return self.reports[card]

    def _answer(self, give: Callable[[], T]) -> Deferred[T]:
        if self.down:
            return fail(BankUnavailableError("no answer from the host"))
        if self.held is None:
            return succeed(give())
        later: Deferred[T] = Deferred()
        self.held.append(lambda: later.callback(give()))
        return later
