"""Tickets as an analyst reads them: a line with its codes, its decision, its end and whose time.

Everything here runs in the database thread. A part of an export costs four queries more than the
same page of a list, however many tickets it holds.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cti.kernel.identifiers import TicketNumber
from tickets.model import ENDED, Case
from tickets.regulation.facts import Fact
from tickets.regulation.fault import NO_SHARES, Shares, held
from tickets.regulation.rows import fact_from
from tickets.regulation.schema import FactRow
from tickets.rows import case_from, dispatch_from
from tickets.schema import CaseRow, DispatchRow, HistoryRow
from tickets.search.lines import Line
from tickets.workflow import Action

_OVER = [state.value for state in ENDED]


@dataclass(frozen=True, slots=True)
class Ending:
    """By which act a ticket ended, and who did it."""

    action: str
    by: str
    by_name: str


@dataclass(frozen=True, slots=True)
class Record:
    """A ticket with all that is counted of it; `fact` is None while nobody has taken it yet."""

    line: Line
    case: Case
    fact: Fact | None = None
    ending: Ending | None = None
    asked: Mapping[str, str] = field(default_factory=dict)
    """What the customer said when they were called back last: reached, told, solved, satisfied."""
    shares: Shares = NO_SHARES
    """Whose time it was, until now."""


def records_txn(session: Session, lines: Sequence[Line], now: datetime) -> Iterator[Record]:
    """These lines with what stands beside them, in this order."""
    numbers = [line.number for line in lines]
    cases = _cases(session, numbers)
    facts = {
        row.number: fact_from(row)
        for row in session.scalars(select(FactRow).where(FactRow.number.in_(numbers)))
    }
    acts = _last_acts(session, numbers)
    for line in lines:
        case, fact = cases[line.number], facts.get(line.number)
        ended, called = acts.get((line.number, True)), acts.get((line.number, False))
        yield Record(
            line=line,
            case=case,
            fact=fact,
            ending=Ending(ended.action, ended.by, ended.by_name) if ended and case.ended else None,
            asked=called.fields if called else {},
            shares=fact.shares + held(case, fact.changed, now) if fact else NO_SHARES,
        )


def _cases(session: Session, numbers: Collection[TicketNumber]) -> Mapping[str, Case]:
    orders: dict[str, list[DispatchRow]] = {}
    for order in session.scalars(
        select(DispatchRow).where(DispatchRow.number.in_(numbers)).order_by(DispatchRow.serial)
    ):
        orders.setdefault(order.number, []).append(order)
    rows = session.scalars(select(CaseRow).where(CaseRow.number.in_(numbers)))
    return {
        row.number: case_from(row, tuple(map(dispatch_from, orders.get(row.number, []))))
        for row in rows
    }


def _last_acts(
    session: Session, numbers: Collection[TicketNumber]
) -> Mapping[tuple[str, bool], HistoryRow]:
    """Of each ticket the last act that ended it (True) and the last call-back (False)."""
    ends = HistoryRow.state.in_(_OVER) & HistoryRow.previous.not_in(_OVER)
    found = {}
    for over, which in ((True, ends), (False, HistoryRow.action == Action.CALL_BACK.value)):
        last = (
            select(func.max(HistoryRow.id))
            .where(HistoryRow.number.in_(numbers), which)
            .group_by(HistoryRow.number)
        )
        for row in session.scalars(select(HistoryRow).where(HistoryRow.id.in_(last))):
            found[row.number, over] = row
    return found
