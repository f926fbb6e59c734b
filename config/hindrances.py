"""What outside the switch keeps it from taking calls: nowhere to write what happens in them."""

from collections.abc import Callable

from cti.kernel.clock import Clock

MOST_BACKLOG, LESS_BACKLOG = 5000, 1000
"""Events not yet written: from which on no call is taken, and from which on calls are again."""
LEAST_ROOM, MORE_ROOM = 100, 200
"""MiB of the disk that are left, likewise."""
MIB = 1024 * 1024
EVERY = 1.0
"""Seconds between two looks at the disk: a system call lets other threads go first (40 us)."""


class Hindrances:
    """Asked for every new call, so it only looks at what is at hand (1 us)."""

    def __init__(self, clock: Clock, backlog: Callable[[], int], room: Callable[[], int]) -> None:
        """`backlog` in events of the journal, `room` in octets."""
        self._clock, self._backlog, self._room = clock, backlog, room
        self._look_at = float("-inf")
        self._behind = self._cramped = False

    def __call__(self) -> bool:
        """Whether calls are refused now."""
        self._behind = self._backlog() >= (LESS_BACKLOG if self._behind else MOST_BACKLOG)
        now = self._clock.seconds()
        if now >= self._look_at:
            self._look_at = now + EVERY
            self._cramped = self._room() < (MORE_ROOM if self._cramped else LEAST_ROOM) * MIB
        return self._behind or self._cramped
