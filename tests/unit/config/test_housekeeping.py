"""Housekeeping: what a calendar lacks is told in time, and each job is done at the start."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher

from config.housekeeping import CalendarWatch, CertificateWatch, Housekeeping
from cti.kernel.calendar import Span, WorkingCalendar
from ivr.bank.ledger import Ledger
from tests.support.deferred import result_of
from tests.support.threadless import ThreadlessReactor
from tickets.attachments.sweep import Sweep
from tickets.heartbeat import scheduler_on
from tickets.regulation.service import RegulationService

WEEK = ((Span.parse("08:00-20:00"),),) * 7
SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDARS = {
    "service": WorkingCalendar("service", SHANGHAI, WEEK, valid_until=date(2026, 12, 31)),
    "office": WorkingCalendar("office", SHANGHAI, WEEK),
}


@dataclass
class ForgetfulBank:
    broken: bool = False
    asked: list[None] = field(default_factory=list)

    def forget_old_attempts(self) -> Deferred[int]:
        self.asked.append(None)
        return fail(OSError("no database")) if self.broken else succeed(3)


VALID = CertificateWatch(None, Clock())


def watch(now: datetime) -> CalendarWatch:
    clock = Clock()
    clock.advance(now.timestamp())
    return CalendarWatch(CALENDARS, clock)


@pytest.fixture
def logged() -> Iterator[list[LogEvent]]:
    events: list[LogEvent] = []
    observer = cast(ILogObserver, events.append)
    globalLogPublisher.addObserver(observer)
    yield events
    globalLogPublisher.removeObserver(observer)


def test_nothing_is_missed_before_it_is_needed(logged: list[LogEvent]) -> None:
    early = watch(datetime(2026, 11, 29, 12, 0, tzinfo=UTC))
    assert early.warnings() == {}
    early.look()
    assert logged == []


def test_a_missing_year_is_told_a_month_ahead(logged: list[LogEvent]) -> None:
    late = watch(datetime(2026, 12, 2, tzinfo=UTC))
    assert late.warnings() == {"service": "no public holidays for 2027"}
    late.look()
    (event,) = logged
    assert (event["name"], event["log_level"].name) == ("service", "warn")


def test_days_in_dispute_are_told_at_once(logged: list[LogEvent]) -> None:
    said = "a holiday by one source, an ordinary day by the other"
    calendar = WorkingCalendar("office", SHANGHAI, WEEK, disputed={date(2026, 10, 9): said})
    reminded: list[str] = []
    watching = CalendarWatch({"office": calendar}, Clock(), reminded.append)
    assert watching.warnings() == {"office": f"days in dispute: 2026-10-09 ({said})"}
    watching.look()
    assert "2026-10-09" in str(logged[0]["lack"])
    assert reminded == ["office"]


@pytest.mark.parametrize(
    ("now", "warning"),
    [
        (datetime(2026, 12, 1, tzinfo=UTC), ""),
        (
            datetime(2026, 12, 2, tzinfo=UTC),
            "the certificate of `sip.tls` ends 2027-01-01 00:00 UTC",
        ),
        (
            datetime(2027, 1, 1, tzinfo=UTC),
            "the certificate of `sip.tls` ended 2027-01-01 00:00 UTC",
        ),
    ],
)
def test_the_end_of_a_certificate_is_told_a_month_ahead(
    now: datetime, warning: str, logged: list[LogEvent]
) -> None:
    clock = Clock()
    clock.advance(now.timestamp())
    certificate = CertificateWatch(datetime(2027, 1, 1, tzinfo=UTC), clock)
    assert certificate.warning() == warning
    certificate.look()
    assert [event["log_level"].name for event in logged] == (["warn"] if warning else [])
    assert VALID.warning() == ""


@dataclass
class Records:
    """Counts how often records were to be deleted."""

    broken: bool = False
    asked: list[None] = field(default_factory=list)

    async def erase(self) -> int:
        self.asked.append(None)
        if self.broken:
            raise OSError("no database")
        return 0


@dataclass
class Files:
    """Counts how often files were to be swept."""

    broken: bool = False
    asked: list[None] = field(default_factory=list)

    async def sweep(self) -> int:
        self.asked.append(None)
        if self.broken:
            raise OSError("no disk")
        return 0


def keeping(records: Records) -> RegulationService:
    return cast(RegulationService, records)


def test_each_job_is_done_at_the_start_and_every_day() -> None:
    reactor, bank, records = ThreadlessReactor(), ForgetfulBank(), Records()
    files = Files()
    scheduler = scheduler_on(reactor)
    calendars = watch(datetime(2026, 11, 21, tzinfo=UTC))
    Housekeeping(
        calendars, VALID, cast(Ledger, bank), keeping(records), cast(Sweep, files)
    ).schedule(scheduler, Clock())
    scheduler.start()
    assert len(bank.asked) == len(records.asked) == len(files.asked) == 1
    jobs = scheduler.get_jobs()
    assert {job.trigger.interval.days for job in jobs} == {1}
    assert {job.id for job in jobs} == {
        "calendars.look",
        "certificate.look",
        "bank.forget_old_attempts",
        "tickets.erase",
        "tickets.sweep_files",
    }
    scheduler.shutdown()


def test_a_failure_is_logged(logged: list[LogEvent]) -> None:
    bank = ForgetfulBank(broken=True)
    house = Housekeeping(
        watch(datetime(2026, 11, 21, tzinfo=UTC)),
        VALID,
        cast(Ledger, bank),
        keeping(Records(broken=True)),
        cast(Sweep, Files(broken=True)),
    )
    assert result_of(house.forget_attempts()) is None
    assert isinstance(logged[0]["log_failure"].value, OSError)
    assert result_of(house.erase_records()) is None
    assert isinstance(logged[1]["log_failure"].value, OSError)
    assert result_of(house.sweep_files()) is None
    assert isinstance(logged[2]["log_failure"].value, OSError)
