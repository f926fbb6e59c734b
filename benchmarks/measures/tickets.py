"""Many tickets, a million if one likes: how long opening one, a list and a search take.

Asked is over HTTP, as a page is asked for, and in the thread of a database, as the service does
it; beside that stand the plain ways, LIKE over the texts and OFFSET for pages, and a page of the
same site with nothing on it, which takes what every page takes. What is searched for is drawn from
the vocabulary of the tickets: common, rare and unknown words.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from random import Random
from time import perf_counter_ns

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock

from benchmarks.bench import Bench
from benchmarks.figures import Figure, spread
from benchmarks.measures.ticket_pages import EMPTY, OPEN, pages
from benchmarks.tickets.clones import NOW
from benchmarks.tickets.million import SEED, Size, lives_of
from benchmarks.tickets.stencil import CLERKS, UNITS, clerk_id, unit_id
from benchmarks.tickets.stores import databases, has_room, make, store, warm
from benchmarks.tickets.words import Language, Texts
from config.garbage import settle_down
from cti.database import Database, T, connect, reading
from cti.kernel.bus import Bus
from cti.kernel.identifiers import DepartmentId, StaffId
from tests.support.tickets import TIMEKEEPER, ignore_never
from tickets.schema import CaseRow
from tickets.search import places
from tickets.search.finding import Mark, Query, Viewer, find_txn
from tickets.search.lines import search_txn
from tickets.search.news import counts_txn
from tickets.search.query import Asked, Span
from tickets.search.schema import EntryRow, PlaceRow
from tickets.service import TicketService

OPEN_AIM = 20.0
FIND_AIMS = {"sqlite": 300.0, "postgresql": 100.0}
PLAIN = 5
"""How often the plain way is tried: it takes seconds."""
FAR = 1000
"""The page that is as far as somebody might go."""
MILLISECONDS = 1e-6
WARMING = 20
"""Requests before the first that is measured: connections, plans and templates are there then."""

Work = Callable[[Session], object]


def measure(bench: Bench) -> list[Figure]:
    """Every figure on both databases; PostgreSQL only where it is installed."""
    size, folder = Size(bench.tickets), bench.keep or bench.folder
    folder.chmod(0o711)  # PostgreSQL runs as another user
    lived = lives_of(size, folder, bench.say)
    words = Texts(SEED, stock=1).chinese
    figures = list[Figure]()
    for name in databases():
        if not has_room(folder, name, bench.tickets):
            bench.say(f"tickets: the disk is too small for {bench.tickets:,} tickets in {name}")
            continue
        bench.say(f"tickets: {bench.tickets:,} tickets in {name}")
        make(folder, name, size, lived, bench.say)
        with store(folder, name) as url:
            figures += _both(bench, url, words)
    return figures


def _both(bench: Bench, url: str, words: Language) -> Iterator[Figure]:
    engine = connect(url)
    warm(engine)
    bench.say(f"tickets: asking {engine.dialect.name}")
    yield from measured(engine, words, bench.samples)
    numbers = _numbers(engine, Random(SEED), bench.samples)
    test, find = f"ticket pages, {engine.dialect.name}", FIND_AIMS[engine.dialect.name]
    engine.dispose()
    for what, taken in pages(bench, url, numbers, words):
        aim = {OPEN: OPEN_AIM, EMPTY: None}.get(what, find)
        yield from spread(taken).figures(test, what, "ms", aim, 1000.0)


def measured(engine: Engine, words: Language, samples: int) -> Iterator[Figure]:
    """The figures of one database that is filled."""
    name, random = engine.dialect.name, Random(SEED)
    test, aim = f"tickets, {name}", FIND_AIMS[name]
    engine = reading(engine)
    numbers = _numbers(engine, random, samples)
    settle_down()  # as the server does
    works: dict[str, tuple[list[Work], float | None]] = {
        "open a ticket": ([*_views(engine, numbers)], OPEN_AIM),
        "list, first page": ([_search(each) for each in _lists(random, samples)], aim),
        f"list, page {FAR}": ([_search(_far(engine, each)) for each in _long(samples)], aim),
        "counts of a person's tabs": ([_counts(random) for _ in range(samples)], aim),
        "search for words": ([_search(each) for each in _words(words, random, samples)], aim),
        "search with filters": ([_search(each) for each in _filtered(words, random, samples)], aim),
        "reference: words by LIKE": ([_like(each) for each in words.some(random, PLAIN)], None),
        f"reference: page {FAR} by OFFSET": ([_offset for _ in range(PLAIN)], None),
    }
    for what, (work, limit) in works.items():
        for each in work[:WARMING] if limit else ():
            _timed(engine, each)
        taken = spread([_timed(engine, each) for each in work])
        yield from taken.figures(test, what, "ms", limit, MILLISECONDS)


def _timed(engine: Engine, work: Work) -> float:
    began = perf_counter_ns()
    with Session(engine) as session, session.begin():
        work(session)
    return float(perf_counter_ns() - began)


class Here(Database):
    """A database whose transactions run at once, in the thread that asks."""

    def __init__(self, engine: Engine) -> None:
        self.engine = self._reading = engine

    def _later(self, work: Callable[[], T], *, reads: bool = False) -> Deferred[T]:  # noqa: ARG002  (one thread does both)
        return execute(work)


def _views(engine: Engine, numbers: list[str]) -> Iterator[Work]:
    service = TicketService(Here(engine), Bus(ignore_never), Clock(), TIMEKEEPER)
    for number in numbers:
        yield partial(_view, service, number)


def _view(service: TicketService, number: str, _session: Session) -> object:
    return service.view(number)


def _search(query: Query) -> Work:
    return lambda session: search_txn(session, query, NOW)


def _counts(random: Random) -> Work:
    keys = [f"count/{place}" for place in places.SHARED]
    keys += [f"late/{places.OPEN}", f"count/{places.mine(_clerk(random))}"]
    return lambda session: counts_txn(session, keys, NOW, 999)


def _lists(random: Random, samples: int) -> Iterator[Query]:
    for _ in range(samples):
        department = _unit(random)
        yield random.choice(
            [
                Query(places.OPEN),
                Query(places.OPEN, overdue_only=True),
                Query(places.DISPATCH),
                Query(places.REVIEW),
                Query(places.mine(_clerk(random))),
                Query(places.department(department)),
                Query(places.department(department, places.SENT)),
                Query(),
                Query(viewer=Viewer(within=department)),
            ]
        )


def _long(samples: int) -> Iterator[Query]:
    for sample in range(min(samples, 20)):
        yield Query(places.OPEN) if sample % 2 else Query()


def _far(engine: Engine, query: Query) -> Query:
    """The query's page far on, by the mark that the page before it would give."""
    with Session(engine) as session:
        if query.place is None:
            newest = find_txn(session, replace(query, limit=1), NOW).found[0].entry
            return replace(query, mark=Mark(newest - FAR * query.limit))
        found = find_txn(session, replace(query, limit=FAR * query.limit), NOW).found
    return replace(query, mark=Mark(found[-1].entry, found[-1].due))


