"""A bank's own departments and staff: read from a file, added, and replaced by their ids."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from agents.repository import Credentials, load_staff_txn
from config.demo.model import People
from config.demo.read import read_people
from config.founding import employ_txn
from cti.kernel.document import DocumentError
from cti.kernel.vocabulary import Role
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.tickets import CARDS
from tickets.model import Department
from tickets.repository import departments_txn

FILE = """\
departments:
  - {id: cards, name: {zh: 银行卡部, en: Cards}, calendar: office}
staff:
  - {id: "7001", login: li, name: 李娜, password: quiet-river, roles: [agent, dispatcher],
     extension: "7001", sip_secret: loud-river, skills: {general: 5}}
  - {id: head, login: wang, name: 王伟, password: low-mountain, roles: [head], department: cards}
"""
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
REALM = "hotline"


def people(folder: Path, text: str = FILE) -> People:
    path = folder / "people.yaml"
    path.write_text(text, "utf-8")
    return read_people(path, {"office", "service"})


def employed(database: DirectDatabase, found: People) -> dict[str, Credentials]:
    result_of(database.run(employ_txn, found, REALM, HASHER))
    return {each.staff.login: each for each in result_of(database.run(load_staff_txn))}


def test_who_is_in_the_file_works_here_from_now_on(tmp_path: Path) -> None:
    database = DirectDatabase()
    staff = employed(database, people(tmp_path))
    assert staff["li"].staff.roles == {Role.AGENT, Role.DISPATCHER}
    assert staff["wang"].staff.department_id == "cards"
    assert HASHER.verify(staff["li"].password_hash.reveal(), "quiet-river")
    assert staff["li"].sip is not None
    assert staff["wang"].sip is None
    departments = result_of(database.run(departments_txn))
    assert departments[CARDS] == Department(CARDS, "银行卡部", "Cards", "office")


def test_whose_id_is_known_is_replaced_and_nobody_else(tmp_path: Path) -> None:
    database = DirectDatabase()
    before = employed(database, people(tmp_path))
    changed = """\
departments: []
staff:
  - {id: head, login: wang, name: 王伟, password: high-mountain, roles: [supervisor]}
"""
    after = employed(database, people(tmp_path, changed))
    assert after["li"].password_hash.reveal() == before["li"].password_hash.reveal()
    assert after["wang"].staff.roles == {Role.SUPERVISOR}
    assert HASHER.verify(after["wang"].password_hash.reveal(), "high-mountain")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("quiet-river", "river", "staff[0].password: must have 8 characters or more"),
        ("loud-river", "loud", "staff[0].sip_secret: must have 8 characters or more"),
        ("department: cards", "department: card", "there is no department 'card'"),
        ("calendar: office", "calendar: night", "departments[0].calendar: there is no calendar"),
        ("login: wang", "login: li", "staff[1].login: stands twice"),
        ("[head]", "[boss]", "staff[1].roles[0]: must be one of"),
        ("staff:\n", "people: []\nstaff:\n", "people"),
    ],
)
def test_every_mistake_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(DocumentError) as wrong:
        people(tmp_path, FILE.replace(old, new))
    assert words in str(wrong.value)
