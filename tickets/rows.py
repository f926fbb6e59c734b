"""Tickets as rows, and back: nothing but names and types on either side."""

from datetime import datetime
from typing import Any

from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from tickets.model import (
    Case,
    CaseState,
    Dispatch,
    DispatchState,
)
from tickets.records import draft_from, draft_record, petition_from, petition_record, suspension_of
from tickets.schema import DispatchRow


def dispatch_row(number: TicketNumber, dispatch: Dispatch) -> DispatchRow:
    """The row that keeps the dispatch."""
    return DispatchRow(
        number=number,
        serial=dispatch.serial,
        department_id=dispatch.department_id,
        lead=dispatch.lead,
        state=dispatch.state.value,
        refusals=dispatch.refusals,
        urges=dispatch.urges,
        urge_open=dispatch.urge_open,
        sent=dispatch.sent,
        petition=petition_record(dispatch.petition),
        ground=dispatch.suspension.ground.value if dispatch.suspension else None,
        suspended_until=dispatch.suspension.until if dispatch.suspension else None,
        facts=dispatch.facts,
    )


def dispatch_from(row: Any) -> Dispatch:
    """The dispatch that a row of `DispatchRow` holds."""
    return Dispatch(
        serial=row.serial,
        department_id=DepartmentId(row.department_id),
        lead=row.lead,
        state=DispatchState(row.state),
        refusals=row.refusals,
        urges=row.urges,
        urge_open=row.urge_open,
        sent=row.sent,
        petition=petition_from(row.petition),
        suspension=suspension_of(row.ground, row.suspended_until),
        facts=row.facts,
    )


def draft_values(case: Case) -> dict[str, Any]:
    """The columns that hold what the customer wants."""
    draft = case.draft
    return {
        "kind": draft.kind.value,
        "urgency": draft.urgency.value,
        "title": draft.title,
        "draft": draft_record(draft),
        "customer_id": draft.requester.customer_id,
    }


def changing_values(case: Case) -> dict[str, Any]:
    """The columns that acts change."""
    return {
        "state": case.state.value,
        "version": case.version,
        "cycle": case.cycle,
        "ended": case.ended,
        "level": case.level,
        "handlers": sorted(case.handlers),
        "supervised": case.supervised,
        "extensions": case.extensions,
        "appraised": case.appraised,
        "tries": [each.isoformat() for each in case.tries],
        "rating": case.rating,
        "merged_into": case.merged_into,
        "void_asked_by": case.void_asked_by,
        "adopted": case.adopted,
        "facts": case.facts,
        "call_back_at": case.call_back_at,
    }


def case_from(row: Any, dispatches: tuple[Dispatch, ...]) -> Case:
    """The case that a row of `CaseRow` holds, with its dispatches."""
    return Case(
        number=TicketNumber(row.number),
        draft=draft_from(row.draft),
        state=CaseState(row.state),
        opened=row.opened,
        opened_by=StaffId(row.opened_by),
        version=row.version,
        cycle=row.cycle,
        ended=row.ended,
        level=row.level,
        dispatches=dispatches,
        handlers=frozenset(StaffId(each) for each in row.handlers or ()),
        supervised=row.supervised,
        extensions=row.extensions,
        appraised=row.appraised,
        tries=tuple(datetime.fromisoformat(each) for each in row.tries),
        rating=row.rating,
        merged_into=TicketNumber(row.merged_into) if row.merged_into else None,
        void_asked_by=StaffId(row.void_asked_by) if row.void_asked_by else None,
        adopted=row.adopted,
        facts=row.facts,
        call_back_at=row.call_back_at,
    )
