"""What a regulator asks of the house: figures, repeats, holds, and what was deleted when."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from cti.database import Database
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets.model import Draft
from tickets.regulation.catching_up import catch_up_txn
from tickets.regulation.codes import CodeBook
from tickets.regulation.erasing import (
    Due,
    Erasure,
    Hold,
    Place,
    Terms,
    due_txn,
    erase_txn,
    erasures_txn,
    hold_txn,
    holds_txn,
    lift_txn,
)
from tickets.regulation.facts import Fact
from tickets.regulation.finding import repeats_txn
from tickets.regulation.following import Follower
from tickets.regulation.freezing import Submission
from tickets.regulation.old_letters import (
    LetterErasure,
    erase_letters_txn,
    letter_erasures_txn,
    letters_due_txn,
)
from tickets.regulation.quarter import By, Count, Quarter, Table, counted, table
from tickets.regulation.repeats import Repeat
from tickets.regulation.retention import Retention
from tickets.regulation.rows import fact_from, of_quarter_txn
from tickets.regulation.schema import FactRow
from tickets.regulation.submitting import Submissions
from tickets.visibility import Concern, concerns

MAY_HOLD = (Role.SUPERVISOR, Role.PROTECTION)
MOST_SHOWN = 500
"""Tickets behind a number that are shown, and tickets due for deletion."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Behind:
    """The tickets behind a number: how many, and the first of them."""

    total: int
    facts: tuple[Fact, ...]