def _words(vocabulary: Language, random: Random, samples: int) -> Iterator[Query]:
    for _ in range(samples):
        words = tuple(vocabulary.some(random, random.choice((1, 1, 2, 3))))
        if random.random() < 0.2:
            words = (vocabulary.text(random, 2), *words[1:])
        if random.random() < 0.1:
            words = (random.choice(words[0]), *words[1:])
        yield Query(asked=Asked(words))
        if random.random() < 0.2:
            yield Query(asked=Asked((f"{random.randrange(10**4):04}",)))


def _filtered(vocabulary: Language, random: Random, samples: int) -> Iterator[Query]:
    for _ in range(samples):
        facets = random.sample(
            [
                f"kind:{random.choice(('complaint', 'suggestion', 'acceptance'))}",
                f"dept:{_unit(random)}",
                f"state:{random.choice(('closed', 'in_progress', 'replied'))}",
                "urgency:urgent",
                "level:1",
            ],
            random.choice((1, 2, 3)),
        )
        words = tuple(vocabulary.some(random, random.choice((0, 0, 1))))
        place = random.choice((None, None, places.OPEN))
        opened = random.choice((Span(), Span(start=NOW.replace(year=2025), end=NOW)))
        yield Query(place, Asked(words, facets=tuple(facets), opened=opened))


def _numbers(engine: Engine, random: Random, samples: int) -> list[str]:
    with Session(engine) as session:
        total = len(entries := session.scalars(select(EntryRow.id).limit(1)).all())
        if not total:
            return []
        last = session.scalar(select(EntryRow.id).order_by(EntryRow.id.desc()).limit(1)) or 1
        chosen = [random.randint(entries[0], last) for _ in range(samples)]
        return list(session.scalars(select(EntryRow.number).where(EntryRow.id.in_(chosen))))


def _clerk(random: Random) -> StaffId:
    return StaffId(clerk_id(random.randrange(CLERKS)))


def _unit(random: Random) -> DepartmentId:
    return DepartmentId(unit_id(random.randrange(UNITS)))


def _like(word: str) -> Work:
    texts = EntryRow.matter + EntryRow.said + EntryRow.whose
    page = select(EntryRow.number).where(texts.contains(word)).order_by(EntryRow.opened.desc())
    return lambda session: session.execute(page.limit(50)).all()


def _offset(session: Session) -> object:
    open_ones = (
        select(CaseRow.number)
        .join(EntryRow, EntryRow.number == CaseRow.number)
        .join(PlaceRow, PlaceRow.entry == EntryRow.id)
        .where(PlaceRow.place == places.OPEN)
        .order_by(PlaceRow.due)
    )
    return session.execute(open_ones.offset(FAR * 50).limit(50)).all()
