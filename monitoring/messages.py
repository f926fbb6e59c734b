"""Messages that callers left: what the journal tells of them, and where they are in a recording."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from cti.call.events import CallCleared, RecordingStarted
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, TicketNumber
from ivr.events import MessageBegun, MessageDropped, MessageFiled, MessageLeft
from monitoring.repository import Entry, read_journal_txn

FILED_WITHIN = timedelta(days=7)
"""A message without a ticket that is older is looked for no more."""
Part = tuple[float, float]
"""Seconds from the beginning of a recording, and how many."""
OF_MESSAGES = (MessageBegun.kind, MessageLeft.kind, MessageDropped.kind, MessageFiled.kind)


@dataclass(frozen=True, slots=True)
class Message:
    """A message in the call's recording, `start` seconds from its beginning; None without one."""

    begun: datetime
    seconds: float
    start: float | None
    number: TicketNumber | None = None


def messages_of(events: Iterable[Event]) -> tuple[Message, ...]:
    """The messages that were left in a call, by its events in their order."""
    found: dict[datetime, Message] = {}
    recording: datetime | None = None
    for event in events:
        match event:
            case RecordingStarted() if recording is None:
                recording = event.at
            case MessageLeft():
                begun = event.begun
                start = (begun - recording).total_seconds() if recording else None
                found[begun] = Message(begun, event.seconds, start)
            case MessageFiled() if event.begun in found:
                found[event.begun] = replace(found[event.begun], number=event.number)
    return tuple(found.values())


def parts_txn(session: Session, call_id: CallId, number: str) -> tuple[Part, ...]:
    """Where in the call's recording is what its caller left for that ticket, in their order."""
    events = (entry.event for entry in read_journal_txn(session, call_id=call_id))
    return tuple(
        (each.start, each.seconds)
        for each in messages_of(events)
        if each.number == number and each.start is not None
    )


def messages_txn(session: Session, since: datetime) -> list[Event]:
    """All that happened to messages since then, in order, with the ends of calls they stop at."""
    entries = {
        entry.sequence: entry for entry in read_journal_txn(session, since=since, kinds=OF_MESSAGES)
    }
    for call_id in _still_spoken(entries.values()):
        over = read_journal_txn(session, call_id=call_id, kinds=(CallCleared.kind,))
        entries |= {entry.sequence: entry for entry in over}
    return [entries[sequence].event for sequence in sorted(entries)]


def _still_spoken(entries: Iterable[Entry]) -> set[CallId]:
    spoken: set[CallId] = set()
    for entry in entries:
        match entry.event:
            case MessageBegun() as event:
                spoken.add(event.call_id)
            case MessageLeft() | MessageDropped() as event:
                spoken.discard(event.call_id)
    return spoken
