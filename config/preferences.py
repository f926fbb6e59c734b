"""Whom a customer had better talk to, as call records and tickets know it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred

from agents.acd.queue import Acquaintance, Claim, Preferred
from agents.acd.rules import Patience, QueueRules
from cti.database import Database
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import AgentId, CustomerId, StaffId
from monitoring.schema import CallRow
from tickets.model import NOBODY
from tickets.schema import CaseRow


class KnownAgents:
    """Implements `agents.acd.outflow.PreferencePort` by one look into the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def acquaintance(self, customer_id: CustomerId, rules: QueueRules) -> Deferred[Acquaintance]:
        """Who opened their latest open ticket, then who served them last; and whom not."""
        return self._database.read(acquaintance_txn, customer_id, rules, utc(self._clock))


def acquaintance_txn(
    session: Session, customer_id: CustomerId, rules: QueueRules, now: datetime
) -> Acquaintance:
    """The agents whom the rules let wait for, none of whom they complained about; and those."""
    about = _complained_about_txn(session, customer_id)
    preferred = tuple(_preferred(session, customer_id, rules, now, NOBODY | about))
    return Acquaintance(preferred, frozenset(map(AgentId, about)))


def _preferred(
    session: Session,
    customer_id: CustomerId,
    rules: QueueRules,
    now: datetime,
    shunned: frozenset[StaffId],
) -> Iterator[Preferred]:
    if rules.owner is not None:
        owner = session.scalar(
            select(CaseRow.opened_by)
            .where(CaseRow.customer_id == customer_id, CaseRow.ended.is_(None))
            .where(CaseRow.opened >= _since(rules.owner, now), CaseRow.opened_by.not_in(shunned))
            .order_by(CaseRow.opened.desc())
            .limit(1)
        )
        if owner is not None:
            yield Preferred(AgentId(owner), Claim.OWNER)
    if rules.sticky is not None:
        last = session.scalar(
            select(CallRow.agent_id)
            .where(CallRow.customer_id == customer_id, CallRow.agent_id.not_in(shunned))
            .where(CallRow.started >= _since(rules.sticky, now))
            .order_by(CallRow.started.desc())
            .limit(1)
        )
        if last is not None:
            yield Preferred(AgentId(last), Claim.LAST_AGENT)


def _complained_about_txn(session: Session, customer_id: CustomerId) -> frozenset[StaffId]:
    """Whom any complaint of the customer's is about, whatever became of it."""
    about = CaseRow.draft["about_staff"].as_string()
    found = select(about).where(CaseRow.customer_id == customer_id, about.is_not(None))
    return frozenset(map(StaffId, session.scalars(found)))


def _since(patience: Patience, now: datetime) -> datetime:
    return now - timedelta(seconds=patience.within)
