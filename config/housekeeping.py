"""Housekeeping: what the house's scheduler does at each start and once a day after it.

The jobs live in memory and are made anew at each start, like the deadlines' heartbeat.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from cti.kernel.calendar import WorkingCalendar
from cti.kernel.clock import Clock, utc
from ivr.bank.ledger import Ledger

if TYPE_CHECKING:
    from apscheduler.schedulers.twisted import TwistedScheduler

EVERY_HOURS = 24


class CalendarWatch:
    """Notices, a month ahead, that a calendar lacks the public holidays of the coming year."""

    _log = Logger()

    def __init__(self, calendars: Mapping[str, WorkingCalendar], clock: Clock) -> None:
        self._calendars, self._clock = calendars, clock

    def warnings(self) -> dict[str, str]:
        """Calendar -> what it lacks now, for `/health`; a house with warnings is still well."""
        now = utc(self._clock)
        missing = {name: each.missing_year(now) for name, each in self._calendars.items()}
        return {name: f"no public holidays for {year}" for name, year in missing.items() if year}

    def look(self) -> None:
        """Write the warnings to the log."""
        for name, lack in self.warnings().items():
            self._log.warn(
                "Calendar {name} has {lack}: update the package `holidays`, or list them in the "
                "calendar's file and the year under `published`, and start again",
                name=name,
                lack=lack,
            )


class Housekeeping:
    """The daily jobs."""

    _log = Logger()

    def __init__(self, calendars: CalendarWatch, bank: Ledger) -> None:
        self._calendars, self._bank = calendars, bank

    def schedule(self, scheduler: "TwistedScheduler", clock: Clock) -> None:
        """Have each job done when the scheduler starts, and every day from then on."""
        jobs = {
            "calendars.look": self._calendars.look,
            "bank.forget_old_attempts": self.forget_attempts,
        }
        for name, job in jobs.items():
            scheduler.add_job(
                job,
                "interval",
                hours=EVERY_HOURS,
                next_run_time=utc(clock),
                id=name,
                replace_existing=True,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )

    def forget_attempts(self) -> Deferred[None]:
        """Let the bank forget the sign-ins that count no more; what fails is logged."""
        return self._bank.forget_old_attempts().addCallbacks(
            lambda count: self._log.debug("Old sign-ins forgotten: {count}", count=count),
            lambda failure: self._log.failure("Old sign-ins cannot be forgotten", failure),
        )
