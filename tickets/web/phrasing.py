"""The words of the ticket pages for one request: its language, the zone, departments, refusals."""

from collections.abc import Mapping
from dataclasses import dataclass

from twisted.web.server import Request

from cti.kernel.errors import Refused
from cti.kernel.identifiers import DepartmentId
from cti.web.frame import Frame
from tickets.model import Department
from tickets.service import TicketService
from tickets.web.shown import Words

TRANSLATED = {"field": "ticket.field", "action": "ticket.act", "state": "ticket.state"}
"""Details of a refusal that are words of the interface."""


@dataclass(frozen=True, slots=True)
class Phrasing:
    """Says things in the language of whoever asks."""

    frame: Frame
    service: TicketService

    async def words(self, request: Request) -> Words:
        """The words of the request's language."""
        return self.words_with(request, await self.service.departments())

    def words_with(self, request: Request, departments: Mapping[DepartmentId, Department]) -> Words:
        """The same where the departments are known."""
        language = self.frame.language(request)
        zone = self.service.timekeeper.calendars.hotline.timezone
        return Words(
            self.frame.texts.said(language),
            language,
            zone,
            departments,
            self.frame.texts.__contains__,
            self.service.follower.codes,
        )

    def why_not(self, request: Request, refused: Refused) -> str:
        """A refusal in words, its details too."""
        language = self.frame.language(request)
        keys = {
            name: f"{TRANSLATED[name]}.{value}"
            for name, value in refused.details.items()
            if name in TRANSLATED
        }
        said = {
            name: self.frame.text(language, key)
            for name, key in keys.items()
            if key in self.frame.texts
        }
        return self.frame.refusal(language, Refused(refused.error_id, **(refused.details | said)))
