"""``/regulation/records``: how long records are kept, what is due, what went, what must stay."""

from dataclasses import dataclass

from twisted.web.server import Request

from cti.kernel.identifiers import Entropy
from cti.web.frame import Frame
from tickets.numbers import parse_number
from tickets.regulation.erasing import Due
from tickets.regulation.service import MAY_HOLD, MOST_SHOWN, RegulationService
from tickets.web.phrasing import Phrasing
from tickets.web.reading import REQUEST_BYTES, tell_done


@dataclass(frozen=True, slots=True)
class RecordPages:
    """Answers the requests about how long records are kept."""

    frame: Frame
    service: RegulationService
    phrasing: Phrasing
    entropy: Entropy

    async def shown(self, request: Request) -> bytes:
        """The rules, what is due, what is on hold, and what was deleted."""
        self.frame.guard(request, *MAY_HOLD)
        service = self.service
        due, words = await service.due(), await self.phrasing.words(request)
        return self.frame.render(
            request,
            "records.html",
            part="records",
            rules=service.retention.named,
            deletes=service.deletes,
            due=[(each, self._until(each)) for each in due],
            more=len(due) >= MOST_SHOWN,
            holds=await service.holds(),
            erasures=await service.erasures(),
            letters_due=await service.letters_due(),
            letter_erasures=await service.letter_erasures(),
            called=lambda name: service.retention.called(name, words.language),
            words=words,
            request_id=self.entropy(REQUEST_BYTES),
        )

    async def hold(self, request: Request) -> bytes:
        """Keep a ticket's records, with the reason that the form gives."""
        principal = self.frame.guard(request, *MAY_HOLD)
        form = self.frame.form(request)
        number = parse_number(form["number"]) or form["number"]
        await self.service.hold(number, principal, form["reason"])
        tell_done(request, form)
        return self.frame.redirect(request, "/regulation/records")

    async def lift(self, request: Request) -> bytes:
        """Let a ticket's records go when their time is over."""
        principal = self.frame.guard(request, *MAY_HOLD)
        await self.service.lift(self.frame.form(request)["number"], principal)
        return self.frame.redirect(request, "/regulation/records")

    def _until(self, due: Due) -> str:
        until = self.service.retention.kept_until(due.fact, self.service.zone)
        return until.isoformat() if until else ""
