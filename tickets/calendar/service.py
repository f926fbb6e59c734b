"""The working calendar as pages use it: look, try a change, make it, take it back.

A change names the version it was made from, as acts on tickets do: a stale one is refused, and the
page shows what others changed. What another server changed is noticed within seconds; deadlines
are never reckoned by an old calendar, since every act looks in its own transaction.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import nsmallest

from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId
from cti.kernel.principal import Principal
from cti.kernel.public_days import PublicDays
from cti.kernel.vocabulary import Role
from tickets.calendar.book import CalendarBook, Edition, differing
from tickets.calendar.model import (
    LONGEST_REASON,
    Change,
    Place,
    Said,
    Wish,
    check_open,
    checked,
    proposed,
    undoing,
)
from tickets.calendar.moving import Move, moved, moves
from tickets.calendar.repository import (
    add_change_txn,
    changes_txn,
    concerned_txn,
    going_txn,
    hold_txn,
    of_request_txn,
)
from tickets.calendar.settling import BLOCK, crossing, settle_block_txn, settle_left_txn
from tickets.clocks.calendars import Calendars
from tickets.clocks.sla import Timekeeper
from tickets.events import CalendarChanged
from tickets.sweeping import Sweeper

EDITORS = (Role.SUPERVISOR, Role.ADMINISTRATOR)
SHOWN = 8
"""Deadlines that are shown before a change is made."""
AT_ONCE = 200
"""Tickets that are read at once to say what a change would move."""
EVERY = timedelta(seconds=3)
"""How often a look is taken at what other servers changed."""

Packages = Callable[[str, int], Deferred[PublicDays]]
"""What the packages that are installed now know of a country's year."""


