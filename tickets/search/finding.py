"""Which tickets a list shows: one range of one index, however many tickets there are.

Everything here runs in the database thread. A list people work from is read by (due, entry), all
others by entry, the latest first, unless another `Order` is asked for: each is a range of an index
of its own, so no list is ever sorted whole. A page begins where the one before it ended (a `Mark`),
never behind a number of lines that would have to be counted. Words and filters are terms of
`ticket_words`; what several terms cannot prove is looked up in the texts of those that have them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Table,
    any_,
    bindparam,
    exists,
    false,
    func,
    null,
    or_,
    select,
    tuple_,
)
from sqlalchemy import cast as cast_as
from sqlalchemy.orm import Session

from cti.database import rows_txn
from cti.kernel.identifiers import DepartmentId, StaffId
from tickets.search.hits import in_order, some
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
FEW = 3000
"""Hits that are looked up and put in order; where there are more, the order's index is walked."""
FEW_ON_SQLITE = 20_000
"""The same there, whose index of words has all hits sooner, and one entry's words later."""
AT_ONCE = 16
"""Places that are counted by one statement."""
SLACK = timedelta(hours=1)
"""Tickets of nearly one instant may stand in the index in either order."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """For whom is looked: what concerns them is not found, nor anything beyond their department."""

    staff_id: StaffId | None = None
    unit: DepartmentId | None = None
    within: DepartmentId | None = None
    """The department beyond which they see nothing; None for those who see every ticket."""
    public: bool = False
    """Whether what concerns anybody of the staff is left out, as where everybody looks."""


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
    def back(self) -> bool:
        """Whether the page before the mark is meant."""
        return self.mark is not None and self.mark.back

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
    total: "Total | None" = None
    """How many there are on all pages, where that came to light."""


@dataclass(frozen=True, slots=True)
class Total:
    """How many there are, with `more` at least so many."""

    count: int
    more: bool = False


Line = tuple[int, datetime | None, int | None]


@dataclass(frozen=True, slots=True)
class Statement:
    """Selects (entry, due or changed, urgency), and by what that is ordered.

    `hits` is how many have the words, at most so many, where that came to light.
    """

    lines: Select[*Line]
    order: list[ColumnElement[Any]]
    hits: int | None = None


_PLACES: Table = cast(Table, PlaceRow.__table__)
_NOTHING_DUE = cast(ColumnElement[datetime | None], null())
_NO_RANK = cast(ColumnElement[int | None], null())
_ENTRIES: Table = cast(Table, EntryRow.__table__)


def find_txn(session: Session, query: Query, now: datetime, *, count: bool = False) -> Finding:
    """The page of the query, by its mark; with `count` the total, where it costs no second look."""
    most = 0
    if count and query.mark is None and _is_in_order(session, query):
        most = query.most
    wanted = max(query.limit, most) + 1
    asked = _statement(session, query, now)
    rows = session.execute(_paged(session, query, asked).limit(wanted)).all()
    more = len(rows) > query.limit
    lines = [Found(*row) for row in rows[: query.limit]]
    if query.back:
        lines.reverse()
    before = more if query.back else query.mark is not None
    hits = len(rows) if most else asked.hits
    total = None
    if count and hits is not None:
        total = Total(min(hits, query.most), more=hits > query.most)
    return Finding(tuple(lines), before, query.back or more, total)


def page_of(session: Session, query: Query, now: datetime) -> Select[*Line]:
    """The statement by which the page of the query is read, and a line more."""
    return _paged(session, query, _statement(session, query, now)).limit(query.limit + 1)


def _paged(session: Session, query: Query, asked: Statement) -> Select[*Line]:
    lines = asked.lines
    if _is_in_order(session, query):
        return lines
    if query.mark is not None:
        lines = lines.where(_beyond(query, asked.order, query.mark))
    return lines.order_by(*_ordered(query, asked.order))


def count_txn(session: Session, query: Query, now: datetime) -> Total:
    """How many there are, or at least how many; nobody counts a million."""
    whole = replace(query, mark=None)
    if _terms(query) and not _by_deadline(query):
        # The list people work from is one of the terms: no look at the list itself.
        by_age = replace(query.asked, order=Order.NEWEST)
        statement = _worded(session, replace(whole, asked=by_age))
    else:
        of_work = query.asked.order is not None and query.asked.order.of_work
        plain = replace(query.asked, order=Order.DUE if of_work else None)
        statement = _statement(session, replace(whole, asked=plain), now).lines
    count = _number(session, statement, query.most)
    return Total(min(count, query.most), more=count > query.most)


def _number(session: Session, statement: Select[*tuple[Any, ...]], most: int) -> int:
    """How many it selects; `most` + 1 where there are more."""
    first = statement.limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(first)) or 0


def _is_in_order(session: Session, query: Query) -> bool:
    """Whether PostgreSQL's index of words gives the page in its order, see `hits`."""
    by_age = query.order in (Order.NEWEST, Order.OLDEST)
    return by_age and query.listed is None and bool(_terms(query)) and not is_sqlite(session)


