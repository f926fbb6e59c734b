"""Follows every act: facts, keys, groups and routes are written in the act's own transaction.

Everything here runs in the database thread; nothing is derived later that the act itself knew.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from cti.kernel.identifiers import TicketNumber
from cti.kernel.vocabulary import Role
from tickets.catalogue.choosing import best
from tickets.catalogue.repository import catalogue_txn
from tickets.clocks.model import Clock
from tickets.messages import add_message_txn
from tickets.model import Audience, Case, CaseState, Dispatch, DispatchState, MessageKind
from tickets.model import TicketKind as Kind
from tickets.regulation.codes import NO_CODES, CodeBook
from tickets.regulation.facts import Fact, first_fact, next_fact
from tickets.regulation.finding import crowd_txn, repeats_txn
from tickets.regulation.matters import crowds_of, people_of
from tickets.regulation.repeats import Group, RepeatRules, repeated
from tickets.regulation.rows import fact_from, fact_values
from tickets.regulation.schema import FactRow, GroupRow, KeyRow, RouteRow
from tickets.workflow import Action

GROUP_FOUND = "group_complaint"
"""What messages of a group are about, as `ticket.done.group_complaint` words it."""
TOLD_OF_GROUPS = (Role.SUPERVISOR, Role.PROTECTION)
_ASKED, _REFUSED = DispatchState.REFUSAL_ASKED, DispatchState.REFUSED


@dataclass(frozen=True, slots=True)
class Follower:
    """What acts are counted by: the bank's codes, and its rules of repeats and groups."""

    zone: ZoneInfo
    codes: CodeBook = NO_CODES
    rules: RepeatRules = field(default_factory=RepeatRules)

    def registered_txn(
        self, session: Session, case: Case, clocks: Collection[Clock], *, quietly: bool = False
    ) -> None:
        """A ticket has come in; `quietly`, long ago, so that nobody is told of groups."""
        number, draft, at = case.number, case.draft, case.opened
        found = repeats_txn(session, draft, at, self.rules, number)
        before = repeated(found) if draft.kind is Kind.COMPLAINT else None
        fact = first_fact(case, clocks, self.codes, self.zone, before)
        session.add(FactRow(**fact_values(fact)))
        self._keep_keys_txn(session, case, fact)
        if not quietly:
            self._group_txn(session, case, fact, at)

    def changed_txn(
        self,
        session: Session,
        before: Case,
        after: Case,
        clocks: Collection[Clock],
        action: Action,
        fields: Mapping[str, str],
        at: datetime,
    ) -> None:
        """An act was done."""
        row = session.get(FactRow, after.number)
        if row is None:
            return
        fact = fact_from(row)
        cause = fields.get("cause", "") if action is not Action.AMEND else ""
        now = next_fact(fact, before, after, clocks, self.codes, self.zone, at, cause)
        for name, value in fact_values(now).items():
            setattr(row, name, value)
        voided = after.state is CaseState.VOID
        if voided or (after.draft, now.cause) != (before.draft, fact.cause):
            self._keep_keys_txn(session, after, now)
            self._group_txn(session, after, now, at)
        self._routes_txn(session, before, after)

    def _keep_keys_txn(self, session: Session, case: Case, fact: Fact) -> None:
        people = people_of(case.draft)
        who = people[0] if people else f"ticket:{case.number}"
        wanted = {*people, *self._crowds(case, fact)}
        rows = {
            row.key: row
            for row in session.scalars(select(KeyRow).where(KeyRow.number == case.number))
        }
        for key in rows.keys() - wanted:
            session.delete(rows[key])
        for row in rows.values():
            row.who = who
        session.add_all(
            KeyRow(number=case.number, key=key, who=who, received=case.opened)
            for key in sorted(wanted - rows.keys())
        )
        session.flush()

    def _crowds(self, case: Case, fact: Fact) -> frozenset[str]:
        if case.draft.kind is not Kind.COMPLAINT or case.state is CaseState.VOID:
            return frozenset()
        return crowds_of({**case.draft.details, "cause": fact.cause})

    def _group_txn(self, session: Session, case: Case, fact: Fact, at: datetime) -> None:
        for key in sorted(self._crowds(case, fact)):
            row = session.scalar(
                select(GroupRow).where(GroupRow.key == key).order_by(GroupRow.last.desc()).limit(1)
            )
            people, first = crowd_txn(session, key, at, self.rules)
            if row is not None and _group(row).goes_on(case.opened, self.rules):
                row.last = max(row.last, case.opened)
                row.people = max(row.people, people)
            elif people >= self.rules.crowd:
                session.add(
                    GroupRow(key=key, first=first, last=case.opened, found=at, people=people)
                )
                self._tell_txn(session, case.number, at)

    def _tell_txn(self, session: Session, number: TicketNumber, at: datetime) -> None:
        for role in TOLD_OF_GROUPS:
            add_message_txn(session, number, Audience(role), MessageKind.WORK, GROUP_FOUND, at)

    def _routes_txn(self, session: Session, before: Case, after: Case) -> None:
        known = {each.serial: each for each in before.dispatches}
        for order in after.dispatches:
            if order.serial not in known:
                self._sent_txn(session, after, order)
            elif order.state is not known[order.serial].state and order.state in (_ASKED, _REFUSED):
                row = session.get(RouteRow, (after.number, order.serial))
                if row is not None:
                    row.refusals = order.refusals
                    row.refused = order.state is _REFUSED

    def _sent_txn(self, session: Session, case: Case, order: Dispatch) -> None:
        if not order.lead or order.sent is None:
            return
        catalogue = catalogue_txn(session)
        day = order.sent.astimezone(self.zone).date()
        choice = best(catalogue, case.draft, day, self.codes)
        session.add(
            RouteRow(
                number=case.number,
                dispatch=order.serial,
                sent=order.sent,
                department_id=order.department_id,
                version=catalogue.version,
                line=choice.line.line_id if choice else "",
                proposed=choice.line.department_id if choice else "",
                refusals=0,
                refused=False,
            )
        )


def _group(row: GroupRow) -> Group:
    return Group(row.key, row.first, row.last, row.people)
