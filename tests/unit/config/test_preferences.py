from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session
from twisted.internet.task import Clock

from agents.acd.queue import Acquaintance, Claim, Preferred
from agents.acd.rules import rules_from
from config.preferences import KnownAgents
from cti.kernel.identifiers import AgentId, CustomerId
from monitoring.schema import CallRow
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tickets.model import NOBODY
from tickets.schema import CaseRow

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BOTH = {
    "demand": "general",
    "sticky": {"patience": 10, "within": "7 days"},
    "owner": {"patience": 20, "within": "30 days"},
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[DirectDatabase]:
    database = DirectDatabase(f"sqlite:///{tmp_path / 'hotline.sqlite'}")
    yield database
    database.stop()


def store(database: DirectDatabase, *rows: object) -> None:
    def add_txn(session: Session) -> None:
        session.add_all(rows)

    result_of(database.run(add_txn))


def call(agent_id: str | None, days: float, customer: str = "C1") -> CallRow:
    started = NOW - timedelta(days=days)
    return CallRow(
        call_id=f"{customer} {days}",
        started=started,
        direction="inbound",
        calling="",
        called="",
        trunk="",
        customer_id=customer,
        service_level=3,
        language="zh",
        verification=0,
        path=[],
        agent_id=agent_id,
        waited=0.0,
        talked=0.0,
        held=0.0,
        after_call=0.0,
        open=False,
    )


def case(opened_by: str, days: float, *, ended: bool = False, about: str = "") -> CaseRow:
    return CaseRow(
        number=f"T{days}",
        kind="enquiry",
        urgency="normal",
        state="open",
        title="",
        draft={"about_staff": about or None},
        customer_id="C1",
        opened=NOW - timedelta(days=days),
        opened_by=opened_by,
        ended=NOW if ended else None,
        version=1,
        cycle=1,
        level=0,
    )


def preferred(database: DirectDatabase, rules: dict[str, Any]) -> tuple[Preferred, ...]:
    return acquaintance(database, rules).preferred


def acquaintance(database: DirectDatabase, rules: dict[str, Any]) -> Acquaintance:
    clock = Clock()
    clock.advance(NOW.timestamp())
    known = KnownAgents(database, clock)
    found = result_of(known.acquaintance(CustomerId("C1"), rules_from(rules)))
    assert found.shunned.isdisjoint(each.agent_id for each in found.preferred)
    return found


def test_the_owner_of_the_open_ticket_goes_before_who_served_last(
    database: DirectDatabase,
) -> None:
    store(database, call("old", 3), call("last", 2), call(None, 1), call("other", 1, "C2"))
    store(database, case("done", 1, ended=True), case("owner", 20), case("older", 25))
    assert preferred(database, BOTH) == (
        Preferred(AgentId("owner"), Claim.OWNER),
        Preferred(AgentId("last"), Claim.LAST_AGENT),
    )
    assert preferred(database, {**BOTH, "owner": None}) == (
        Preferred(AgentId("last"), Claim.LAST_AGENT),
    )


def test_what_lies_too_long_back_does_not_count(database: DirectDatabase) -> None:
    store(database, call("last", 8), case("owner", 31))
    assert preferred(database, BOTH) == ()


@pytest.mark.parametrize("opened_by", ["customer", "system", "voicemail", "mail"])
def test_a_ticket_that_no_agent_opened_hides_no_owner(
    database: DirectDatabase, opened_by: str
) -> None:
    assert opened_by in NOBODY
    store(database, case(opened_by, 1), case("owner", 20))
    assert preferred(database, BOTH) == (Preferred(AgentId("owner"), Claim.OWNER),)


@pytest.mark.parametrize("ended", [False, True])
def test_nobody_is_kept_for_whom_they_complained_about(
    database: DirectDatabase, ended: bool
) -> None:
    store(database, case("rude", 1), case("kind", 2, about="rude", ended=ended), case("first", 3))
    store(database, call("rude", 1), call("last", 4))
    owner = "first" if ended else "kind"
    assert preferred(database, BOTH) == (
        Preferred(AgentId(owner), Claim.OWNER),
        Preferred(AgentId("last"), Claim.LAST_AGENT),
    )


def test_a_complaint_about_who_opened_it_has_no_owner(database: DirectDatabase) -> None:
    store(database, case("rude", 1, about="rude"), call("rude", 1))
    found = acquaintance(database, BOTH)
    assert found == Acquaintance((), frozenset({AgentId("rude")}))