def count_places_txn(
    session: Session, asked: Sequence[tuple[str, bool]], now: datetime, most: int
) -> Iterator[int]:
    """How many lie in each place, or are late there; `most` + 1 where there are more.

    Many are counted by one statement: to send one takes longer than to count a place.
    """
    for start in range(0, len(asked), AT_ONCE):
        part = asked[start : start + AT_ONCE]
        places = {f"place_{at}": place for at, (place, _) in enumerate(part)}
        counting = _counting(tuple(late for _, late in part), most)
        [counts] = rows_txn(session, counting, now=now, **places)
        yield from counts


@cache
def _counting(lates: tuple[bool, ...], most: int) -> Select[*tuple[int, ...]]:
    """Counts so many places, in some of them what is late, see `count_places_txn`."""
    counts = []
    for at, late in enumerate(lates):
        there = select(_PLACES.c.entry).where(_PLACES.c.place == bindparam(f"place_{at}"))
        if late:
            there = there.where(_PLACES.c.due <= bindparam("now"))
        first = there.limit(most + 1).subquery()
        counts.append(select(func.count()).select_from(first).scalar_subquery())
    return select(*counts)


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
    hits = None
    if terms:
        # No more than lies in the list, as the list is a term too.
        have, hits = _have(session, key, _PLACES, terms)
        statement = statement.where(have)
    if details := _details(query):
        statement = statement.join(_ENTRIES, _ENTRIES.c.id == key).where(*details)
    known = None if details or _by_deadline(query) else hits
    return Statement(statement, by.get(query.order, [key]), known)


def _by_deadline(query: Query) -> bool:
    """Whether it is asked when something is due."""
    return query.overdue_only or query.asked.due != EVER


def _by_change(session: Session, query: Query) -> Statement:
    """Every ticket there is, by when it was acted on."""
    key, changed = _ENTRIES.c.id, _ENTRIES.c.changed
    terms, limits = _terms(query), [*_details(query)]
    limits += _entries_of(session, key, query.asked.opened)
    if terms:
        limits.append(_have(session, key, _ENTRIES, terms)[0])
    return Statement(select(key, changed, _NO_RANK).where(*limits), [changed, key])


def _have(
    session: Session, key: ColumnElement[int], of: Table, terms: Collection[int]
) -> tuple[ColumnElement[bool], int | None]:
    """Whether entries have the terms: found all at once where they are so few, else one by one.

    Also how many have them, no further than is counted anyway; None where nobody looked.
    """
    _, words_id = words_table(session)
    has, found = has_all(session, terms), None
    if is_sqlite(session):
        hits = select(words_id).where(has)
        if of is _PLACES or _number(session, hits, FEW_ON_SQLITE) <= FEW_ON_SQLITE:
            return key.in_(hits), None
    else:
        found = session.scalars(some(session, terms).limit(FEW + 1)).all()
        if len(found) <= FEW:
            return key == any_(cast_as(found, ARRAY(Integer))), len(found)
    each = select(words_id).where(has, words_id == key).correlate(of).offset(0)
    return exists(each.subquery().select()), FEW + 1 if found else None


