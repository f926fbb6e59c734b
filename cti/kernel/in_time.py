"""Waiting for an answer for so long and no longer: a caller hears no silence for a slow table."""

from typing import TypeVar

from twisted.internet.defer import Deferred

from cti.kernel.clock import Clock, DelayedCall

T = TypeVar("T")


def in_time(clock: Clock, seconds: float, asked: Deferred[T], otherwise: T) -> Deferred[T]:
    """What is answered, or `otherwise` where that takes more seconds; what comes later is nobody's.

    Whoever asks says what stands for a failure: `asked` must not fail. Who waits no more cancels
    what is returned, and has `otherwise` at once.
    """
    heard: Deferred[T] = Deferred(lambda heard: heard.callback(otherwise))

    def settle(answer: T) -> None:
        if not heard.called:
            heard.callback(answer)

    asked.addCallback(settle)
    if not heard.called:
        limit = clock.callLater(seconds, settle, otherwise)
        heard.addCallback(lambda answer: _stopped(limit, answer))
    return heard


def _stopped(limit: DelayedCall, answer: T) -> T:
    if limit.active():
        limit.cancel()
    return answer
