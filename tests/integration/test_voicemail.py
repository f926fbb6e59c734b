"""A caller of a whole house whom nobody can answer: what they say becomes a ticket."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from cti.recording.marks import RATE, MarkKind
from ivr.taking import BEGINS, ENDS
from monitoring.recordings import RecordingFolder
from tests.support.audio import had_tone, has_tone, tone, write_wave
from tests.support.command_line import terminals
from tests.support.house import House, running_house

NUMBER, CALLER, SAID = "10", "13700137000", 950.0
ATTEMPTS = {
    "reasks": 3,
    "noinput": "retry.noinput",
    "nomatch": "retry.nomatch",
    "give_up": "person",
}
STRAIGHT = {
    "start": "person",
    "unavailable": "person",
    "attempts": ATTEMPTS,
    "timeouts": {"menu": 6, "first_key": 8, "between_keys": 4},
    "nodes": {"person": {"enqueue": {"queue": "general"}}},
}
SHIPPED = Path(__file__).parents[2] / "config" / "flows" / "voicemail.yaml"


def told(house: House, kind: str) -> list[dict[str, Any]]:
    return [record for each, record in house.journal() if each == kind]


def wait_for(house: House, kind: str) -> dict[str, Any]:
    """The event of that kind, once it is written."""
    house.wait_until(lambda: told(house, kind), 15, kind)
    return told(house, kind)[0]


def is_saying(house: House) -> bool:
    """Whether the caller's tone is the last that was recorded."""
    (path,) = (house.var / "recordings").rglob("*.wav")
    return has_tone(of_the_caller(path.read_bytes())[-RATE:], SAID)


def of_the_caller(wave: bytes) -> Any:
    """What the caller said, as samples."""
    return np.frombuffer(wave[44 : len(wave) // 4 * 4], "<i2").reshape(-1, 2)[:, 0]


def test_a_tone_said_after_the_tone_is_a_ticket(tmp_path: Path, prompts: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "straight.yaml").write_text(yaml.safe_dump(STRAIGHT))
    (flows / SHIPPED.name).write_bytes(SHIPPED.read_bytes())
    then = {"to": "voicemail", "flow": "voicemail"}
    general = {"zh": "综合服务", "en": "General", "demand": "general"}
    changes = {
        "folders": {"flows": str(flows)},
        "ivr": {"numbers": {NUMBER: "straight"}},
        "queues": {"general": {**general, "waiting": {"empty": {"then": then}}}},
    }
    said = write_wave(tmp_path / "said.wav", tone(SAID, 60.0))
    with running_house(tmp_path / "house", prompts, changes) as house:
        with terminals(house) as people:
            keys = ("--keys", "1", "--pause", "2", "--talk-for", "50", "--say", str(said))
            call = people.call(NUMBER, *keys, calling=CALLER)
            begun = datetime.fromisoformat(wait_for(house, "call.message_begun")["at"])
            enough = begun + timedelta(seconds=3)
            house.wait_until(
                lambda: datetime.now(UTC) > enough and is_saying(house), 10, "something is said"
            )
            call.interrupt()
            left = wait_for(house, "call.message_left")
            filed = wait_for(house, "call.message_filed")
            stopped = wait_for(house, "call.recording_stopped")
        assert told(house, "queue.flowed_out")[0]["to"] == "voicemail:voicemail"
        assert (left["calling"], left["queue_id"]) == (f"+86{CALLER}", "general")
        assert left["seconds"] >= 3
        registered = wait_for(house, "ticket.registered")
        assert (registered["number"], registered["call_id"]) == (filed["number"], left["call_id"])
        folder = RecordingFolder(house.var / "recordings")
        labels = {
            mark.label: mark.start
            for mark in folder.verify(stopped["file"], stopped["digest"]).marks
            if mark.kind is MarkKind.LABEL
        }
        sound = folder.open(stopped["file"])
        samples = of_the_caller(sound.read())
        sound.close()
    start = labels[BEGINS]
    end = labels.get(ENDS, len(samples))
    assert end - start >= 2 * RATE
    assert had_tone(samples[start:end], SAID)
