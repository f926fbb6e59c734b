"""Facts as rows, and back: nothing but names and types on either side."""

from dataclasses import fields
from datetime import timedelta
from typing import Any

from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from tickets.model import CaseState, Source, TicketKind
from tickets.regulation.facts import Fact
from tickets.regulation.fault import Party, Shares
from tickets.regulation.schema import FactRow

_PLAIN = frozenset(each.name for each in fields(Fact)) - {"kind", "source", "state", "shares"}


def fact_values(fact: Fact) -> dict[str, Any]:
    """The columns of the fact."""
    plain = {name: getattr(fact, name) for name in _PLAIN}
    held = {party.value: fact.shares.time(party).total_seconds() for party in Party}
    words = {"kind": fact.kind.value, "source": fact.source.value, "state": fact.state.value}
    return plain | held | words


def fact_from(row: FactRow) -> Fact:
    """The fact that a row holds."""
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
