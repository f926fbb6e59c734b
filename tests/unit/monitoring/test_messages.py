"""Where a caller's messages are in the recording of their call."""

from datetime import UTC, datetime, timedelta

from cti.call.events import CallCleared, RecordingStarted
from cti.call.model import Cause, Party
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, ConnectionId, TicketNumber
from cti.kernel.vocabulary import Language
from ivr.events import MessageBegun, MessageDropped, MessageFiled, MessageLeft
from monitoring.messages import Message, messages_of, messages_txn
from monitoring.repository import append_events_txn
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of

CALL = CallId("c")
BEGIN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def left(begun: float, seconds: float) -> MessageLeft:
    return MessageLeft(
        at=at(begun + seconds),
        call_id=CALL,
        calling="",
        language=Language.CHINESE,
        begun=at(begun),
        seconds=seconds,
    )


def begun(seconds: float, call_id: CallId = CALL) -> MessageBegun:
    return MessageBegun(
        at=at(seconds), call_id=call_id, calling="", language=Language.CHINESE, node="leave"
    )


RECORDING = RecordingStarted(at=at(1), call_id=CALL, connection_id=ConnectionId("k"), file="f")
FILED = MessageFiled(at=at(31), call_id=CALL, begun=at(10), number=TicketNumber("1"))
OVER = CallCleared(at=at(60), call_id=CALL, cause=Cause.NORMAL, cleared_by=Party.CALLER)


def test_each_message_has_its_place_and_its_ticket() -> None:
    events = [RECORDING, begun(10), left(10, 20), FILED, begun(40), left(40, 5)]
    first = Message(at(10), 20.0, 9.0, TicketNumber("1"))
    assert messages_of(events) == (first, Message(at(40), 5.0, 39.0))


def test_without_a_recording_it_has_no_place() -> None:
    assert messages_of([left(10, 20)]) == (Message(at(10), 20.0, None),)


def test_the_journal_tells_of_messages_and_of_calls_they_stop_at() -> None:
    database = DirectDatabase()
    dropped = MessageDropped(at=at(12), call_id=CallId("other"), begun=at(11))
    over = CallCleared(
        at=at(20), call_id=CallId("other"), cause=Cause.NORMAL, cleared_by=Party.CALLER
    )
    events: list[Event] = [RECORDING, begun(10), begun(11, CallId("other")), dropped, over, OVER]
    result_of(database.run(append_events_txn, 1, events))
    told = result_of(database.read(messages_txn, BEGIN))
    assert told == [begun(10), begun(11, CallId("other")), dropped, OVER]
