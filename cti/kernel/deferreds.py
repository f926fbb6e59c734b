"""Small tools for Deferreds."""

from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

T = TypeVar("T")


def fork(source: Deferred[T]) -> Deferred[T]:
    """A Deferred of its own with the result of `source`, which keeps that result for others.

    A failure of `source` counts as handled: whoever forks it answers for it.
    """
    forked: Deferred[T] = Deferred()

    def succeeded(result: T) -> T:
        forked.callback(result)
        return result

    def failed(failure: Failure) -> None:
        source.addErrback(lambda _: None)
        forked.errback(failure)

    source.addCallbacks(succeeded, failed)
    return forked
