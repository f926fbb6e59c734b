"""Callers and agents known by their tones, and what is left of their calls when they are over."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.support.audio import RATE, Samples, growing_wave, has_tone, level, tone, write_wave
from tests.support.house import House
from tests.support.telephones import telephone

BROWSER, CALLER, AGENT = 440.0, 950.0, 620.0
"""Hz: what each says."""
WINDOW = 0.2
"""Seconds by which sound is judged."""
HEARD_FOR = 1.0
LATEST = 5 * RATE
"""Samples of a growing file that are judged while it is waited for."""
NUMBER = "95588"


def over(house: House) -> list[dict[str, Any]]:
    """The records of calls that are over and recorded, each with its legs."""
    with closing(sqlite3.connect(house.var / "hotline.sqlite")) as database:
        database.row_factory = sqlite3.Row
        calls = database.execute("SELECT * FROM call_record WHERE NOT open ORDER BY started")
        records = [dict(call) for call in calls]
        for record in records:
            legs = "SELECT * FROM call_leg WHERE call_id = ? ORDER BY place"
            record["legs"] = [dict(leg) for leg in database.execute(legs, (record["call_id"],))]
        return records


@contextmanager
def one_call(house: House) -> Iterator[dict[str, Any]]:
    """The record of the call made in the block, filled in at the block's end."""
    before, record = len(over(house)), dict[str, Any]()
    yield record
    house.wait_until(lambda: len(over(house)) > before, 10, "the call is over")
    record |= over(house)[-1]


def stretches(samples: Samples, frequency: float) -> list[tuple[bool, float]]:
    """Whether the tone is heard and for how many seconds, one stretch after the other."""
    width = round(WINDOW * RATE)
    windows = [samples[place : place + width] for place in range(0, len(samples), width)]
    heard = [level(part) > -50 and has_tone(part, frequency) for part in windows]
    return [(said, WINDOW * len(list(same))) for said, same in groupby(heard)]


def until_said(
    house: House, saved: Path, frequency: float, *, said: bool = True, since: int = 0
) -> int:
    """Return when the caller has heard that tone for `HEARD_FOR`, or has not, if not `said`.

    It is judged by what they saved from that sample on; the place where that ends now is returned.
    """

    def long_enough() -> bool:
        found = stretches(growing_wave(saved)[since:][-LATEST:], frequency)
        return any(kind is said and seconds >= HEARD_FOR for kind, seconds in found)

    house.wait_until(long_enough, 10, f"the caller hears {'that' if said else 'no'} tone")
    return len(growing_wave(saved))


def times(saved: Path, frequency: float) -> int:
    """How often the caller has heard that tone for `HEARD_FOR` or longer, by what they saved."""
    found = stretches(growing_wave(saved), frequency)
    return sum(said and seconds >= HEARD_FOR for said, seconds in found)


def heard_twice(samples: Samples, frequency: float) -> bool:
    """Whether the tone was heard, interrupted, and heard again."""
    long = [said for said, seconds in stretches(samples, frequency) if seconds >= HEARD_FOR]
    turns = [said for said, _ in groupby(long)]
    return turns[turns[:1] == [False] :][:3] == [True, False, True]


def longest(samples: Samples, frequency: float) -> float:
    """Seconds of the longest stretch of that tone."""
    return max(
        (seconds for said, seconds in stretches(samples, frequency) if said),
        default=0.0,
    )


@contextmanager
def ready(house: House, login: str) -> Iterator[None]:
    """An agent who is signed in and ready."""
    token = house.sign_in(login)
    house.post("/api/v1/agent/state", {"state": "ready"}, token)
    try:
        yield
    finally:
        house.post("/api/v1/agent/state", {"state": "logged_off"}, token)


@contextmanager
def caller(house: House, folder: Path) -> Iterator[Path]:
    """A caller who wants a person and says a tone; the file with what they heard, at the end."""
    said = write_wave(folder / "caller.wav", tone(CALLER, 20.0))
    heard = folder / "heard.wav"
    keys = ("--keys", "1 0", "--pause", "1.5", "--talk-for", "60")
    files = ("--say", str(said), "--save", str(heard))
    with telephone(house, "call", NUMBER, *keys, *files) as words:
        yield heard
        house.wait_until(lambda: "saved to" in words.read_text(), 10, "the caller is gone")
