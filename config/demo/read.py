"""Reads the demo bank from its YAML file: every mistake is found, with file, line and key."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from pathlib import Path
from typing import TypeVar

from agents.dialling import RIGHTS
from config.demo.model import (
    Demo,
    DemoAccount,
    DemoCard,
    DemoCustomer,
    DemoDepartment,
    DemoNote,
    DemoStaff,
    DemoTransaction,
    People,
)
from cti.kernel.document import Section, Value, read_document
from cti.kernel.identifiers import CustomerId, DepartmentId, DeviceId, StaffId
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language, Role, ServiceLevel
from cti.trunks.numbers import Reach
from customers.emails import normalise_email
from customers.model import Customer, Email, Sex
from customers.numbers import normalise
from ivr.bank.port import CardKind, DepositRate, ExchangeRate, Term, TransactionKind

DEMO = Path(__file__).with_name("demo.yaml")
CALENDAR = "office"
LONGEST_TEAM = 40
UNIT = 100
"""Exchange rates are quoted for so many units of the foreign currency."""
CENT = Decimal("0.01")
PIN_DIGITS = 6
SHORTEST_PASSWORD = 8
"""Characters."""
OLDEST = 366
"""Days back to which transactions may reach."""
_RIGHTS = [reach.value for reach in RIGHTS]
BEST = 10
"""The highest level of a skill."""

T = TypeVar("T")
Kind = TypeVar("Kind", bound=Enum)
Patterns = Mapping[str, tuple[DemoTransaction, ...]]


def read_demo(path: Path = DEMO) -> Demo:
    """The demo bank; DocumentError holding everything that is wrong with the file."""
    top = read_document(path)
    pins = top.need("pins", "account and banking, six digits each").section()
    patterns: Patterns = {
        name: tuple(_transaction(line) for line in lines.items())
        for name, lines in top.need("patterns", "name -> transactions").section().each()
    }
    rates = top.need("deposit_rates", "effective and rates").section()
    demo = Demo(
        account_pin=_pin(pins, "account"),
        banking_pin=_pin(pins, "banking"),
        customers=_each(top, "customers", lambda record: _customer(record, patterns)),
        deposit_rates_effective=_date(rates.need("effective", "such as 2026-05-20")),
        deposit_rates=_deposit_rates(rates.need("rates", "term -> percent")),
        exchange_rates=_each(top, "exchange_rates", _exchange_rate),
        departments=_each(top, "departments", _department),
        staff=_each(top, "staff", _staff),
    )
    for section in (pins, rates, top):
        section.close()
    _check_unique(top)
    _check_writers(top, {each.staff_id for each in demo.staff})
    _check_departments(top, {each.department_id for each in demo.departments})
    top.value.report.check()
    return demo


def read_people(path: Path, calendars: Collection[str]) -> People:
    """A bank's own departments and staff, written as the demo bank's are; errors as `read_demo`.

    `calendars` are those in whose hours a department may work.
    """
    top = read_document(path)
    people = People(_each(top, "departments", _department), _each(top, "staff", _staff))
    top.close()
    _check_unique(top)
    _check_departments(top, {each.department_id for each in people.departments})
    _check_calendars(top, calendars)
    top.value.report.check()
    return people


def _each(section: Section, key: str, read: Callable[[Section], T]) -> tuple[T, ...]:
    """What `read` makes of every record listed there."""
    records = section.need(key, "a list of records")
    made = []
    for item in records.items():
        record = item.section()
        made.append(read(record))
        record.close()
    return tuple(made)


# --- records --------------------------------------------------------------------------------


def _transaction(line: Value) -> DemoTransaction:
    match line.items():
        case [days_ago, kind, amount]:
            return DemoTransaction(
                days_ago.whole(0, OLDEST), _kind(kind, TransactionKind), _decimal(amount)
            )
    line.wrong('must be [days ago, what it was, amount], such as [1, purchase, "-126.80"]')
    return DemoTransaction(0, TransactionKind.FEE, Decimal(0))


def _customer(record: Section, patterns: Patterns) -> DemoCustomer:
    do_not_call = record.get("do_not_call")
    levels = [level.name.lower() for level in ServiceLevel]
    level = record.need("level", f"one of {', '.join(levels)}").one_of(levels)
    customer = Customer(
        customer_id=CustomerId(_text(record, "id")),
        names=_names(record),
        sex=_kind(record.need("sex", "male, female or unknown"), Sex),
        numbers=tuple(_number(value) for value in record.need("numbers", "telephones").items()),
        service_level=ServiceLevel[level.upper()],
        language=_kind(record.need("language", "zh or en"), Language),
        address=_text(record, "address"),
        do_not_call=do_not_call.truth() if do_not_call else False,
        emails=_emails(record.get("emails")),
    )
    return DemoCustomer(
        customer=customer,
        banking_number=Secret(_text(record, "banking_number")),
        accounts=_each(record, "accounts", lambda account: _account(account, patterns)),
        cards=_each(record, "cards", _card),
        consents=_consents(record.get("consents")),
        notes=_notes(record.get("notes")),
    )


def _emails(value: Value | None) -> tuple[Email, ...]:
    return tuple(_email(each) for each in value.items()) if value else ()


def _email(value: Value) -> Email:
    """``wang@example.com``, or ``wang@example.com said`` for one that nobody made sure of."""
    written, *said = value.text().split()
    address = normalise_email(written)
    if not address or said not in ([], ["said"]):
        value.wrong("must be an e-mail address, with `said` behind it where nobody made sure of it")
    return Email(address, verified=not said)


def _consents(value: Value | None) -> Mapping[str, bool]:
    return {purpose: given.truth() for purpose, given in value.section().each()} if value else {}


def _notes(value: Value | None) -> tuple[DemoNote, ...]:
    return tuple(_note(each) for each in value.items()) if value else ()


def _note(line: Value) -> DemoNote:
    match line.items():
        case [days_ago, by, text]:
            return DemoNote(days_ago.whole(0, OLDEST), StaffId(by.text()), text.text())
        case [days_ago, by, text, important]:
            urgent = important.one_of(["important"]) == "important"
            return DemoNote(days_ago.whole(0, OLDEST), StaffId(by.text()), text.text(), urgent)
    line.wrong('must be [days ago, who wrote it, text], such as [3, "1001", 下午联系]')
    return DemoNote(0, StaffId(""), "")


def _account(record: Section, patterns: Patterns) -> DemoAccount:
    times = _decimal(record.need("times", 'a factor, such as "1.05"'))
    current = _decimal(record.need("balance", 'an amount, such as "5752.59"'))
    held, currency = record.get("held"), record.get("currency")
    pattern = record.need("pattern", f"one of {', '.join(patterns)}")
    name = pattern.text()
    if name and name not in patterns:
        pattern.wrong(f"there is no pattern {name!r}; there are {', '.join(patterns) or 'none'}")
    return DemoAccount(
        number=Secret(_text(record, "number")),
        currency=currency.text() if currency else "CNY",
        current=current,
        available=current - (_decimal(held) if held else Decimal(0)),
        transactions=tuple(
            DemoTransaction(line.days_ago, line.kind, (line.amount * times).quantize(CENT))
            for line in patterns.get(name, ())
        ),
    )


def _card(record: Section) -> DemoCard:
    return DemoCard(
        Secret(_text(record, "number")), _kind(record.need("kind", "debit or credit"), CardKind)
    )


def _deposit_rates(value: Value) -> tuple[DepositRate, ...]:
    terms = {term.value: term for term in Term}
    rates = []
    for name, percent in value.section().each():
        if name in terms:
            rates.append(DepositRate(terms[name], _decimal(percent)))
        else:
            percent.wrong(f"there is no term {name!r}; there are {', '.join(terms)}")
    return tuple(rates)


def _exchange_rate(record: Section) -> ExchangeRate:
    return ExchangeRate(
        _text(record, "currency"),
        UNIT,
        _decimal(record.need("buying", "what the bank pays")),
        _decimal(record.need("selling", "what the bank takes")),
    )


def _department(record: Section) -> DemoDepartment:
    calendar = record.get("calendar")
    return DemoDepartment(
        DepartmentId(_text(record, "id")),
        _names(record),
        calendar.text() if calendar else CALENDAR,
    )


def _staff(record: Section) -> DemoStaff:
    department, extension = record.get("department"), record.get("extension")
    languages = record.get("languages")
    language, may_dial = record.get("language"), record.get("may_dial")
    email = record.get("email")
    return DemoStaff(
        staff_id=StaffId(_text(record, "id")),
        login=_text(record, "login"),
        name=_text(record, "name"),
        password=_password(record, "password"),
        roles=frozenset(_kind(role, Role) for role in record.need("roles", "a list").items()),
        department_id=DepartmentId(department.text()) if department else None,
        extension=DeviceId(extension.text()) if extension else None,
        sip_secret=_password(record, "sip_secret") if extension else None,
        skills=_tenths(record.get("skills")),
        priorities=_tenths(record.get("priorities")),
        languages=frozenset(_kind(each, Language) for each in languages.items())
        if languages
        else frozenset({Language.CHINESE}),
        language=_kind(language, Language) if language else Language.CHINESE,
        may_dial=frozenset(Reach(each.one_of(_RIGHTS)) for each in may_dial.items())
        if may_dial
        else frozenset(),
        email=email.text() if email else "",
        team=_team(record.get("team")),
    )


def _team(value: Value | None) -> str:
    """The name of a team (班组)."""
    name = value.text().strip() if value else ""
    if value and not 0 < len(name) <= LONGEST_TEAM:
        value.wrong(f"must be the name of a team, of at most {LONGEST_TEAM} characters")
    return name


def _tenths(value: Value | None) -> dict[str, int]:
    """Levels of skills, or priorities in groups: 1 to 10 by name."""
    return {name: each.whole(1, BEST) for name, each in value.section().each()} if value else {}


# --- values ---------------------------------------------------------------------------------


def _text(record: Section, key: str) -> str:
    return record.need(key, "a text").text()


def _password(record: Section, key: str) -> Secret:
    value = record.need(key, f"{SHORTEST_PASSWORD} characters or more")
    text = value.text()
    if len(text) < SHORTEST_PASSWORD:
        value.wrong(f"must have {SHORTEST_PASSWORD} characters or more")
    return Secret(text)


def _kind(value: Value, kind: type[Kind]) -> Kind:
    return kind(value.one_of([each.value for each in kind]))


def _names(record: Section) -> Mapping[Language, str]:
    names = record.need("name", "in every language, such as {zh: 李娜, en: Li Na}").section()
    found = {language: _text(names, language.value) for language in Language}
    names.close()
    return found


def _number(value: Value) -> str:
    number = normalise(value.text())
    if not number:
        value.wrong("is no telephone number, such as 13800000101")
    return number


def _pin(pins: Section, key: str) -> Secret:
    value = pins.need(key, "six digits")
    pin = value.text()
    if len(pin) != PIN_DIGITS or not pin.isdecimal():
        value.wrong("must be six digits")
    return Secret(pin)


def _decimal(value: Value) -> Decimal:
    text = value.text()
    try:
        number = Decimal(text or "0")
    except InvalidOperation:
        number = Decimal("NaN")
    if number.is_finite():
        return number
    value.wrong(f"must be a number such as -126.80, not {text!r}")
    return Decimal(0)


def _date(value: Value) -> date:
    text = value.text()
    try:
        return date.fromisoformat(text)
    except ValueError:
        if text:
            value.wrong(f"must be a date such as 2026-05-20, not {text!r}")
        return date.min


# --- the records together -------------------------------------------------------------------


def _check_unique(top: Section) -> None:
    """Note every id, login, telephone, account and card that is written a second time."""
    lines: dict[tuple[str, str], int] = {}
    for kind, value in _names_of_things(top):
        thing = kind, value.text()
        if thing in lines:
            value.wrong(f"stands twice, first in line {lines[thing]}")
        lines.setdefault(thing, value.line)


def _check_writers(top: Section, known: Collection[str]) -> None:
    for record in _records(top, "customers"):
        value = record.get("notes")
        for line in value.items() if value else ():
            match line.items():
                case [_, by, _, *_] if by.text() not in known:
                    by.wrong(f"nobody of the staff is {by.text()!r}")


def _check_departments(top: Section, known: Collection[str]) -> None:
    for record in _records(top, "staff"):
        department, team = record.get("department"), record.get("team")
        if team and (department or team.text() in known):
            team.wrong("is of the hotline's own people: neither a department nor beside one")
        if department and (name := department.text()) and name not in known:
            there = ", ".join(sorted(known)) or "none"
            department.wrong(f"there is no department {name!r}; there are {there}")


def _check_calendars(top: Section, known: Collection[str]) -> None:
    for record in _records(top, "departments"):
        calendar = record.get("calendar")
        if calendar and (name := calendar.text()) and name not in known:
            calendar.wrong(f"there is no calendar {name!r}; there are {', '.join(sorted(known))}")


def _names_of_things(top: Section) -> Iterator[tuple[str, Value]]:
    for kind in ("customers", "departments", "staff"):
        for record in _records(top, kind):
            for key in ("id", "login", "extension", "numbers", "banking_number"):
                if value := record.get(key):
                    yield from ((f"{kind} {key}", item) for item in value.items())
            for key in ("accounts", "cards"):
                for owned in _records(record, key):
                    if number := owned.get("number"):
                        yield key, number


def _records(section: Section, key: str) -> Iterator[Section]:
    value = section.get(key)
    for item in value.items() if value else ():
        if item.is_section:
            yield Section(item)
