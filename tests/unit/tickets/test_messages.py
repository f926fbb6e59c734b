"""Who a message is for: what pages ask of a value and what the database finds is the same."""

from itertools import chain, combinations, product

import pytest

from cti.kernel.identifiers import DepartmentId, StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.tickets import CARDS, LENDING, MONDAY
from tickets.messages import add_message_txn, hears, unread_txn
from tickets.model import Audience, MessageKind

ROLES = (Role.OFFICER, Role.AGENT, Role.DISPATCHER)
SOME_ROLES = [
    frozenset(roles)
    for roles in chain.from_iterable(combinations(ROLES, size) for size in range(len(ROLES) + 1))
]
DEPARTMENTS = (None, CARDS, LENDING)
STAFF = (StaffId("1001"), StaffId("1002"))
AUDIENCES = [Audience(*each) for each in product(ROLES, DEPARTMENTS, (None, *STAFF))]


@pytest.fixture(scope="module")
def database() -> DirectDatabase:
    told = DirectDatabase()
    for place, audience in enumerate(AUDIENCES):
        written = told.run(add_message_txn, None, audience, MessageKind.WORK, str(place), MONDAY)
        result_of(written)
    return told


@pytest.mark.parametrize("department", DEPARTMENTS)
@pytest.mark.parametrize("roles", SOME_ROLES, ids=lambda roles: str(len(roles)))
@pytest.mark.parametrize("staff", STAFF)
def test_people_hear_of_exactly_what_the_database_finds_for_them(
    database: DirectDatabase,
    staff: StaffId,
    roles: frozenset[Role],
    department: DepartmentId | None,
) -> None:
    by = Principal(staff, "", roles, Language.CHINESE, department)
    found = result_of(database.run(unread_txn, by, len(AUDIENCES)))
    assert {AUDIENCES[int(each.subject)] for each in found} == {
        audience for audience in AUDIENCES if hears(by, audience)
    }
