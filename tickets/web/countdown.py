"""A list's deadline as words and a bar: how much of the time from its start is used."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tickets.search.lines import Line
from tickets.web.shown import Words

NEAR = 75.0
"""Of 100: from here on a deadline is shown as near."""


@dataclass(frozen=True, slots=True)
class Countdown:
    """`used` of 100; `level` is ``late``, ``near`` or empty."""

    says: str = ""
    used: float = 0.0
    level: str = ""


def countdown(line: Line, words: Words, now: datetime) -> Countdown:
    """The line's next deadline at this instant; list.js goes on counting by the same rules."""
    if line.due is None or line.started is None:
        return Countdown()
    if line.due <= now:
        late = words.text("ticket.clock_overdue", late=words.duration(now - line.due))
        return Countdown(late, 100.0, "late")
    span = line.due - line.started
    used = 100 * ((now - line.started) / span) if span > timedelta(0) else 100.0
    left = words.text("ticket.clock_left", left=words.duration(line.due - now))
    return Countdown(left, round(min(100.0, max(0.0, used)), 1), "near" if used >= NEAR else "")