def _ever(session: Session, query: Query) -> Statement:
    """Every ticket there is."""
    if _terms(query):
        _, key = words_table(session)
        return Statement(_worded(session, query), [key])
    entry = _ENTRIES.c.id
    limits = [*_details(query), *_entries_of(session, entry, query.asked.opened)]
    return Statement(select(entry, _NOTHING_DUE, _NO_RANK).where(*limits), [entry])


def _worded(session: Session, query: Query) -> Select[*Line]:
    """Those that have the words: on PostgreSQL in their order, beyond the mark."""
    terms, details = _terms(query), _details(query)
    words, key = words_table(session)
    if is_sqlite(session):
        source = cast(FromClause, words)
        if details:
            source = source.join(_ENTRIES, _ENTRIES.c.id == key)
        limits = [has_all(session, terms), *_entries_of(session, key, query.asked.opened)]
        lines = select(key, _NOTHING_DUE, _NO_RANK).select_from(source)
        return lines.where(*limits, *details)
    low, high = _asked_for(session, query)
    ends = (low, high) if _rises(query) else (high, low)
    if low > high:
        details, ends = [false()], (1, 1)
    hits = in_order(session, terms, ends, _ENTRIES, details)
    return hits.add_columns(_NOTHING_DUE, _NO_RANK)


def _asked_for(session: Session, query: Query) -> tuple[int, int]:
    """The lowest and the highest entry that a list by age is looked for among."""
    first, last = _ends(session, query.asked.opened)
    low = first if first is not None else 1
    high = last if last is not None else _newest(session)
    if query.mark is None:
        return low, high
    if _rises(query):
        return max(low, query.mark.entry + 1), high
    return low, min(high, query.mark.entry - 1)


def _ordered(query: Query, order: list[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    rising = _rises(query)
    return [key.asc() if rising else key.desc() for key in order]


def _rises(query: Query) -> bool:
    """Whether the page is read from the lower entries to the higher."""
    return query.order.rising is not query.back


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
    if viewer.public:
        yield about_staff.is_(None)
        yield about_unit.is_(None)
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
    first, last = _ends(session, span)
    if first is not None:
        yield key >= first
    if last is not None:
        yield key <= last


def _ends(session: Session, span: Span) -> tuple[int | None, int | None]:
    """The first and the last entry registered in that time, or nearly so; None for no bound."""
    entry, first, last = select(_ENTRIES.c.id).limit(1), None, None
    if span.start is not None:
        after = entry.where(_ENTRIES.c.opened >= span.start - SLACK)
        first = session.scalar(after.order_by(_ENTRIES.c.opened, _ENTRIES.c.id))
        first = first if first is not None else _newest(session) + 1
    if span.end is not None:
        before = entry.where(_ENTRIES.c.opened < span.end + SLACK)
        last = session.scalar(before.order_by(_ENTRIES.c.opened.desc(), _ENTRIES.c.id.desc())) or 0
    return first, last


def _newest(session: Session) -> int:
    return session.scalar(select(func.max(_ENTRIES.c.id))) or 0


def _beyond(query: Query, order: list[ColumnElement[Any]], mark: Mark) -> ColumnElement[bool]:
    """Whether a line lies beyond the mark, in the direction that is meant."""
    known = {
        Order.DUE: (mark.due, mark.entry),
        Order.URGENCY: (mark.urgency, mark.due, mark.entry),
        Order.CHANGED: (mark.due, mark.entry),
    }
    values = known.get(query.order, (mark.entry,))
    if _rises(query):
        return tuple_(*order) > values if len(order) > 1 else order[0] > values[-1]
    return tuple_(*order) < values if len(order) > 1 else order[0] < values[-1]
