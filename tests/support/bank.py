"""A bank of two customers in a test's database, with PINs that hash quickly."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from argon2 import PasswordHasher
from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock

from config.demo import Demo, DemoCustomer, load_bank_txn
from config.demo.model import DemoAccount, DemoCard, DemoTransaction
from cti.database import Database
from cti.kernel.identifiers import CustomerId
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language, ServiceLevel
from customers.model import Customer, Sex
from ivr.bank.attempts import LockPolicy
from ivr.bank.digests import Digests
from ivr.bank.ledger import Ledger
from ivr.bank.port import CardKind, DepositRate, ExchangeRate, SignIn, Term, TransactionKind
from tests.support.deferred import result_of

NOW = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
"""Already the 21st in Shanghai."""
TODAY = date(2026, 11, 21)
PIN, BANKING_PIN = Secret("135790"), Secret("246801")
WANG, MILLER = CustomerId("C1"), CustomerId("C2")

WANG_CUSTOMER = Customer(
    customer_id=WANG,
    names={Language.CHINESE: "王建国", Language.ENGLISH: "Wang Jianguo"},
    sex=Sex.MALE,
    numbers=("13800000101", "1080000001"),
    service_level=ServiceLevel.SPECIAL,
    language=Language.CHINESE,
    address="北京市西城区",
)
MILLER_CUSTOMER = Customer(
    customer_id=MILLER,
    names={Language.CHINESE: "詹姆斯·米勒", Language.ENGLISH: "James Miller"},
    sex=Sex.MALE,
    numbers=("13800000111", "1080000001"),
    service_level=ServiceLevel.PRIORITY,
    language=Language.ENGLISH,
    do_not_call=True,
)
LINES = tuple(
    DemoTransaction(days, kind, Decimal(amount))
    for days, kind, amount in (
        (0, TransactionKind.PURCHASE, "-38.50"),
        (1, TransactionKind.SALARY, "12860.00"),
        (1, TransactionKind.FEE, "-25.00"),
        (4, TransactionKind.CASH_OUT, "-1000.00"),
    )
)


def account(number: str, current: str, available: str) -> DemoAccount:
    return DemoAccount(Secret(number), "CNY", Decimal(current), Decimal(available), LINES)


SMALL = Demo(
    account_pin=PIN,
    banking_pin=BANKING_PIN,
    customers=(
        DemoCustomer(
            WANG_CUSTOMER,
            Secret("80000101"),
            (
                account("6001010101", "1234.56", "1034.56"),
                account("6001010102", "0.05", "0.05"),
            ),
            (
                DemoCard(Secret("6222020037000018475"), CardKind.DEBIT),
                DemoCard(Secret("6259000041070405"), CardKind.CREDIT),
            ),
        ),
        DemoCustomer(
            MILLER_CUSTOMER, Secret("80000111"), (account("6001011101", "9.00", "9.00"),), ()
        ),
    ),
    deposit_rates_effective=date(2026, 5, 20),
    deposit_rates=(
        DepositRate(Term.DEMAND, Decimal("0.05")),
        DepositRate(Term.YEARS_1, Decimal("0.95")),
    ),
    exchange_rates=(ExchangeRate("USD", 100, Decimal("707.32"), Decimal("710.30")),),
    departments=(),
    staff=(),
)


class SmallBank:
    """The ledger over that bank, at an instant moved by hand."""

    def __init__(self, database: Database, policy: LockPolicy | None = None) -> None:
        self.database = database
        self.clock = Clock()
        self.clock.advance(NOW.timestamp())
        self.digests = Digests(b"k" * 32, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self._tokens = count(1)
        result_of(database.run(load_bank_txn, SMALL, TODAY, self.digests, self.token))
        self.in_thread: Callable[..., Deferred[Any]] = execute
        self.ledger = Ledger(
            database, self._in_thread, self.clock, self.token, self.digests, policy
        )

    def token(self, size: int) -> str:
        return f"{next(self._tokens):0{2 * size}x}"

    def sign_in(
        self,
        account: str = "6001010101",
        pin: Secret = PIN,
        banking_number: str = "80000101",
        banking_pin: Secret = BANKING_PIN,
    ) -> SignIn:
        return result_of(self.start_sign_in(account, pin, banking_number, banking_pin))

    def start_sign_in(
        self, account: str, pin: Secret, banking_number: str, banking_pin: Secret
    ) -> Deferred[SignIn]:
        return self.ledger.sign_in(Secret(account), pin, Secret(banking_number), banking_pin)

    def _in_thread(self, function: Callable[..., Any], *args: object) -> Deferred[Any]:
        return self.in_thread(function, *args)
