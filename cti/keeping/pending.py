"""What has changed and is to be written down: each key once, with the state it has by then.

A key that nobody wrote yet waits for a while, so that what is over by then costs nothing; one that
was written before waits for another, so that what stands in the database is seldom old.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K", bound=str)
S = TypeVar("S")


class Pending(Generic[K, S]):
    """The changes of one kind of thing; `state` gives what is worth writing, None: nothing.

    `first` and `again` are seconds from a change until it is due.
    """

    def __init__(self, state: Callable[[K], S | None], first: float, again: float) -> None:
        self._state = state
        self._delays = first, again
        self._fresh: dict[K, float] = {}
        """Since when; the oldest first, as in all that follow."""
        self._known: dict[K, float] = {}
        self._written: dict[K, S | None] = {}
        """What stands in the database; None where that is not certain."""

    def __len__(self) -> int:
        return len(self._fresh) + len(self._known)

    def found(self, key: K, state: S | None = None) -> None:
        """That much was in the database at the start."""
        self._written[key] = state

    def changed(self, key: K, now: float) -> None:
        """Something about it is not as it was."""
        (self._known if key in self._written else self._fresh).setdefault(key, now)

    def over(self, key: K, now: float) -> None:
        """There is no such thing any more."""
        if key in self._written:
            self._known.setdefault(key, now)
        else:
            self._fresh.pop(key, None)

    @property
    def due(self) -> float | None:
        """The instant from which there is something to take; None: nothing waits."""
        dues = [
            since + delay
            for waiting, delay in zip((self._fresh, self._known), self._delays, strict=True)
            for since in self._first(waiting)
        ]
        return min(dues, default=None)

    def take(self, now: float, most: int, *, early: bool = False) -> dict[K, S | None]:
        """What to write now, None: to be deleted; counts as written unless it `failed`.

        At most so many; with `early` also what its time has not come for.
        """
        taken: dict[K, S | None] = {}
        for waiting, delay in zip((self._fresh, self._known), self._delays, strict=True):
            while len(taken) < most and (first := self._first(waiting)):
                if first[0] + delay > now and not early:
                    break
                self._take(next(iter(waiting)), waiting, taken)
        return taken

    def failed(self, keys: list[K], now: float) -> None:
        """These could not be written: nobody knows what stands there, and they are due again."""
        for key in keys:
            self._written[key] = None
            self._known.setdefault(key, now)

    def _take(self, key: K, waiting: dict[K, float], taken: dict[K, S | None]) -> None:
        del waiting[key]
        state = self._state(key)
        if state is None:
            if key in self._written:
                del self._written[key]
                taken[key] = None
        elif state != self._written.get(key):
            self._written[key] = taken[key] = state

    @staticmethod
    def _first(waiting: dict[K, float]) -> list[float]:
        """The instant of the oldest, if there is one."""
        return [next(iter(waiting.values()))] if waiting else []
