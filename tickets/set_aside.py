"""What failed by itself steps aside: those behind it go on, and it is tried again ever later.

A queue asks for what is due `without` those that wait here. Whoever can look into it is told once,
and once a day while it goes on; what is the database's own trouble is nobody's fault, and all wait.
"""

from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Session
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.database import Database, trouble_of
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import TicketNumber
from cti.kernel.vocabulary import Role
from tickets.messages import remind_txn
from tickets.model import Audience, MessageKind

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3600.0
"""Seconds until it is tried again; each pause is twice the one before."""
TOLD_AGAIN = timedelta(days=1)

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Choice(Generic[K]):
    """Which rows are meant: all but those `without`, or those `only`."""

    without: Collection[K] = ()
    only: Collection[K] = ()

    def of(self, key: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        """Of rows with that key."""
        return key.in_(self.only) if self.only else key.not_in(self.without)


ALL: Choice[Any] = Choice()


@dataclass(frozen=True, slots=True)
class _Failing:
    """Not before `again`, then after twice the `pause`."""

    again: float
    pause: float


class Pauses(Generic[K]):
    """When what failed is tried again; instants are seconds since 1970."""

    def __init__(self) -> None:
        self._failing: dict[K, _Failing] = {}

    def failed(self, key: K, now: float) -> float:
        """It failed now; for how many seconds it waits."""
        known = self._failing.get(key)
        pause = min(2 * known.pause, LONGEST_PAUSE) if known else FIRST_PAUSE
        self._failing[key] = _Failing(now + pause, pause)
        return pause

    def over(self, key: K) -> None:
        """It did not fail this time."""
        self._failing.pop(key, None)

    def waiting(self, now: float) -> frozenset[K]:
        """Those whose pause is not over."""
        return frozenset(key for key, each in self._failing.items() if each.again > now)

    def known(self, key: K) -> bool:
        """Whether it failed when it was tried last."""
        return key in self._failing

    def any_over(self, now: float) -> bool:
        """Whether one is to be tried again now."""
        return any(each.again <= now for each in self._failing.values())

    def due(self) -> datetime | None:
        """When the next one is tried again; None where there is none."""
        return _earliest(each.again for each in self._failing.values())

    def next_end(self, now: float) -> datetime | None:
        """When the next pause is over; what was not tried again for long is forgotten."""
        self._failing = {
            key: each for key, each in self._failing.items() if each.again + each.pause > now
        }
        return _earliest(each.again for each in self._failing.values() if each.again > now)


def _earliest(instants: Iterable[float]) -> datetime | None:
    first = min(instants, default=None)
    return None if first is None else datetime.fromtimestamp(first, UTC)


Do = Callable[[int, Choice[K]], Awaitable[R]]
"""Does so many of those chosen, the oldest first."""
Due = Callable[[Choice[K]], Awaitable[Iterable[tuple[K, TicketNumber | None]]]]
"""Which of those chosen are due, and of which tickets."""


class SetAside(Generic[K]):
    """What of one queue waits aside; `queue` is its name in messages, ``ticket.stuck.<queue>``."""

    log = Logger()

    def __init__(self, database: Database, clock: Clock, queue: str) -> None:
        self._database, self._clock, self._queue = database, clock, queue
        self._pauses: Pauses[K] = Pauses()
        self._told: Callable[[], None] = lambda: None
        self.over = self._pauses.over

    def on_told(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each commit that wrote a message."""
        self._told = wake

    def others(self) -> Choice[K]:
        """All but those that are left out for now."""
        return Choice(self._pauses.waiting(self._clock.seconds()))

    async def each(self, most: int, do: Do[K, R], due: Due[K]) -> list[R]:
        """Do `most` at once; where that fails each of those `due` by itself, so that who fails is
        known and put aside. What was made of them; the database's own trouble is raised again.
        """
        others = self.others()
        try:
            return [await do(most, others)]
        except Exception as error:
            if trouble_of(error) is not None:
                raise
        made = []
        for key, number in await due(others):
            try:
                made.append(await do(1, Choice(only=(key,))))
            except Exception:  # noqa: BLE001  (as above)
                await self.failed(key, number, Failure())
        return made

    def next_look(self, due: datetime | None) -> datetime | None:
        """When to look again: when others are `due`, or the first pause is over."""
        again = self._pauses.next_end(self._clock.seconds())
        return min(filter(None, (due, again)), default=None)

    async def failed(self, key: K, number: TicketNumber | None, failure: Failure) -> float:
        """Put it aside; for how many seconds. The database's own trouble is raised again."""
        if trouble_of(failure.value) is not None:
            failure.raiseException()
        first = not self._pauses.known(key)
        pause = self._pauses.failed(key, self._clock.seconds())
        said = "{queue} {key} of {ticket_id} is set aside, next attempt in {seconds} s"
        values: dict[str, Any] = {
            "queue": self._queue,
            "key": key,
            "ticket_id": number,
            "seconds": pause,
        }
        if first:
            self.log.failure(said, failure, **values)
        else:
            self.log.warn(f"{said}: {{why}}", why=failure.getErrorMessage(), **values)
        await self._tell(number)
        return pause

    async def _tell(self, number: TicketNumber | None) -> None:
        try:
            now = utc(self._clock)
            if await self._database.run(tell_stuck_txn, number, self._queue, now):
                self._told()
        except Exception:  # noqa: BLE001  (it is told with the next attempt)
            self.log.failure("nobody could be told that {queue} is stuck", queue=self._queue)


def tell_stuck_txn(
    session: Session, number: TicketNumber | None, queue: str, now: datetime
) -> bool:
    """Tell the supervisors, where they were not told since a day ago."""
    to = Audience(Role.SUPERVISOR)
    return remind_txn(session, to, MessageKind.STUCK, queue, now, TOLD_AGAIN, number)
