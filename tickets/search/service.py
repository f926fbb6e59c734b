"""Lists, search, saved views and exports, as the pages ask for them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred

from cti.database import Database
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import StaffId, TicketNumber
from cti.kernel.principal import Principal
from tickets.search.catching_up import catch_up_txn
from tickets.search.finding import Mark, Query
from tickets.search.lines import Page, search_txn
from tickets.search.news import Changed, changes_txn, counts_txn
from tickets.search.records import Record, records_txn
from tickets.search.saved import (
    Export,
    SavedView,
    begin_export_txn,
    drop_view_txn,
    end_export_txn,
    exports_txn,
    move_view_txn,
    place_shared_txn,
    save_view_txn,
    views_txn,
)

PART = 500
"""Lines of an export that are read in one transaction."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of an export, and where the next ones begin; None after the last."""

    lines: int
    next: Mark | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list, how many lie in the lists beside it, and the person's views."""

    page: Page
    counts: Mapping[str, int]
    views: Sequence[SavedView]


class ListService:
    """Answers what lists and searches ask; every page is one transaction that writes nothing."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def catch_up(self) -> int:
        """Let tickets that are older than the index be found too; how many these were."""
        total = 0
        while few := await self._database.run(catch_up_txn):
            total += few
        return total

    def search(self, query: Query) -> Deferred[Page]:
        """The page of tickets that the query asks for."""
        return self._database.read(search_txn, query, self._now())

    def listed(
        self, query: Query | None, keys: Collection[str], most: int, staff_id: StaffId
    ) -> Deferred[Listed]:
        """All that a list's page shows, in one transaction: see `search`, `counts` and `views`.

        Without a query there are no lines.
        """
        return self._database.read(_listed_txn, query, keys, most, staff_id, self._now())

    def counts(self, keys: Collection[str], most: int) -> Deferred[dict[str, int]]:
        """How many tickets lie in each list, at most one more than `most` (see `counts_txn`)."""
        return self._database.read(counts_txn, keys, self._now(), most)

    def changes(self, numbers: Collection[TicketNumber]) -> Deferred[list[Changed]]:
        """Where these tickets lie now, and whom they concern."""
        return self._database.read(changes_txn, numbers)

    def views(self, staff_id: StaffId) -> Deferred[list[SavedView]]:
        """The person's saved views and those that are shared."""
        return self._database.read(views_txn, staff_id)

    def save_view(self, view: SavedView) -> Deferred[None]:
        """Keep a view; Refused as by `save_view_txn`."""
        return self._database.run(save_view_txn, view)

    def drop_view(self, staff_id: StaffId, view_id: int) -> Deferred[None]:
        """Forget a view of that person's."""
        return self._database.run(drop_view_txn, staff_id, view_id)

    def move_view(self, staff_id: StaffId, view_id: int, *, up: bool) -> Deferred[None]:
        """See `move_view_txn`."""
        return self._database.run(partial(move_view_txn, up=up), staff_id, view_id)

    def place_shared(self, staff_id: StaffId, *, last: bool) -> Deferred[None]:
        """See `place_shared_txn`."""
        return self._database.run(partial(place_shared_txn, last=last), staff_id)

    def exports(self) -> Deferred[list[Export]]:
        """What was taken out of the house, the latest first."""
        return self._database.read(exports_txn)

    def begin_export(self, principal: Principal, kind: str, tab: str, asked: str) -> Deferred[int]:
        """Write down an export before it begins; gives its id."""
        return self._database.run(begin_export_txn, principal, kind, tab, asked, self._now())

    def end_export(self, export_id: int, lines: int) -> Deferred[None]:
        """Write down that an export is whole."""
        return self._database.run(end_export_txn, export_id, lines)

    def part(
        self, query: Query, mark: Mark | None, take: Callable[[Sequence[Record]], T]
    ) -> Deferred[tuple[T, Part]]:
        """The next tickets of an export; `take` makes of them what is sent, in a thread."""
        asked = replace(query, mark=mark, limit=PART)
        return self._database.read(_part_txn, asked, self._now(), take)

    def aside(self, work: Callable[[], T]) -> Deferred[T]:
        """Do something long in a thread of the database's."""
        return self._database.read(lambda _session: work())

    def _now(self) -> datetime:
        return utc(self._clock)


def _part_txn(
    session: Session, query: Query, now: datetime, take: Callable[[Sequence[Record]], T]
) -> tuple[T, Part]:
    page = search_txn(session, query, now, count=False)
    records = tuple(records_txn(session, page.lines, now))
    return take(records), Part(len(records), page.next)


def _listed_txn(
    session: Session,
    query: Query | None,
    keys: Collection[str],
    most: int,
    staff_id: StaffId,
    now: datetime,
) -> Listed:
    return Listed(
        Page((), 0) if query is None else search_txn(session, query, now),
        counts_txn(session, keys, now, most),
        views_txn(session, staff_id),
    )
