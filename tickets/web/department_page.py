"""A department's desk: orders to accept, many at once, to work on, and for its head to sign."""

from dataclasses import dataclass
from datetime import timedelta

from twisted.web.server import Request

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import Entropy
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.web.frame import Frame
from cti.web.requests import BadRequest
from tickets.department import TO_ACCEPT, TO_DO, TO_SIGN, Waiting, Written
from tickets.dossier import Dossier
from tickets.masking import Mask, masked
from tickets.model import DispatchState
from tickets.service import TicketService
from tickets.visibility import concern_of, visible
from tickets.web.phrasing import Phrasing
from tickets.web.reading import REQUEST_BYTES, request_id, whole
from tickets.web.shown import Words
from tickets.web.timeline import worded
from tickets.workflow import Action

SIGNATURES = {
    DispatchState.RESULT_WRITTEN: Action.SIGN_RESULT,
    DispatchState.REFUSAL_WRITTEN: Action.SIGN_REFUSAL,
}
"""By which act what was written is signed."""
MOST_AT_ONCE = 50
"""Orders that are accepted by one press."""

NEAR = timedelta(hours=4)
"""Before a deadline, in which the desk marks an order."""


@dataclass(frozen=True, slots=True)
class DepartmentPage:
    """Answers the requests about one department's orders."""

    frame: Frame
    service: TicketService
    dossier: Dossier
    phrasing: Phrasing
    entropy: Entropy

    async def show(self, request: Request, principal: Principal, error: str = "") -> bytes:
        """The orders of the person's department, by what they wait for."""
        if principal.department_id is None:
            raise Refused("ticket.no_department")
        orders = await self.dossier.waiting(principal.department_id, principal.staff_id)
        words = await self.phrasing.words(request)
        return self.frame.render(
            request,
            "ticket_department.html",
            status=409 if error else 200,
            error=error,
            to_accept=[each for each in orders if each.state in TO_ACCEPT],
            to_sign=[each for each in orders if each.state in TO_SIGN],
            to_do=[each for each in orders if each.state in TO_DO],
            elsewhere=[each for each in orders if each.state not in TO_ACCEPT + TO_SIGN + TO_DO],
            signs=Role.HEAD in principal.roles,
            department=principal.department_id,
            signatures=SIGNATURES,
            words=words,
            title_of=_title,
            paper_of=lambda written: _paper(written, words),
            present=utc(self.frame.clock),
            near=NEAR,
            most=MOST_AT_ONCE,
            request_id=self.entropy(REQUEST_BYTES),
        )

    async def accept(self, request: Request, principal: Principal) -> bytes:
        """Accept each order that was ticked; those that cannot be are named, the others are."""
        form = self.frame.form(request)
        once = request_id(form)
        ticked = form.all("order")
        if len(ticked) > MOST_AT_ONCE:
            raise BadRequest("more orders than the page lets tick")
        refused: list[str] = []
        for place, each in enumerate(ticked):
            number, serial, version = _order(each)
            try:
                await self._act(
                    principal, number, serial, Action.ACCEPT, version, f"{once}-{place}"
                )
            except Refused as error:
                refused.append(f"{number}: {self.phrasing.why_not(request, error)}")
        if refused or not ticked:
            language = self.frame.language(request)
            why = refused or [self.frame.text(language, "ticket.department.none_ticked")]
            return await self.show(request, principal, " ".join(why))
        return self.frame.redirect(request, "/tickets/department")

    async def sign(self, request: Request, principal: Principal) -> bytes:
        """Sign what an officer wrote, as the page showed it; what changed since is refused."""
        form = self.frame.form(request)
        number, serial, version = _order(form["order"])
        action = next((each for each in SIGNATURES.values() if each.value == form["action"]), None)
        if action is None:
            raise BadRequest("the form signs nothing")
        try:
            await self._act(principal, number, serial, action, version, request_id(form))
        except Refused as error:
            why = f"{number}: {self.phrasing.why_not(request, error)}"
            return await self.show(request, principal, why)
        return self.frame.redirect(request, "/tickets/department#to-sign")

    async def _act(
        self,
        principal: Principal,
        number: str,
        serial: str,
        action: Action,
        version: int,
        once: str,
    ) -> None:
        view = await self.service.view(number)
        if view is None or not visible(principal, concern_of(view.case)):
            raise Refused("ticket.unknown", number=number)
        fields = {"dispatch": serial}
        await self.service.act(number, action, fields, principal, version, once)


def _order(text: str) -> tuple[str, str, int]:
    """Number, serial and version of ``26112200017/1/3``."""
    number, _, rest = text.partition("/")
    serial, _, version = rest.partition("/")
    return number, str(whole(serial)), whole(version)


def _title(order: Waiting) -> str:
    return masked(Mask.TEXT, order.title)


def _paper(written: Written, words: Words) -> list[tuple[str, str]]:
    """What was written, field by field, in words."""
    return [
        (words.named("ticket.field", name), masked(Mask.TEXT, worded(name, value, words)))
        for name, value in written.fields.items()
        if value and name != "dispatch"
    ]