class RegulationService:
    """Answers from facts; deletes nothing unless `delete` says so."""

    log = Logger()

    def __init__(
        self,
        database: Database,
        clock: Clock,
        follower: Follower,
        retention: Retention,
        forget_file: Callable[[str], Deferred[bool]],
        *,
        delete: bool = False,
    ) -> None:
        """`forget_file` deletes the file of a digest, unless somebody sends it again just now."""
        self._database, self._clock, self._follower = database, clock, follower
        self.retention, self.deletes = retention, delete
        self.submissions = Submissions(database, clock, follower)
        self._forget_file = forget_file

    @property
    def codes(self) -> CodeBook:
        """The codes complaints are classified by."""
        return self._follower.codes

    @property
    def zone(self) -> ZoneInfo:
        """Where days and quarters begin."""
        return self._follower.zone

    async def catch_up(self) -> int:
        """Take the facts of tickets that are older than facts; how many these were."""
        total = 0
        while few := await self._database.run(catch_up_txn, self._follower):
            total += few
        return total

    def now(self) -> datetime:
        """The present."""
        return utc(self._clock)

    def quarter(self) -> Quarter:
        """The quarter that it is."""
        return Quarter.of(self.now(), self.zone)

    def table(
        self, quarter: Quarter, by: By, submitted: Submission | None = None
    ) -> Deferred[Table]:
        """The table of the complaints received in the quarter, as things are now or were then."""
        codes, at = self._told_by(submitted)

        def made(facts: Iterable[Fact]) -> Table:
            return table(facts, by, codes, at)

        return self._of_quarter(quarter, made, submitted)

    def behind(
        self,
        quarter: Quarter,
        by: By,
        key: str | None,
        count: Count,
        submitted: Submission | None = None,
    ) -> Deferred[Behind]:
        """The complaints behind a number of that table."""
        codes, at = self._told_by(submitted)

        def made(facts: Iterable[Fact]) -> Behind:
            total, shown = 0, list[Fact]()
            for fact in counted(facts, by, codes, at, key, count):
                total += 1
                if len(shown) < MOST_SHOWN:
                    shown.append(fact)
            return Behind(total, tuple(shown))

        return self._of_quarter(quarter, made, submitted)

    def repeats(
        self, draft: Draft, own: TicketNumber | None = None
    ) -> Deferred[tuple[Repeat, ...]]:
        """The customer's earlier tickets that this one repeats or may repeat."""
        at = self.now()
        return self._database.read(repeats_txn, draft, at, self._follower.rules, own)

    def fact(self, number: str) -> Deferred[Fact | None]:
        """The ticket as it is counted."""
        return self._database.read(_fact_txn, number)

    def concerning(self, who: Principal, numbers: Collection[str]) -> Deferred[frozenset[str]]:
        """Which of these tickets are complaints about the person, or somebody of their unit."""
        return self._database.read(_concerning_txn, who, tuple(numbers))

    # --- how long records are kept ----------------------------------------------------------

    def hold(self, number: str, by: Principal, reason: str) -> Deferred[None]:
        """Keep the ticket's records; Refused as by `hold_txn`, and without a role for it."""
        by.require(*MAY_HOLD)
        return self._database.run(hold_txn, number, by, reason, self.now())

    def lift(self, number: str, by: Principal) -> Deferred[None]:
        """Let the ticket's records go when their time is over."""
        by.require(*MAY_HOLD)
        return self._database.run(lift_txn, number, by, self.now())

    def holds(self, number: str | None = None) -> Deferred[list[Hold]]:
        """The holds of a ticket, or all that are in force."""
        return self._database.read(holds_txn, number)

    def erasures(self) -> Deferred[list[Erasure]]:
        """What was deleted last."""
        return self._database.read(erasures_txn)

    async def due(self) -> list[Due]:
        """The first tickets whose records may be deleted."""
        found: list[Due] = []
        after: Place | None = None
        while len(found) < MOST_SHOWN:
            looked = await self._database.read(due_txn, self._terms(), after)
            found += looked.due
            after = looked.next
            if after is None:
                break
        return found[:MOST_SHOWN]

    async def erase(self) -> int:
        """Delete what is due, a few tickets in each transaction; how many tickets it was.

        Letters of no ticket go after them.
        Nothing happens unless the settings say that records are deleted.
        """
        if not self.deletes:
            return 0
        total = 0
        async for erasures in self._erasing():
            total += len(erasures)
        if total:
            self.log.info("The records of {total} tickets were deleted", total=total)
        if letters := await self._erase_letters():
            self.log.info("{letters} letters of no ticket were deleted", letters=letters)
        return total

    def letters_due(self) -> Deferred[int]:
        """How many letters of no ticket may be deleted, up to about `MOST_SHOWN`."""
        return self._database.read(letters_due_txn, self._terms(), MOST_SHOWN)

    def letter_erasures(self) -> Deferred[list[LetterErasure]]:
        """How many letters of no ticket were deleted when."""
        return self._database.read(letter_erasures_txn)

    async def _erase_letters(self) -> int:
        total, after = 0, 0
        while True:
            gone = await self._database.run(erase_letters_txn, self._terms(), after)
            for digest in gone.digests:
                await self._forget_file(digest)
            total += gone.letters
            if gone.next is None:
                return total
            after = gone.next

    async def _erasing(self) -> AsyncIterator[tuple[Erasure, ...]]:
        after: Place | None = None
        while True:
            erased = await self._database.run(erase_txn, self._terms(), after)
            for digest in erased.digests:
                await self._forget_file(digest)
            yield erased.erasures
            after = erased.next
            if after is None:
                return

    def _terms(self) -> Terms:
        return Terms(self.retention, self.zone, self.now())

    def _told_by(self, submitted: Submission | None) -> tuple[CodeBook, datetime]:
        """By which codes, and as of when."""
        return (submitted.codes, submitted.at) if submitted else (self.codes, self.now())

    def _of_quarter(
        self,
        quarter: Quarter,
        made: Callable[[Iterable[Fact]], T],
        submitted: Submission | None,
    ) -> Deferred[T]:
        if submitted is not None:
            return self.submissions.of(submitted, made)

        def of_facts(session: Session) -> T:
            return made(of_quarter_txn(session, quarter, self.zone))

        return self._database.read(of_facts)


def _fact_txn(session: Session, number: str) -> Fact | None:
    row = session.get(FactRow, number)
    return fact_from(row) if row is not None else None


def _concerning_txn(session: Session, who: Principal, numbers: Collection[str]) -> frozenset[str]:
    rows = session.scalars(select(FactRow).where(FactRow.number.in_(numbers)))
    facts = map(fact_from, rows)
    about = ((fact, Concern((), fact.about_staff, fact.about_unit)) for fact in facts)
    return frozenset(fact.number for fact, concern in about if concerns(who, concern))


def quarter_of(text: str, otherwise: Quarter) -> Quarter:
    """The quarter that the text names, or that one for an empty text; Refused for nonsense."""
    if not text:
        return otherwise
    try:
        return Quarter.parse(text)
    except ValueError:
        raise Refused("ticket.figures.no_quarter", quarter=text) from None
