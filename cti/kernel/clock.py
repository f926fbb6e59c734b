"""Time as a parameter: the one clock protocol every part is given.

The reactor and `twisted.internet.task.Clock` both satisfy `Clock`, so a test moves time by hand
and nothing in the house reads a clock of its own.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class DelayedCall(Protocol):
    """A call that was scheduled and can be taken back."""

    def cancel(self) -> None: ...

    def active(self) -> int: ...


class Clock(Protocol):
    """Seconds since the Unix epoch, and calls made later."""

    def seconds(self) -> float: ...

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kw: object
    ) -> DelayedCall: ...


def utc(clock: Clock) -> datetime:
    """The clock's instant as an aware UTC datetime."""
    return datetime.fromtimestamp(clock.seconds(), UTC)
