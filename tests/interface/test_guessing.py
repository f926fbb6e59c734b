"""Who calls many times at once and keys proofs has no more tries than who calls again and again."""

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from cti.kernel.secret import Secret
from cti.kernel.ticket_line import Proof
from tests.support.databases import DirectDatabase
from tests.support.patience import ample
from tickets.line.repository import Judged, prove_txn
from tickets.line.settings import LineSettings

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
SETTINGS = LineSettings(wrong_by_caller=3, wrong_by_ticket=9, wrong_by_house=99)
LOOK = 0.02
"""Seconds between two looks."""
WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


def prove(session: Session, later: int) -> Judged:
    at = NOW + timedelta(seconds=later)
    return prove_txn(session, "26112300012", Secret("0000"), "13900139000", SETTINGS, at)


@pytest.mark.needs("postgresql")
def test_proofs_at_the_same_time_are_judged_one_after_the_other(postgresql_url: str) -> None:
    database = DirectDatabase(postgresql_url)
    engine = database.engine
    judged: list[Judged] = []

    def another() -> None:
        with Session(engine) as session, session.begin():
            judged.append(prove(session, 9))

    thread = Thread(target=another)
    with Session(engine) as session, session.begin():
        assert [prove(session, each).proven.proof for each in range(2)] == [Proof.WRONG] * 2
        third = prove(session, 2)
        thread.start()
        for _ in range(round(ample() / LOOK)):
            thread.join(LOOK)
            if judged or waits(engine):
                break
    thread.join()
    assert (third.proven.proof, third.alarmed) == (Proof.WRONG, True)
    assert judged[0].proven.proof is Proof.LOCKED
    database.stop()


def waits(engine: Engine) -> bool:
    """Whether somebody waits for a lock."""
    with engine.connect() as connection:
        return bool(connection.scalar(WAITING))
