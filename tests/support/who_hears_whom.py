"""Who hears whom: each end says a tone of its own, and the tones it heard are found by Goertzel.

`Ear` is any end that keeps what it hears; `stretch` listens to all of them for the same time.
"""

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


class Ear(Protocol):
    """An end of a call that keeps what it hears."""

    @property
    def name(self) -> str: ...

    def position(self) -> int:
        """Where it is in what it has heard so far."""

    def heard(self, since: int) -> Samples:
        """What it heard from that position on."""


def tones_in(samples: Samples, tones: Mapping[str, float]) -> set[str]:
    """The names of the tones (Hz) in the sound; AssertionError where one cannot be told."""
    whole = samples[: len(samples) // GRID * GRID]
    found = set()
    for name, frequency in tones.items():
        share = goertzel(whole, frequency)
        loudness = level(whole) + level_of_share(share)
        assert not UNHEARD < loudness < HEARD, f"{name} is neither heard nor not: {loudness:.1f}"
        if loudness >= HEARD:
            found.add(name)
    return found


def level_of_share(share: float) -> float:
    """Decibels of a share of power."""
    return float(10 * np.log10(share)) if share > 0 else float("-inf")


async def stretch(
    ears: Sequence[Ear], tones: Mapping[str, float], *, seconds: float = LISTENING
) -> dict[str, set[str]]:
    """Let what changed settle, listen for so long: the tones each of them heard meanwhile."""
    await pause(SETTLING * crowding())
    begun = [(ear, ear.position()) for ear in ears]
    await pause(seconds)
    return {ear.name: tones_in(ear.heard(since), tones) for ear, since in begun}


def mutual(*names: str) -> dict[str, set[str]]:
    """Each hears all the others and not itself."""
    return {name: set(names) - {name} for name in names}
