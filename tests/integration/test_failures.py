"""What is left when a process dies: a media worker in a call, the whole server in a call."""

import json
import os
import signal
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.audio import RATE, Samples, growing_wave, level, read_wave
from tests.support.house import House, running_house
from tests.support.pcap import Track
from tests.support.sipp import SippCall, place_call

LONGEST = 240.0
"""Seconds that a caller speaks who hangs up before."""


def media(folder: Path, seconds: float) -> Path:
    """A caller who speaks a tone and presses nothing."""
    return Track().tone(500.0, seconds).write(folder / "caller.pcap")


def workers(house: House) -> list[int]:
    """Process numbers of the server's media workers."""
    return _children(house.process.pid)


def writers(house: House) -> list[int]:
    """Process numbers of those who write the media workers' recordings."""
    return [child for worker in workers(house) for child in _children(worker)]


def _children(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [
        int(child)
        for child in children.split()
        if b"cti.worker" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def power_cut(processes: Sequence[int]) -> None:
    """Kill them so that none of them sees another go."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for process in processes:
            os.kill(process, number)


def records(house: House) -> list[dict[str, Any]]:
    """Every call record."""
    with sqlite3.connect(house.var / "hotline.sqlite") as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM call_record")]


def journal(house: House, kind: str) -> list[dict[str, Any]]:
    """Every event of that kind written so far."""
    with sqlite3.connect(house.var / "hotline.sqlite") as database:
        rows = database.execute("SELECT record FROM journal WHERE kind = ?", (kind,))
        return [json.loads(record) for (record,) in rows]


def answered(house: House) -> int:
    """How many calls were answered so far."""
    return len(journal(house, "call.established"))


@pytest.mark.needs("sipp")
def test_a_media_worker_dies_with_its_own_calls_only(tmp_path: Path, prompts: Path) -> None:
    sound = media(tmp_path, LONGEST)
    changes = {"media": {"workers": 2, "first_port": 34000, "last_port": 39998}}
    with running_house(tmp_path / "house", prompts, changes) as house:
        calls: list[SippCall] = []
        for number in range(2):
            calling = f"1390000000{number}"
            calls.append(place_call(tmp_path, house.sip_port, sound, calling=calling, cued=True))
            house.wait_until(lambda n=number: answered(house) > n, 10, "the call is answered")
        before = workers(house)
        assert len(before) == 2
        house.wait_until(lambda: all(map(is_loud, recordings(house))), 10, "both are recorded")
        os.kill(before[0], signal.SIGKILL)
        house.wait_until(
            lambda: len(workers(house)) == 2 and before[0] not in workers(house),
            10,
            "a new worker",
        )
        house.wait_until(lambda: journal(house, "call.cleared"), 5, "its call is cleared")
        assert [each["cause"] for each in journal(house, "call.cleared")] == ["media_lost"]
        for call in calls:
            call.hang_up()
        statuses = sorted(call.wait(30) for call in calls)
        assert statuses[0] == 0, "the other call went on to its end"
        assert statuses[1] != 0, "the first was hung up on"
        after = place_call(tmp_path, house.sip_port, media(tmp_path, 2.0), stay=2.0)
        assert after.wait(30) == 0
        house.wait_until(lambda: len(records(house)) == 3, 5, "three call records")
        for record in records(house):
            stereo = read_wave(house.var / "recordings" / record["recording"])
            assert level(stereo[:, 0]) > -30


def recordings(house: House) -> list[Samples]:
    """What each call's recording has already."""
    begun = journal(house, "call.recording_started")
    return [growing_wave(house.var / "recordings" / each["file"]) for each in begun]


def is_loud(stereo: Samples) -> bool:
    """Whether the caller is heard in it, for half a second and more."""
    return len(stereo) > RATE // 2 and level(stereo[:, 0]) > -30


def loud_at_the_end(stereo: Samples) -> bool:
    """Whether there are three seconds already, and the caller is heard in the last half of one."""
    return len(stereo) > 3 * RATE and level(stereo[-RATE // 2 :, 0]) > -30


@pytest.mark.needs("sipp")
def test_a_house_killed_with_its_workers_closes_its_calls_at_the_next_start(
    tmp_path: Path, prompts: Path
) -> None:
    sound = media(tmp_path, LONGEST)
    house = House(tmp_path / "house", prompts).start()
    try:
        begun = time.monotonic()
        call = place_call(tmp_path, house.sip_port, sound, cued=True)
        house.wait_until(lambda: answered(house), 10, "the call is answered")
        recording = house.var / "recordings" / journal(house, "call.recording_started")[0]["file"]
        house.wait_until(lambda: loud_at_the_end(growing_wave(recording)), 10, "three seconds")
        growing = growing_wave(recording)
        power_cut([house.process.pid, *workers(house)])
        house.process.wait()
        lasted = time.monotonic() - begun
        call.process.kill()
        call.process.wait()
        house.start()
        record = records(house)[0]
        assert (record["outcome"], record["cause"], record["open"]) == (
            "interrupted",
            "interrupted",
            0,
        )
        stereo = read_wave(house.var / "recordings" / record["recording"])
        assert len(growing) / RATE <= len(stereo) / RATE <= lasted
        assert record["recording_seconds"] == pytest.approx(len(stereo) / RATE, abs=0.05)
        assert np.array_equal(stereo[: len(growing)], growing), "what was on disk is there"
        assert house.post("/api/v1/session", {"login": "2001", "password": "demo-2001"})
    finally:
        if house.process.poll() is None:
            house.stop()


@pytest.mark.needs("sipp")
def test_a_stopped_server_says_goodbye_and_leaves_nothing(tmp_path: Path, prompts: Path) -> None:
    house = House(tmp_path / "house", prompts).start()
    call = place_call(tmp_path, house.sip_port, media(tmp_path, LONGEST), cued=True)
    house.wait_until(lambda: answered(house), 10, "the call is answered")
    ours = workers(house)
    assert house.stop(signal.SIGINT) == 0
    call.wait(30)
    assert "BYE" in call.output.read_text(errors="replace")
    assert not [pid for pid in ours if Path(f"/proc/{pid}").exists()]
    assert records(house)[0]["outcome"] == "interrupted"
    assert not list((house.var / "spool").iterdir())
