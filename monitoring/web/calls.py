"""The call records' pages: the list, and one call with its picture and events."""

from collections.abc import Sequence
from typing import Any

from twisted.web.server import Request

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, QueueId
from cti.kernel.vocabulary import Role
from cti.web.frame import Frame
from cti.web.pages import pages
from cti.web.requests import query
from monitoring.cdr import Leg, Outcome
from monitoring.messages import Message, messages_of
from monitoring.service import MonitoringService
from monitoring.web.filters import FIELDS, next_query, read_cursor, read_filter
from monitoring.web.ladder import Lane, ladder
from monitoring.web.presentation import Presentation, clockface
from monitoring.web.recordings import LISTENERS

READERS = (Role.SUPERVISOR, Role.QUALITY, Role.ADMINISTRATOR)
"""Numbers and customers stand here, so not everybody may look."""


class CallPages:
    """``/calls``."""

    app = pages()

    def __init__(self, frame: Frame, monitoring: MonitoringService) -> None:
        self.frame = frame
        self._monitoring = monitoring

    @app.route("/", methods=["GET"])
    async def calls(self, request: Request) -> bytes:
        """The newest calls that the filter lets through."""
        self.frame.guard(request, *READERS)
        form, zone = query(request), self._monitoring.settings.rules.zone
        wanted = read_filter(form, zone, self.frame.sought)
        page = await self._monitoring.find_calls(wanted, read_cursor(form))
        shown = self._presentation(request)
        return self.frame.render(
            request,
            "calls.html",
            rows=[shown.row(record) for record in page.records],
            next=next_query(form, page.next),
            chosen={name: form[name] for name in FIELDS},
            queues=shown.queues,
            outcomes=[outcome.value for outcome in Outcome],
        )

    @app.route("/<call_id>", methods=["GET"])
    async def call(self, request: Request, call_id: str) -> bytes:
        """One call."""
        principal = self.frame.guard(request, *READERS)
        try:
            record, events = await self._monitoring.call(CallId(call_id))
        except Refused as refused:
            text = self.frame.refusal(self.frame.language(request), refused)
            error = refused.error_id
            return self.frame.render(
                request, "refused.html", 404, error_id=error, text=text, again=None
            )
        shown = self._presentation(request)
        left = messages_of(events)
        picture = ladder(record, events, utc(self.frame.clock))
        return self.frame.render(
            request,
            "call.html",
            row=shown.row(record),
            diversion=shown.diversion(events),
            facts=self._facts(shown, record, left),
            messages=left,
            lanes=[
                {
                    "label": _label(shown, lane),
                    "party": lane.party.value if lane.party else "queue",
                    "spans": lane.spans,
                }
                for lane in picture.lanes
            ],
            ticks=[(tick.at, clockface(tick.seconds)) for tick in picture.ticks],
            legs=[_leg(shown, leg) for leg in record.legs],
            events=[shown.event(event, record.started) for event in events],
            clockface=clockface,
            listens=bool(principal.roles.intersection(LISTENERS)),
        )

    def _facts(
        self, shown: Presentation, record: Any, left: Sequence[Message]
    ) -> list[tuple[str, str]]:
        return [
            ("calls.started", shown.moment(record.started)),
            ("calls.ended", shown.moment(record.ended)),
            ("calls.customer", record.customer_id or "–"),
            ("calls.verified", shown.word(f"calls.verification.{int(record.verification)}")),
            ("calls.level", shown.word(f"calls.level.{int(record.service_level)}")),
            ("calls.language", shown.word(f"calls.language.{record.language.value}")),
            ("calls.path", shown.way(record.path) or "–"),
            ("calls.queue", shown.queue(record.queue_id)),
            ("calls.waited", clockface(record.waited) if record.waits else "–"),
            ("calls.agent", shown.agent(record.agent_id)),
            *(("calls.lent", shown.loan(loan)) for loan in record.loans),
            *(("calls.message", shown.message(each)) for each in left),
            ("calls.talked", clockface(record.talked)),
            ("calls.held", clockface(record.held)),
            ("calls.after_call", clockface(record.after_call)),
            ("calls.codes", " · ".join(map(shown.coded, record.codes)) or "–"),
            (
                "calls.cause",
                shown.word(f"calls.cause.{record.cause.value}") if record.cause else "–",
            ),
            (
                "calls.cleared_by",
                shown.word(f"calls.party.{record.cleared_by.value}") if record.cleared_by else "–",
            ),
        ]

    def _presentation(self, request: Request) -> Presentation:
        monitoring = self._monitoring
        zone, floor = monitoring.settings.rules.zone, monitoring.floor
        return Presentation(self.frame, self.frame.language(request), zone, floor)


def _label(shown: Presentation, lane: Lane) -> str:
    return shown.queue(QueueId(lane.label)) if lane.party is None else shown.device(lane.label)


def _leg(shown: Presentation, leg: Leg) -> dict[str, Any]:
    return {
        "device": shown.device(leg.device_id),
        "party": shown.word(f"calls.party.{leg.party.value}"),
        "alerting": shown.time(leg.alerting),
        "answered": shown.time(leg.answered),
        "ended": shown.time(leg.ended),
        "cause": shown.word(f"calls.cause.{leg.cause.value}") if leg.cause else "–",
        "by": shown.word(f"calls.party.{leg.cleared_by.value}") if leg.cleared_by else "–",
        "quality": shown.quality(leg),
        "packets": f"{leg.packets_sent} / {leg.packets_received} / {leg.packets_lost}",
    }
