"""Which tickets a list shows: one range of one index, however many tickets there are.

Everything here runs in the database thread. A list people work from is read by (due, entry), all
others by entry, the latest first, unless another `Order` is asked for: each is a range of an index
of its own, so no list is ever sorted whole. A page begins where the one before it ended (a `Mark`),
never behind a number of lines that would have to be counted. Words and filters are terms of
`ticket_words`; what several terms cannot prove is looked up in the texts of those that have them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    Table,
    exists,
    func,
    null,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session

from cti.kernel.identifiers import DepartmentId, StaffId
from tickets.search.places import OPEN, department
from tickets.search.query import EVER, EVERYTHING, Asked, Order, Span
from tickets.search.schema import EntryRow, PlaceRow
from tickets.search.terms import facet_terms, folded, needed, proves, text_terms
from tickets.search.words import has_all, is_sqlite, words_table

PAGE = 50
MOST_COUNTED = 10_000
"""Further than this nobody counts a list: 10,000+."""
MOST_HITS = 1000
"""Further than this nobody counts what a search finds: 1,000+; each hit costs a look."""
FEW = 20_000
"""Hits that are looked up and put in order; where there are more, the order's index is walked."""
NEWEST = 5000
"""Entries that are looked through one by one for what may be common: 2 us each, as measured."""
SLACK = timedelta(hours=1)
"""Tickets of nearly one instant may stand in the index in either order."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """For whom is looked: what concerns them is not found, nor anything beyond their department."""

    staff_id: StaffId | None = None
    unit: DepartmentId | None = None
    within: DepartmentId | None = None
    """The department beyond which they see nothing; None for those who see every ticket."""


EVERYBODY = Viewer()


@dataclass(frozen=True, slots=True)
class Mark:
    """A line between two pages: `entry`, and what else the list's order goes by.

    `due` is when it is due there or, in the order of changes, when it was acted on. With `back` the
    page before it is meant, else the one after it.
    """

    entry: int
    due: datetime | None = None
    back: bool = False
    urgency: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What to list; every condition that is given must hold."""

    place: str | None = None
    """A list of `tickets.search.places`, the earliest deadline first; None: every ticket there is,
    the latest first."""
    asked: Asked = EVERYTHING
    overdue_only: bool = False
    viewer: Viewer = EVERYBODY
    mark: Mark | None = None
    limit: int = PAGE

    @property
    def most(self) -> int:
        """How far is counted."""
        searched = self.asked.words or self.asked.requester or self.asked.facets
        return MOST_HITS if searched or self.listed is None else MOST_COUNTED

    @property
    def listed(self) -> str | None:
        """The place to read from: what may be due is open, and so lies in some list."""
        of_work = self.asked.order is not None and self.asked.order.of_work
        needs_due = self.overdue_only or self.asked.due != EVER or of_work
        if self.place is not None or not needs_due:
            return self.place
        return department(self.viewer.within) if self.viewer.within is not None else OPEN

    @property
    def order(self) -> Order:
        """The order asked for, else by deadlines in a list people work from, else by age."""
        usual = Order.NEWEST if self.listed is None else Order.DUE
        return self.asked.order or usual


@dataclass(frozen=True, slots=True)
class Found:
    """A line of an index, in its order."""

    entry: int
    due: datetime | None
    urgency: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """The lines of one page, and whether there are more on either side."""

    found: tuple[Found, ...]
    before: bool
    after: bool
    common: bool = False
    """Whether the page was found among the newest entries alone."""


@dataclass(frozen=True, slots=True)
class Total:
    """How many there are, with `more` at least so many."""

    count: int
    more: bool = False


Line = tuple[int, datetime | None, int | None]
Statement = tuple[Select[*Line], list[ColumnElement[Any]]]
"""Selects (entry, due or changed, urgency), and by what that is ordered."""
_PLACES: Table = cast(Table, PlaceRow.__table__)
_NO_RANK = cast(ColumnElement[int | None], null())
_ENTRIES: Table = cast(Table, EntryRow.__table__)


def find_txn(session: Session, query: Query, now: datetime) -> Finding:
    """The page of the query, by its mark."""
    back = query.mark is not None and query.mark.back
    rows: Sequence[Row[*Line]] = []
    if _may_be_common(session, query):
        rows = _page(session, query, _ever(session, query, newest=True))
    common = len(rows) > query.limit
    if not common:
        rows = _page(session, query, _statement(session, query, now))
    more = len(rows) > query.limit
    lines = [Found(*row) for row in rows[: query.limit]]
    if back:
        lines.reverse()
    before = more if back else query.mark is not None
    return Finding(tuple(lines), before, back or more, common)


def page_of(session: Session, query: Query, now: datetime) -> Select[*Line]:
    """The statement by which the page of the query is read, and a line more."""
    return _paged(query, _statement(session, query, now))


