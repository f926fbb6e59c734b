"""The real reactor in a test: `run_in_reactor` runs one coroutine on it, with a time limit.

The reactor runs in the test's own thread and is stopped without being shut down, so it can run
again in the next test (`twisted.trial` does the same), and child processes and signals work.

    def test_something() -> None:
        async def talk() -> bytes:
            line = await connect(reactor())
            return await line.answer()

        assert run_in_reactor(talk, timeout=5) == b"hello"

While the process stands still, so does the reactor's time (`steady_time`).

What a test leaves in the reactor (sockets, timers, child processes) would disturb the next one:
it is removed, and the test fails with its names. A failure inside the coroutine comes out with
its own traceback; so does an error that anybody logged meanwhile, unless `allow_errors`.
"""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet import reactor as global_reactor  # noqa: TID251  (tests are entry points)
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProcessTransport
from twisted.internet.task import deferLater
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from tests.support.patience import ample
from tests.support.steady_time import SteadyTime

T = TypeVar("T")
_time = SteadyTime(global_reactor)


def reactor() -> Any:
    """The reactor `run_in_reactor` runs."""
    return global_reactor


def pause(seconds: float) -> Deferred[None]:
    """Fires after so many seconds in which the process ran."""
    return deferLater(reactor(), seconds)


def stood_still() -> float:
    """How many seconds of this run the process did not run."""
    return _time.stood_still


def begin(work: Coroutine[Deferred[Any], Any, T]) -> Deferred[T]:
    """Begin at once, beside what goes on."""
    return Deferred.fromCoroutine(work)


async def until(condition: Callable[[], object], step: float = 0.005) -> None:
    """Return as soon as the condition holds; looked at every `step` seconds, until the limit."""
    while not condition():
        await pause(step)


def run_in_reactor(
    main: Callable[[], Coroutine[Deferred[Any], Any, T]],
    *,
    timeout: float = 20.0,
    allow_errors: bool = False,
    keep: bool = False,
) -> T:
    """The coroutine's result; TimeoutError after `timeout` seconds or more (`ample`).

    With `keep`, what it leaves in the reactor goes on in the next run, which is to take it away.
    """
    timeout = ample(timeout)
    results: list[T | Failure] = []
    errors: list[str] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        if event.get("log_failure") is not None:
            errors.append(event["log_failure"].getTraceback())

    def start() -> None:
        running = Deferred.fromCoroutine(main())
        running.addTimeout(timeout, reactor(), onTimeoutCancel=_too_slow(timeout))
        running.addBoth(results.append)
        running.addBoth(lambda _: _stop())

    globalLogPublisher.addObserver(observe)
    _time.catch_up()
    try:
        reactor().callWhenRunning(start)
        reactor().run()
    finally:
        globalLogPublisher.removeObserver(observe)
    left = [] if keep else _clean()
    (result,) = results
    if isinstance(result, Failure):
        result.raiseException()
    assert not left, f"left in the reactor: {left}"
    assert allow_errors or not errors, "logged:\n" + "\n".join(errors)
    return result


def _too_slow(timeout: float) -> Callable[[Any, float], Any]:
    def fail(result: Any, _seconds: float) -> Any:
        where = result.getTraceback() if isinstance(result, Failure) else ""
        raise TimeoutError(f"not done after {timeout} s\n{where}")

    return fail


def _stop() -> None:
    # One more turn, so that connections closed at the very end are gone from the reactor.
    reactor().callLater(0, lambda: reactor().callLater(0, reactor().crash))


def _clean() -> list[str]:
    """Take everything out of the reactor that a test left there, and name it."""
    left = []
    for call in reactor().getDelayedCalls():
        if call.active():
            left.append(str(call))
            call.cancel()
    for selectable in reactor().removeAll():
        if IProcessTransport.providedBy(selectable):
            selectable.signalProcess("KILL")
        left.append(repr(selectable))
    if reactor().threadpool is not None:
        reactor()._stopThreadPool()
    return left
