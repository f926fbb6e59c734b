"""Customers in SQLite and PostgreSQL: one suite."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cti.kernel.identifiers import CustomerId
from cti.kernel.vocabulary import Language, ServiceLevel
from customers.directory import Directory
from customers.model import Customer, Email, Sex
from customers.repository import store_customer_txn
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of

WANG = Customer(
    customer_id=CustomerId("C0001"),
    names={Language.CHINESE: "王建国", Language.ENGLISH: "Wang Jianguo"},
    sex=Sex.MALE,
    numbers=("13800000101", "1080000001"),
    service_level=ServiceLevel.UNIFORM,
    language=Language.CHINESE,
    address="北京市西城区",
    emails=(Email("wang@mail.example", verified=True), Email("home@mail.example")),
)
CHEN = Customer(
    customer_id=CustomerId("C0002"),
    names={Language.CHINESE: "陈美玲", Language.ENGLISH: "Chen Meiling"},
    sex=Sex.FEMALE,
    numbers=("13800000102", "1080000001"),
    service_level=ServiceLevel.SPECIAL,
    language=Language.ENGLISH,
    do_not_call=True,
    emails=(Email("home@mail.example", verified=True),),
)


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DirectDatabase]:
    if request.param == "postgresql":
        database = DirectDatabase(request.getfixturevalue("postgresql_url"))
    else:
        database = DirectDatabase(f"sqlite:///{tmp_path}/customers.db")
    for customer in (WANG, CHEN):
        result_of(database.run(store_customer_txn, customer))
    yield database
    database.stop()


@pytest.fixture
def directory(database: DirectDatabase) -> Directory:
    return Directory(database)


@pytest.mark.parametrize("number", ["13800000101", "+86 138-0000-0101", "013800000101"])
def test_finds_by_number_however_written(directory: Directory, number: str) -> None:
    assert result_of(directory.by_number(number)) == WANG


@pytest.mark.parametrize("number", ["", "anonymous", "13800000999", "(010) 8000 0001"])
def test_withheld_unknown_and_shared_numbers_are_nobody_s(
    directory: Directory, number: str
) -> None:
    assert result_of(directory.by_number(number)) is None


def test_finds_everybody_with_a_number(directory: Directory) -> None:
    assert result_of(directory.all_by_number("(010) 8000 0001")) == [CHEN, WANG]
    assert result_of(directory.all_by_number("+86 13800000101")) == [WANG]
    assert result_of(directory.all_by_number("anonymous")) == []
    assert result_of(directory.all_by_number("13800000999")) == []


def test_finds_by_id(directory: Directory) -> None:
    assert result_of(directory.by_id(CHEN.customer_id)) == CHEN
    assert result_of(directory.by_id(CustomerId("C9"))) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("美玲", [CHEN]),
        ("wang", [WANG]),
        ("c00", [CHEN, WANG]),
        ("0101", [WANG]),
        (" 陈 ", [CHEN]),
        ("%", []),
        ("_", []),
        ("nobody", []),
        ("", []),
        ("  ", []),
    ],
)
def test_searches(directory: Directory, text: str, found: list[Customer]) -> None:
    assert result_of(directory.search(text)) == found


def test_search_is_limited_and_gives_the_best_served_first(directory: Directory) -> None:
    assert result_of(directory.search("ng", limit=1)) == [CHEN]


def test_a_change_replaces_the_record(database: DirectDatabase, directory: Directory) -> None:
    moved = replace(WANG, address="上海市", numbers=("13800000199",))
    result_of(database.run(store_customer_txn, moved))
    assert result_of(directory.by_id(WANG.customer_id)) == moved
    assert result_of(directory.by_number("13800000101")) is None
    assert result_of(directory.by_number("1080000001")) == CHEN


def test_numbers_are_stored_in_one_form_once(
    database: DirectDatabase, directory: Directory
) -> None:
    written = replace(WANG, numbers=("+86 13800000103", "13800000103", "withheld"))
    result_of(database.run(store_customer_txn, written))
    kept = result_of(directory.by_number("13800000103"))
    assert kept == replace(WANG, numbers=("13800000103",))


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (" Wang@Mail.example", WANG),
        ("home@mail.example", None),
        ("x@mail.example", None),
        ("x", None),
    ],
)
def test_finds_by_address_however_written_unless_it_is_shared(
    directory: Directory, address: str, found: Customer | None
) -> None:
    assert result_of(directory.by_email(address)) == found


def test_search_finds_a_part_of_an_address(directory: Directory) -> None:
    assert result_of(directory.search("WANG@mail")) == [WANG]
    assert result_of(directory.search("home@")) == [CHEN, WANG]