def _page(session: Session, query: Query, asked: Statement) -> Sequence[Row[*Line]]:
    return session.execute(_paged(query, asked)).all()


def _paged(query: Query, asked: Statement) -> Select[*Line]:
    statement, order = asked
    if query.mark is not None:
        statement = statement.where(_beyond(query, order, query.mark))
    return statement.order_by(*_ordered(query, order)).limit(query.limit + 1)


def count_txn(session: Session, query: Query, now: datetime, *, common: bool = False) -> Total:
    """How many there are, or at least how many; nobody counts a million.

    What is `common` (see `Finding`) is counted among the newest.
    """
    of_work = query.asked.order is not None and query.asked.order.of_work
    plain = replace(query.asked, order=Order.DUE if of_work else None)
    whole = replace(query, mark=None, asked=plain)
    if common:
        count = _counted(session, _ever(session, whole, newest=True)[0], query.most)
    else:
        count = _counted(session, _statement(session, whole, now)[0], query.most)
    return Total(min(count, query.most), more=common or count > query.most)


def _counted(session: Session, statement: Select[*Line], most: int) -> int:
    first = statement.limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(first)) or 0


def _may_be_common(session: Session, query: Query) -> bool:
    """Whether to look through the newest entries first, where an index of words is no help.

    PostgreSQL takes terms that stand together, as those of one word do, for independent, and so
    cannot know that many entries have them all; SQLite's index gives the newest first by itself.
    """
    by_age = query.order in (Order.NEWEST, Order.OLDEST)
    searched = query.listed is None and bool(_terms(query))
    return by_age and searched and not is_sqlite(session)


def count_place_txn(session: Session, place: str, due_by: datetime | None, most: int) -> int:
    """How many lie in the place, or are due there by then; `most` + 1 where there are more."""
    there = select(_PLACES.c.entry).where(_PLACES.c.place == place)
    if due_by is not None:
        there = there.where(_PLACES.c.due <= due_by)
    first = there.limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(first)) or 0


def _statement(session: Session, query: Query, now: datetime) -> Statement:
    """Selects (entry, due) of everything that the query asks for; and its order."""
    place = query.listed
    if place is not None:
        return _in_place(session, query, place, now)
    if query.order is Order.CHANGED:
        return _by_change(session, query)
    return _ever(session, query)


def _in_place(session: Session, query: Query, place: str, now: datetime) -> Statement:
    key, due, terms = _PLACES.c.entry, _PLACES.c.due, _terms(query)
    urgency, changed = _PLACES.c.urgency, _PLACES.c.changed
    by: Mapping[Order, list[ColumnElement[Any]]] = {
        Order.DUE: [due, key],
        Order.URGENCY: [urgency, due, key],
        Order.CHANGED: [changed, key],
    }
    instant = changed if query.order is Order.CHANGED else due
    statement = select(key, instant, urgency).where(
        _PLACES.c.place == place, *_within(due, query.asked.due)
    )
    if query.overdue_only:
        statement = statement.where(due <= now)
    if terms:
        _, words_id = words_table(session)
        # No more than lies in the list, as the list is a term too.
        statement = statement.where(key.in_(select(words_id).where(has_all(session, terms))))
    if details := _details(query):
        statement = statement.join(_ENTRIES, _ENTRIES.c.id == key).where(*details)
    return statement, by.get(query.order, [key])


def _by_change(session: Session, query: Query) -> Statement:
    """Every ticket there is, by when it was acted on."""
    key, changed = _ENTRIES.c.id, _ENTRIES.c.changed
    terms, limits = _terms(query), [*_details(query)]
    limits += _entries_of(session, key, query.asked.opened)
    if terms:
        _, words_id = words_table(session)
        hits = select(words_id).where(has_all(session, terms))
        first = hits.limit(FEW + 1).subquery()
        few = (session.scalar(select(func.count()).select_from(first)) or 0) <= FEW
        each = hits.where(words_id == key).correlate(_ENTRIES).offset(0)
        limits.append(key.in_(hits) if few else exists(each.subquery().select()))
    return select(key, changed, _NO_RANK).where(*limits), [changed, key]


