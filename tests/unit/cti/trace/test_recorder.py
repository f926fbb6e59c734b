"""From what the switch does to records in a file."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from cti.call.events import CallCleared, ConnectionCleared
from cti.call.model import Cause, Connection, ConnectionState, Device, DeviceKind, Party
from cti.kernel.bus import Bus
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.sip.events import Endpoint, SessionId
from cti.trace.recorder import Recorder
from cti.trace.records import Direction, Fact, Leg, Message
from cti.trace.ring import LEAST
from cti.trace.ring_file import RingFile, reading, records
from tests.support.sip_messages import HOUSE, TRUNK, request_bytes

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CALL, LEG, DEVICE = CallId("c"), ConnectionId("c.1"), DeviceId("1001")


def test_messages_legs_and_events_are_kept_over_a_restart(tmp_path: Path) -> None:
    path, clock = tmp_path / "var" / "trace.ring", Clock()
    ring = RingFile(path, LEAST)
    recorder, bus = Recorder(ring, clock), Bus(lambda *_: None)
    recorder.listen(bus)
    data = request_bytes("REGISTER", {"Authorization": "Basic secret"})
    recorder.message(Direction.IN, HOUSE, TRUNK, data)
    recorder.message(Direction.IN, HOUSE, TRUNK, b"\r\n\r\n")
    clock.advance(1)
    device = Device(DeviceKind.EXTENSION, DEVICE)
    connection = Connection(LEG, CALL, device, Party.AGENT, ConnectionState.INITIATED, NOW)
    recorder.carrying(lambda session: f"{session}@house")(connection, SessionId("s"))
    who = {"at": NOW, "call_id": CALL, "cause": Cause.BUSY, "cleared_by": Party.CALLER}
    bus.publish(
        ConnectionCleared(connection_id=LEG, device_id=DEVICE, party=Party.AGENT, **who)  # type: ignore[arg-type]  # the fields' own types
    )
    bus.publish(CallCleared(**who))  # type: ignore[arg-type]  # the fields' own types
    ring.close()
    ring.append(b"too late")
    again = RingFile(path, LEAST)
    Recorder(again, clock).message(Direction.OUT, HOUSE, TRUNK, b"SIP/2.0 200 OK\r\n\r\n")
    with reading(path) as memory:
        kept = [record for _, record in records(memory)]
    again.close()
    stripped = data.replace(b"Basic secret", b"***")
    assert kept == [
        Message(0.0, Direction.IN, HOUSE, TRUNK, stripped),
        Leg(1.0, "c", "c.1", "agent", "1001", "s@house"),
        Fact(1.0, "c", "c.1", "connection_cleared", "busy"),
        Fact(1.0, "c", "", "cleared", "busy"),
        Message(1.0, Direction.OUT, HOUSE, TRUNK, b"SIP/2.0 200 OK\r\n\r\n"),
    ]
    assert path.stat().st_mode & 0o077 == 0, "nobody else's to read"


def test_another_size_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "trace.ring"
    RingFile(path, LEAST).append(b"old")
    RingFile(path, 2 * LEAST).close()
    assert path.stat().st_size == 2 * LEAST
    with reading(path) as memory:
        assert list(records(memory)) == []


def test_a_mistake_of_ours_costs_a_record_and_no_call() -> None:
    class Broken:
        def append(self, content: bytes) -> None:
            raise RuntimeError(str(len(content)))

    recorder = Recorder(Broken(), Clock())
    for _ in range(3):
        recorder.message(Direction.IN, HOUSE, TRUNK, request_bytes())
    assert recorder.lost == 3


def test_a_message_too_long_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "trace.ring"
    ring = RingFile(path, LEAST)
    far = Endpoint("2001:db8::1", 5060)
    Recorder(ring, Clock()).message(Direction.IN, HOUSE, far, request_bytes() + bytes(200_000))
    ring.close()
    with reading(path) as memory:
        ((_, record),) = records(memory)
    assert isinstance(record, Message)
    assert len(record.data) == 65_000
    assert record.remote == far


@pytest.mark.parametrize("content", [b"", b"x" * 1000])
def test_what_is_no_trace_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "trace.ring"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="no trace"), reading(path):
        pass