class CalendarStale(Refused):
    """The calendar was changed since the page was made: by these changes."""

    def __init__(self, changes: Sequence[Change]) -> None:
        super().__init__("calendar.stale")
        self.changes = tuple(changes)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would move, now: of so many running deadlines the earliest ones."""

    version: int
    wish: Wish
    before: Edition
    after: Edition
    running: int
    moved: int
    over: int
    """Of those moved, how many would be over at once."""
    earliest: tuple[Move, ...]


class CalendarService:
    """Changes the calendars of a `CalendarBook`, and moves the clocks that go by them."""

    log = Logger()

    def __init__(
        self,
        database: Database,
        bus: Bus,
        clock: Clock,
        book: CalendarBook,
        keeper: Timekeeper,
        packages: Packages,
        *,
        block: int = BLOCK,
    ) -> None:
        """`block`: so many tickets are settled in one transaction."""
        self._database, self._bus, self._clock = database, bus, clock
        self.book, self._keeper, self._packages = book, keeper, packages
        self._block = block
        self._moved: Callable[[], None] = lambda: None
        self._sweeper = Sweeper(clock, self._look, "working calendars")
        self.start, self.stop = self._sweeper.start, self._sweeper.stop

    def on_moved(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each commit that may have moved a deadline."""
        self._moved = wake

    async def load(self) -> Edition:
        """Take the calendars as they are in the database."""
        await self._take()
        return self.book.current

    async def _take(self) -> bool:
        """As `load`; whether clocks are still to be moved."""
        edition, left = await self._database.read(self.book.latest_txn)
        if self.book.take(edition):
            self._moved()
        return left

    def pin_txn(self, session: Session, numbers: Collection[str], at: datetime) -> Calendars:
        """The calendars for an act on these tickets, whose clocks go by them when this is done."""
        edition, left = self.book.pinned_txn(session)
        if left:
            settle_left_txn(session, self._keeper, self.book, numbers, edition.version, at)
        return edition.calendars

    def today(self) -> date:
        """The day it is in the hotline's zone."""
        return self.now().astimezone(self.book.calendars.zone).date()

    def now(self) -> datetime:
        """The instant."""
        return utc(self._clock)

    def changes(self) -> Deferred[list[Change]]:
        """Every change, the latest first."""
        return self._database.read(changes_txn).addCallback(lambda found: found[::-1])

    def preview(self, wish: Wish) -> Deferred[Preview]:
        """What the change would move; Refused as by `change`, but for the version."""
        return self._database.read(self._preview_txn, wish, self.now())

    async def undoing(self, version: int) -> Wish:
        """What would take that change back; Refused where it cannot be."""
        return undoing(version, await self._database.read(changes_txn))

    async def proposal(self, name: str, year: int) -> dict[Place, Said] | None:
        """The days of the year as the packages have them; None where they do not know it yet.

        Refused (``calendar.unknown``, ``calendar.no_country``, ``calendar.packages_failed``).
        """
        calendar = self.book.current.named.get(name)
        if calendar is None:
            raise Refused("calendar.unknown", name=name)
        if not calendar.country:
            raise Refused("calendar.no_country", name=name)
        try:
            public = await self._packages(calendar.country, year)
        except (OSError, ValueError) as error:
            self.log.error("the packages of public holidays say nothing: {error}", error=error)
            raise Refused("calendar.packages_failed") from error
        return proposed(calendar, public, year) if year in public.years else None

    async def change(
        self, wish: Wish, base: int, by: Principal, reason: str, request_id: str
    ) -> int:
        """Make the change, and move what it moves; its version.

        Refused by `checked` and `check_open`, (``access.role_missing``), (``calendar.no_reason``,
        ``calendar.reason_too_long``), (``calendar.settling``) while another one is under way;
        `CalendarStale`. A repeated request gets the first answer.
        """
        by.require(*EDITORS)
        said = reason.strip()
        if not said:
            raise Refused("calendar.no_reason")
        if len(said) > LONGEST_REASON:
            raise Refused("calendar.reason_too_long", limit=LONGEST_REASON)
        made = await self._database.run(
            self._change_txn, wish, base, by, said, request_id, self.now()
        )
        await self.load()
        if isinstance(made, int):
            return made
        self._bus.publish(made)
        self._moved()
        self._sweeper.wake()
        return made.version

    # --- in the database thread ----------------------------------------------------------------

    def _change_txn(
        self,
        session: Session,
        wish: Wish,
        base: int,
        by: Principal,
        reason: str,
        request_id: str,
        at: datetime,
    ) -> CalendarChanged | int:
        hold_txn(session, alone=True)
        answered = of_request_txn(session, request_id, by.staff_id)
        if answered is not None:
            return answered
        changes = changes_txn(session)
        last = changes[-1].version if changes else 0
        if last != base:
            raise CalendarStale([each for each in changes if each.version > base])
        if changes and changes[-1].left:
            raise Refused("calendar.settling")
        self._tried(wish, changes)
        add_change_txn(session, last + 1, wish, by, reason, request_id, at)
        settled = settle_block_txn(session, self._keeper, self.book, at, self._block)
        made = _as_change(wish, last + 1, at, by, reason)
        return CalendarChanged(
            at=at,
            version=made.version,
            by=by.staff_id,
            calendars=made.calendars,
            first=made.first.isoformat() if made.first else "",
            last=made.last.isoformat() if made.last else "",
            reason=reason,
            undoes=wish.undoes,
            moved=settled.moved if settled else 0,
        )

    def _tried(self, wish: Wish, changes: Sequence[Change]) -> tuple[Edition, Edition]:
        """The edition in force and the one with the wish; Refused where it cannot be fulfilled."""
        version = changes[-1].version if changes else 0
        before = self.book.edition(version, [*changes])
        checked(wish, before.named)
        trial = _as_change(wish, version + 1, self.now(), None, "")
        after = self.book.edition(version + 1, [*changes, trial])
        check_open(after.named, wish.days)
        if wish.undoes is None and not wish.years and not differing(before, after, wish.days):
            raise Refused("calendar.nothing")
        return before, after

    def _preview_txn(self, session: Session, wish: Wish, at: datetime) -> Preview:
        changes = changes_txn(session)
        before, after = self._tried(wish, changes)
        over = crossing(self._keeper, before, after, (day for _, day in wish.days))
        found: list[Move] = []
        running = 0
        numbers = concerned_txn(session, over.since) if over.since else []
        for start in range(0, len(numbers), AT_ONCE):
            for case in going_txn(session, numbers[start : start + AT_ONCE]):
                running += sum(each.stopped is None for each in case.clocks)
                found += moves(case, moved(case, over.before, over.after.calendars))
        return Preview(
            before.version,
            wish,
            before,
            after,
            running,
            len(found),
            sum(each.after <= at < each.before for each in found),
            tuple(nsmallest(SHOWN, found, key=lambda each: min(each.before, each.after))),
        )

    # --- what goes on by itself ----------------------------------------------------------------

    async def _look(self) -> datetime | None:
        """Take what others changed, and move what is left to be moved."""
        left = await self._take()
        while left and self._sweeper.started:
            settled = await self._database.run(
                settle_block_txn, self._keeper, self.book, self.now(), self._block
            )
            if settled is None:
                break
            self.log.info(
                "calendar version {version}: {moved} deadlines moved so far",
                version=settled.version,
                moved=settled.moved,
            )
            self._moved()
            left = settled.left
        return self.now() + EVERY


def _as_change(wish: Wish, version: int, at: datetime, by: Principal | None, reason: str) -> Change:
    staff, name = (by.staff_id, by.name) if by else (StaffId(""), "")
    return Change(version, at, staff, name, reason, wish.days, wish.years, wish.undoes)