def _ever(session: Session, query: Query, *, newest: bool = False) -> Statement:
    """Every ticket there is, or of those beyond the mark the `NEWEST`."""
    terms, details = _terms(query), _details(query)
    nothing_due = cast(ColumnElement[datetime | None], null())
    if not terms:
        entry = _ENTRIES.c.id
        limits = _entries_of(session, entry, query.asked.opened)
        return select(entry, nothing_due, _NO_RANK).where(*details, *limits), [entry]
    words, key = words_table(session)
    bounds = [*_entries_of(session, key, query.asked.opened)]
    has, source = has_all(session, terms), cast(FromClause, words)
    if newest:
        beyond = [_beyond(query, [key], query.mark)] if query.mark is not None else []
        window = (
            select(key.label("entry"), words.c.terms)
            .where(*bounds, *beyond)
            .order_by(*_ordered(query, [key]))
        )
        source = window.limit(NEWEST).subquery(words.name)
        key, bounds = cast(ColumnElement[int], source.c["entry"]), []
    elif not is_sqlite(session):
        # All of them by the index of words, whatever the planner thinks of their number.
        source = (
            select(key.label("entry")).where(has, *bounds).cte("found").prefix_with("MATERIALIZED")
        )
        key, has, bounds = cast(ColumnElement[int], source.c["entry"]), true(), []
    if details:
        source = source.join(_ENTRIES, _ENTRIES.c.id == key)
    statement = select(key, nothing_due, _NO_RANK).select_from(source)
    return statement.where(has, *bounds, *details), [key]


def _ordered(query: Query, order: list[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    back = query.mark is not None and query.mark.back
    rising = query.order.rising is not back
    return [key.asc() if rising else key.desc() for key in order]


def _terms(query: Query) -> frozenset[int]:
    """What an entry must be indexed by."""
    asked = query.asked
    facets, within = list(asked.facets), query.viewer.within
    if within is not None and not _is_of(query.listed, within):
        facets.append(f"dept:{within}")
    words = {part for word in (*asked.words, *asked.requester) for part in needed(word)}
    terms = text_terms(words) | facet_terms(facets)
    if terms and query.listed is not None:
        # The index of words then gives no more than lies in the list.
        terms |= facet_terms([f"place:{query.listed}"])
    return terms


def _is_of(place: str | None, department_id: DepartmentId) -> bool:
    own = department(department_id)
    return place is not None and (place == own or place.startswith(f"{own}:"))


def _details(query: Query) -> list[ColumnElement[bool]]:
    """What is looked up in each entry, since terms cannot say it."""
    asked, viewer = query.asked, query.viewer
    return [*_texts(asked), *_hidden(viewer), *_within(_ENTRIES.c.opened, asked.opened)]


def _texts(asked: Asked) -> Iterator[ColumnElement[bool]]:
    for word in asked.words:
        if not proves(word):
            texts = (_ENTRIES.c.matter, _ENTRIES.c.said, _ENTRIES.c.whose)
            yield or_(*(_holds(text, word) for text in texts))
    for word in asked.requester:
        yield _holds(_ENTRIES.c.whose, word)


def _holds(text: ColumnElement[str], word: str) -> ColumnElement[bool]:
    low = folded(word)
    if low.upper() == low:  # nothing to fold, and much quicker
        return text.contains(low, autoescape=True)
    return text.icontains(low, autoescape=True)


def _hidden(viewer: Viewer) -> Iterator[ColumnElement[bool]]:
    """See `tickets.visibility.concerns`."""
    about_staff, about_unit = _ENTRIES.c.about_staff, _ENTRIES.c.about_unit
    if viewer.staff_id is not None:
        yield or_(about_staff.is_(None), about_staff != viewer.staff_id)
    if viewer.unit is not None:
        yield or_(about_unit.is_(None), about_unit != viewer.unit)


def _within(column: ColumnElement[datetime], span: Span) -> Iterator[ColumnElement[bool]]:
    if span.start is not None:
        yield column >= span.start
    if span.end is not None:
        yield column < span.end


def _entries_of(
    session: Session, key: ColumnElement[int], span: Span
) -> Iterator[ColumnElement[bool]]:
    """Bounds of the entries registered in that time, so that only they are looked at."""
    entry = select(_ENTRIES.c.id).limit(1)
    if span.start is not None:
        after = entry.where(_ENTRIES.c.opened >= span.start - SLACK)
        first = session.scalar(after.order_by(_ENTRIES.c.opened, _ENTRIES.c.id))
        yield key >= (first if first is not None else _no_entry(session))
    if span.end is not None:
        before = entry.where(_ENTRIES.c.opened < span.end + SLACK)
        last = session.scalar(before.order_by(_ENTRIES.c.opened.desc(), _ENTRIES.c.id.desc()))
        yield key <= (last if last is not None else 0)


def _no_entry(session: Session) -> int:
    return (session.scalar(select(func.max(_ENTRIES.c.id))) or 0) + 1


def _beyond(query: Query, order: list[ColumnElement[Any]], mark: Mark) -> ColumnElement[bool]:
    """Whether a line lies beyond the mark, in the direction that is meant."""
    known = {
        Order.DUE: (mark.due, mark.entry),
        Order.URGENCY: (mark.urgency, mark.due, mark.entry),
        Order.CHANGED: (mark.due, mark.entry),
    }
    values = known.get(query.order, (mark.entry,))
    if query.order.rising is not mark.back:
        return tuple_(*order) > values if len(order) > 1 else order[0] > values[-1]
    return tuple_(*order) < values if len(order) > 1 else order[0] < values[-1]
