"""Puts together what a regulator asks of tickets: codes, figures, catalogue, deletion."""

from config.regulation_settings import RegulationSettings
from cti.database import Database
from cti.kernel.clock import Clock, utc
from tickets.attachments.service import Attachments
from tickets.attachments.sweep import LEFT_FOR
from tickets.catalogue.service import CatalogueService
from tickets.clocks.calendars import Calendars
from tickets.regulation.following import Follower
from tickets.regulation.reading import read_codes, read_retention
from tickets.regulation.service import RegulationService


class Regulation:
    """The rooms behind figures, catalogue and deletion, which share codes and zone."""

    def __init__(
        self,
        settings: RegulationSettings,
        calendars: Calendars,
        database: Database,
        clock: Clock,
        files: Attachments,
    ) -> None:
        """ConfigurationError for files that cannot be read."""
        self.follower = Follower(calendars.zone, read_codes(settings.codes), settings.repeats)
        self.catalogue = CatalogueService(database, clock, calendars.zone, self.follower.codes)
        self.figures = RegulationService(
            database,
            clock,
            self.follower,
            read_retention(settings.retention),
            lambda digest: files.drop(digest, utc(clock) - LEFT_FOR),
            delete=settings.delete,
        )

    async def start(self) -> None:
        """Read the catalogue, and take the facts of tickets that have none."""
        await self.catalogue.load()
        await self.figures.catch_up()
