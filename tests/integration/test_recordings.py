"""A recording in a whole house: read while it grows, after a crash, and after it was changed."""

import json
import re
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cti.kernel.identifiers import system_entropy
from cti.recording.keys import make_key
from tests.integration.test_failures import (
    LONGEST,
    answered,
    journal,
    media,
    power_cut,
    records,
    workers,
    writers,
)
from tests.support.audio import RATE, had_tone
from tests.support.command_line import run_to_its_end
from tests.support.house import House
from tests.support.sipp import place_call


def part(house: House, path: str, token: str, asked: str) -> tuple[int, bytes]:
    """Status and body of a request for a range."""
    headers = {"Authorization": f"Bearer {token}", "Range": f"bytes={asked}"}
    with urllib.request.urlopen(urllib.request.Request(house.web + path, headers=headers)) as got:
        return int(got.status), bytes(got.read())


def heard(wav: bytes) -> Any:
    """What the caller said, as samples."""
    return np.frombuffer(wav[44:], "<i2").reshape(-1, 2)[:, 0]


def enough(samples: Any) -> bool:
    """Whether there are three seconds, one of them full of what the caller says."""
    return len(samples) >= 3 * RATE and had_tone(samples, 500)


@pytest.mark.needs("sipp")
def test_an_encrypted_recording_grows_crashes_and_is_tampered_with(
    tmp_path: Path, prompts: Path
) -> None:
    make_key(tmp_path / "keys", "k1", system_entropy)
    changes = {"recordings": {"encryption": {"keys": str(tmp_path / "keys"), "current": "k1"}}}
    house = House(tmp_path / "house", prompts, changes).start()
    try:
        begun = time.monotonic()
        call = place_call(tmp_path, house.sip_port, media(tmp_path, LONGEST), cued=True)
        house.wait_until(lambda: answered(house), 10, "the call is answered")
        (started,) = journal(house, "call.recording_started")
        sound = f"/recordings/{started['call_id']}/audio"
        verdict = f"/recordings/{started['call_id']}/verdict"
        folder = house.var / "recordings"
        token = house.sign_in("2001")
        house.wait_until(lambda: enough(heard(house.get(sound, token))), 10, "three seconds")

        growing = house.get(sound, token)
        assert json.loads(house.get(verdict, token))["state"] == "growing"
        assert growing[:4] == b"RIFF"
        assert not list(folder.rglob("*.wav"))

        power_cut([*writers(house), house.process.pid, *workers(house)])
        house.process.wait()
        lasted = time.monotonic() - begun
        call.process.kill()
        call.process.wait()
        (sealed,) = folder.rglob("*.wav.sealed")
        crashed = run_to_its_end(house, "recordings", "verify", str(sealed.with_suffix("")))
        assert re.search(r"ended by a crash; nothing vouches for what follows \d", crashed.text)

        house.start()
        token = house.sign_in("2001")
        (record,) = records(house)
        assert record["recording_digest"]
        assert len(heard(growing)) / RATE <= record["recording_seconds"] <= lasted
        assert json.loads(house.get(verdict, token))["state"] == "whole"
        whole = house.get(sound, token)
        assert whole[44 : 44 + 32_000] == growing[44 : 44 + 32_000]
        assert part(house, sound, token, "40000-70000") == (206, whole[40_000:70_001])
        assert whole[20_000:20_064] not in sealed.read_bytes()

        data = bytearray(sealed.read_bytes())
        data[512 + 32_100 + 5000] ^= 1
        sealed.write_bytes(data)
        found = json.loads(house.get(verdict, token))
        assert found["state"] == "changed"
        assert 0.5 < found["seconds"] < 1.5
        told = run_to_its_end(house, "recordings", "verify", "--all")
        assert told.status == 1
        assert "CHANGED from" in told.text
    finally:
        if house.process.poll() is None:
            house.stop()
