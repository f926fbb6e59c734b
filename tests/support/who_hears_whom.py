"""Who hears whom: each end says a tone of its own, and the tones it heard are found by Goertzel.

`Ear` is any end that keeps what it hears; `until_heard` listens to all of them for the same time.
A stretch in which the machine stood still says little of them, so another one is listened to.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from tests.support.audio import RATE, Samples, goertzel, level
from tests.support.patience import crowding
from tests.support.reactor import pause

GRID = RATE // 20
"""Samples of a whole number of periods of every multiple of 20 Hz: such tones do not leak into
each other over a multiple of so many."""
HEARD, UNHEARD = -30.0, -45.0
"""Level of one tone in dBFS above which it is heard, and below which it is not."""
SETTLING, LISTENING = 0.3, 0.4
"""Seconds until what changed has come through jitter buffers, on a machine with room, and that are
listened to."""
STRETCHES = 20
"""How many are listened to before who hears whom is judged wrong."""
Hearing = dict[str, set[str]]
"""Whom each hears; who hears nobody is left out."""


class Ear(Protocol):
    """An end of a call that keeps what it hears."""

    @property
    def name(self) -> str: ...

    def position(self) -> int:
        """Where it is in what it has heard so far."""

    def heard(self, since: int) -> Samples:
        """What it heard from that position on."""


def tones_in(samples: Samples, tones: Mapping[str, float], *, strict: bool = True) -> set[str]:
    """The names of the tones (Hz) in the sound; if `strict`, AssertionError for one too faint."""
    whole = samples[: len(samples) // GRID * GRID]
    found = set()
    for name, frequency in tones.items():
        share = goertzel(whole, frequency)
        loudness = level(whole) + level_of_share(share)
        assert not (strict and UNHEARD < loudness < HEARD), (
            f"{name} is neither heard nor not: {loudness:.1f}"
        )
        if loudness >= HEARD:
            found.add(name)
    return found


def level_of_share(share: float) -> float:
    """Decibels of a share of power."""
    return float(10 * np.log10(share)) if share > 0 else float("-inf")


async def until_heard(ears: Sequence[Ear], tones: Mapping[str, float], wanted: Hearing) -> None:
    """Return when they hear each other like that; AssertionError says how they did instead."""
    found: object = None
    for _ in range(STRETCHES):
        await pause(SETTLING * crowding())
        begun = [(ear, ear.position()) for ear in ears]
        await pause(LISTENING)
        try:
            found = _named({ear.name: tones_in(ear.heard(since), tones) for ear, since in begun})
        except AssertionError as unclear:
            found = unclear
        if found == wanted:
            return
    raise AssertionError(f"heard {found}, wanted {wanted}")


def wait_until_heard(ears: Sequence[Ear], tones: Mapping[str, float], wanted: Hearing) -> None:
    """The same without a reactor, and where the house's music may be heard too."""
    found: Hearing = {}
    for _ in range(STRETCHES):
        time.sleep(SETTLING * crowding())
        begun = [(ear, ear.position()) for ear in ears]
        time.sleep(LISTENING)
        heard = {ear.name: ear.heard(since) for ear, since in begun}
        found = _named({name: tones_in(each, tones, strict=False) for name, each in heard.items()})
        if found == wanted:
            return
    raise AssertionError(f"heard {found}, wanted {wanted}")


def _named(hearing: Hearing) -> Hearing:
    return {name: tones for name, tones in hearing.items() if tones}


def mutual(*names: str) -> dict[str, set[str]]:
    """Each hears all the others and not itself."""
    return {name: set(names) - {name} for name in names}
