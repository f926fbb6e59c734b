"""The roster and its tables, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from twisted.internet.defer import Deferred

from agents.acd.overflow import waiting_from
from agents.acd.rules import rules_from
from agents.model import Queue, Staff
from agents.repository import (
    NewStaff,
    SipDigests,
    notes_txn,
    save_note_txn,
    sip_digests,
    store_queues_txn,
    store_staff_txn,
)
from agents.roster import Roster
from cti.kernel.identifiers import AgentId, CallId, DepartmentId, DeviceId, QueueId, StaffId
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language, Role
from cti.trunks.numbers import Reach
from tests.support.call_centre import QUEUES, QUICK_HASHER
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of

LI = Staff(
    StaffId("s1"),
    "li.na",
    "李娜",
    frozenset({Role.AGENT}),
    extension=DeviceId("1001"),
    skills={"general": 8, "complaints": 3},
    languages=frozenset(Language),
    may_dial=frozenset({Reach.INTERNAL, Reach.MOBILE}),
    priorities={"general": 2},
    team="客服一组",
)
WANG = Staff(
    StaffId("s2"),
    "wang",
    "Wang Fang",
    frozenset({Role.SUPERVISOR, Role.QUALITY}),
    Language.ENGLISH,
    DepartmentId("cards"),
)
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)

RULES = {"demand": "general >= 3", "order": "longest_idle", "sticky": {"patience": 10}}
WAITING = {
    "every": 0,
    "most": {"calls": 5, "then": {"to": "queue", "queue": "complaints"}},
    "call_back": {"key": "5", "window": ["09:00", "24:00"]},
}


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def database(request: pytest.FixtureRequest) -> Iterator[DirectDatabase]:
    if request.param == "sqlite":
        database = DirectDatabase()
    else:
        database = DirectDatabase(request.getfixturevalue("postgresql_url"))
    people = [NewStaff(LI, Secret("open sesame"), Secret("demo-1001")), NewStaff(WANG, Secret("x"))]
    result_of(database.run(store_staff_txn, people, "bank", QUICK_HASHER))
    result_of(database.run(store_queues_txn, QUEUES))
    yield database
    database.stop()


@pytest.fixture
def roster(database: DirectDatabase) -> Roster:
    roster = Roster(database, QUICK_HASHER)
    result_of(Deferred.fromCoroutine(roster.load()))
    return roster


def test_what_is_stored_is_known_again(roster: Roster) -> None:
    assert roster.staff() == [LI, WANG]
    assert roster.by_login("li.na") == roster.by_extension(DeviceId("1001")) == LI
    assert roster.by_id(WANG.staff_id) == WANG
    assert [one.login for one in roster.agents()] == ["li.na"]
    assert roster.name_of(LI.staff_id) == "李娜"
    assert list(roster.queues.values()) == sorted(QUEUES, key=lambda queue: queue.queue_id)


def test_strangers_are_nobody(roster: Roster) -> None:
    assert roster.by_login("who") is None
    assert roster.by_extension(DeviceId("9")) is None
    assert roster.sip_digests("9") is None
    assert roster.name_of(StaffId("gone")) == "gone"


def test_the_right_password_gives_the_principal(roster: Roster) -> None:
    assert result_of(roster.authenticate("li.na", "open sesame")) == LI.principal


@pytest.mark.parametrize(
    ("login", "password"),
    [("li.na", "open"), ("li.na", ""), ("wang", "open sesame"), ("who", ""), ("who", "x")],
)
def test_anything_else_gives_nobody(roster: Roster, login: str, password: str) -> None:
    assert result_of(roster.authenticate(login, password)) is None


def test_unknown_names_are_verified_too(roster: Roster, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    verify = type(QUICK_HASHER).verify

    def counting(hasher: PasswordHasher, stored: str, password: str) -> bool:
        verified.append(stored)
        return verify(hasher, stored, password)

    monkeypatch.setattr(type(QUICK_HASHER), "verify", counting)
    result_of(roster.authenticate("who", "x"))
    result_of(roster.authenticate("li.na", "x"))
    assert len(verified) == 2


def test_the_telephone_proves_itself_with_ha1(roster: Roster) -> None:
    assert roster.sip_digests("1001") == sip_digests("1001", "bank", Secret("demo-1001"))


def test_ha1_is_that_of_the_standards() -> None:
    # RFC 7616, 3.9.1: user Mufasa, realm http-auth@example.org, password Circle of Life.
    digests = sip_digests("Mufasa", "http-auth@example.org", Secret("Circle of Life"))
    assert digests == SipDigests(
        "3d78807defe7de2157e2b0b6573a855f",
        "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232",
    )


def test_storing_again_replaces(database: DirectDatabase) -> None:
    changed = Staff(LI.staff_id, "li.na", "李娜", LI.roles, skills={"general": 9})
    result_of(
        database.run(store_staff_txn, [NewStaff(changed, Secret("new"))], "bank", QUICK_HASHER)
    )
    queue = Queue(
        QueueId("general"), QUEUES[0].names, rules_from(RULES), waiting_from(WAITING), 10.0
    )
    result_of(database.run(store_queues_txn, [queue]))
    roster = Roster(database, QUICK_HASHER)
    result_of(Deferred.fromCoroutine(roster.load()))
    assert roster.by_id(LI.staff_id) == changed
    assert roster.queues[QueueId("general")] == queue


def test_no_secret_is_shown(roster: Roster) -> None:
    shown = repr(roster._people)
    assert "argon2" not in shown
    assert "sesame" not in repr(NewStaff(LI, Secret("open sesame")))


def test_notes_keep_the_newest_text(database: DirectDatabase) -> None:
    call_id, agent_id = CallId("c"), AgentId("s1")
    for text, minute in (("new", 2), ("old", 1)):
        at = NOON + timedelta(minutes=minute)
        result_of(database.run(save_note_txn, call_id, agent_id, text, at))
    result_of(database.run(save_note_txn, call_id, AgentId("s2"), "mine", NOON))
    notes = result_of(database.run(notes_txn, call_id))
    assert [(note.agent_id, note.text) for note in notes] == [("s2", "mine"), ("s1", "new")]
