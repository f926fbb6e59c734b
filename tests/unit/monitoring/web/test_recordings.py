import struct
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.call.events import RecordingStarted, RecordingStopped
from cti.kernel.identifiers import ConnectionId, TicketNumber
from cti.kernel.vocabulary import Language, Role
from cti.recording.writer import Held
from cti.web.ranges import Part, Unsatisfiable, part_of
from ivr.events import MessageFiled, MessageLeft
from monitoring.cdr import CallRecord, Outcome
from monitoring.events import RecordingPlayed
from monitoring.recordings import Wave, excerpt, parse_head
from monitoring.repository import read_journal_txn
from monitoring.web.sound import FileSender
from tests.support import recordings
from tests.support.deferred import result_of
from tests.support.monitored_houses import BEGIN, MonitoredHouse
from tests.support.sounds import wav

SOUND = wav(4000)


@pytest.fixture
def house(tmp_path: Path) -> MonitoredHouse:
    house = MonitoredHouse(tmp_path)
    house.live(250, finish=True)
    return house


@pytest.fixture
def record(house: MonitoredHouse) -> CallRecord:
    record = house.records(Outcome.ANSWERED)[0]
    assert record.recording
    (house.recordings / record.recording).write_bytes(SOUND)
    return record


def test_the_list_has_recorded_calls_only(house: MonitoredHouse) -> None:
    page = house.browser(Role.QUALITY).get("/recordings")
    assert page.status == 200
    recorded = [record for record in house.records() if record.recording][:50]
    assert page.text.count('class="button play"') == len(recorded)
    assert "0:12" in page.text


@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMINISTRATOR, Role.DISPATCHER, Role.HEAD])
def test_not_everybody_listens(house: MonitoredHouse, record: CallRecord, role: Role) -> None:
    played: list[RecordingPlayed] = []
    house.bus.subscribe(RecordingPlayed, played.append)
    browser = house.browser(role)
    assert browser.get("/recordings").status == 403
    assert browser.get(f"/recordings/{record.call_id}/audio").status == 403
    assert played == []


def test_the_whole_sound(house: MonitoredHouse, record: CallRecord) -> None:
    answer = house.browser(Role.SUPERVISOR).get(f"/recordings/{record.call_id}/audio")
    assert answer.status == 200
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.body == SOUND


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [("0-99", 0, 100), ("44-", 44, None), ("-10", -10, None), ("100-100", 100, 101)],
)
def test_ranges(
    house: MonitoredHouse, record: CallRecord, asked: str, begin: int, end: int | None
) -> None:
    answer = house.browser(Role.SUPERVISOR).get(
        f"/recordings/{record.call_id}/audio", range=f"bytes={asked}"
    )
    assert answer.status == 206
    assert answer.body == SOUND[begin:end]
    first = begin % len(SOUND)
    assert answer.headers["content-range"] == (
        f"bytes {first}-{first + len(answer.body) - 1}/{len(SOUND)}"
    )


def test_a_range_beyond_the_end(house: MonitoredHouse, record: CallRecord) -> None:
    answer = house.browser(Role.SUPERVISOR).get(
        f"/recordings/{record.call_id}/audio", range=f"bytes={len(SOUND)}-"
    )
    assert answer.status == 416


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_parts_lie_in_the_file(first: int, last: int, octets: int) -> None:
    data = bytes(octets)
    for asked in (f"bytes={first}-{last}", f"bytes={first}-", f"bytes=-{last}"):
        try:
            part = part_of(asked, octets)
        except Unsatisfiable:
            assert first >= octets or not last
            continue
        if part is not None:
            assert 0 <= part.first < part.end <= len(data)


@pytest.mark.parametrize(
    "asked", ["", "bytes=-", "bytes=5-2", "bytes=0-1,4-5", "lines=0-1", "bytes=x-y", "bytes=٣-"]
)
def test_what_is_no_single_range_gets_the_whole(asked: str) -> None:
    assert part_of(asked, 100) is None


