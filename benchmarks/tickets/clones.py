"""When each of a million tickets was registered, and whose life it is: the plan, part by part.

Most of them ended long ago and are spread over two years; those that are open are as old as their
life was when it was looked at, so that nothing in them fell due without having fired.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from random import Random
from zoneinfo import ZoneInfo

from benchmarks.tickets.lives import Life
from benchmarks.tickets.stencil import Clone, Filler, Stencil
from cti.kernel.identifiers import TicketNumber
from tickets.numbers import ticket_number

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2024, 11, 25, 1, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
"""A Monday, 11:00 in Shanghai: as of then the tickets are."""
OPEN_SHARE = 0.05
PART = 5000
"""Tickets that are loaded in one transaction."""
MINUTE = timedelta(minutes=1)
USUAL = {"closed": 1.0, "withdrawn": 0.05, "merged": 0.04, "void": 0.01}
"""How often a ticket ends so, as compared with the others."""
LIGHT = 25
"""Rows of a usual ticket: lives that leave more of them are rarer, as their number grows."""


@dataclass(frozen=True, slots=True)
class Planned:
    """Tickets to come: a life, how much later it is lived, its numbers and its first entry."""

    life: int
    shift: timedelta
    numbers: tuple[TicketNumber, ...]
    entry: int


class Plan:
    """Which lives `total` tickets lead; a seed names them."""

    def __init__(self, seed: int, total: int, lives: Sequence[Life]) -> None:
        self.total, self._lives = total, lives
        self.parts = self._parts(Random(f"plan {seed}"))

    def _parts(self, random: Random) -> list[list[Planned]]:
        drawn = sorted(self._drawn(random), key=lambda each: each[0])
        planned, entry = [], 1
        days = groupby(drawn, lambda each: each[0].astimezone(ZONE).date())
        for day, of_day in days:
            serial = 0
            for opened, life in of_day:
                of_life = self._lives[life]
                numbers = []
                for _ in of_life.numbers:
                    serial += 1
                    numbers.append(ticket_number(day, serial))
                planned.append(Planned(life, opened - of_life.opened, tuple(numbers), entry))
                entry += len(numbers)
        return [planned[place : place + PART] for place in range(0, len(planned), PART)]

    def _drawn(self, random: Random) -> Iterator[tuple[datetime, int]]:
        """When each was registered, and its life; exactly so many tickets."""
        over = [place for place, life in enumerate(self._lives) if life.ended]
        going = [place for place, life in enumerate(self._lives) if not life.ended]
        shares = [USUAL[self._lives[each].states[-1]] * _ease(self._lives[each]) for each in over]
        of_open = [_ease(self._lives[each]) for each in going]
        left = self.total
        while left > 0:
            is_open = random.random() < OPEN_SHARE
            [place] = random.choices(going, of_open) if is_open else random.choices(over, shares)
            life = self._lives[place]
            if len(life.numbers) > left:
                continue
            left -= len(life.numbers)
            yield _opened(life, random), place

    @property
    def serials(self) -> dict[str, int]:
        """The last serial of each day."""
        last: dict[str, int] = {}
        for part in self.parts:
            for each in part:
                day, serial = each.numbers[-1][:6], int(each.numbers[-1][6:-1])
                last[f"20{day[:2]}-{day[2:4]}-{day[4:]}"] = serial
        return last


def _ease(life: Life) -> float:
    rows = sum(map(len, life.rows.values())) / len(life.numbers)
    return min(1.0, (LIGHT / rows) ** 2)


def _opened(life: Life, random: Random) -> datetime:
    """When such a life began: over two years, or so that it stands now as it does."""
    if life.ended:
        latest = NOW - (life.lived - life.opened)
        return START + MINUTE * int(random.random() * ((latest - START) / MINUTE))
    # Now is some instant between the last thing that happened and the next that falls due.
    spare = life.until - life.lived - MINUTE
    return NOW - (life.lived - life.opened) - max(spare, MINUTE) * (0.02 + 0.96 * random.random())


def clones(
    part: Sequence[Planned], stencils: Sequence[Stencil], filler: Filler, random: Random
) -> Iterator[Clone]:
    """The tickets of one part."""
    for each in part:
        yield filler.fill(stencils[each.life], each.shift, each.numbers, each.entry, random)


def some(part: Sequence[Planned], count: int, random: Random) -> list[TicketNumber]:
    """A few numbers of a part."""
    chosen = random.sample(range(len(part)), min(count, len(part)))
    return [number for place in islice(chosen, count) for number in part[place].numbers]
