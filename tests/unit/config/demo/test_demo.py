from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from config.demo import Demo, read_demo
from config.demo.read import DEMO
from cti.kernel.document import DocumentError
from cti.kernel.vocabulary import Language, Role, ServiceLevel
from ivr.bank.port import Term


@pytest.fixture(scope="module")
def demo() -> Demo:
    return read_demo()


def test_customers_of_every_level_with_everything(demo: Demo) -> None:
    assert len(demo.customers) >= 24
    levels = Counter(each.customer.service_level for each in demo.customers)
    assert set(levels) == set(ServiceLevel)
    for each in demo.customers:
        assert all(each.customer.name(language) for language in Language)
        assert all(number.isdigit() for number in each.customer.numbers)
        assert each.accounts
        assert each.cards
        for account in each.accounts:
            assert len(account.transactions) >= 8
            assert 0 <= account.available <= account.current


def test_nothing_is_there_twice(demo: Demo) -> None:
    keys: list[str] = [each.customer.customer_id for each in demo.customers]
    keys += [number for each in demo.customers for number in each.customer.numbers]
    keys += ["b" + each.banking_number.reveal() for each in demo.customers]
    keys += ["a" + one.number.reveal() for each in demo.customers for one in each.accounts]
    keys += ["c" + one.number.reveal() for each in demo.customers for one in each.cards]
    assert [key for key, times in Counter(keys).items() if times > 1] == []


def test_card_numbers_pass_their_check_digit(demo: Demo) -> None:
    for each in demo.customers:
        for card in each.cards:
            assert _luhn(card.number.reveal()), card.number.reveal()


def test_rates(demo: Demo) -> None:
    assert [rate.term for rate in demo.deposit_rates] == list(Term)
    assert all(a.percent <= b.percent for a, b in pairwise(demo.deposit_rates))
    assert len(demo.exchange_rates) == 8
    assert all(rate.buying < rate.selling for rate in demo.exchange_rates)
    assert demo.deposit_rates_effective < date(2027, 1, 1)


def test_staff_of_every_role(demo: Demo) -> None:
    roles = Counter(role for staff in demo.staff for role in staff.roles)
    assert set(roles) == set(Role)
    assert roles[Role.SUPERVISOR] == 3
    agents = {staff.extension: staff for staff in demo.staff if Role.AGENT in staff.roles}
    assert sorted(map(str, agents)) == [str(number) for number in range(1001, 1017)]
    for extension, agent in agents.items():
        assert agent.sip_secret is not None
        assert agent.sip_secret.reveal() == f"demo-{extension}"
        assert 1 <= agent.skills["general"] <= 10
    assert sum("complaints" in agent.skills for agent in agents.values()) >= 4
    assert sum(Language.ENGLISH in agent.languages for agent in agents.values()) >= 4


def test_every_department_has_a_head_and_officers(demo: Demo) -> None:
    for department in demo.departments:
        roles = Counter(
            role
            for staff in demo.staff
            if staff.department_id == department.department_id
            for role in staff.roles
        )
        assert roles == {Role.HEAD: 1, Role.OFFICER: 2}
    known = {department.department_id for department in demo.departments} | {None}
    assert {staff.department_id for staff in demo.staff} <= known


def test_logins_and_extensions_are_unique(demo: Demo) -> None:
    assert len({staff.login for staff in demo.staff}) == len(demo.staff)
    extensions = [staff.extension for staff in demo.staff if staff.extension]
    assert len(set(extensions)) == len(extensions)


def test_secrets_are_not_shown(demo: Demo) -> None:
    told = repr(demo)
    assert "demo-1001" not in told
    assert demo.account_pin.reveal() not in told
    assert demo.customers[0].cards[0].number.reveal() not in told


@pytest.mark.parametrize(
    ("good", "bad", "key", "message"),
    [
        ("level: special", "level: splendid", "customers[0].level", "special, priority"),
        ("sex: male", "sexx: male", "customers[0]", "needs `sex`"),
        ("pattern: salaried", "pattern: salarid", "customers[0].accounts[0].pattern", "salaried"),
        ('["13800000101"]', "[none]", "customers[0].numbers[0]", "telephone"),
        ("id: C0002", "id: C0001", "customers[1].id", "stands twice, first in line"),
        ("roles: [quality]", "roles: [queen]", "staff[20].roles[0]", "administrator"),
        ("department: cards", "department: card", "staff[22].department", "international, retail"),
        ("general: 9", "general: 19", "staff[0].skills.general", "from 1 to 10"),
        (
            "skills: {general: 9, complaints: 8}",
            "priorities: {general: 0}",
            "staff[0].priorities.general",
            "from 1 to 10",
        ),
        ('[12, "1004",', '[12, "1099",', "customers[0].notes[0][1]", "nobody of the staff"),
        ('[12, "1004",', '["1004",', "customers[0].notes[0]", "days ago, who wrote it"),
        ("marketing: false", "marketing: perhaps", "customers[0].consents.marketing", "true or"),
        ("demand:", "someday:", "deposit_rates.rates.someday", "months_3"),
        ("effective: 2026-05-20", "effective: May", "deposit_rates.effective", "2026-05-20"),
        ('buying: "707.32"', "buying: dear", "exchange_rates[0].buying", "must be a number"),
        ('[0, purchase, "-38.50"]', "[0, purchase]", "patterns.salaried[0]", "amount"),
        ('account: "135790"', "account: secret", "pins.account", "six digits"),
        ("pins:", "pinz:", "", "needs `pins`"),
        ("departments:", "departements:", "departements", "did you mean `departments`"),
    ],
)
def test_errors_say_where_and_what_to_write(
    tmp_path: Path, good: str, bad: str, key: str, message: str
) -> None:
    path = tmp_path / "demo.yaml"
    text = DEMO.read_text(encoding="utf-8")
    assert good in text
    path.write_text(text.replace(good, bad, 1), encoding="utf-8")
    with pytest.raises(DocumentError) as raised:
        read_demo(path)
    found = [error for error in raised.value.errors if error.key == key]
    assert any(message in error.message for error in found), str(raised.value)
    assert all((error.file, error.line > 0) == (str(path), True) for error in found)


def _luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
