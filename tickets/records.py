"""What has no columns of its own, as JSON objects and back: drafts, petitions, suspensions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cti.kernel.identifiers import CallId, CustomerId, DepartmentId, StaffId
from cti.kernel.vocabulary import ServiceLevel
from tickets.model import (
    Draft,
    Petition,
    PetitionKind,
    ReplyChannel,
    Requester,
    Source,
    Suspension,
    SuspensionGround,
    TicketKind,
    Urgency,
)

Record = dict[str, Any]


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
        "received": draft.received.isoformat() if draft.received else None,
        "requester": {
            "name": who.name,
            "contact": who.contact,
            "customer_id": who.customer_id,
            "sex": who.sex,
            "address": who.address,
            "service_level": who.service_level.value,
            "unproven": who.unproven,
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
        received=datetime.fromisoformat(record["received"]) if record.get("received") else None,
        requester=Requester(
            name=who["name"],
            contact=who["contact"],
            customer_id=CustomerId(who["customer_id"]) if who["customer_id"] else None,
            sex=who["sex"],
            address=who["address"],
            service_level=ServiceLevel(who["service_level"]),
            unproven=who.get("unproven", False),
        ),
    )


def petition_record(petition: Petition | None) -> Record | None:
    """The petition as a JSON object."""
    if petition is None:
        return None
    return {
        "kind": petition.kind.value,
        "text": petition.text,
        "until": petition.until.isoformat(),
        "by": petition.by,
        "ground": petition.ground.value if petition.ground else None,
        "signed_by": petition.signed_by,
    }


def petition_from(record: Mapping[str, Any] | None) -> Petition | None:
    """The petition that such an object holds."""
    if record is None:
        return None
    return Petition(
        kind=PetitionKind(record["kind"]),
        text=record["text"],
        until=datetime.fromisoformat(record["until"]),
        by=StaffId(record["by"]),
        ground=SuspensionGround(record["ground"]) if record["ground"] else None,
        signed_by=StaffId(record["signed_by"]) if record["signed_by"] else None,
    )


def suspension_of(ground: str | None, until: datetime | None) -> Suspension | None:
    """The suspension of two columns; None where they are empty."""
    if ground is None or until is None:
        return None
    return Suspension(SuspensionGround(ground), until)
