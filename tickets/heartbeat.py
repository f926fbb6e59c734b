"""The heartbeat: a job of the house's scheduler that wakes the deadlines once a minute.

The job lives in memory and is made anew at each start, so a renamed function cannot strand it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apscheduler.schedulers.twisted import TwistedScheduler

EVERY_SECONDS = 60
JOB = "tickets.heartbeat"


def scheduler_on(reactor: Any) -> "TwistedScheduler":
    """A scheduler whose jobs run in the reactor's own thread, by UTC."""
    # Imported here: APScheduler looks at the global reactor when it is imported.
    from apscheduler.executors.debug import DebugExecutor
    from apscheduler.schedulers.twisted import TwistedScheduler

    # The "debug" executor is the one that calls a job where the scheduler wakes: here, the reactor.
    return TwistedScheduler(reactor=reactor, timezone="UTC", executors={"default": DebugExecutor()})


def keep_beating(scheduler: "TwistedScheduler", wake: Callable[[], None]) -> None:
    """Wake deadlines and outbox every minute, so that nothing is lost if a timer was."""
    scheduler.add_job(
        wake,
        "interval",
        seconds=EVERY_SECONDS,
        id=JOB,
        replace_existing=True,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
