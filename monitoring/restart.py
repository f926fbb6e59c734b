"""What a start finds open from the run before, which did not end well, and how it is closed.

A server that was killed leaves calls without an end, recordings whose header is behind their
sound, and agents signed in. Each is closed in the journal at the last instant something is known
of it, so that records, figures and recordings tell the truth about the interrupted run.

Tickets keep a history of their own, so what happened to them and was not written down here any
more is known all the same, and told before the new run begins.

Where media workers outlived it, calls go on in this run and agents stay as they were: those are
left open, and `left_txn` gives what is known of them to those who take them up.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from agents.events import (
    AfterCallExtended,
    AgentPendingChanged,
    AgentState,
    AgentStateChanged,
    AlarmAcknowledged,
    CallOffered,
    DeskTaken,
    DisagreementHealed,
    NotReadyOverlong,
    OfferEnded,
)
from cti.call.events import CallCleared, CallEvent, RecordingStarted, RecordingStopped
from cti.call.model import Cause, Party
from cti.kernel.events import Event, type_of_kind
from cti.kernel.identifiers import AgentId, CallId
from cti.recording.writer import Held
from monitoring.recordings import RecordingFolder
from monitoring.repository import (
    Entry,
    append_events_txn,
    last_instant_txn,
    last_sequence_txn,
    open_calls_txn,
    read_journal_txn,
)
from tickets.events import LetterEvent, ReplyCallEnded, ReplyCallMade, TicketEvent

LONGEST_STATE = timedelta(days=2)
"""No agent stays in one state longer than that."""
OF_AGENTS = (
    AgentStateChanged.kind,
    AgentPendingChanged.kind,
    AfterCallExtended.kind,
    CallOffered.kind,
    OfferEnded.kind,
    NotReadyOverlong.kind,
    DeskTaken.kind,
    DisagreementHealed.kind,
    AlarmAcknowledged.kind,
)
"""What tells how agents stand, but for the calls they are in."""
OF_TICKETS = tuple(
    kind for kind, each in type_of_kind.items() if issubclass(each, TicketEvent | LetterEvent)
)
IN_A_CALL = (
    AgentState.RESERVED,
    AgentState.BUSY,
    AgentState.HOLD,
    AgentState.WORKING_AFTER_CALL,
)


SLACK = timedelta(minutes=10)
"""An event may be written down so long after its instant: behind others, and behind a database."""
Untold = Callable[[Session, datetime | None, Iterable[Event]], Sequence[Event]]
"""What a room knows to have happened since then, and that is not among what was told; None where
the journal is empty."""


@dataclass(frozen=True, slots=True)
class GoingOn:
    """What of the run before goes on in this one: some calls, and agents or nobody."""

    calls: frozenset[CallId] = frozenset()
    agents: bool = False


NOTHING = GoingOn()


def nothing_untold(*_: object) -> Sequence[Event]:
    """Of a house whose rooms know nothing but what the journal tells."""
    return ()


def close_interrupted_txn(
    session: Session,
    folder: RecordingFolder,
    going_on: GoingOn = NOTHING,
    untold: Untold = nothing_untold,
) -> list[Event]:
    """Close in the journal what the run before left open; the events that were added.

    What goes on stays open, and what it did not come to tell is told.
    """
    last = last_instant_txn(session)
    if last is None:
        first = [*untold(session, None, ())]
        if first:
            append_events_txn(session, 1, first)
        return first
    since = last - SLACK
    told = (entry.event for entry in read_journal_txn(session, since=since, kinds=OF_TICKETS))
    closing: list[Event] = [*untold(session, since, told)]
    for events in open_calls_txn(session):
        if events[-1].call_id in going_on.calls:
            continue
        recording = unfinished_recording(events)
        closing += closing_events(events, folder.repair(recording.file) if recording else Held())
    if not going_on.agents:
        # An agent was there at least until the last of the calls was heard.
        seen = max([last, *(event.at for event in closing)])
        closing += sign_offs(_agent_states(session, last), seen)
    closing.sort(key=lambda event: event.at)
    if closing:
        append_events_txn(session, last_sequence_txn(session) + 1, closing)
    return closing


def left_txn(session: Session, going_on: GoingOn) -> list[Event]:
    """What happened to those who go on, in order: agents, their calls, and the calls taken up."""
    last = last_instant_txn(session)
    if last is None or not going_on.agents:
        return []
    found = read_journal_txn(session, since=last - LONGEST_STATE, kinds=OF_AGENTS)
    entries = {entry.sequence: entry for entry in found}
    for call_id in going_on.calls | _calls_of_agents(found):
        entries |= {entry.sequence: entry for entry in read_journal_txn(session, call_id=call_id)}
    return [entries[sequence].event for sequence in sorted(entries)]


def reply_calls_txn(session: Session) -> list[ReplyCallMade]:
    """The reply calls of which nobody wrote down how they ended."""
    last = last_instant_txn(session)
    if last is None:
        return []
    kinds = (ReplyCallMade.kind, ReplyCallEnded.kind)
    made: dict[CallId, ReplyCallMade] = {}
    for entry in read_journal_txn(session, since=last - LONGEST_STATE, kinds=kinds):
        match entry.event:
            case ReplyCallMade() as event:
                made[event.call_id] = event
            case ReplyCallEnded() as event:
                made.pop(event.call_id, None)
    return list(made.values())


def _calls_of_agents(entries: Collection[Entry]) -> set[CallId]:
    """The call that each agent who is in one was offered last, or has by themselves."""
    offered: dict[AgentId, CallId] = {}
    states: dict[AgentId, AgentState] = {}
    for entry in entries:
        match entry.event:
            case CallOffered() as event:
                offered[event.agent_id] = event.call_id
            case AgentStateChanged() as event:
                states[event.agent_id] = event.state
                if event.call_id is not None:
                    offered[event.agent_id] = event.call_id
    return {
        offered[agent] for agent, state in states.items() if state in IN_A_CALL and agent in offered
    }


def unfinished_recording(events: Sequence[CallEvent]) -> RecordingStarted | None:
    """The recording that was still being written."""
    stopped = {event.file for event in events if isinstance(event, RecordingStopped)}
    started = [event for event in events if isinstance(event, RecordingStarted)]
    return next((event for event in reversed(started) if event.file not in stopped), None)


def closing_events(events: Sequence[CallEvent], held: Held) -> list[CallEvent]:
    """What closes a call of which only these events are known; its recording holds `held`."""
    end, call_id = events[-1].at, events[-1].call_id
    closing: list[CallEvent] = []
    if (recording := unfinished_recording(events)) is not None:
        sound_end = recording.at + timedelta(seconds=held.seconds)
        end = max(end, sound_end)
        closing.append(
            RecordingStopped(
                at=sound_end,
                call_id=call_id,
                connection_id=recording.connection_id,
                file=recording.file,
                seconds=held.seconds,
                digest=held.digest,
            )
        )
    if not any(isinstance(event, CallCleared) for event in events):
        closing.append(
            CallCleared(at=end, call_id=call_id, cause=Cause.INTERRUPTED, cleared_by=Party.SYSTEM)
        )
    return closing


def sign_offs(states: Sequence[AgentStateChanged], at: datetime) -> list[AgentStateChanged]:
    """Sign off at that instant whoever these state changes, oldest first, leave signed in."""
    newest: dict[AgentId, AgentStateChanged] = {event.agent_id: event for event in states}
    return [
        AgentStateChanged(
            at=at,
            agent_id=event.agent_id,
            previous=event.state,
            state=AgentState.LOGGED_OFF,
            device_id=event.device_id,
        )
        for event in newest.values()
        if event.state is not AgentState.LOGGED_OFF
    ]


def _agent_states(session: Session, last: datetime) -> list[AgentStateChanged]:
    entries = read_journal_txn(session, since=last - LONGEST_STATE, kinds=(AgentStateChanged.kind,))
    return [entry.event for entry in entries if isinstance(entry.event, AgentStateChanged)]
