"""Makes the tickets of a database, with a bar that tells how far it is and how long it takes."""

import gc
import pickle
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import monotonic

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.tickets.clones import Plan, clones
from benchmarks.tickets.lives import Life, kinds_of_rows, lives
from benchmarks.tickets.loading import Batch, batch, is_made, loader
from benchmarks.tickets.stencil import UNITS, Dialect, Filler, Stencil, stencil, unit_id
from benchmarks.tickets.words import STOCK, Texts
from cti.kernel.identifiers import DepartmentId
from tickets.model import Department
from tickets.repository import save_department_txn
from tickets.schema import SerialRow

SEED = 26
LIVES = 240
"""Lives that are lived; each ticket is a clone of one."""
BAR = 30
AHEAD = 2
"""Parts that are made before they are taken."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How many tickets there are, of how many lives, in sentences of a stock of what size."""

    tickets: int
    lives: int = LIVES
    stock: int = STOCK


def lives_of(size: Size, folder: Path | None, say: Say) -> list[Life]:
    """The lives, kept in the folder between runs."""
    kept = folder / f"lives-{SEED}-{size.lives}.pickle" if folder else None
    if kept is not None and kept.exists():
        found: list[Life] = pickle.loads(kept.read_bytes())
        return found
    say(f"tickets: living {size.lives} lives through the service")
    lived = lives(SEED, size.lives)
    if kept is not None:
        kept.write_bytes(pickle.dumps(lived))
    return lived


def fill(engine: Engine, lived: Sequence[Life], size: Size, say: Say) -> Plan:
    """Fill the empty database with these tickets, or go on where a run was broken off.

    Its tables are there; gives the plan that it was filled by.
    """
    plan = Plan(SEED, size.tickets, lived)
    if is_made(engine):
        return plan
    _prepare(engine, plan)
    with closing(loader(engine)) as into:
        progress, bar = into.begin(kinds_of_rows(lived)), Bar(size.tickets)
        done = sum(len(each.numbers) for part in plan.parts[: progress.parts] for each in part)
        bar.begin(done)
        for part in _made(plan, lived, into.dialect, size, progress.parts):
            into.load(part)
            done += part.tickets
            bar.show(done)
        say("")
        for step in into.finish():
            say(f"tickets: making {step}")
    return plan


class Bar:
    """How many there are, how quickly they come, how long it takes."""

    def __init__(self, total: int, clock: Callable[[], float] = monotonic) -> None:
        self._total, self._clock = total, clock

    def begin(self, done: int) -> None:
        """Count from here on."""
        self._first, self._began = done, self._clock()

    def line(self, done: int) -> str:
        """The bar now."""
        seconds = self._clock() - self._began
        rate = (done - self._first) / seconds if seconds else 0.0
        left = (self._total - done) / rate if rate else 0.0
        filled = BAR * done // self._total
        return (
            f"  {'#' * filled}{'.' * (BAR - filled)} {done:,} of {self._total:,} tickets,"
            f" {rate:,.0f}/s, {left // 60:.0f} min {left % 60:02.0f} s left"
        )

    def show(self, done: int) -> None:
        """Draw it over the last one."""
        print(f"\r{self.line(done)}  ", end="", file=sys.stderr, flush=True)


def _made(
    plan: Plan, lived: Sequence[Life], dialect: Dialect, size: Size, first: int
) -> Iterator[Batch]:
    """The parts from that one on, made beside this process, some ahead of what is taken."""
    if len(plan.parts) - first <= AHEAD:
        maker = _maker(plan, lived, dialect, size)
        yield from map(maker.part, range(first, len(plan.parts)))
        return
    beside = ProcessPoolExecutor(1, get_context("spawn"), _begin, (plan, lived, dialect, size))
    with beside:
        ahead = deque[Future[Batch]]()
        for number in range(first, len(plan.parts)):
            ahead.append(beside.submit(_part, number))
            if len(ahead) > AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


@dataclass(slots=True)
class _Maker:
    plan: Plan
    stencils: Sequence[Stencil]
    filler: Filler

    def part(self, number: int) -> Batch:
        random = Random(f"part {SEED} {number}")
        return batch(clones(self.plan.parts[number], self.stencils, self.filler, random))


_MAKERS: list[_Maker] = []
"""The one of this process, where it is one that makes parts."""


def _maker(plan: Plan, lived: Sequence[Life], dialect: Dialect, size: Size) -> _Maker:
    texts = Texts(SEED, dialect.term, size.stock)
    return _Maker(plan, [stencil(life, dialect, texts) for life in lived], Filler(dialect, texts))


def _begin(plan: Plan, lived: Sequence[Life], dialect: Dialect, size: Size) -> None:
    _MAKERS.append(_maker(plan, lived, dialect, size))
    gc.collect()
    gc.freeze()


def _part(number: int) -> Batch:
    return _MAKERS[0].part(number)


def _prepare(engine: Engine, plan: Plan) -> None:
    with Session(engine) as session, session.begin():
        for number in range(UNITS):
            unit = DepartmentId(unit_id(number))
            save_department_txn(session, Department(unit, f"部门{number}", str(unit), "office"))
        for day, last in plan.serials.items():
            session.merge(SerialRow(day=date.fromisoformat(day), last=last))
