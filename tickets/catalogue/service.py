"""The catalogue as pages use it: kept in memory, one version after another by supervisors.

`tickets.catalogue.proposing` lets the dispatch form ask it.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cti.database import Database
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.principal import Principal
from tickets.catalogue.choosing import Choice, choices
from tickets.catalogue.model import EMPTY, Author, Catalogue, Line
from tickets.catalogue.repository import (
    Version,
    catalogue_txn,
    routes_txn,
    save_txn,
    versions_txn,
)
from tickets.catalogue.returns import Returns, returns
from tickets.model import Draft
from tickets.regulation.codes import NO_CODES, CodeBook

LONGEST_NOTE = 200
JUDGED = timedelta(days=90)
"""How far back refusals are counted."""


class CatalogueService:
    """Proposes departments, keeps the versions and tells how lines fared."""

    def __init__(
        self, database: Database, clock: Clock, zone: ZoneInfo, codes: CodeBook = NO_CODES
    ) -> None:
        self._database, self._clock, self._zone, self._codes = database, clock, zone, codes
        self.current: Catalogue = EMPTY

    def load(self) -> Deferred[Catalogue]:
        """Read the version in force."""
        return self._database.read(catalogue_txn).addCallback(self._take)

    def choices(self, draft: Draft) -> tuple[Choice, ...]:
        """The lines that speak for the ticket today, the most precise first."""
        return choices(self.current, draft, self.today(), self._codes)

    def change(
        self, lines: Collection[Line], base: int, principal: Principal, note: str
    ) -> Deferred[Catalogue]:
        """Put a new version in force; Refused as by `save_txn`.

        What somebody changed meanwhile, perhaps at another server, is then the version in force.
        """
        author = Author(principal.staff_id, principal.name, note[:LONGEST_NOTE])
        saved = self._database.run(save_txn, lines, base, author, self._now())
        return saved.addCallbacks(self._take, self._look_again)

    def _look_again(self, failure: Failure) -> Deferred[Catalogue]:
        failure.trap(Refused)
        return self.load().addCallback(lambda _: failure)

    def version(self, version: int) -> Deferred[Catalogue]:
        """A version as it was."""
        return self._database.read(catalogue_txn, version)

    def versions(self) -> Deferred[list[Version]]:
        """The latest versions, the latest first."""
        return self._database.read(versions_txn)

    async def returns(self) -> Sequence[Returns]:
        """How orders fared by line, in the last days that are `JUDGED`."""
        now = self._now()
        return returns(await self._database.read(routes_txn, now - JUDGED, now))

    def _take(self, catalogue: Catalogue) -> Catalogue:
        if catalogue.version >= self.current.version:
            self.current = catalogue
        return catalogue

    def today(self) -> date:
        """The day it is in the hotline's zone."""
        return self._now().astimezone(self._zone).date()

    def _now(self) -> datetime:
        return utc(self._clock)