def test_a_slow_client_sets_the_pace(house: MonitoredHouse, record: CallRecord) -> None:
    """The sender stops between two pieces when it is told to, and goes on where it stopped."""
    assert record.recording
    large = wav(100_000)
    path = house.recordings / record.recording
    path.write_bytes(large)
    request = SlowRequest()
    sender = FileSender(request, path.open("rb"), Part(10, len(large)))  # type: ignore[arg-type]  # stands in
    request.sender = sender
    sender.start()
    pieces = 0
    while not request.finished:
        pieces += 1
        sender.resumeProducing()
    assert pieces > 2
    assert request.written == large[10:]


class SlowRequest:
    """Takes one piece at a time."""

    def __init__(self) -> None:
        self.written = b""
        self.finished = False
        self.sender: FileSender | None = None

    def registerProducer(self, producer: object, streaming: bool) -> None:  # noqa: N802  (Twisted's name)
        assert producer is self.sender
        assert streaming

    def unregisterProducer(self) -> None:  # noqa: N802  (Twisted's name)
        pass

    def write(self, data: bytes) -> None:
        self.written += data
        assert self.sender
        self.sender.pauseProducing()

    def finish(self) -> None:
        self.finished = True


def test_head(house: MonitoredHouse, record: CallRecord) -> None:
    browser = house.browser(Role.SUPERVISOR)
    answer = browser.request("HEAD", f"/recordings/{record.call_id}/audio")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == str(len(SOUND))


def test_a_recording_still_being_written_plays_what_is_there(
    house: MonitoredHouse, record: CallRecord
) -> None:
    assert record.recording
    path = house.recordings / record.recording
    path.write_bytes(SOUND[:1044])
    browser = house.browser(Role.SUPERVISOR)
    assert len(browser.get(f"/recordings/{record.call_id}/audio").body) == 1044
    path.write_bytes(SOUND)
    answer = browser.get(f"/recordings/{record.call_id}/audio", range="bytes=1044-")
    assert answer.body == SOUND[1044:]
    assert struct.unpack_from("<I", answer.body)


def test_listening_is_in_the_calls_events(house: MonitoredHouse, record: CallRecord) -> None:
    browser = house.browser(Role.SUPERVISOR)
    for asked in ("0-99", "100-", "0-"):
        browser.get(f"/recordings/{record.call_id}/audio", range=f"bytes={asked}")
    house.publish()
    page = browser.get(f"/calls/{record.call_id}")
    assert page.text.count("Recording played") == 1
    assert "Agent s-supervisor" in page.text


@pytest.fixture
def message(house: MonitoredHouse, record: CallRecord) -> str:
    """Where the message is played that lies from 0.1 to 0.3 s in the recording of that call."""
    entries = result_of(house.database.read(read_journal_txn, call_id=record.call_id))
    events = [each.event for each in entries]
    recording = next(each for each in events if isinstance(each, RecordingStarted))
    begun = recording.at + timedelta(seconds=0.1)
    left = MessageLeft(
        at=begun + timedelta(seconds=0.2),
        call_id=record.call_id,
        calling="",
        language=Language.CHINESE,
        begun=begun,
        seconds=0.2,
    )
    filed = MessageFiled(at=left.at, call_id=record.call_id, begun=begun, number=TicketNumber("7"))
    house.publish(left, filed)
    return f"/recordings/{record.call_id}/message/7"


@pytest.mark.parametrize("role", [Role.AGENT, Role.DISPATCHER, Role.SUPERVISOR])
def test_who_sees_the_ticket_plays_its_message_and_nothing_else_of_the_call(
    house: MonitoredHouse, message: str, role: Role
) -> None:
    played: list[RecordingPlayed] = []
    house.bus.subscribe(RecordingPlayed, played.append)
    browser = house.browser(role)
    answer = browser.get(message)
    assert (answer.status, answer.headers["content-type"]) == (200, "audio/wav")
    first, frames = 44 + 800 * 4, 1600
    assert answer.body[44:] == SOUND[first : first + frames * 4]
    assert parse_head(answer.body) == Wave(44, frames * 4, 4, 8000)
    part = browser.get(message, range="bytes=44-143")
    assert (part.status, part.body) == (206, answer.body[44:144])
    assert len(played) == 1, "as with any recording, that is written down"


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.OFFICER])
def test_who_does_not_see_the_ticket_plays_no_message(
    house: MonitoredHouse, message: str, role: Role
) -> None:
    assert house.browser(role).get(message).status in (403, 404, 409)


