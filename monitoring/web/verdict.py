"""What a person is shown of a verdict: a sign in words, and the marks of its time line."""

from collections.abc import Callable
from typing import Any

from cti.recording.marks import RATE, Mark, MarkKind
from cti.recording.verify import State, Verdict
from monitoring.web.presentation import clockface

Words = Callable[..., str]
"""Gives a text its words: key and blanks."""

MOODS = {
    State.WHOLE: "success",
    State.GROWING: "success",
    State.CRASHED: "warning",
    State.UNCHAINED: "warning",
    State.CHANGED: "danger",
    State.MISSING: "danger",
}
ENDINGS = {"disk": "recordings.disk_full", "mistake": "recordings.mistake"}
"""What is said of a recording that ended before its call."""
DRAWN = (MarkKind.GAP, MarkKind.PAUSED, MarkKind.MASKED, MarkKind.LABEL)
"""Concealed losses are counted, not drawn: they are too short to be seen."""


def shown(verdict: Verdict, words: Words) -> dict[str, Any]:
    """``{"state", "mood", "sign", "notes", "seconds", "marks"}``; times in seconds."""
    since = clockface(verdict.since or 0.0)
    return {
        "state": verdict.state.value,
        "mood": MOODS[verdict.state],
        "sign": words(f"recordings.state.{verdict.state.value}", since=since),
        "notes": _notes(verdict, words),
        "seconds": round(verdict.seconds, 3),
        "marks": [_mark(mark, words) for mark in verdict.marks if mark.kind in DRAWN],
    }


def _notes(verdict: Verdict, words: Words) -> list[str]:
    notes = []
    if verdict.late is not None:
        notes.append(words("recordings.late", since=clockface(verdict.late)))
    if verdict.why in ENDINGS:
        notes.append(words(ENDINGS[verdict.why], since=clockface(verdict.seconds)))
    concealed = sum(mark.length for mark in verdict.marks if mark.kind is MarkKind.CONCEALED)
    if concealed:
        notes.append(words("recordings.concealed", seconds=f"{concealed / RATE:.2f}"))
    return notes


def _mark(mark: Mark, words: Words) -> dict[str, Any]:
    start, length = mark.start / RATE, mark.length / RATE
    key = f"recordings.kind.{mark.kind.value}"
    what = mark.label or words(key)
    side = "" if mark.track is None else words(f"recordings.track.{mark.track}")
    lasts = f"{length:.1f} s" if length else ""
    return {
        "kind": mark.kind.value,
        "track": mark.track,
        "start": round(start, 3),
        "length": round(length, 3),
        "title": " · ".join(part for part in (clockface(start), what, side, lasts) if part),
    }
