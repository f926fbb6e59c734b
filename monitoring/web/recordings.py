"""Recordings in the browser: the list, and the sound itself with ranges, for those allowed."""

from collections.abc import Awaitable, Callable
from functools import partial

from twisted.web.resource import Resource
from twisted.web.server import Request

from cti.kernel.identifiers import CallId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.web.frame import Frame
from cti.web.pages import pages
from cti.web.requests import query
from monitoring.service import MonitoringService
from monitoring.web.filters import FIELDS, next_query, read_cursor, read_filter
from monitoring.web.presentation import Presentation
from monitoring.web.sound import Sound
from monitoring.web.verdict import shown

LISTENERS = (Role.SUPERVISOR, Role.QUALITY)

CheckTicket = Callable[[Principal, str], Awaitable[object]]
"""Refused for who may not see the ticket of that number."""


class RecordingPages:
    """``/recordings``: every listening is written in the journal."""

    app = pages()

    def __init__(
        self, frame: Frame, monitoring: MonitoringService, check_ticket: CheckTicket
    ) -> None:
        self.frame = frame
        self._monitoring, self._check_ticket = monitoring, check_ticket

    @app.route("/", methods=["GET"])
    async def recordings(self, request: Request) -> bytes:
        """The newest recorded calls that the filter lets through."""
        self.frame.guard(request, *LISTENERS)
        form, rules = query(request), self._monitoring.settings.rules
        wanted = read_filter(form, rules.zone, self.frame.sought, recorded=True)
        page = await self._monitoring.find_calls(wanted, read_cursor(form))
        told = Presentation(
            self.frame, self.frame.language(request), rules.zone, self._monitoring.floor
        )
        return self.frame.render(
            request,
            "recordings.html",
            rows=[told.row(record) for record in page.records],
            next=next_query(form, page.next),
            chosen={name: form[name] for name in FIELDS},
            queues=told.queues,
        )

    @app.route("/<call_id>/audio", methods=["GET", "HEAD"])
    async def audio(self, request: Request, call_id: str) -> Resource:
        """The sound of that call, whole or the range asked for (RFC 9110, 14)."""
        principal = self.frame.guard(request, *LISTENERS)
        return Sound(await self._monitoring.listen(CallId(call_id), principal.staff_id))

    @app.route("/<call_id>/message/<number>", methods=["GET", "HEAD"])
    async def message(self, request: Request, call_id: str, number: str) -> Resource:
        """What the caller left for that ticket, for everybody who may see the ticket."""
        principal = self.frame.guard(request, *Role)
        await self._check_ticket(principal, number)
        sound = await self._monitoring.listen_to_message(
            CallId(call_id), number, principal.staff_id
        )
        return Sound(sound)

    @app.route("/<call_id>/verdict", methods=["GET"])
    async def verdict(self, request: Request, call_id: str) -> bytes:
        """What stands beside the player, as `shown` makes it, in the person's language."""
        self.frame.guard(request, *LISTENERS)
        verdict = await self._monitoring.verify(CallId(call_id))
        return self.frame.json(
            request, shown(verdict, partial(self.frame.text, self.frame.language(request)))
        )
