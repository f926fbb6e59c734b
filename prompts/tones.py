"""Tones: ringing (ITU-T E.180, China), and the one after which a caller speaks."""

import numpy as np

from prompts.sound import RATE, Samples, amplitude, fade

HERTZ = 450.0
ON_SECONDS, OFF_SECONDS = 1.0, 4.0
LEVEL_DBFS = -20.0
"""Of the sine's peak."""
MESSAGE_HERTZ, MESSAGE_SECONDS = 1000.0, 0.4
"""High and short, so that nobody takes it for ringing or for a key."""


def ring_back() -> Samples:
    """One ring and the silence after it, 5 s at 8000 samples per second, to be repeated."""
    return np.concatenate([_sine(HERTZ, ON_SECONDS), np.zeros(round(OFF_SECONDS * RATE))])


def message_tone() -> Samples:
    """The tone after which a message begins, 0.4 s at 8000 samples per second."""
    return _sine(MESSAGE_HERTZ, MESSAGE_SECONDS)


def _sine(hertz: float, seconds: float) -> Samples:
    time = np.arange(round(seconds * RATE)) / RATE
    return fade(amplitude(LEVEL_DBFS) * np.sin(2 * np.pi * hertz * time))
