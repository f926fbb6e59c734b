"""Tickets as rows, and back: nothing but names and types on either side."""

from collections.abc import Mapping
from typing import Any

from cti.kernel.identifiers import CallId, CustomerId, DepartmentId, StaffId, TicketNumber
from cti.kernel.vocabulary import ServiceLevel
from tickets.model import (
    Case,
    CaseState,
    Dispatch,
    DispatchState,
    Draft,
    ReplyChannel,
    Requester,
    Source,
    TicketKind,
    Urgency,
)
from tickets.schema import CaseRow, DispatchRow


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
    )


def dispatch_from(row: DispatchRow) -> Dispatch:
    """The dispatch that a row holds."""
    return Dispatch(
        serial=row.serial,
        department_id=DepartmentId(row.department_id),
        lead=row.lead,
        state=DispatchState(row.state),
        refusals=row.refusals,
        urges=row.urges,
        urge_open=row.urge_open,
    )


def changing_values(case: Case) -> dict[str, Any]:
    """The columns that acts change."""
    return {
        "state": case.state.value,
        "version": case.version,
        "cycle": case.cycle,
        "ended": case.ended,
        "level": case.level,
    }


def case_from(row: CaseRow, dispatches: tuple[Dispatch, ...]) -> Case:
    """The case that a row holds, with its dispatches."""
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
    )


def draft_record(draft: Draft) -> dict[str, Any]:
    """The draft as a JSON object."""
    who = draft.requester
    return {
        "kind": draft.kind.value,
        "title": draft.title,
        "text": draft.text,
        "urgency": draft.urgency.value,
        "occasion": draft.occasion,
        "about": draft.about,
        "reply_by": draft.reply_by.value,
        "call_id": draft.call_id,
        "call_path": list(draft.call_path),
        "details": dict(draft.details),
        "source": draft.source.value,
        "about_staff": draft.about_staff,
        "about_unit": draft.about_unit,
        "requester": {
            "name": who.name,
            "contact": who.contact,
            "customer_id": who.customer_id,
            "sex": who.sex,
            "address": who.address,
            "service_level": who.service_level.value,
        },
    }


def draft_from(record: Mapping[str, Any]) -> Draft:
    """The draft that such an object holds; the oldest know no details and no source."""
    who = record["requester"]
    return Draft(
        kind=TicketKind(record["kind"]),
        title=record["title"],
        text=record["text"],
        urgency=Urgency(record["urgency"]),
        occasion=record["occasion"],
        about=record["about"],
        reply_by=ReplyChannel(record["reply_by"]),
        call_id=CallId(record["call_id"]) if record["call_id"] else None,
        call_path=tuple(record["call_path"]),
        details=record.get("details", {}),
        source=Source(record.get("source", Source.CALL.value)),
        about_staff=StaffId(record["about_staff"]) if record.get("about_staff") else None,
        about_unit=DepartmentId(record["about_unit"]) if record.get("about_unit") else None,
        requester=Requester(
            name=who["name"],
            contact=who["contact"],
            customer_id=CustomerId(who["customer_id"]) if who["customer_id"] else None,
            sex=who["sex"],
            address=who["address"],
            service_level=ServiceLevel(who["service_level"]),
        ),
    )
