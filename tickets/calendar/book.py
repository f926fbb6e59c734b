"""The calendars in force, as everybody in this process asks them.

The base is what was written when the house started; changes are in the database. `pinned_txn` gives
a transaction the calendars of the very version that is in force in it; `live` and `calendars` are
the same for whoever only looks, a few seconds behind where another process made the change.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from cti.kernel.calendar import WorkingCalendar
from tickets.calendar.model import Change, Place, in_force
from tickets.calendar.repository import changes_txn, hold_txn, version_txn
from tickets.clocks.calendars import Calendars

Pin = Callable[[Session, Collection[str], datetime], Calendars]
"""The calendars in force, which nobody changes until the commit; the clocks of these tickets go by
them when this is done.
"""


@dataclass(frozen=True, slots=True)
class Edition:
    """The calendars as of a version, by the names of their files, and as clocks go by them."""

    version: int
    named: Mapping[str, WorkingCalendar]
    calendars: Calendars


class CalendarBook:
    """Gives out editions; `live` is changed in place, for those who look names up in it."""

    def __init__(
        self, live: dict[str, WorkingCalendar], calendars: Calendars, hotline: str
    ) -> None:
        """`live` and `calendars` as they are written; `hotline` names the hotline's own."""
        self.live, self.calendars, self.hotline = live, calendars, hotline
        self.base: Mapping[str, WorkingCalendar] = dict(live)
        self._known = self.edition(0, ())

    @property
    def current(self) -> Edition:
        """The latest edition that this process knows."""
        return self._known

    def edition(self, version: int, changes: tuple[Change, ...] | list[Change]) -> Edition:
        """The calendars with these changes."""
        named = in_force(self.base, changes)
        return Edition(version, named, Calendars(named[self.hotline], named.values()))

    def edition_txn(self, session: Session, version: int) -> Edition:
        """The calendars as of that version."""
        known = self._known
        if known.version == version:
            return known
        return self.edition(version, changes_txn(session, version))

    def pinned_txn(self, session: Session) -> tuple[Edition, bool]:
        """The edition in force until the commit, and whether clocks of it are still to be moved."""
        hold_txn(session)
        return self.latest_txn(session)

    def latest_txn(self, session: Session) -> tuple[Edition, bool]:
        """The same, which others may change meanwhile."""
        version, left = version_txn(session)
        return self.edition_txn(session, version), left

    def take(self, edition: Edition) -> bool:
        """Let everybody look at this edition, unless it is an old one; whether it is news."""
        if edition.version <= self._known.version:
            return False
        self._known = edition
        self.live.update(edition.named)
        self.calendars.become(edition.named[self.hotline], edition.named.values())
        return True


def differing(before: Edition, after: Edition, places: Iterable[Place]) -> list[Place]:
    """Those of the days at which the two editions say different things."""
    return [
        place
        for place in places
        if _says(before.named[place[0]], place[1]) != _says(after.named[place[0]], place[1])
    ]


def _says(calendar: WorkingCalendar, day: date) -> tuple[object, ...]:
    mark = calendar.marks.get(day)
    names = (mark.name_zh, mark.name_en) if mark else (calendar.holidays.get(day), None)
    return calendar.spans_on(day), day in calendar.workdays, day in calendar.holidays, names
