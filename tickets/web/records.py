"""``/regulation/records``: how long records are kept, what is due, what went, what must stay."""

from dataclasses import dataclass

from twisted.web.server import Request

from cti.kernel.errors import Refused
from cti.kernel.identifiers import Entropy
from cti.kernel.principal import Principal
from cti.web.frame import Frame
from tickets.numbers import parse_number
from tickets.regulation.erasing import Due
from tickets.regulation.service import MAY_HOLD, MOST_SHOWN, RegulationService
from tickets.visibility import Concern, concerns
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
        principal = self.frame.guard(request, *MAY_HOLD)
        service = self.service
        found, words = await service.due(), await self.phrasing.words(request)
        due = [each for each in found if not _concerned(principal, each)]
        holds, erasures = await service.holds(), await service.erasures()
        numbers = {each.number for each in holds} | {each.number for each in erasures}
        hidden = await service.concerning(principal, numbers)
        return self.frame.render(
            request,
            "records.html",
            part="records",
            rules=service.retention.named,
            deletes=service.deletes,
            due=[(each, self._until(each)) for each in due],
            more=len(found) >= MOST_SHOWN,
            holds=[each for each in holds if each.number not in hidden],
            erasures=[each for each in erasures if each.number not in hidden],
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
        await self._check(principal, number)
        await self.service.hold(number, principal, form["reason"])
        tell_done(self.frame, request, form)
        return self.frame.redirect(request, "/regulation/records")

    async def lift(self, request: Request) -> bytes:
        """Let a ticket's records go when their time is over."""
        principal = self.frame.guard(request, *MAY_HOLD)
        number = self.frame.form(request)["number"]
        await self._check(principal, number)
        await self.service.lift(number, principal)
        return self.frame.redirect(request, "/regulation/records")

    async def _check(self, principal: Principal, number: str) -> None:
        """Refused as for a number that was never given where the ticket is about the person."""
        if await self.service.concerning(principal, [number]):
            raise Refused("ticket.unknown", number=number)

    def _until(self, due: Due) -> str:
        until = self.service.retention.kept_until(due.fact, self.service.zone)
        return until.isoformat() if until else ""


def _concerned(principal: Principal, due: Due) -> bool:
    return concerns(principal, Concern((), due.fact.about_staff, due.fact.about_unit))
