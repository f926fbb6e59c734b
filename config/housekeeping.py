"""Housekeeping: what the house's scheduler does at each start and once a day after it.

The jobs live in memory and are made anew at each start, like the deadlines' heartbeat.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from cti.kernel.calendar import WorkingCalendar
from cti.kernel.clock import Clock, utc
from ivr.bank.ledger import Ledger
from tickets.attachments.sweep import Sweep
from tickets.regulation.service import RegulationService

if TYPE_CHECKING:
    from apscheduler.schedulers.twisted import TwistedScheduler

EVERY_HOURS = 24
AHEAD = timedelta(days=30)


class CalendarWatch:
    """Notices what a calendar lacks: next year's public holidays, a month ahead, and certainty.

    Days of which the sources say different things are told until a person settles them.
    """

    _log = Logger()

    def __init__(
        self,
        calendars: Mapping[str, WorkingCalendar],
        clock: Clock,
        remind: Callable[[str], object] = lambda _: None,
    ) -> None:
        """`remind` tells the supervisors of a calendar, by its name."""
        self._calendars, self._clock, self._remind = calendars, clock, remind

    def warnings(self) -> dict[str, str]:
        """Calendar -> what it lacks now, for `/health`; a house with warnings is still well."""
        now = utc(self._clock)
        lacks = {name: "; ".join(_lacks(each, now)) for name, each in self._calendars.items()}
        return {name: lack for name, lack in lacks.items() if lack}

    def look(self) -> None:
        """Write the warnings to the log, and remind the supervisors."""
        for name, lack in self.warnings().items():
            self._remind(name)
            self._log.warn(
                "Calendar {name} has {lack}: update the packages `holidays` and `chinesecalendar` "
                "and take the year from them on the page /calendar, or enter the days there",
                name=name,
                lack=lack,
            )


def _lacks(calendar: WorkingCalendar, now: datetime) -> Iterator[str]:
    if year := calendar.missing_year(now):
        yield f"no public holidays for {year}"
    if calendar.disputed:
        days = ", ".join(f"{day} ({said})" for day, said in sorted(calendar.disputed.items()))
        yield f"days in dispute: {days}"


class CertificateWatch:
    """Notices, a month ahead, that the certificate of SIP by TLS ends."""

    _log = Logger()

    def __init__(self, ends: datetime | None, clock: Clock) -> None:
        """`ends`: until when it is valid; None where there is none."""
        self._ends, self._clock = ends, clock

    def warning(self) -> str:
        """What is the matter now, for `/health`; empty while nothing is."""
        if self._ends is None or self._ends - utc(self._clock) > AHEAD:
            return ""
        tense = "ended" if self._ends <= utc(self._clock) else "ends"
        return f"the certificate of `sip.tls` {tense} {self._ends:%Y-%m-%d %H:%M} UTC"

    def look(self) -> None:
        """Write the warning to the log."""
        if warning := self.warning():
            self._log.warn(
                "{what}: put a new one into its file and start again; telephones and carriers "
                "refuse an old one",
                what=warning[0].upper() + warning[1:],
            )


class Housekeeping:
    """The daily jobs."""

    _log = Logger()

    def __init__(
        self,
        calendars: CalendarWatch,
        certificate: CertificateWatch,
        bank: Ledger,
        records: RegulationService,
        files: Sweep,
    ) -> None:
        self._calendars, self._certificate, self._bank = calendars, certificate, bank
        self._records, self._files = records, files

    def schedule(self, scheduler: "TwistedScheduler", clock: Clock) -> None:
        """Have each job done when the scheduler starts, and every day from then on."""
        jobs = {
            "calendars.look": self._calendars.look,
            "certificate.look": self._certificate.look,
            "bank.forget_old_attempts": self.forget_attempts,
            "tickets.erase": self.erase_records,
            "tickets.sweep_files": self.sweep_files,
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

    def erase_records(self) -> Deferred[None]:
        """Delete records of tickets whose time is over, where the settings say so."""
        return Deferred.fromCoroutine(self._records.erase()).addCallbacks(
            lambda _count: None,
            lambda failure: self._log.failure("Records cannot be deleted", failure),
        )

    def sweep_files(self) -> Deferred[None]:
        """Delete files that were kept and belong to no ticket."""
        return Deferred.fromCoroutine(self._files.sweep()).addCallbacks(
            lambda _count: None,
            lambda failure: self._log.failure("Files cannot be swept", failure),
        )

    def forget_attempts(self) -> Deferred[None]:
        """Let the bank forget the sign-ins that count no more; what fails is logged."""
        return self._bank.forget_old_attempts().addCallbacks(
            lambda count: self._log.debug("Old sign-ins forgotten: {count}", count=count),
            lambda failure: self._log.failure("Old sign-ins cannot be forgotten", failure),
        )
