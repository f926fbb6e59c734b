"""A reactor in memory for what wants to be called from other threads: it calls at once."""

from collections.abc import Callable

from twisted.internet.testing import MemoryReactorClock


class ThreadlessReactor(MemoryReactorClock):
    """A reactor in memory whose `callFromThread` calls at once."""

    def callFromThread(  # noqa: N802  (Twisted's name)
        self, function: Callable[..., object], *args: object, **more: object
    ) -> None:
        """Call the function here and now."""
        function(*args, **more)
