"""What a caller keys in secret is nowhere afterwards: no file, page, recording or other telephone.

One caller keys by RFC 4733 on a telephone that sounds the keys' tones as well, first with a wrong
PIN; another keys by SIP INFO and has their cards read out.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.audio import RATE, goertzel, had_tone, level, loudest, read_wave
from tests.support.command_line import terminals
from tests.support.house import House, running_house
from tests.support.live import watching
from tests.support.pcap import Track
from tests.support.sipp import place_call

ACCOUNT, PIN, BANKING, BANKING_PIN = "6001010101", "135790", "80000101", "246801"
WRONG_PIN, WRONG_BANKING_PIN = "975319", "864209"
CARDS = ("6222020037000018475", "6259000041070405")
SECRETS = (ACCOUNT, PIN, BANKING, BANKING_PIN, WRONG_PIN, WRONG_BANKING_PIN, *CARDS)
VOICE = 600.0
FIVE = (770, 1336)
"""The tones of key 5 (ITU-T Q.23)."""
SOUND = ".wav"
TIMES = 60


def keying_caller(folder: Path) -> tuple[Path, float]:
    """The caller's sound, and when the secrets in it are over, in seconds.

    Then they want a person, and say and key again and again what is no secret.
    """
    track = Track().silence(1.5).keys("1").silence(1.0).keys("2").silence(1.0)
    for secret in (ACCOUNT, WRONG_PIN, BANKING, WRONG_BANKING_PIN):
        track.silence(0.2).keys(f"{secret}#", audible=True, quick=True)
    track.silence(2.5)
    for secret in (ACCOUNT, PIN, BANKING, BANKING_PIN):
        track.silence(0.2).keys(f"{secret}#", audible=True, quick=True)
    over = track.packets[-1][0]
    track.silence(2.5).keys("0")
    for _ in range(TIMES):
        track.tone(VOICE, 1.5).keys("5", audible=True)
    return track.write(folder / "caller.pcap"), over


@pytest.mark.needs("sipp")
def test_what_is_keyed_in_secret_is_nowhere(tmp_path: Path, prompts: Path) -> None:
    media, over = keying_caller(tmp_path)
    quiet = Track().silence(30.0).write(tmp_path / "quiet.pcap")
    cards = f"   2  3  {ACCOUNT}# {PIN}# {BANKING}# {BANKING_PIN}#      1"
    with (
        running_house(tmp_path / "house", prompts) as house,
        terminals(house) as desks,
    ):
        phone = desks.phone("1001", "--answer-after", "0.2")
        with watching(house.web_port, "/console/live", house.sign_in("1001"), 60.0) as console:
            keying = place_call(tmp_path, house.sip_port, media, cued=True)
            by_info = place_call(
                tmp_path, house.sip_port, quiet, stay=2, calling="13900000007", infos=cards
            )
            console.read_until(lambda entities: "card/1001" in entities, "the console's pop")
            shown = json.dumps(console.entities)
            phone.wait_for("(?s)far side keyed 5.*far side keyed 5")  # one of them was whole
            keying.hang_up()
            assert keying.wait(60) == 0, keying.output.read_text()
            assert by_info.wait(60) == 0, by_info.output.read_text()
        phone.wait_for("far side hung up")
        check_figures(house)
        assert {*re.findall(r"far side keyed (.)", phone.text)} == {"5"}
        pages = {"console": shown, **all_pages(house)}
    everything = [*pages.items(), *all_files(house)]
    assert sum(secret_in("13800138000", text) for _, text in everything) > 2, "what is no secret"
    for name, text in everything:
        found = [secret for secret in SECRETS if secret_in(secret, text)]
        assert not found, f"{name} shows {found}"
    check_recording(house, over)


def secret_in(secret: str, text: str) -> bool:
    """Whether it stands there as a number of its own, rather than in the digits of an instant."""
    alone = re.compile(rf"(?<![0-9a-f.])(\+86)?{secret}(?![0-9])")
    return secret in text and alone.search(text) is not None


def check_figures(house: House) -> None:
    """Both callers really signed in, one of them at the second try."""
    outcomes: list[str] = []

    def signed_in() -> bool:
        outcomes[:] = sorted(outcome for (outcome,) in journal(house, "ivr.sign_in", "outcome"))
        return outcomes == ["verified", "verified", "wrong"]

    house.wait_until(signed_in, 10, "two sign-ins and a wrong one")
    services = {name for (name,) in journal(house, "ivr.service_used", "service")}
    assert "balance" in services


def journal(house: House, kind: str, *fields: str) -> Iterator[tuple[str, ...]]:
    """These fields of every event of that kind."""
    with sqlite3.connect(house.var / "hotline.sqlite") as database:
        rows = database.execute("SELECT record FROM journal WHERE kind = ?", (kind,))
        for (record,) in rows:
            yield tuple(str(json.loads(record)[field]) for field in fields)


def all_pages(house: House) -> dict[str, str]:
    """What supervisors and agents can look at."""
    supervisor, agent = house.sign_in("2001"), house.sign_in("1001")
    calls = {call_id for (call_id,) in journal(house, "call.started", "call_id")}
    assert len(calls) == 2
    paths = [
        "/calls/",
        "/recordings/",
        "/wall/",
        "/health",
        *(f"/calls/{call_id}" for call_id in calls),
    ]
    pages = {path: house.get(path, supervisor).decode() for path in paths}
    assert all(call_id in pages["/calls/"] for call_id in calls)
    return pages | {"/console/": house.get("/console/", agent).decode()}


def all_files(house: House) -> Iterator[tuple[str, str]]:
    """Everything the house wrote but sound; what it prints about the demo bank is meant to be."""
    for path in house.folder.rglob("*"):
        if path.is_file() and path.suffix != SOUND and path.parent != house.folder:
            yield str(path), path.read_bytes().decode("latin-1")
    printed = house.output.read_text()
    yield "what the server printed", re.sub(r"(?s)A demo customer.*?\n\n", "", printed)
    for name in ("hotline.log", "hotline.sqlite"):
        assert (house.var / name).stat().st_size > 1000
    assert not list((house.var / "spool").iterdir())


def check_recording(house: House, over: float) -> None:
    """The keys' tones are on record where they are no secret, and silence where they are."""
    ((file, _),) = [row for row in recordings(house) if row[1] == "+8613800138000"]
    caller = read_wave(house.var / "recordings" / file)[:, 0]
    secret, rest = caller[: round((over + 0.5) * RATE)], caller[round((over + 0.5) * RATE) :]
    assert level(loudest(secret, 0.1)) < -60
    width = RATE // 10
    parts = [rest[at : at + width] for at in range(0, len(rest) - width, width // 2)]
    assert any(sum(goertzel(part, tone) for tone in FIVE) > 0.8 for part in parts), "no secret"
    assert had_tone(rest, VOICE)


def recordings(house: House) -> list[tuple[str, str]]:
    """File and calling number of every call."""
    with sqlite3.connect(house.var / "hotline.sqlite") as database:
        return list(database.execute("SELECT recording, calling FROM call_record"))