def test_a_ticket_without_a_message_in_that_call_plays_nothing(
    house: MonitoredHouse, message: str
) -> None:
    answer = house.browser(Role.DISPATCHER).get(message.removesuffix("7") + "8")
    assert answer.status == 409


def test_a_message_that_is_said_to_go_on_past_the_end_ends_with_the_recording() -> None:
    whole = excerpt(BytesIO(SOUND), [(0.0, 99.0)]).read()
    assert whole[44:] == SOUND[44:]
    assert excerpt(BytesIO(SOUND), [(99.0, 1.0)]).read()[44:] == b""
    both = excerpt(BytesIO(SOUND), [(0.0, 0.1), (0.2, 0.1)]).read()
    assert both[44:] == SOUND[44 : 44 + 3200] + SOUND[44 + 6400 : 44 + 9600]


@pytest.mark.parametrize("call_id", ["nobody", "..%2f..%2fetc%2fpasswd", "%00"])
def test_what_is_not_there(house: MonitoredHouse, call_id: str) -> None:
    answer = house.browser(Role.SUPERVISOR).get(f"/recordings/{call_id}/audio")
    assert answer.status in (404, 409)


def test_a_lost_file(house: MonitoredHouse) -> None:
    record = house.records(Outcome.ANSWERED)[-1]
    answer = house.browser(Role.SUPERVISOR).get(f"/recordings/{record.call_id}/audio")
    assert answer.status == 409
    assert "The recording is not there." in answer.text


def test_the_verdict_stands_beside_the_player(house: MonitoredHouse, record: CallRecord) -> None:
    assert record.recording
    path = house.recordings / record.recording
    browser = house.browser(Role.QUALITY)
    address = f"/recordings/{record.call_id}/verdict"
    assert browser.get(address).json()["state"] == "unchained"
    path.unlink()
    assert browser.get(address).json()["state"] == "missing"
    held = recordings.record(path, seconds=30)
    house.publish(stopped(record, held))
    verdict = browser.get(address).json()
    assert (verdict["state"], verdict["mood"], verdict["sign"]) == ("whole", "success", "Unchanged")
    assert verdict["seconds"] == 3.0
    assert verdict["marks"][0] == {
        "kind": "gap", "track": 0, "start": 0.101, "length": 0.087,
        "title": "0:00 · Gap · received · 0.1 s",
    }  # fmt: skip
    data = bytearray(path.read_bytes())
    data[70_000] ^= 1
    path.write_bytes(data)
    verdict = browser.get(address).json()
    assert (verdict["mood"], verdict["sign"]) == ("danger", "Changed from 0:02")
    assert house.browser(Role.QUALITY, Language.CHINESE).get(address).json()["sign"] == (
        "自 0:02 起被改动"
    )


def test_a_verdict_is_for_those_who_listen(house: MonitoredHouse, record: CallRecord) -> None:
    address = f"/recordings/{record.call_id}/verdict"
    assert house.browser(Role.AGENT).get(address).status == 403


def test_an_encrypted_recording_is_decrypted_on_the_way(
    tmp_path: Path, record: CallRecord, house: MonitoredHouse
) -> None:
    assert record.recording
    locked = MonitoredHouse(tmp_path, ring=recordings.RING)
    locked.live(250, finish=True)
    (tmp_path / record.recording).unlink()
    recordings.record(tmp_path / record.recording, recordings.RING)
    address = f"/recordings/{record.call_id}/audio"
    browser = locked.browser(Role.SUPERVISOR)
    whole = browser.get(address).body
    assert whole[:4] == b"RIFF"
    assert whole[44:] == b"".join(recordings.second_of(number) for number in range(3))
    part = browser.get(address, range="bytes=5000-8000")
    assert (part.status, part.body) == (206, whole[5000:8001])
    answer = house.browser(Role.SUPERVISOR).get(address)
    assert answer.status == 409
    assert "The key old is missing" in answer.text


def stopped(record: CallRecord, held: Held) -> RecordingStopped:
    """The recording's end, as call control tells it."""
    return RecordingStopped(
        at=BEGIN,
        call_id=record.call_id,
        connection_id=ConnectionId("c.1"),
        file=record.recording or "",
        seconds=held.seconds,
        digest=held.digest,
    )
