"""What a desk keeps, in SQLite and PostgreSQL: one suite."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.desk.model import Coding, CustomerNote, Favourite, FavouriteKind, FollowUp, Known
from agents.desk.repository import (
    add_customer_note_txn,
    codings_txn,
    favourites_txn,
    finish_follow_up_txn,
    follow_ups_txn,
    known_txn,
    save_coding_txn,
    set_consent_txn,
    set_favourite_txn,
    summaries_txn,
)
from agents.repository import save_note_txn, store_staff_txn
from cti.kernel.identifiers import AgentId, CallId, CustomerId, StaffId
from customers.repository import store_customer_txn
from tests.support.call_centre import QUICK_HASHER, CallCentre
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.furnished import MILLER, WANG, staff_of

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
CALL, OTHER = CallId("call-1"), CallId("call-2")
A, B = AgentId("a"), AgentId("b")
CODING = Coding(CALL, A, "card.lost", NOW)
PROMISE = FollowUp(CALL, A, NOW + timedelta(days=1), "利率", WANG.customer_id, "王芳", "138")


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DirectDatabase]:
    if request.param == "postgresql":
        database = DirectDatabase(request.getfixturevalue("postgresql_url"))
    else:
        database = DirectDatabase(f"sqlite:///{tmp_path}/desk.db")
    for customer in (WANG, MILLER):
        result_of(database.run(store_customer_txn, customer))
    people = staff_of(CallCentre({"a": {}, "b": {}}))
    result_of(database.run(store_staff_txn, people, "house", QUICK_HASHER))
    yield database
    database.stop()


def test_each_agent_s_code_of_a_call_is_kept(database: DirectDatabase) -> None:
    assert result_of(database.run(save_coding_txn, CODING, None)) is True
    theirs = replace(CODING, agent_id=B, code="other", at=NOW + timedelta(minutes=1))
    assert result_of(database.run(save_coding_txn, theirs, None)) is True
    corrected = replace(CODING, code="card.dispute")
    assert result_of(database.run(save_coding_txn, corrected, None)) is False
    found = result_of(database.read(codings_txn, [CALL, OTHER]))
    assert found == {CALL: [corrected, theirs]}
    assert result_of(database.read(codings_txn, [])) == {}


def test_promises_stand_until_they_are_kept(database: DirectDatabase) -> None:
    coding = replace(CODING, follow_up=PROMISE.due)
    result_of(database.run(save_coding_txn, coding, PROMISE))
    sooner = replace(PROMISE, call_id=OTHER, due=NOW, customer_id=None, name="", number="")
    result_of(database.run(save_coding_txn, replace(coding, call_id=OTHER), sooner))
    assert result_of(database.read(follow_ups_txn)) == {A: [sooner, PROMISE]}
    assert result_of(database.run(finish_follow_up_txn, CALL, B, NOW)) is False
    assert result_of(database.run(finish_follow_up_txn, CALL, A, NOW)) is True
    assert result_of(database.run(finish_follow_up_txn, CALL, A, NOW)) is False
    assert result_of(database.read(follow_ups_txn)) == {A: [sooner]}


def test_another_code_takes_back_what_was_promised_and_not_what_was_done(
    database: DirectDatabase,
) -> None:
    result_of(database.run(save_coding_txn, CODING, PROMISE))
    result_of(database.run(save_coding_txn, CODING, None))
    assert result_of(database.read(follow_ups_txn)) == {}
    result_of(database.run(save_coding_txn, CODING, PROMISE))
    result_of(database.run(finish_follow_up_txn, CALL, A, NOW))
    result_of(database.run(save_coding_txn, CODING, None))
    assert result_of(database.run(finish_follow_up_txn, CALL, A, NOW)) is False


def test_what_was_written_last_about_calls(database: DirectDatabase) -> None:
    result_of(database.run(save_note_txn, CALL, A, "first", NOW))
    result_of(database.run(save_note_txn, CALL, B, "then", NOW + timedelta(minutes=1)))
    result_of(database.run(save_note_txn, OTHER, A, "", NOW))
    assert result_of(database.read(summaries_txn, [CALL, OTHER])) == {CALL: "then"}


def test_notes_and_consents_of_a_customer(database: DirectDatabase) -> None:
    customer = WANG.customer_id
    notes = [
        CustomerNote(customer, NOW + timedelta(minutes=each), StaffId("a"), f"note {each}")
        for each in range(3)
    ]
    for note in notes:
        result_of(database.run(add_customer_note_txn, note))
    result_of(database.run(set_consent_txn, customer, "marketing", True, NOW))
    result_of(database.run(set_consent_txn, customer, "marketing", False, NOW))
    result_of(database.run(set_consent_txn, customer, "recording", True, NOW))
    known = result_of(database.read(known_txn, customer, 2))
    assert known == Known((notes[2], notes[1]), {"marketing": False, "recording": True})
    assert result_of(database.read(known_txn, MILLER.customer_id, 2)) == Known()
    assert result_of(database.read(known_txn, CustomerId("nobody"), 2)) == Known()


def test_important_notes_are_known_however_old(database: DirectDatabase) -> None:
    customer = WANG.customer_id
    notes = [
        CustomerNote(customer, NOW + timedelta(minutes=each), StaffId("a"), f"{each}", each == 0)
        for each in range(4)
    ]
    for note in notes:
        result_of(database.run(add_customer_note_txn, note))
    known = result_of(database.read(known_txn, customer, 2))
    assert known.notes == (notes[3], notes[0])


def test_favourites(database: DirectDatabase) -> None:
    agent = Favourite(FavouriteKind.AGENT, "b")
    number = Favourite(FavouriteKind.NUMBER, "95588")
    for favourite in (agent, number, agent):
        result_of(database.run(set_favourite_txn, StaffId("a"), favourite, True))
    result_of(database.run(set_favourite_txn, StaffId("b"), number, True))
    result_of(database.run(set_favourite_txn, StaffId("a"), number, False))
    result_of(database.run(set_favourite_txn, StaffId("a"), number, False))
    assert result_of(database.read(favourites_txn)) == {
        StaffId("a"): frozenset({agent}),
        StaffId("b"): frozenset({number}),
    }
