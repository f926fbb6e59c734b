"""What the events of calls must look like, whatever happened: each call a story with one end."""

from collections import defaultdict
from collections.abc import Sequence

from cti.call.events import (
    Away,
    Back,
    CallCleared,
    CallEvent,
    CallResumed,
    CallStarted,
    ConnectionCleared,
    ConnectionEvent,
    Delivered,
    Diverted,
    Established,
    Failed,
    Held,
    MediaReported,
    Muted,
    NetworkReached,
    Originated,
    RecordingStarted,
    RecordingStopped,
    Retrieved,
    RoleChanged,
    Unmuted,
)
from cti.call.model import Cause, Party
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, ConnectionId

LEFT: tuple[type[Event], ...] = (Failed, ConnectionCleared)
CHANGED = (Held, Retrieved, Muted, Unmuted, RoleChanged, Away, Back)
IN_CALL: tuple[type[Event], ...] = (*CHANGED, Originated, ConnectionCleared)
RINGING: tuple[type[Event], ...] = (NetworkReached, Delivered, Established, Diverted, *LEFT)
AFTER: dict[type[Event] | None, tuple[type[Event], ...]] = {
    None: (Originated, *RINGING),
    NetworkReached: RINGING,
    Delivered: (NetworkReached, Established, Diverted, *LEFT),
    Diverted: LEFT,
    Established: IN_CALL,
    Originated: IN_CALL,
    **dict.fromkeys(CHANGED, IN_CALL),
    Failed: (),
    ConnectionCleared: (MediaReported,),
    MediaReported: (),
}
"""What may follow what on one connection."""
GOING_ON = (Established, Originated, *CHANGED)
"""What was last told of a connection that goes on through a restart."""


def check_stories(events: Sequence[Event]) -> None:
    """Every call starts once, ends at most once and last; every connection goes a lawful way."""
    cleared: set[CallId] = set()
    started: set[CallId] = set()
    last: dict[ConnectionId, type[Event]] = {}
    recording: set[ConnectionId] = set()
    for event in events:
        if not isinstance(event, CallEvent):
            continue
        assert event.call_id not in cleared, f"{event} after the end of its call"
        match event:
            case CallResumed(connections=connections):
                assert all(issubclass(last[each], GOING_ON) for each in connections)
            case CallStarted():
                assert event.call_id not in started
                started.add(event.call_id)
            case CallCleared():
                cleared.add(event.call_id)
            case ConnectionEvent(connection_id=connection):
                before = last.get(connection)
                assert isinstance(event, AFTER[before]), f"{event} after {before}"
                last[connection] = type(event)
            case RecordingStarted(connection_id=connection):
                assert connection not in recording
                recording.add(connection)
            case RecordingStopped(connection_id=connection):
                recording.remove(connection)
        assert event.call_id in started


def closing(call_id: CallId, events: Sequence[Event]) -> list[Event]:
    """What a journal is closed with, of a call that went down with its server."""
    last: dict[ConnectionId, ConnectionEvent] = {}
    recordings: dict[ConnectionId, RecordingStarted] = {}
    for event in events:
        if not isinstance(event, CallEvent) or event.call_id != call_id:
            continue
        match event:
            case ConnectionEvent(connection_id=connection):
                last[connection] = event
            case RecordingStarted(connection_id=connection):
                recordings[connection] = event
            case RecordingStopped(connection_id=connection):
                del recordings[connection]
            case CallCleared():
                return []
    stopped = [
        RecordingStopped(
            at=each.at,
            call_id=call_id,
            connection_id=each.connection_id,
            file=each.file,
            seconds=0.0,
        )
        for each in recordings.values()
    ]
    left = [
        ConnectionCleared(
            at=each.at,
            call_id=call_id,
            connection_id=each.connection_id,
            device_id=each.device_id,
            party=each.party,
            cause=Cause.INTERRUPTED,
            cleared_by=Party.SYSTEM,
        )
        for each in last.values()
        if not isinstance(each, (*LEFT, MediaReported))
    ]
    cleared = CallCleared(
        at=events[-1].at, call_id=call_id, cause=Cause.INTERRUPTED, cleared_by=Party.SYSTEM
    )
    return [*stopped, *left, cleared]


def check_over(events: Sequence[Event]) -> None:
    """Every call was cleared exactly once, every connection failed or was cleared exactly once."""
    ends: defaultdict[ConnectionId, int] = defaultdict(int)
    calls: defaultdict[CallId, int] = defaultdict(int)
    for event in events:
        match event:
            case CallStarted(call_id=call_id):
                calls[call_id] += 0
            case CallCleared(call_id=call_id):
                calls[call_id] += 1
            case Failed(connection_id=connection) | ConnectionCleared(connection_id=connection):
                ends[connection] += 1
            case ConnectionEvent(connection_id=connection):
                ends[connection] += 0
    assert set(calls.values()) <= {1}, calls
    assert set(ends.values()) <= {1}, ends
