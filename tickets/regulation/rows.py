"""Facts as rows and as JSON, and back: nothing but names and types on either side."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from tickets.model import CaseState, Source, TicketKind
from tickets.regulation.facts import Fact
from tickets.regulation.fault import Party, Shares
from tickets.regulation.quarter import Quarter
from tickets.regulation.schema import FactRow

AT_A_TIME = 1000
"""Facts that are held at once."""
_INSTANTS = ("received", "changed", "due", "told", "ended")
_PLAIN = frozenset(each.name for each in fields(Fact)) - {"kind", "source", "state", "shares"}


def fact_values(fact: Fact) -> dict[str, Any]:
    """The columns of the fact."""
    plain = {name: getattr(fact, name) for name in _PLAIN}
    held = {party.value: fact.shares.time(party).total_seconds() for party in Party}
    words = {"kind": fact.kind.value, "source": fact.source.value, "state": fact.state.value}
    return plain | held | words


def fact_record(fact: Fact) -> dict[str, Any]:
    """The fact as a JSON object; instants as ISO 8601, times in seconds."""
    values = fact_values(fact)
    for name in _INSTANTS:
        at = values[name]
        values[name] = at.isoformat() if at is not None else None
    return values


def fact_of(record: Mapping[str, Any]) -> Fact:
    """The fact that such an object holds."""
    values = dict(record)
    for name in _INSTANTS:
        text = values[name]
        values[name] = datetime.fromisoformat(text) if text is not None else None
    return fact_from(SimpleNamespace(**values))


def of_quarter_txn(session: Session, quarter: Quarter, zone: ZoneInfo) -> Iterator[Fact]:
    """The complaints received in the quarter, the first received first."""
    first, after = quarter.span(zone)
    rows = session.scalars(
        select(FactRow)
        .where(FactRow.kind == TicketKind.COMPLAINT.value)
        .where(FactRow.received >= first, FactRow.received < after)
        .order_by(FactRow.received, FactRow.number)
        .execution_options(yield_per=AT_A_TIME)
    )
    return map(fact_from, rows)


def fact_from(row: Any) -> Fact:
    """The fact that a row holds, or what has the same names."""
    seconds = {party: getattr(row, party.value) for party in Party}
    return Fact(
        number=TicketNumber(row.number),
        kind=TicketKind(row.kind),
        received=row.received,
        source=Source(row.source),
        state=CaseState(row.state),
        changed=row.changed,
        channel=row.channel,
        channel_assumed=row.channel_assumed,
        business=row.business,
        product=row.product,
        cause=row.cause,
        region=row.region,
        branch=row.branch,
        due=row.due,
        told=row.told,
        missed=row.missed,
        days=row.days,
        extensions=row.extensions,
        repeats=TicketNumber(row.repeats) if row.repeats else None,
        ended=row.ended,
        about_staff=StaffId(row.about_staff) if row.about_staff else None,
        about_unit=DepartmentId(row.about_unit) if row.about_unit else None,
        shares=Shares({party: timedelta(seconds=each) for party, each in seconds.items() if each}),
        erased=row.erased,
    )
