"""Reads the demo bank from its YAML file."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import yaml

from config.demo.model import (
    Demo,
    DemoAccount,
    DemoCard,
    DemoCustomer,
    DemoDepartment,
    DemoStaff,
    DemoTransaction,
)
from cti.kernel.errors import ConfigurationError
from cti.kernel.identifiers import CustomerId, DepartmentId, DeviceId, StaffId
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language, Role, ServiceLevel
from customers.model import Customer, Sex
from customers.numbers import normalise
from ivr.bank.port import CardKind, DepositRate, ExchangeRate, Term, TransactionKind

DEMO = Path(__file__).with_name("demo.yaml")
CALENDAR = "office"
UNIT = 100
"""Exchange rates are quoted for so many units of the foreign currency."""
CENT = Decimal("0.01")

T = TypeVar("T")
Record = Mapping[str, Any]
Patterns = Mapping[str, tuple[DemoTransaction, ...]]


def read_demo(path: Path = DEMO) -> Demo:
    """The demo bank; ConfigurationError with file and key when an entry cannot be understood."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    root: Record = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506  (a safe one)
    patterns: Patterns = {
        name: _each(path, f"patterns.{name}", _transaction, lines)
        for name, lines in root["patterns"].items()
    }
    rates = root["deposit_rates"]
    return Demo(
        account_pin=Secret(root["pins"]["account"]),
        banking_pin=Secret(root["pins"]["banking"]),
        customers=_each(
            path, "customers", lambda record: _customer(record, patterns), root["customers"]
        ),
        deposit_rates_effective=rates["effective"],
        deposit_rates=_each(path, "deposit_rates.rates", _deposit_rate, rates["rates"].items()),
        exchange_rates=_each(path, "exchange_rates", _exchange_rate, root["exchange_rates"]),
        departments=_each(path, "departments", _department, root["departments"]),
        staff=_each(path, "staff", _staff, root["staff"]),
    )


def _each(path: Path, key: str, build: Callable[[Any], T], records: Iterable[Any]) -> tuple[T, ...]:
    built = []
    for number, record in enumerate(records):
        try:
            built.append(build(record))
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            problem = f"cannot be understood ({type(error).__name__}: {error})"
            raise ConfigurationError(problem, file=str(path), key=f"{key}[{number}]") from error
    return tuple(built)


def _transaction(line: list[Any]) -> DemoTransaction:
    days_ago, kind, amount = line
    return DemoTransaction(days_ago, TransactionKind(kind), Decimal(amount))


def _customer(record: Record, patterns: Patterns) -> DemoCustomer:
    customer = Customer(
        customer_id=CustomerId(record["id"]),
        names=_names(record["name"]),
        sex=Sex(record["sex"]),
        numbers=tuple(normalise(number) for number in record["numbers"]),
        service_level=ServiceLevel[record["level"].upper()],
        language=Language(record["language"]),
        address=record["address"],
        do_not_call=record.get("do_not_call", False),
    )
    return DemoCustomer(
        customer=customer,
        banking_number=Secret(record["banking_number"]),
        accounts=tuple(_account(account, patterns) for account in record["accounts"]),
        cards=tuple(
            DemoCard(Secret(card["number"]), CardKind(card["kind"])) for card in record["cards"]
        ),
    )


def _account(record: Record, patterns: Patterns) -> DemoAccount:
    times, current = Decimal(record["times"]), Decimal(record["balance"])
    return DemoAccount(
        number=Secret(record["number"]),
        currency=record.get("currency", "CNY"),
        current=current,
        available=current - Decimal(record.get("held", "0")),
        transactions=tuple(
            DemoTransaction(line.days_ago, line.kind, (line.amount * times).quantize(CENT))
            for line in patterns[record["pattern"]]
        ),
    )


def _deposit_rate(entry: tuple[str, str]) -> DepositRate:
    term, percent = entry
    return DepositRate(Term(term), Decimal(percent))


def _exchange_rate(record: Record) -> ExchangeRate:
    return ExchangeRate(
        record["currency"], UNIT, Decimal(record["buying"]), Decimal(record["selling"])
    )


def _department(record: Record) -> DemoDepartment:
    return DemoDepartment(
        DepartmentId(record["id"]), _names(record["name"]), record.get("calendar", CALENDAR)
    )


def _staff(record: Record) -> DemoStaff:
    department, extension = record.get("department"), record.get("extension")
    return DemoStaff(
        staff_id=StaffId(record["id"]),
        login=record["login"],
        name=record["name"],
        password=Secret(record["password"]),
        roles=frozenset(Role(role) for role in record["roles"]),
        department_id=DepartmentId(department) if department else None,
        extension=DeviceId(extension) if extension else None,
        sip_secret=Secret(record["sip_secret"]) if extension else None,
        skills=record.get("skills", {}),
        languages=frozenset(Language(value) for value in record.get("languages", ["zh"])),
        language=Language(record.get("language", "zh")),
    )


def _names(record: Record) -> Mapping[Language, str]:
    return {language: record[language.value] for language in Language}
