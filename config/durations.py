"""Reads lengths of time as people write them in the settings file."""

from datetime import timedelta

from agents.acd.reading import DURATION, UNITS
from cti.kernel.document import Value


def read_duration(value: Value, least: timedelta, most: timedelta) -> timedelta:
    """A time in seconds, or with its unit: ``90``, ``20 min``, ``2 h``, ``7 days``."""
    text = value.text()
    match = DURATION.fullmatch(text)
    if match is None:
        if text:
            value.wrong(
                f"must be a time, such as 90 (seconds), 20 min, 2 h or 7 days, not {text!r}"
            )
        return least
    duration = timedelta(seconds=float(match[1]) * UNITS[match[2] or "s"])
    if not least <= duration <= most:
        value.wrong(f"must be a time from {least} to {most}, not {text!r}")
        return least
    return duration
