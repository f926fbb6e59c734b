"""The player of a recording in a browser: its time line, and the sign of whether it was changed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from config import migrations
from cti.call.events import CallCleared, CallStarted, RecordingStarted, RecordingStopped
from cti.call.model import Cause, Direction, Party
from cti.database import connect
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, ConnectionId
from cti.recording.marks import Mark, MarkKind
from cti.recording.writer import RecordingWriter
from monitoring.repository import append_events_txn
from tests.support.audio import tone
from tests.support.house import House
from tests.support.screens import Desk, chromium

BEGAN = datetime(2026, 11, 20, 2, tzinfo=UTC)
SECONDS = 60
CALLS = ("20261120-100000-aaaa", "20261120-100100-bbbb")
THERE = "(at) => Math.abs(document.getElementById('audio').currentTime - at) < 2"
STRETCHES = (
    (MarkKind.GAP, 12, 15, 0),
    (MarkKind.PAUSED, 20, 28, None),
    (MarkKind.MASKED, 35, 42, None),
    (MarkKind.GAP, 52, 54, 1),
)


def record(folder: Path, call: str, began: datetime) -> list[Event]:
    """A minute's recording with a mark of every kind, and what the journal says of the call."""
    writer = RecordingWriter(folder / f"{call}.wav", 2)
    sound = np.repeat(tone(440, 1)[:, None], 2, axis=1)
    for second in range(SECONDS):
        marks = [
            Mark(kind, 8000 * second, 8000, track)
            for kind, start, end, track in STRETCHES
            if start <= second < end
        ]
        if second == 5:
            marks.append(Mark(MarkKind.LABEL, 40_000, label="同意录音"))
        writer.append(sound.astype("<i2").tobytes(), marks)
    held = writer.close()
    about: dict[str, Any] = {"at": began, "call_id": CallId(call)}
    recorded = {**about, "connection_id": ConnectionId(f"{call}.1"), "file": f"{call}.wav"}
    stopped = {**recorded, "at": began + timedelta(seconds=SECONDS)}
    return [
        CallStarted(
            **about,
            direction=Direction.INBOUND,
            calling="13800000000",
            called="95588",
            trunk="local",
        ),
        RecordingStarted(**recorded),
        RecordingStopped(**stopped, seconds=held.seconds, digest=held.digest),
        CallCleared(
            at=stopped["at"],
            call_id=CallId(call),
            cause=Cause.NORMAL,
            cleared_by=Party.CALLER,
        ),
    ]


@pytest.fixture
def house(tmp_path: Path, prompts: Path) -> Iterator[House]:
    """A house with two recordings, the second of which was changed at 0:12."""
    house = House(tmp_path / "house", prompts)
    folder = house.var / "recordings"
    events = [
        event
        for number, call in enumerate(CALLS)
        for event in record(folder, call, BEGAN + timedelta(minutes=number))
    ]
    path = folder / f"{CALLS[1]}.wav"
    data = bytearray(path.read_bytes())
    data[44 + 32_000 * 12 + 77] ^= 1
    path.write_bytes(data)
    engine = connect(f"sqlite:///{house.var / 'hotline.sqlite'}")
    migrations.upgrade(engine)
    with Session(engine) as session, session.begin():
        append_events_txn(session, 1, events)
    engine.dispose()
    house.start()
    try:
        yield house
    finally:
        house.stop()


@pytest.mark.needs("chromium")
def test_the_player_shows_what_is_missing_and_what_was_changed(house: House) -> None:
    with chromium() as browser:
        for locale, unchanged, changed in (
            ("zh-CN", "未改动", "自 0:12 起被改动"),
            ("en-GB", "Unchanged", "Changed from 0:12"),
        ):
            with Desk(browser, house.web, locale) as desk:
                desk.sign_in("2001", "/recordings")
                links = desk.page.locator("a.play")
                expect(links).to_have_count(2)
                links.nth(1).click()
                expect(desk.page.locator("#sign")).to_have_text(unchanged)
                expect(desk.page.locator("#time-line .mark")).to_have_count(5)
                desk.shot("recordings-unchanged")
                desk.page.locator("#audio").evaluate("audio => audio.pause()")
                box = desk.page.locator("#time-line").bounding_box()
                assert box is not None
                desk.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
                desk.page.wait_for_function(THERE, arg=SECONDS / 2)
                links.nth(0).click()
                expect(desk.page.locator("#sign")).to_have_text(changed)
                desk.shot("recordings-changed")
                desk.page.goto(f"{house.web}/calls/{CALLS[0]}")
                expect(desk.page.locator("#sign")).to_have_text(unchanged)
                desk.shot("call-recording", whole=True)
                assert not desk.errors
