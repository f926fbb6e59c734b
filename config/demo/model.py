"""The demo bank as values, before any of it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from cti.kernel.identifiers import DepartmentId, DeviceId, StaffId
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language, Role
from cti.trunks.numbers import Reach
from customers.model import Customer
from ivr.bank.port import CardKind, DepositRate, ExchangeRate, TransactionKind


@dataclass(frozen=True, slots=True)
class DemoTransaction:
    """A transaction so many days before the bank is loaded."""

    days_ago: int
    kind: TransactionKind
    amount: Decimal


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account; `available` is the balance without what is held."""

    number: Secret
    currency: str
    current: Decimal
    available: Decimal
    transactions: tuple[DemoTransaction, ...]


@dataclass(frozen=True, slots=True)
class DemoCard:
    """A card."""

    number: Secret
    kind: CardKind


@dataclass(frozen=True, slots=True)
class DemoNote:
    """What a member of staff wrote about a customer, so many days before the bank is loaded."""

    days_ago: int
    by: StaffId
    text: str
    important: bool = False


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """A customer with everything they have at the bank, and what is known of them."""

    customer: Customer
    banking_number: Secret
    accounts: tuple[DemoAccount, ...]
    cards: tuple[DemoCard, ...]
    consents: Mapping[str, bool] = field(default_factory=dict)
    notes: tuple[DemoNote, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoDepartment:
    """A department tickets are dispatched to; `calendar` names its working hours."""

    department_id: DepartmentId
    names: Mapping[Language, str]
    calendar: str


@dataclass(frozen=True, slots=True)
class DemoStaff:
    """A member of staff with what they sign in with."""

    staff_id: StaffId
    login: str
    name: str
    password: Secret
    roles: frozenset[Role]
    department_id: DepartmentId | None
    extension: DeviceId | None
    sip_secret: Secret | None
    skills: Mapping[str, int]
    languages: frozenset[Language]
    language: Language
    may_dial: frozenset[Reach]
    priorities: Mapping[str, int]
    email: str
    team: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """Who works at a bank, and in which departments."""

    departments: tuple[DemoDepartment, ...]
    staff: tuple[DemoStaff, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """The whole demo bank. Every account has `account_pin`, every banking number `banking_pin`."""

    account_pin: Secret
    banking_pin: Secret
    customers: tuple[DemoCustomer, ...]
    deposit_rates_effective: date
    deposit_rates: tuple[DepositRate, ...]
    exchange_rates: tuple[ExchangeRate, ...]
    departments: tuple[DemoDepartment, ...]
    staff: tuple[DemoStaff, ...]
