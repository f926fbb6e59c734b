"""Submits a quarter: freezes what is told of it, and tells it the same whenever it is asked."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from cti.database import Database
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId
from cti.kernel.plain import from_plain, to_plain
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets.regulation.codes import CodeBook
from tickets.regulation.facts import Fact
from tickets.regulation.following import Follower
from tickets.regulation.freezing import Difference, Submission, differences
from tickets.regulation.quarter import Quarter
from tickets.regulation.rows import fact_of, fact_record, of_quarter_txn
from tickets.regulation.schema import SubmissionRow, SubmittedRow

MAY_SUBMIT = Role.PROTECTION
LONGEST_NOTE = 500
AT_A_TIME = 1000
"""Facts that are written, and held, at once."""
MOST_DIFFERENCES = 500

T = TypeVar("T")


class Submissions:
    """What was submitted, revision by revision; nothing of it is ever changed."""

    log = Logger()

    def __init__(self, database: Database, clock: Clock, follower: Follower) -> None:
        self._database, self._clock, self._follower = database, clock, follower

    def submit(
        self, quarter: Quarter, base: int, principal: Principal, note: str
    ) -> Deferred[Submission]:
        """Submit the quarter as it is now, as the revision after `base` (0: none yet).

        Refused without the role, before the quarter is over (``ticket.figures.not_over``), when
        somebody else submitted it since (``ticket.figures.submitted_since``), and again without a
        reason (``ticket.field_missing``).
        """
        principal.require(MAY_SUBMIT)
        note = note.strip()[:LONGEST_NOTE]
        now = utc(self._clock)
        if quarter.span(self._follower.zone)[1] > now:
            raise Refused("ticket.figures.not_over", quarter=str(quarter))
        if base and not note:
            raise Refused("ticket.field_missing", field="reason")
        # Codes that complaints must have, and channels by source, count nothing.
        codes = replace(self._follower.codes, required=frozenset(), by_source={})
        submission = Submission(
            quarter, base + 1, now, principal.staff_id, principal.name, note, codes
        )
        zone = self._follower.zone
        return self._database.run(_submit_txn, submission, zone, lambda: utc(self._clock))

    def revisions(self, quarter: Quarter) -> Deferred[tuple[Submission, ...]]:
        """All that were submitted of the quarter, the latest first."""
        return self._database.read(_revisions_txn, quarter)

    def of(self, submission: Submission, made: Callable[[Iterable[Fact]], T]) -> Deferred[T]:
        """What `made` makes of the facts as they were submitted."""

        def of_facts(session: Session) -> T:
            return made(_frozen_txn(session, submission))

        return self._database.read(of_facts)

    def differences(self, submission: Submission) -> Deferred[tuple[Difference, ...]]:
        """What would be counted otherwise now; the first `MOST_DIFFERENCES` of it."""
        return self._database.read(
            _differences_txn, submission, self._follower.zone, utc(self._clock)
        )


def _submit_txn(
    session: Session, submission: Submission, zone: ZoneInfo, now: Callable[[], datetime]
) -> Submission:
    """Freeze the facts; the instant is taken when they are, as no act waits for this one."""
    quarter = str(submission.quarter)
    last = session.scalar(
        select(func.max(SubmissionRow.revision)).where(SubmissionRow.quarter == quarter)
    )
    if (last or 0) != submission.revision - 1:
        raise Refused("ticket.figures.submitted_since", quarter=quarter)
    row = SubmissionRow(
        quarter=quarter,
        revision=submission.revision,
        at=submission.at,
        by=submission.by,
        by_name=submission.by_name,
        note=submission.note,
        codes_version=submission.codes_version,
        codes=to_plain(submission.codes),
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise Refused("ticket.figures.submitted_since", quarter=quarter) from None
    few: list[dict[str, object]] = []
    latest = submission.at
    for fact in of_quarter_txn(session, submission.quarter, zone):
        latest = max(latest, fact.changed)
        few.append(
            {
                "quarter": quarter,
                "revision": submission.revision,
                "number": fact.number,
                "fact": fact_record(fact),
            }
        )
        if len(few) == AT_A_TIME:
            session.execute(insert(SubmittedRow), few)
            few.clear()
    if few:
        session.execute(insert(SubmittedRow), few)
    row.at = max(latest, now())
    return replace(submission, at=row.at)


def _revisions_txn(session: Session, quarter: Quarter) -> tuple[Submission, ...]:
    rows = session.scalars(
        select(SubmissionRow)
        .where(SubmissionRow.quarter == str(quarter))
        .order_by(SubmissionRow.revision.desc())
    )
    return tuple(
        Submission(
            quarter,
            row.revision,
            row.at,
            StaffId(row.by),
            row.by_name,
            row.note,
            from_plain(CodeBook, row.codes),
        )
        for row in rows
    )


def _frozen_txn(session: Session, submission: Submission) -> Iterator[Fact]:
    records = session.scalars(
        select(SubmittedRow.fact)
        .where(
            SubmittedRow.quarter == str(submission.quarter),
            SubmittedRow.revision == submission.revision,
        )
        .order_by(SubmittedRow.number)
        .execution_options(yield_per=AT_A_TIME)
    )
    return map(fact_of, records)


def _differences_txn(
    session: Session, submission: Submission, zone: ZoneInfo, now: datetime
) -> tuple[Difference, ...]:
    frozen = _frozen_txn(session, submission)
    present = of_quarter_txn(session, submission.quarter, zone)
    found: list[Difference] = []
    for each in differences(submission, frozen, present, now):
        found.append(each)
        if len(found) == MOST_DIFFERENCES:
            break
    return tuple(found)
