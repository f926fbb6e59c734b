"""Call records as rows, and back: nothing but names and types on either side."""

from cti.call.model import Cause, Direction, Party
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, CustomerId, DeviceId, QueueId
from cti.kernel.plain import from_plain, to_plain
from cti.kernel.vocabulary import Language, ServiceLevel, Verification
from monitoring.cdr import CallRecord, Coded, Leg, Loan, Wait, WaitEnd
from monitoring.schema import CallRow, LegRow


def call_values(record: CallRecord) -> dict[str, object]:
    """Columns of the call's own row."""
    being_written = record.recording is not None and record.recording_seconds is None
    return {
        "call_id": record.call_id,
        "started": record.started,
        "answered": record.answered,
        "ended": record.ended,
        "direction": record.direction.value,
        "calling": record.calling,
        "called": record.called,
        "trunk": record.trunk,
        "outcome": record.outcome.value if record.outcome else None,
        "cause": record.cause.value if record.cause else None,
        "cleared_by": record.cleared_by.value if record.cleared_by else None,
        "customer_id": record.customer_id,
        "service_level": int(record.service_level),
        "language": record.language.value,
        "verification": int(record.verification),
        "path": list(record.path),
        "queue_id": record.queue_id,
        "agent_id": record.agent_id,
        "waited": record.waited,
        "talked": record.talked,
        "held": record.held,
        "after_call": record.after_call,
        "codes": to_plain(record.codes),
        "recording": record.recording,
        "recording_seconds": record.recording_seconds,
        "recording_digest": record.recording_digest,
        "loans": to_plain(record.loans),
        "open": record.ended is None or being_written,
    }


def leg_values(record: CallRecord) -> list[dict[str, object]]:
    """Columns of a row per leg."""
    return [
        {
            "call_id": record.call_id,
            "place": place,
            "connection_id": leg.connection_id,
            "device_id": leg.device_id,
            "party": leg.party.value,
            "alerting": leg.alerting,
            "answered": leg.answered,
            "ended": leg.ended,
            "cause": leg.cause.value if leg.cause else None,
            "cleared_by": leg.cleared_by.value if leg.cleared_by else None,
            "held": leg.held,
            "packets_sent": leg.packets_sent,
            "packets_received": leg.packets_received,
            "packets_lost": leg.packets_lost,
            "jitter": leg.jitter,
            "round_trip": leg.round_trip,
            "rating": leg.rating,
            "codec": leg.codec,
        }
        for place, leg in enumerate(record.legs)
    ]


def wait_values(record: CallRecord) -> list[dict[str, object]]:
    """Columns of a row per wait."""
    return [
        {
            "call_id": record.call_id,
            "place": place,
            "queue_id": wait.queue_id,
            "queued": wait.queued,
            "seconds": wait.seconds,
            "ended_by": wait.end.value if wait.end else None,
        }
        for place, wait in enumerate(record.waits)
    ]


def record_from(row: CallRow) -> CallRecord:
    """The record that the row, its legs and its waits hold."""
    return CallRecord(
        call_id=CallId(row.call_id),
        started=row.started,
        direction=Direction(row.direction),
        calling=row.calling,
        called=row.called,
        trunk=row.trunk,
        answered=row.answered,
        ended=row.ended,
        cause=Cause(row.cause) if row.cause else None,
        cleared_by=Party(row.cleared_by) if row.cleared_by else None,
        customer_id=CustomerId(row.customer_id) if row.customer_id else None,
        service_level=ServiceLevel(row.service_level),
        language=Language(row.language),
        verification=Verification(row.verification),
        path=tuple(row.path),
        waits=tuple(
            Wait(
                queue_id=QueueId(wait.queue_id),
                queued=wait.queued,
                seconds=wait.seconds,
                end=WaitEnd(wait.end) if wait.end else None,
            )
            for wait in row.waits
        ),
        agent_id=AgentId(row.agent_id) if row.agent_id else None,
        talked=row.talked,
        held=row.held,
        after_call=row.after_call,
        codes=tuple(from_plain(Coded, each) for each in row.codes),
        legs=tuple(_leg(leg) for leg in row.legs),
        loans=from_plain(tuple[Loan, ...], row.loans),
        recording=row.recording,
        recording_seconds=row.recording_seconds,
        recording_digest=row.recording_digest,
    )


def _leg(row: LegRow) -> Leg:
    return Leg(
        connection_id=ConnectionId(row.connection_id),
        device_id=DeviceId(row.device_id),
        party=Party(row.party),
        alerting=row.alerting,
        answered=row.answered,
        ended=row.ended,
        cause=Cause(row.cause) if row.cause else None,
        cleared_by=Party(row.cleared_by) if row.cleared_by else None,
        held=row.held,
        packets_sent=row.packets_sent,
        packets_received=row.packets_received,
        packets_lost=row.packets_lost,
        jitter=row.jitter,
        round_trip=row.round_trip,
        rating=row.rating,
        codec=row.codec,
    )
